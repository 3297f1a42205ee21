// A library that replaces malloc and free gives and takes curlew's blocks too: two allocators in
// one process corrupt each other's memory.
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { buildPreload } from "../server/preload.ts";

test("a preloaded malloc gives curlew's blocks, and gets them back", async ({ skip }) => {
  const preload = await buildPreload(new URL("./allocator.c", import.meta.url));
  if (!preload) return skip("no C compiler, or not Linux");
  const source = `
import { allocate, release } from "#root/ffi/memory.ts";
import { native } from "#root/ffi/runtime.ts";
import process from "node:process";
const { remembered_block } = native.open(process.env.LD_PRELOAD, {
  remembered_block: { args: [], result: "pointer" },
});
const block = allocate(123457), address = native.address(block);
const given = native.address(remembered_block()) === address;
release(block);
console.log(given, remembered_block());
`;
  const child = await runChild(source, { env: { LD_PRELOAD: preload } });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, stdout: "true null\n" });
});

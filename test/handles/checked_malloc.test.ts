// The allocator that checks gives curlew's blocks too, so it finds what is wrong with them.
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { CHECKED_MALLOC } from "./checked_malloc.ts";

const without = "LD_PRELOAD" in CHECKED_MALLOC ? "" : " (the system has no libc_malloc_debug)";

test.skipIf(without !== "")(
  `one byte behind the end of a block ends the process${without}`,
  async () => {
    // C's block has room for 24 bytes, so only the checks know that 20 were requested
    const source = (offset: number) => `
import { allocate, release } from "#root/ffi/memory.ts";
import { native } from "#root/ffi/runtime.ts";
const block = allocate(20);
native.view(block, 24)[${offset}] = 1;
release(block);
console.log("released");
`;
    const inside = await runChild(source(19), { env: CHECKED_MALLOC });
    expect(inside, inside.stderr).toMatchObject({ signal: null, stdout: "released\n" });
    const behind = await runChild(source(20), { env: CHECKED_MALLOC });
    expect(behind).toMatchObject({ signal: "SIGABRT", stdout: "" });
    expect(behind.stderr).toContain("free(): invalid pointer");
  },
);

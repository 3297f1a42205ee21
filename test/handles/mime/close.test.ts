// The end of trees: in any order, and where they were forgotten.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

test.each([1, 2])("1000 orders of what can be done leave nothing behind, from %i", async (seed) => {
  const script = fileURLToPath(new URL("./orders.ts", import.meta.url));
  const child = await runChild(script, {
    args: [server.url("/echo"), "1000", String(seed)],
    timeoutMs: 60_000,
  });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, stderr: "" });
  const { before, after, freed, made, steps, refusals, performed } = JSON.parse(child.stdout);
  expect(after).toEqual(before);
  expect(steps).toBeGreaterThan(18_000);
  // most are refused somewhere, since what was closed is used on; none of them half
  expect(refusals).toBeGreaterThan(1000);
  expect(refusals).toBeLessThan(steps / 2);
  expect(performed).toBeGreaterThan(50);
  expect(made).toBeGreaterThan(500);
  expect(freed).toBeLessThanOrEqual(made);
}, 70_000);

const FORGOTTEN = `import { Easy, Mime } from "#root/mod.ts";
import { mimeCount } from "#root/src/handles/mime/tree.ts";
import { easyCount } from "#root/src/handles/core/easy_state.ts";
const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
const held: Mime[] = [];
(() => {
  for (let i = 0; i < 50; i++) {
    const mime = new Mime().addPart({ name: "a", subparts: new Mime().addPart({ data: "x" }) });
    // the functions refer to what holds them
    const easy = new Easy();
    const use = () => [mime, easy].length;
    mime.addPart({ name: "r", reader: { read: use, free: () => void use() } });
    easy.setOpt("MIMEPOST", mime);
    if (i % 10 === 0) held.push(mime);
  }
})();
const before = [mimeCount.open, easyCount.open];
for (let i = 0; i < 20; i++) {
  scope.Bun ? scope.Bun.gc(true) : scope.gc!();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(JSON.stringify([before, [mimeCount.open, easyCount.open], held.length]));`;

test("forgotten trees are freed, also where their readers refer to them, with a warning", async () => {
  const child = await runChild(FORGOTTEN, { env: { DENO_V8_FLAGS: "--expose-gc" } });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  const [before, after, held] = JSON.parse(child.stdout);
  expect(before).toEqual([100, 50]);
  expect(held).toBe(5);
  // two of each that are held, and a conservative collector may keep a few
  expect(after[0]).toBeLessThanOrEqual(20);
  expect(after[0]).toBeGreaterThanOrEqual(10);
  expect(after[1]).toBeLessThanOrEqual(10);
  const warnings = child.stderr.match(/a Mime was collected without close\(\)/g) ?? [];
  expect(warnings.length).toBeGreaterThanOrEqual(40);
});

// Handles that nobody closes: collected, warned of, freed.
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { startServer } from "../../server/start.ts";

const CHILD = `import { Easy, Share } from "#root/mod.ts";
import { live } from "#root/ffi/memory.ts";
import { easyCount, easyTokens } from "#root/src/handles/core/easy_state.ts";
import { closeHookCount } from "#root/src/handles/core/close_hook.ts";
import process from "node:process";

const url = process.argv[2];
const options = (name: string) => ({
  URL: url,
  TIMEOUT_MS: 5000,
  NOPROXY: "*",
  HTTPHEADER: ["X-Name: " + name],
  POSTFIELDS: "body",
  WRITEFUNCTION: (bytes: Uint8Array) => bytes.length,
});
const collect = async () => {
  const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
  for (let i = 0; i < 20; i++) {
    scope.Bun ? scope.Bun.gc(true) : scope.gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const counts = () => [easyCount.open, live.blocks, live.lists, easyTokens.size, closeHookCount()];
function forget(count: number, more: (easy: Easy) => void = () => {}) {
  for (let i = 0; i < count; i++) {
    const easy = new Easy();
    easy.setOpts(options(String(i)));
    more(easy);
  }
}
`;

async function run(lines: string): Promise<{ said: unknown; stderr: string }> {
  await using server = await startServer("http");
  const child = await runChild(CHILD + lines, {
    args: [server.url("/sink?hash=0")],
    env: { DENO_V8_FLAGS: "--expose-gc" },
  });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  return { said: JSON.parse(child.stdout), stderr: child.stderr };
}

test("a forgotten handle is freed with all that it owned, and a warning says so", async () => {
  const { said, stderr } = await run(`
    forget(50);
    const held = easyCount.open;
    await collect();
    console.log(JSON.stringify([held, ...counts()]));`);
  const [held, open, blocks, lists, tokens] = said as number[];
  expect(held).toBe(50);
  // a conservative collector may keep a few
  for (const left of [open, lists, tokens]) expect(left).toBeLessThanOrEqual(5);
  expect(blocks).toBeLessThanOrEqual(10);
  expect(stderr.match(/an Easy was collected without close\(\)/g)?.length).toBeGreaterThanOrEqual(
    45,
  );
});

test("so is one that performed, whose callbacks refer to it", async () => {
  const { said } = await run(`
    forget(50, (easy) => {
      easy.setOpts({
        HEADERFUNCTION: (line) => (easy.getInfo("RESPONSE_CODE"), line.length),
        WRITEDATA: easy,
        PRIVATE: easy,
      });
      easy.perform();
    });
    await collect();
    console.log(JSON.stringify(counts()));`);
  for (const left of said as number[]) expect(left).toBeLessThanOrEqual(10);
});

test("its CLOSESOCKETFUNCTION goes with it, after the sockets", async () => {
  const { said } = await run(`
    let closed = 0;
    forget(50, (easy) => {
      easy.setOpts({ CLOSESOCKETFUNCTION: () => void closed++ });
      easy.perform();
    });
    await collect();
    console.log(JSON.stringify([closed, ...counts()]));`);
  const [closed, open, , , , hooks] = said as number[];
  expect(closed).toBeGreaterThanOrEqual(45);
  expect(open).toBeLessThanOrEqual(5);
  expect(hooks).toBeLessThanOrEqual(5);
});

test("a handle in the middle of its perform is never collected", async () => {
  const { said } = await run(`
    let calls = 0;
    const gc = (globalThis as unknown as { gc?(): void }).gc;
    const bun = (globalThis as unknown as { Bun?: { gc(force: boolean): void } }).Bun;
    (() => {
      const easy = new Easy();
      easy.setOpts({
        ...options("x"),
        HEADERFUNCTION: (line) => {
          calls++;
          bun ? bun.gc(true) : gc!();
          return line.length;
        },
      });
      return easy;
    })().perform();
    console.log(JSON.stringify(calls));`);
  expect(said).toBeGreaterThan(2);
});

test("a closed handle is collected without a warning", async () => {
  const { said, stderr } = await run(`
    for (let i = 0; i < 20; i++) {
      using easy = new Easy();
      easy.setOpts(options("x"));
    }
    await collect();
    void Share;
    console.log(JSON.stringify(counts()));`);
  expect(said).toEqual([0, 0, 0, 0, 0]);
  expect(stderr).not.toContain("collected");
});

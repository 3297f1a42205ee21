// Multi handles that nobody closes.
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { startServer } from "../../server/start.ts";

const CHILD = `import { Easy, Multi } from "#root/mod.ts";
import { multiCount } from "#root/src/handles/multi/multi.ts";
import process from "node:process";

const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
const collect = async () => {
  for (let i = 0; i < 20; i++) {
    scope.Bun ? scope.Bun.gc(true) : scope.gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
function use(url: string, remove: boolean): void {
  const multi = new Multi(), easy = new Easy();
  multi.setOpt("SOCKETFUNCTION", () => void multi); // a callback that holds its multi
  multi.setOpt("TIMERFUNCTION", () => void multi);
  easy.setOpts({ URL: url, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION: (b) => b.length });
  multi.addHandle(easy);
  while (multi.perform() > 0) multi.poll([], 100);
  if (remove) easy.close();
}
`;

async function run(lines: string): Promise<{ open: number; stderr: string }> {
  await using server = await startServer("http");
  const child = await runChild(CHILD + lines, {
    args: [server.url("/delay/20")],
    env: { DENO_V8_FLAGS: "--expose-gc" },
  });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  return { open: Number(child.stdout), stderr: child.stderr };
}

test("a forgotten Multi with cached connections is freed, and a warning says so", async () => {
  const { open, stderr } = await run(`
    for (let i = 0; i < 30; i++) use(process.argv[2], true);
    await collect();
    console.log(multiCount.open);`);
  expect(open).toBeLessThanOrEqual(5); // a conservative collector may keep a few
  expect(stderr.match(/a Multi was collected without close\(\)/g)?.length).toBeGreaterThan(20);
});

test("a forgotten Multi that has an easy in it is kept", async () => {
  const { open, stderr } = await run(`
    for (let i = 0; i < 5; i++) use(process.argv[2], false);
    await collect();
    console.log(multiCount.open);`);
  expect(open).toBe(5);
  expect(stderr).toBe("");
});

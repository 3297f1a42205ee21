// The sockets of libcurl's own name lookups: announced and removed like others.
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { buildSlowResolver } from "../../server/slow_resolver.ts";
import { startServer } from "../../server/start.ts";
import { versionNum } from "./support.ts";

/** Looks names up slowly, with a value for every socket; says what it saw in one JSON line. */
const CHILD = `
import process from "node:process";
import { Loop, POLL_REMOVE, Transfer } from "#root/test/handles/multi/support.ts";
const [port, mode] = process.argv.slice(2);
const born: number[] = [], died: unknown[] = [];
let wrong = 0;
const loop: Loop = new Loop(({ fd, what, socketData }) => {
  if (what === POLL_REMOVE) return void died.push(socketData);
  if (socketData === undefined) {
    born.push(fd);
    loop.multi.assign(fd, fd);
  } else if (socketData !== fd) wrong++;
});
const easies = Array.from({ length: 12 }, (_, i) =>
  new Transfer("http://" + ((mode === "remove" ? 5000 : 100) + i * 10) + (mode === "fail" ? ".fail" : ".slow") +
    ".test:" + port + "/small"));
const started = performance.now();
loop.add(...easies);
if (mode === "remove") {
  for (let i = 0; i < 3; i++) loop.turn(10);
  loop.multi.close();
  for (const easy of easies) easy.close();
} else loop.run();
console.log(JSON.stringify({
  born: born.length,
  died: died.filter((value) => value !== undefined).length,
  wrong,
  left: loop.sockets.size,
  results: [...new Set(loop.messages.map(({ result }) => result))],
  ms: performance.now() - started,
}));
loop[Symbol.dispose]();
`;

interface Seen {
  readonly born: number;
  readonly died: number;
  readonly wrong: number;
  readonly left: number;
  readonly results: number[];
  readonly ms: number;
}

async function run(mode: string, preload: string): Promise<Seen> {
  await using server = await startServer("http");
  const child = await runChild(CHILD, {
    args: [String(server.http), mode],
    env: { LD_PRELOAD: preload },
  });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(child.stdout) as Seen;
}

test("sockets of slow lookups have values too, which are all released, and every transfer ends", async ({ skip }) => {
  const preload = await buildSlowResolver();
  if (!preload) return skip("no C compiler, or not Linux");
  const seen = await run("slow", preload);
  expect(seen).toMatchObject({ wrong: 0, left: 0, results: [0] });
  expect(seen.born).toBeGreaterThanOrEqual(12);
  expect(seen.died).toBe(seen.born);
  expect(seen.ms).toBeLessThan(3000);
});

test("failed lookups end their transfers, and leave no socket and no value", async ({ skip }) => {
  const preload = await buildSlowResolver();
  if (!preload) return skip("no C compiler, or not Linux");
  const seen = await run("fail", preload);
  expect(seen).toMatchObject({ wrong: 0, left: 0, results: [6] }); // CURLE_COULDNT_RESOLVE_HOST
  expect(seen.died).toBe(seen.born);
});

test.skipIf(versionNum < 0x075700)(
  "close() in the middle of lookups blocks nobody (needs QUICK_EXIT, libcurl 7.87)",
  async ({ skip }) => {
    const preload = await buildSlowResolver();
    if (!preload) return skip("no C compiler, or not Linux");
    const seen = await run("remove", preload);
    expect(seen).toMatchObject({ wrong: 0, left: 0, results: [] });
    expect(seen.died).toBe(seen.born);
    expect(seen.ms).toBeLessThan(4000); // the lookups take 5 s
  },
);

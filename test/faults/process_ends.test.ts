// A process or a Worker that ends with transfers in flight: no crash, no hang.
import { beforeAll, describe, test } from "vitest";
import { isFull } from "../driver/support.ts";
import { buildSlowResolver } from "../server/slow_resolver.ts";
import { useFolder, useServer } from "../use.ts";
import { inChild } from "./process.ts";

const server = useServer("http", "https", "h2");
const folder = useFolder("ends");
let env: Record<string, string>;
beforeAll(async () => {
  // without a C compiler a name is looked up that does not exist, and the answer comes sooner
  const preload = await buildSlowResolver();
  env = { FOLDER: folder, ...(preload ? { LD_PRELOAD: preload } : {}) };
});

const ROUNDS = isFull ? 20 : 1;
const timeout = 60_000 * ROUNDS;

const SET_UP = `
import { agent, busy, close, controller, ownPath } from "#root/test/faults/busy.ts";
const start = (whenever) => busy(ports, ownPath(process.env.FOLDER), whenever);
`;

/** How a process ends, with the exit code or signal that must come of it. */
const ENDS = [
  { how: "by process.exit()", script: `start(); await sleep(150); process.exit(3);`, code: 3 },
  { how: "by process.exit() at once", script: `start(); process.exit(4);`, code: 4 },
  {
    how: "by process.exit() inside a callback of libcurl",
    script: `let calls = 0;
      start(() => ++calls === 20 && process.exit(5));
      await sleep(30_000);`,
    code: 5,
  },
  {
    how: "by process.exit() while an abort and a close are on their way",
    script: `start(); await sleep(100); controller.abort(); agent.close(); process.exit(6);`,
    code: 6,
  },
  {
    how: "by SIGTERM",
    script: `start(); await sleep(150); process.kill(process.pid, "SIGTERM"); await sleep(30_000);`,
    signal: "SIGTERM",
  },
  {
    how: "by SIGINT, whose handler exits",
    script: `process.on("SIGINT", () => process.exit(7));
      start(); await sleep(150); process.kill(process.pid, "SIGINT"); await sleep(30_000);`,
    code: 7,
  },
  {
    how: "by an uncaught exception",
    // Bun goes on after an exception while the module awaits something, and as long as there is
    // a setImmediate(), as there is with busy transfers
    script: `const url = (path) => base + path, quiet = () => {};
      for (const path of ["/hold", "/slow/100000/50"]) agent.perform(easyFor(url(path))).catch(quiet);
      for (const path of ["/hold", "/slow/100000/50"]) fetch(url(path)).catch(quiet);
      setTimeout(() => { throw new Error("of the application"); }, 150);`,
    code: 1,
    says: "of the application",
  },
  {
    how: "once all agents are closed",
    script: `start(); await sleep(150); await close();`,
    code: 0,
  },
];

describe.concurrent("a process may end with transfers in flight", () => {
  test.for(ENDS)("$how", { timeout }, async (row, { expect }) => {
    const { script, code = null, signal = null, says = "" } = row;
    for (let round = 0; round < ROUNDS; round++) {
      const child = await inChild(server, SET_UP + script, { env });
      expect(child, child.stderr).toMatchObject({ code, signal, timedOut: false });
      if (says === "") expect(child.stderr).toBe("");
      else expect(child.stderr).toContain(says);
    }
  });

  test("and so may Workers, at any moment, while others go on", { timeout }, async ({ expect }) => {
    const child = await inChild(
      server,
      `const agent = new Agent();
      const moments = Array.from({ length: ${6 * ROUNDS} }, (_, i) => i * 37 % 200);
      await Promise.all([0, 1].map(async (lane) => {
        for (const [i, ms] of moments.entries()) {
          if (i % 2 !== lane) continue;
          const worker = new Worker("#root/test/faults/busy_worker.ts", { type: "module" });
          const next = () => new Promise((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = (event) => reject(event.error ?? event.message);
          });
          await next();
          const answer = next();
          worker.postMessage({ ports, path: process.env.FOLDER + "/worker" + i });
          await answer;
          await sleep(ms);
          worker.terminate();
          for (let j = 0; j < 5; j++) await take(agent, small);
        }
      }));
      await sleep(150); // the lookups' threads come back
      say((await take(agent, small)).length);
      await agent.close();
      mark();`,
      { env },
    );
    expect(child, child.stderr).toMatchObject({ code: 0, signal: null, timedOut: false });
    expect(child.said).toEqual([98]);
    expect(child.exitMs).toBeLessThan(20_000);
  });
});

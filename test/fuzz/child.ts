// One run: a number of calls by a seed, then everything is closed. Started by tools/fuzz.mjs.
//
//   bun test/fuzz/child.ts '{"seed":1,"calls":2000,"log":"…","ports":{…},"gcEvery":50,"plant":"","settleMs":9000}'
import { closeSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { asyncSteps } from "./async_calls.ts";
import { easySteps, type Step } from "./easy_calls.ts";
import { multiSteps } from "./multi_calls.ts";
import { otherSteps } from "./other_calls.ts";
import { plant } from "./plants.ts";
import { socketSteps } from "./socket_calls.ts";
import { type RunOptions, World } from "./world.ts";

const options = JSON.parse(process.argv[2] as string) as RunOptions;
const log = openSync(options.log, "w");
const world = new World(options, log);

const macrotask = () => new Promise((resolve) => setTimeout(resolve, 0));

function collect(): void {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (Bun) Bun.gc(true);
  else gc?.();
}

process.on("uncaughtException", (error) => world.uncaught("uncaught exception", error));
process.on("unhandledRejection", (error) => world.uncaught("unhandled rejection", error));
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  world.uncaught("uncaught exception", (event as ErrorEvent).error);
});

/** Each step as many times as its weight. */
const steps: Step[] = [...easySteps, ...multiSteps, ...otherSteps, ...asyncSteps, ...socketSteps]
  .flatMap(([weight, step]) => Array<Step>(weight).fill(step));

async function play(): Promise<void> {
  for (let i = 1; i <= options.calls; i++) {
    const pause = world.random.chance(8);
    world.step();
    if (i % options.gcEvery === 0) collect();
    if (pause) await macrotask();
    if (i === options.calls >> 1) plant(options.plant, world);
  }
}

/** Closes everything in a random order. */
async function end(): Promise<void> {
  for (const controller of world.controllers) controller.abort();
  for (const [i, socket] of world.sockets.entries()) {
    if (socket) world.call(`end: socket${i}.close()`, "socket", () => socket.close());
  }
  for (const [i, agent] of world.agents.entries()) {
    world.call(`end: agent${i}.close()`, "agent", () => agent.close());
  }
  for (const [i, multi] of world.multis.entries()) {
    world.call(`end: multi${i}.close()`, "multi", () => multi.close());
  }
  for (const [i, easy] of world.easies.entries()) {
    world.call(`end: easy${i}.close()`, "easy", () => easy.close());
  }
  for (const one of [...world.mimes, ...world.urls]) {
    world.call("end: close()", "url", () => one.close());
  }
  for (const share of world.shares) world.call("end: share.close()", "share", () => share.close());
  const last = Date.now() + options.settleMs;
  while (world.pending.length > 0 && Date.now() < last) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const label of world.pending) world.fail(`never settled: ${label}`);
  for (let i = 0; i < 3; i++) {
    collect();
    await macrotask();
  }
}

writeFileSync("file.txt", "a file to send\n".repeat(100));
world.begin(steps.map((step) => step));
await play();
await end();
const ends = Object.fromEntries([...world.ends].sort());
world.log(`END ${JSON.stringify({ nested: world.nested, ends, failures: world.failures.length })}`);
closeSync(log);
process.exit(world.failures.length > 0 ? 1 : 0);

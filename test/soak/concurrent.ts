// Makes a number of transfers at once in one agent, each with a socket of its own: `concurrent.ts
// COUNT`.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Agent, Easy } from "../../mod.ts";
import { counters, descriptors, get, say } from "../driver/support.ts";
import { findNode } from "../server/node.ts";

const count = Number(process.argv[2]), TIMEOUT_MS = 150_000;

const gate = spawn(findNode(), [fileURLToPath(new URL("./gate.mjs", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const port = await new Promise<number>((resolve, reject) => {
  gate.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  gate.stdout.once("data", (line) => resolve(Number(line)));
});
const base = `http://127.0.0.1:${port}`;

/** The expected body of an id: see gate.mjs. */
function wanted(id: number): string {
  const digest = createHash("sha256").update(String(id)).digest();
  const body = new Uint8Array(100 + (id * 7919) % 10_000).map((_, i) => digest[i % 32]!);
  return createHash("sha256").update(body).digest("hex");
}

const agent = new Agent(), ends = new Map<number, number>();
let right = 0, mostSockets = 0;

async function one(id: number): Promise<void> {
  const hash = createHash("sha256");
  using easy = new Easy();
  easy.setOpts({
    URL: `${base}/${count}/${id}`,
    TIMEOUT_MS,
    CONNECTTIMEOUT_MS: TIMEOUT_MS,
    WRITEFUNCTION: (bytes) => {
      mostSockets = Math.max(mostSockets, agent.stats.sockets);
      hash.update(bytes);
      return bytes.length;
    },
  });
  const ended = agent.perform(easy);
  const note = () => void ends.set(id, (ends.get(id) ?? 0) + 1);
  ended.then(note, note);
  await ended;
  if (hash.digest("hex") === wanted(id)) right++;
}

const started = performance.now();
const running = Array.from({ length: count }, (_, id) => one(id));
const atOnce = agent.active;
const results = await Promise.allSettled(running);
const failed = results.filter(({ status }) => status === "rejected");
const ms = Math.round(performance.now() - started);
const seen = JSON.parse(await get(agent, `${base}/seen`));
const sockets = descriptors("socket");
await agent.close();
gate.stdin.end();
say({
  atOnce,
  right,
  failed: failed.length,
  why: String((failed[0] as PromiseRejectedResult | undefined)?.reason ?? ""),
  endedOnce: [...ends.values()].filter((times) => times === 1).length,
  seen,
  mostSockets,
});
say({ ms, sockets, ...counters() });

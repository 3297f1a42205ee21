// The soak of one runtime: `main.ts TRANSFERS SECONDS SEED`. Prints a line of JSON for each sample,
// and one for the end; exit code 1 if a transfer had not the expected result.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Agent } from "../../mod.ts";
import { diskFiles } from "../../src/handles/easy/disk_file.ts";
import { shareCount } from "../../src/handles/share.ts";
import { counters, descriptors, say, sleep } from "../driver/support.ts";
import { collect } from "../http/support.ts";
import { startServer } from "../server/start.ts";
import { KINDS, makeShare, type Stage } from "./kinds.ts";
import { makeRandom } from "./random.ts";

/** How many transfers run at once; judge.mjs has the same number. */
const WIDTH = 48;
/** The number of samples where the time suffices, and the least number of transfers between two. */
const SAMPLES = 100, FEWEST = 50;
/** A transfer that takes longer is lost. All of them have timeouts, of 60 s at most. */
const LOST_MS = 120_000;

const [transfers, seconds, seed] = process.argv.slice(2).map(Number) as [number, number, number];
const random = makeRandom(seed);
const deck = KINDS.flatMap((kind) => Array<typeof kind>(kind.share).fill(kind));
const done: Record<string, number> = Object.fromEntries(KINDS.map(({ name }) => [name, 0]));
const failures: string[] = [];
let failed = 0, started = 0, ended = 0;

async function one(stage: Stage): Promise<void> {
  const id = started++, kind = deck[random() % deck.length] as (typeof deck)[number];
  const lost = Promise.withResolvers<never>();
  const timer = setTimeout(() => lost.reject(new Error("lost")), LOST_MS);
  try {
    await Promise.race([kind.run(stage, id), lost.promise]);
  } catch (error) {
    failed++;
    if (failures.length < 20) failures.push(`${kind.name} ${id}: ${error}`);
  }
  clearTimeout(timer);
  done[kind.name]!++;
  ended++;
}

/** Runs that many transfers to their end, so that no running one is counted in a sample. */
async function round(stage: Stage, count: number): Promise<void> {
  const until = started + count;
  const work = async () => {
    while (started < until && performance.now() < end) await one(stage);
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
}

async function sample({ agent }: Stage): Promise<void> {
  for (let i = 0; i < 3; i++) {
    collect();
    await sleep(20);
  }
  say({
    at: ended,
    seconds: Math.round(performance.now() / 1000),
    rss: process.memoryUsage.rss(),
    fds: descriptors(),
    active: agent.active,
    shares: shareCount.open,
    files: diskFiles.open,
    ...counters(),
  });
}

const server = await startServer("http", "https", "h2");
const folder = await mkdtemp(join(tmpdir(), "curlew-soak-"));
const stage: Stage = {
  server,
  agent: new Agent({ maxCachedConnections: WIDTH }),
  share: makeShare(),
  folder,
};
const perSample = Math.max(Math.ceil(transfers / SAMPLES), FEWEST);
const end = performance.now() + seconds * 1000;
try {
  while (started < transfers && performance.now() < end) {
    await round(stage, Math.min(perSample, transfers - started));
    await sample(stage);
  }
} finally {
  await stage.agent.close();
  stage.share.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
say({ started, ended, failed, failures, done, ...counters() });
process.exitCode = failed > 0 || started !== ended ? 1 : 0;

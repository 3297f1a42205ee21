/**
 * Runs many transfers at once through one Agent, and collects the results.
 *
 * @module
 */

import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import process from "node:process";
import { Agent, CurlEasyError, Easy } from "../../mod.ts";
import { startProgress } from "./progress.ts";

/** A transfer to run. */
export interface Transfer {
  readonly url: string;
  /** The file for the body, `null` for none. */
  readonly file: string | null;
}

/** The times of a transfer that are shown, by libcurl's own names. */
export const MOMENTS = {
  "name lookup": "NAMELOOKUP_TIME_T",
  connect: "CONNECT_TIME_T",
  "first byte": "STARTTRANSFER_TIME_T",
  total: "TOTAL_TIME_T",
} as const;

/** A {@linkcode MOMENTS} name. */
export type Moment = keyof typeof MOMENTS;

/** The result of a transfer. */
export interface Result {
  readonly url: string;
  readonly error: CurlEasyError | null;
  /** The status, 0 where the protocol has none, or no response was received. */
  readonly status: number;
  /** The size of the body. */
  readonly bytes: number;
  /** The number of new connections. */
  readonly connections: number;
  /** The times in milliseconds since the start, 0 for a step that was not reached. */
  readonly times: Readonly<Record<Moment, number>>;
}

/** The result of all transfers. */
export interface Run {
  readonly results: readonly Result[];
  readonly sockets: number;
  readonly wakeUps: number;
  readonly turns: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

const OPTIONS = {
  FOLLOWLOCATION: true,
  MAXREDIRS: 20,
  FAILONERROR: true,
  CONNECTTIMEOUT: 30,
  LOW_SPEED_LIMIT: 1,
  LOW_SPEED_TIME: 60,
  USERAGENT: "curlew-demo",
} as const;

/** Runs the transfers, all at once. */
export async function runAll(transfers: readonly Transfer[]): Promise<Run> {
  await using agent = new Agent();
  using progress = startProgress(transfers.length);
  const cpu = process.cpuUsage(), started = performance.now();
  let sockets = 0;
  const results = await Promise.all(transfers.map(async (transfer) => {
    const result = await run(agent, transfer);
    sockets = Math.max(sockets, agent.stats.sockets);
    progress.advance();
    return result;
  }));
  const { user, system } = process.cpuUsage(cpu);
  const { wakeUps, turns } = agent.stats;
  const wallMs = performance.now() - started;
  return { results, sockets, wakeUps, turns, wallMs, cpuMs: (user + system) / 1000 };
}

async function run(agent: Agent, { url, file }: Transfer): Promise<Result> {
  using easy = new Easy();
  using body = file === null ? null : new BodyFile(file);
  let error: CurlEasyError | null = null;
  try {
    easy.setOpts({
      ...OPTIONS,
      URL: url,
      WRITEFUNCTION: (bytes) => body?.write(bytes) ?? bytes.length,
    });
    await agent.perform(easy);
    body?.keep();
  } catch (thrown) {
    if (!(thrown instanceof CurlEasyError)) throw thrown;
    error = thrown;
  }
  return {
    url,
    error,
    status: easy.getInfo("RESPONSE_CODE"),
    bytes: easy.getInfo("SIZE_DOWNLOAD_T"),
    connections: easy.getInfo("NUM_CONNECTS"),
    times: momentsOf(easy),
  };
}

function momentsOf(easy: Easy): Record<Moment, number> {
  const entries = Object.entries(MOMENTS).map(([name, info]) => [name, easy.getInfo(info) / 1000]);
  return Object.fromEntries(entries);
}

/** A file that gets its name only when it is complete. */
class BodyFile {
  readonly #path: string;
  readonly #part: string;
  readonly #fd: number;
  #kept = false;

  constructor(path: string) {
    this.#path = path;
    this.#part = `${path}.${process.pid}.part`;
    this.#fd = openSync(this.#part, "wx");
  }

  write(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    return bytes.length;
  }

  keep(): void {
    this.#kept = true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    if (this.#kept) renameSync(this.#part, this.#path);
    else rmSync(this.#part);
  }
}

/**
 * The part that the driver's tests share. Vitest is not imported here, since child processes use it
 * too.
 */
import { readdirSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import process from "node:process";
import { live } from "../../ffi/memory.ts";
import type { Native } from "../../ffi/mod.ts";
import { type Agent, constants, Easy, type EasyOptions } from "../../mod.ts";
import { closeHookCount } from "../../src/handles/core/close_hook.ts";
import { easyCount, easyTokens } from "../../src/handles/core/easy_state.ts";
import { multiCount } from "../../src/handles/multi/multi.ts";
import { PATIENCE } from "../patience.ts";
import { type ChildOptions, type ChildResult, runChild } from "../server/child.ts";

export const isBun: boolean = "Bun" in globalThis;
/** The methods of waiting that this runtime has, by their names in CURLEW_WAIT. */
export const waitMethods: readonly string[] = isBun ? ["loop", "worker"] : ["pool"];
/** Whether the full counts are used instead of the short ones. */
export const isFull: boolean = process.env.CURLEW_FULL === "1";

export const PAUSE: number = constants.CURL_WRITEFUNC_PAUSE;
export const CONTINUE: number = constants.CURLPAUSE_CONT;

/** `native`, for spies. */
export interface Mutable {
  watchByWorker: NonNullable<Native["watchByWorker"]>;
}

/** Waits on the runtime's own loop. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a condition holds or the time is over: the caller checks which. */
export async function until(what: () => unknown, ms = 5000): Promise<void> {
  const end = performance.now() + ms * PATIENCE;
  while (!what() && performance.now() < end) await sleep(2);
}

/** A handle that drops its body and ends within ten seconds. */
export function easyFor(url: string, options: EasyOptions = {}): Easy {
  const easy = new Easy();
  const sink = (bytes: Uint8Array) => bytes.length;
  easy.setOpts({ URL: url, TIMEOUT_MS: 10_000, WRITEFUNCTION: sink, ...options });
  return easy;
}

/** Makes one transfer with a new handle, and returns its body. */
export async function get(agent: Agent, url: string, options: EasyOptions = {}): Promise<string> {
  const decoder = new TextDecoder();
  let body = "";
  using easy = easyFor(url, {
    WRITEFUNCTION: (bytes) => {
      body += decoder.decode(bytes, { stream: true });
      return bytes.length;
    },
    ...options,
  });
  await agent.perform(easy);
  return body;
}

/** The reason of a rejected promise. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("expected a rejection");
}

/** A promise of `["failed", reason]` or `["done"]`, which never rejects. */
export function outcome(promise: Promise<unknown>): Promise<["done"] | ["failed", unknown]> {
  return promise.then(() => ["done"], (reason) => ["failed", reason]);
}

/** The open descriptors of this process, by kind. */
export function descriptors(kind = ""): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).includes(kind)) count++;
    } catch {
      // the descriptor of the folder itself
    }
  }
  return count;
}

/** The number of TCP connections of this process; a runtime may open other sockets at any time. */
export function connections(): number {
  const table = readFileSync("/proc/self/net/tcp", "utf8").trim().split("\n").slice(1);
  const inodes = table.map((row) => row.trim().split(/\s+/)[9]).filter((inode) => inode !== "0");
  return inodes.reduce((sum, inode) => sum + descriptors(`socket:[${inode}]`), 0);
}

/** The number of threads of this process. */
export function threads(): number {
  return readdirSync("/proc/self/task").length;
}

/** The counters that show a leak. */
export function counters(): Record<string, number> {
  return {
    blocks: live.blocks,
    lists: live.lists,
    callbacks: live.callbacks,
    easies: easyCount.open,
    multis: multiCount.open,
    hooks: closeHookCount(),
    tokens: easyTokens.size,
  };
}

/** The CPU time of this process, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How often the threads of this process, those that still run, have gone to sleep. */
export function sleeps(): number {
  let all = 0;
  for (const thread of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
    all += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  }
  return all;
}

/** In a child: reports that from now on only the library decides how long it lives. */
export function mark(): void {
  writeSync(1, `MARK ${Date.now()}\n`);
}

/** In a child: prints a value at once, whatever happens next. */
export function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

export interface Ended extends ChildResult {
  /** From the child's `mark()` to its end. */
  readonly exitMs: number;
  /** The values that it has printed. */
  readonly said: unknown[];
}

const PRELUDE = `
import process from "node:process";
import { Agent, constants, Easy } from "#root/mod.ts";
import * as support from "#root/test/driver/support.ts";
const { cpuMs, easyFor, failure, get, mark, outcome, say, sleep, threads, until } = support;
`;

/** Runs a script after {@linkcode PRELUDE} in a process of its own. */
export async function inChild(source: string, options: ChildOptions = {}): Promise<Ended> {
  const result = await runChild(PRELUDE + source, options);
  const now = Date.now(), said: unknown[] = [];
  let marked = NaN;
  for (const line of result.stdout.split("\n")) {
    if (line.startsWith("MARK ")) marked = Number(line.slice(5));
    else if (line !== "") said.push(parse(line));
  }
  return { ...result, exitMs: now - marked, said };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

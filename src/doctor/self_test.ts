/**
 * Checks by a few transfers on the loopback interface whether curlew works on this machine.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers";
import { Agent } from "../driver/agent.ts";
import { CurlEasyError } from "../errors.ts";
import { Easy } from "../handles/easy/easy.ts";
import { isInstance } from "../untrusted.ts";

/** The result of one check. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What the check has seen, or the error. */
  readonly detail: string;
}

const PARALLEL = 8, SIZE = 100_000, DELAY_MS = 100, TIMEOUT_MS = 300;
/** The time limit of a transfer. A whole check has twice that. */
const LIMIT_MS = 5_000;

function answer({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === "/never") return;
  const body = "x".repeat(SIZE);
  if (url === "/later") setTimeout(() => response.end(body), DELAY_MS);
  else response.end(body);
}

function listen(): Promise<Server> {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** The agent and the server of the checks. */
interface Setup {
  readonly agent: Agent;
  readonly base: string;
}

async function get({ agent, base }: Setup, path: string, timeoutMs = LIMIT_MS): Promise<number> {
  using easy = new Easy();
  let size = 0;
  easy.setOpts({
    URL: base + path,
    PROXY: "",
    TIMEOUT_MS: timeoutMs,
    WRITEFUNCTION: (bytes) => {
      size += bytes.length;
      return bytes.length;
    },
  });
  await agent.perform(easy);
  return size;
}

function expectSize(size: number): void {
  if (size !== SIZE) throw new Error(`${size} of ${SIZE} bytes came`);
}

const CHECKS: Readonly<Record<string, (setup: Setup) => Promise<string>>> = {
  async "parallel transfers"(setup) {
    const sizes = await Promise.all(Array.from({ length: PARALLEL }, () => get(setup, "/")));
    sizes.forEach(expectSize);
    return `${PARALLEL} of ${SIZE} bytes each`;
  },
  async "waiting for a socket"(setup) {
    const before = setup.agent.stats.wakeUps;
    expectSize(await get(setup, "/later"));
    const count = setup.agent.stats.wakeUps - before;
    if (count === 0) throw new Error("the response arrived, but no event reported it");
    return "woken up by the answer";
  },
  async "waiting for a timeout"(setup) {
    try {
      await get(setup, "/never", TIMEOUT_MS);
    } catch (error) {
      if (!isInstance(error, CurlEasyError)) throw error;
      if (error.codeName === "CURLE_OPERATION_TIMEDOUT") return error.codeName;
      throw error;
    }
    throw new Error("a transfer without an answer succeeded");
  },
};

function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`nothing happened for ${2 * LIMIT_MS} ms`));
    const timer = setTimeout(late, 2 * LIMIT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function check(name: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await withTimeLimit(run()) };
  } catch (error) {
    const { codeName, message } = error as Partial<CurlEasyError>;
    return { name, ok: false, detail: codeName ? `${codeName}: ${message}` : String(message) };
  }
}

/** Runs all checks, with a server and an agent that are closed after them. */
export async function selfTest(): Promise<Check[]> {
  let server: Server | undefined, agent: Agent | undefined;
  const checks: Check[] = [];
  const start = async () => {
    server = await listen();
    agent = new Agent();
    return "";
  };
  try {
    const started = await check("start", start);
    if (!started.ok) return [started];
    const base = `http://127.0.0.1:${(server!.address() as AddressInfo).port}`;
    for (const [name, run] of Object.entries(CHECKS)) {
      checks.push(await check(name, () => run({ agent: agent!, base })));
    }
  } finally {
    await agent?.close();
    server?.close();
  }
  return checks;
}

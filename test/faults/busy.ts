/** Transfers of every kind that do not end by themselves, for child processes and their Workers. */
import process from "node:process";
import { Agent, download, type EasyOptions, fetch, type PerformOptions } from "../../mod.ts";
import { defaultAgent } from "../../src/http/default_agent.ts";
import { easyFor as make, sleep } from "../driver/support.ts";
import type { Ports } from "../server/start.ts";

const ENDLESS = "/bytes/100000000000";
const TIMEOUT_MS = 60_000;

/** The agent of half of the transfers; the others run on that of `fetch`. */
export const agent: Agent = new Agent();
/** Aborts one of them. */
export const controller: AbortController = new AbortController();

const ignored = () => new WritableStream();

function slowly(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (to) => {
      await sleep(5);
      to.enqueue(new Uint8Array(999));
    },
  });
}

const read = async (url: string, curl = {}) => {
  const { body } = await fetch(url, { curl, timeout: TIMEOUT_MS });
  await body?.pipeTo(ignored());
};

async function perform(url: string, curl: EasyOptions, options?: PerformOptions): Promise<void> {
  using easy = make(url, { TIMEOUT_MS, ...curl });
  await agent.perform(easy, options);
}

function plain({ http }: Ports, path: string, whenever: () => void): Promise<unknown>[] {
  const base = `http://127.0.0.1:${http}`;
  const WRITEFUNCTION = (bytes: Uint8Array) => {
    whenever();
    return bytes.length;
  };
  return [
    perform(`${base}/hold`, {}),
    perform(base + ENDLESS, { WRITEFUNCTION }),
    perform(`${base}/slow/100000/1`, {}, controller),
    read(base + ENDLESS),
    fetch(base + ENDLESS, { timeout: TIMEOUT_MS }), // whose body is never read
    fetch(`${base}/sink`, { method: "POST", body: slowly(), timeout: TIMEOUT_MS }),
    fetch(`http://100.slow.test:${http}/small`, { timeout: TIMEOUT_MS }),
    download(`${base}/slow/100000/1`, path, { timeout: TIMEOUT_MS }),
  ];
}

function secure({ https, h2, ca }: Ports): Promise<unknown>[] {
  const curl = { CAINFO: ca };
  return [
    read(`https://127.0.0.1:${h2}${ENDLESS}`, curl),
    fetch(`https://127.0.0.1:${h2}/hold`, { curl, timeout: TIMEOUT_MS }),
    perform(`https://127.0.0.1:${https}${ENDLESS}`, curl),
  ];
}

/** Starts them; `whenever` is called inside a callback of libcurl, repeatedly. */
export function busy(ports: Ports, path: string, whenever: () => void = () => {}): void {
  for (const one of [...plain(ports, path, whenever), ...secure(ports)]) one.catch(() => {});
}

/** Closes all agents. */
export async function close(): Promise<void> {
  await Promise.all([agent.close(), defaultAgent().close()]);
}

/** Each process downloads to a file of its own. */
export const ownPath = (folder: string): string => `${folder}/${process.pid}`;

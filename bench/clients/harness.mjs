// What every JavaScript client does with its adapter. The modes are those of c/baseline.c, and so
// is the line that is printed.
import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * @typedef {object} Adapter how a client does what is measured
 * @property {(plan: { mode: string, concurrency: number, https: boolean }) => void} [open]
 * @property {(url: string) => Promise<number>} get the length of the body, which is read as a whole
 * @property {(url: string, sink: (bytes: Uint8Array) => void) => Promise<void>} read streams
 * @property {(url: string, path: string) => Promise<void>} [save]
 * @property {(url: string, size: number, body: BodyInit) => Promise<string>} send gives the answer
 */

/** An engine compiles what is called often, and takes some thousand calls for it. */
const WARM_UP = 20_000;
const RING = 1 << 20, SETTLE = 0.4, FEW = 200;
const ring = new Uint8Array(RING);
let ringAt = 0, bytes = 0;

/** The piece of which uploads consist. */
export const PIECE = new Uint8Array(65536).fill(120);

/** A streamed body is copied once, over and over into the same place; so does the baseline. */
function sink(chunk) {
  bytes += chunk.length;
  for (let at = 0; at < chunk.length;) {
    if (ringAt === RING) ringAt = 0;
    const size = Math.min(RING - ringAt, chunk.length - at);
    ring.set(size === chunk.length ? chunk : chunk.subarray(at, at + size), ringAt);
    ringAt += size;
    at += size;
  }
}

/** A stream of so many bytes. */
function streamOf(size) {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      const length = Math.min(left, PIECE.length);
      left -= length;
      controller.enqueue(PIECE.slice(0, length));
    },
  });
}

const bytesOf = (size) => new Uint8Array(size).fill(120);

/** The bodies of an upload, by kind. */
const BODIES = {
  stream: streamOf,
  bytes: bytesOf,
  blob: (size) => new Blob([bytesOf(size)]),
};

/** Calls `work` so often, with so many calls going on at a time. */
async function repeat(count, concurrency, work) {
  let started = 0;
  const worker = async () => {
    while (started < count) {
      started++;
      await work();
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, worker));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs what is measured, and prints what it took and what `work` has to say. */
async function measure(requests, work) {
  bytes = 0;
  const wall = performance.now(), { user, system } = process.cpuUsage();
  const said = await work();
  const took = process.cpuUsage();
  const seconds = (performance.now() - wall) / 1e3;
  const cpu = { user: (took.user - user) / 1e6, sys: (took.system - system) / 1e6 };
  console.log(JSON.stringify({ ...said, requests, bytes, wall: seconds, ...cpu }));
}

async function get(adapter, url) {
  const length = await adapter.get(url);
  bytes += length;
}

async function send(adapter, url, size, body) {
  const answer = await adapter.send(url, size, body);
  if (Number(answer) !== size) throw new Error(`the server got ${answer} of ${size} bytes`);
  bytes = size;
}

function hold(adapter, url, count) {
  const ended = () => {
    console.error("a held transfer ended");
    process.exit(1);
  };
  for (let i = 0; i < count; i++) adapter.get(url).then(ended, ended);
}

/** Seconds in which this thread was kept from the processor. */
function waited() {
  if (process.platform !== "linux") return 0;
  const [, ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
  return Number(ns) / 1e9;
}

const percentile = (values, p) => values.sort((a, b) => a - b)[Math.floor(values.length * p)];

/** Seconds of processor time of this process, with its helpers. */
function worked() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * How late a timer of 1 ms is: in all, and without the time in which others had the processor, be
 * it that this thread waited for one or for a helper that did.
 */
async function timer(ms) {
  const wall = [], own = [], end = performance.now() + ms;
  while (performance.now() < end) {
    const kept = waited(), did = worked(), set = performance.now();
    await sleep(1);
    wall.push((performance.now() - set) / 1e3);
    own.push(Math.min(wall.at(-1) - (waited() - kept), worked() - did));
  }
  return { timerWall: percentile(wall, 0.99), timerOwn: percentile(own, 0.99) };
}

function flood(adapter, url, streams) {
  const ended = (error) => {
    console.error("an endless download ended", error ?? "");
    process.exit(1);
  };
  for (let i = 0; i < streams; i++) adapter.read(url, sink).then(ended, ended);
}

const MODES = {
  async requests(adapter, url, count, concurrency) {
    const work = () => get(adapter, url);
    await repeat(Math.max(Math.min(count, WARM_UP), 2 * concurrency), concurrency, work);
    await measure(count, () => repeat(count, concurrency, work));
  },
  // a loop of one's own
  loop: (adapter, url, count, concurrency) => MODES.requests(adapter, url, count, concurrency),
  first: (adapter, url, count, concurrency) =>
    measure(count, () => repeat(count, concurrency, () => get(adapter, url))),
  read: (adapter, url, streams) =>
    measure(streams, () => repeat(streams, streams, () => adapter.read(url, sink))),
  save: (adapter, url, path) => measure(1, () => adapter.save(url, path)),
  send(adapter, url, size, _second, kind) {
    const body = BODIES[kind](size);
    return measure(1, () => send(adapter, url, size, body));
  },
  burst: (adapter, url, count) =>
    measure(count, () => repeat(count, count, () => get(adapter, url))),
  async hold(adapter, url, count, ms) {
    hold(adapter, url, count);
    await sleep(ms * SETTLE);
    await measure(count, () => sleep(ms));
  },
  async flood(adapter, url, streams, ms) {
    flood(adapter, url, streams);
    await sleep(ms / 4);
    await measure(streams, () => timer(ms));
  },
  async beside(adapter, url, count, waiting, waitingUrl) {
    hold(adapter, waitingUrl, waiting);
    await sleep(Math.max(1000, waiting / 2));
    const work = () => get(adapter, url);
    await repeat(FEW, 1, work);
    await measure(count, () => repeat(count, 1, work));
  },
  start: (adapter, url) => measure(1, () => get(adapter, url)),
};

/** How many transfers there are at a time, by mode; one in those that are not here. */
const CONCURRENCY = {
  requests: (_count, concurrency) => concurrency,
  loop: (_count, concurrency) => concurrency,
  first: (_count, concurrency) => concurrency,
  read: (streams) => streams,
  burst: (count) => count,
  hold: (count) => count,
  flood: (streams) => streams,
  beside: (_count, waiting) => waiting,
};

/** The whole program of a client: its arguments are a mode, a URL, and what the mode takes. */
export async function run(adapter) {
  const [mode, url, first, second, third] = process.argv.slice(2);
  const a = mode === "save" ? first : Number(first), b = Number(second);
  const concurrency = CONCURRENCY[mode]?.(a, b) ?? 1;
  adapter.open?.({ mode, concurrency, https: url.startsWith("https:") });
  await MODES[mode](adapter, url, a, b, third);
  // a start is measured to the natural end of the process
  if (mode !== "start") process.exit();
}

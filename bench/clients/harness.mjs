// The part that all JavaScript clients share, each with its own adapter. The printed line and most
// modes are those of c/baseline.c.
import process from "node:process";
import { load, serve } from "./proxy.mjs";
import { sleep, timer } from "./timer.mjs";
import { UPLOADS } from "./uploads.mjs";

/**
 * @typedef {object} Adapter the operations of a client that are measured, by mode
 * @property {(plan: { mode: string, concurrency: number, https: boolean }) => unknown} [open]
 * @property {(url: string) => Promise<number>} get the length of the body, which is read as a whole
 * @property {(url: string) => Promise<unknown[]>} [json] the value of a JSON body
 * @property {(url: string) => Promise<Response>} [respond]
 * @property {(url: string, sink: (bytes: Uint8Array) => void) => Promise<void>} read streams
 * @property {(url: string, sink: (bytes: Uint8Array) => void) => Promise<void>} [iterate]
 * @property {(url: string, sink: (bytes: Uint8Array) => void) => Promise<void>} [pipe]
 * @property {(url: string, path: string) => Promise<void>} [save]
 * @property {(url: string, size: number, body: BodyInit, kind: string) => Promise<string>} send
 *   returns the number of bytes that arrived
 */

/**
 * The number of calls before measuring: an engine compiles a function after some thousand calls.
 */
const WARM_UP = 20_000;
/** The bytes of an upload before the measured one; "start" and "first" measure without it. */
const FIRST_UPLOAD = 64 * 1024;
const RING = 1 << 20, SETTLE = 0.4, FEW = 200;
const ring = new Uint8Array(RING);
let ringAt = 0, bytes = 0;

/** Copies each piece of a streamed body once, always to the same memory, as the baseline does. */
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

/** Calls `work` `count` times, `concurrency` calls at a time. */
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

/** Measures a call of `work`, and prints its costs and its result. */
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

async function parse(adapter, url) {
  const { length } = await adapter.json(url);
  bytes += length;
}

/** Measures `count` calls of `work` after as many others, so that the engine has compiled them. */
async function warmAndMeasure(count, concurrency, work) {
  await repeat(Math.max(Math.min(count, WARM_UP), 2 * concurrency), concurrency, work);
  await measure(count, () => repeat(count, concurrency, work));
}

async function send(adapter, url, size, body, kind) {
  const answer = await adapter.send(url, size, body, kind);
  if (Number(answer) !== size) throw new Error(`the server got ${answer} of ${size} bytes`);
  bytes = size;
}

/** Starts transfers that never end. */
function begin(count, transfer) {
  const ended = (error) => {
    console.error("an endless transfer ended", error ?? "");
    process.exit(1);
  };
  for (let i = 0; i < count; i++) transfer().then(ended, ended);
}

/** A mode that streams bodies by a method of the adapter. */
const streamed = (method) => (adapter, url, streams) =>
  measure(streams, () => repeat(streams, streams, () => adapter[method](url, sink)));

const requests = (adapter, url, count, concurrency) =>
  warmAndMeasure(count, concurrency, () => get(adapter, url));

const MODES = {
  requests,
  loop: requests, // an event loop of the client's own
  observed: requests, // with an observer
  json: (adapter, url, count, concurrency) =>
    warmAndMeasure(count, concurrency, () => parse(adapter, url)),
  first: (adapter, url, count, concurrency) =>
    measure(count, () => repeat(count, concurrency, () => get(adapter, url))),
  async proxy(adapter, url, count, concurrency, program) {
    const proxied = `http://127.0.0.1:${serve(() => adapter.respond(url))}/`;
    await load(program, proxied, Math.min(count, WARM_UP), concurrency);
    await measure(count, async () => {
      bytes = await load(program, proxied, count, concurrency);
    });
  },
  read: streamed("read"),
  iterate: streamed("iterate"),
  pipe: streamed("pipe"),
  save: (adapter, url, path) => measure(1, () => adapter.save(url, path)),
  async send(adapter, url, size, _second, kind) {
    await send(adapter, url, FIRST_UPLOAD, await UPLOADS[kind](FIRST_UPLOAD), kind);
    const body = await UPLOADS[kind](size);
    await measure(1, () => send(adapter, url, size, body, kind));
  },
  burst: (adapter, url, count) =>
    measure(count, () => repeat(count, count, () => get(adapter, url))),
  async hold(adapter, url, count, ms) {
    begin(count, () => adapter.get(url));
    await sleep(ms * SETTLE);
    await measure(count, () => sleep(ms));
  },
  async flood(adapter, url, streams, ms) {
    begin(streams, () => adapter.read(url, sink));
    await sleep(ms / 4);
    await measure(streams, () => timer(ms));
  },
  async beside(adapter, url, count, waiting, waitingUrl) {
    begin(waiting, () => adapter.get(waitingUrl));
    await sleep(Math.max(1000, waiting / 2));
    const work = () => get(adapter, url);
    await repeat(FEW, 1, work);
    await measure(count, () => repeat(count, 1, work));
  },
  start: (adapter, url) => measure(1, () => get(adapter, url)),
  import: () => measure(0, () => {}),
};

/** Modes whose second argument is the number of simultaneous transfers. */
const SECOND = ["requests", "loop", "observed", "json", "first", "proxy", "beside"];
/** Modes whose first argument is that number; all others make one transfer at a time. */
const FIRST = ["read", "iterate", "pipe", "burst", "hold", "flood"];

/** Modes that are measured to the natural end of the process. */
const WHOLE = ["start", "import"];

/** Runs a client: the arguments are a mode, a URL, and the arguments of the mode. */
export async function run(adapter) {
  const [mode, url, first, second, third] = process.argv.slice(2);
  const a = mode === "save" ? first : Number(first), b = Number(second);
  const concurrency = SECOND.includes(mode) ? b : FIRST.includes(mode) ? a : 1;
  if (mode !== "import") {
    await adapter.open?.({ mode, concurrency, https: url.startsWith("https:") });
  }
  await MODES[mode](adapter, url, a, b, third);
  if (!WHOLE.includes(mode)) process.exit();
}

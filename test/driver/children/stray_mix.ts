// Many kinds of transfers at once, to a server that often sends unsolicited bytes: no transfer may
// fail, or get the bytes of another one. `stray_mix.ts KIND SECONDS SEED` prints one line of JSON.
import process from "node:process";
import {
  Agent,
  constants,
  type CurlEasyError,
  Easy,
  type EasyOptions,
  fetch,
  type FetchInit,
  Share,
  upload,
} from "../../../mod.ts";
import { startServer } from "../../server/start.ts";
import { makeRandom } from "../../soak/random.ts";
import { ALPN } from "../../versions.ts";
import { type Kind, startStray, STRAYS } from "../quirks/stray_bytes.ts";
import { CONTINUE, PAUSE, say, sleep } from "../support.ts";

const [kind, seconds, seed] = process.argv.slice(2) as [Kind, string, string];
const random = makeRandom(Number(seed));
const chance = (percent: number) => random() % 100 < percent;
const oneOf = <T>(list: readonly T[]): T => list[random() % list.length] as T;

const certs = await startServer("https");
const server = await startStray(kind, certs);
const isH2 = kind === "h2";
const trust: EasyOptions = {
  ...server.curl,
  SSL_VERIFYHOST: 0,
  ...(isH2 ? { ...ALPN, HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS } : {}),
};
const WHENS = ["once", "next", "5", "30", "90"];
const LIMIT_MS = 15_000, WIDTH = 16;

/** One transfer to make. */
interface Job {
  readonly agent: Agent;
  /** Path and query, different from those of all others. */
  readonly path: string;
  readonly url: string;
}

interface Reading {
  text(): string;
  readonly options: EasyOptions;
}

/** Collects a body, and pauses its handle now and then. */
function reading(easy: Easy, pauses: number): Reading {
  const decoder = new TextDecoder();
  let text = "", isPaused = false, left = 5;
  return {
    text: () => text,
    options: {
      WRITEFUNCTION: (bytes) => {
        if (!isPaused && left > 0 && chance(pauses)) {
          isPaused = true;
          left--;
          setTimeout(() => {
            isPaused = false;
            if (!easy.closed) easy.pause(CONTINUE);
          }, random() % 60);
          return PAUSE;
        }
        text += decoder.decode(bytes, { stream: true });
        return bytes.length;
      },
    },
  };
}

/** A transfer by a new handle, or by a reused one. */
async function perform(job: Job, options: EasyOptions, pauses = 0, used?: Easy): Promise<string> {
  const easy = used ?? new Easy();
  try {
    easy.reset();
    const body = reading(easy, pauses);
    easy.setOpts({ URL: job.url, TIMEOUT_MS: LIMIT_MS, ...trust, ...body.options, ...options });
    await job.agent.perform(easy);
    return body.text();
  } finally {
    if (!used) easy.close();
  }
}

async function byFetch({ agent, url }: Job, init: FetchInit): Promise<string> {
  const response = await fetch(url, { agent, curl: trust, timeout: LIMIT_MS, ...init });
  if (!chance(30) || response.body === null) return await response.text();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (chance(5)) await sleep(random() % 20);
  }
  return text;
}

function stream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await sleep(random() % 5);
      controller.enqueue(new Uint8Array(500));
      if (chance(50)) controller.close();
    },
  });
}

/** Writes and reads HTTP itself. */
async function connectOnly({ agent, url, path }: Job): Promise<string> {
  using easy = new Easy();
  easy.setOpts({ URL: url, CONNECT_ONLY: 1, TIMEOUT_MS: LIMIT_MS, ...trust });
  await agent.perform(easy);
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, buffer = new Uint8Array(65_536);
  easy.send(new TextEncoder().encode(request));
  for (let text = "";;) {
    await agent.readable(easy);
    let size = 0;
    try {
      size = easy.recv(buffer);
    } catch (error) {
      if ((error as CurlEasyError).code !== constants.CURLE_AGAIN) throw error;
    }
    text += new TextDecoder().decode(buffer.subarray(0, size));
    const [head, body = ""] = text.split("\r\n\r\n"),
      length = /length: (\d+)/i.exec(head as string)?.[1];
    if (length && body.length >= Number(length)) return body.slice(0, Number(length));
  }
}

/** A transfer that is aborted: it must only not disturb others. */
async function aborted({ agent, url, path }: Job): Promise<string> {
  const signal = AbortSignal.timeout(random() % 20);
  const init = { agent, curl: trust, timeout: LIMIT_MS, signal };
  await fetch(url, init).then((response) => response.text()).catch(() => {});
  return `GET ${path}`;
}

const used = Array.from({ length: 4 }, () => new Easy()), busy = new Set<Easy>();

/** The reused handles, each with one transfer at a time. */
async function again(job: Job): Promise<string> {
  // a handle keeps the Share of its first agent
  const easy = sharing.includes(job.agent) ? undefined : used.find((it) => !busy.has(it));
  if (!easy) return await perform(job, {});
  busy.add(easy);
  try {
    return await perform(job, {}, 30, easy);
  } finally {
    busy.delete(easy);
  }
}

type Run = (job: Job) => Promise<string>;

/** The beginning of a path, the method, and the function that makes the request. */
const WAYS: readonly (readonly [path: string, method: string, Run])[] = [
  ["/small", "GET", (job) => byFetch(job, {})],
  ["/chunked", "GET", (job) => byFetch(job, {})],
  ["/head", "HEAD", async (job) => (await byFetch(job, { method: "HEAD" }), `HEAD ${job.path}`)],
  ["/204", "GET", async (job) => `${await byFetch(job, {})}GET ${job.path}`],
  ["/304", "GET", async (job) => `${await byFetch(job, {})}GET ${job.path}`],
  ["/post", "POST", (job) => byFetch(job, { method: "POST", body: "x".repeat(random() % 9000) })],
  ["/stream", "POST", (job) => byFetch(job, { method: "POST", body: stream(), duplex: "half" })],
  ["/put", "PUT", async ({ agent, url, path }) => {
    const { status } = await upload(new Uint8Array(500), url, { agent, curl: trust });
    return status === 200 ? `PUT ${path}` : String(status);
  }],
  ["/large", "GET", (job) => byFetch(job, {})],
  ["/large", "GET", (job) => perform(job, {}, 5)],
  ["/large", "GET", (job) => perform(job, { MAX_RECV_SPEED_LARGE: 8_000_000 })],
  ["/large", "GET", (job) => perform(job, { MAX_RECV_SPEED_LARGE: 16_000_000 }, 5)],
  ["/paused", "GET", (job) => perform(job, {}, 100)],
  ["/302", "GET", (job) => perform(job, { FOLLOWLOCATION: 1 }, 10)],
  ["/302", "GET", (job) => perform(job, { FOLLOWLOCATION: 1 }, 100)],
  ["/again", "GET", again],
  ["/connect", "GET", connectOnly],
  ["/abort", "GET", aborted],
];
/** The requests that the server supports with HTTP/2, too. */
const WAYS_H2 = WAYS.filter(([path]) => !/chunked|204|304|302|connect|stream/.test(path));

const share = new Share();
share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
const agents = [
  new Agent(),
  new Agent({ maxConnections: 3 }),
  new Agent({ maxHostConnections: 2, maxCachedConnections: 4 }),
];
const sharing = [new Agent({ share }), new Agent({ share })];

let count = 0, racing = 0, strays = 0;
const failures: string[] = [];

/** The expected body, as the server writes it. */
function expected(path: string, method: string): string {
  const own = path.startsWith("/302") ? path.replace("/302", "/large") : path;
  const text = `${method} ${own}`;
  return own.startsWith("/large") ? text.padEnd(4_000_000) : text;
}

async function one(): Promise<void> {
  const [start, method, run] = oneOf(isH2 ? WAYS_H2 : WAYS), number = count++;
  // only libcurl manages the connections of a Share; and before it opens another connection to a
  // host it may close that of a CONNECT_ONLY handle
  const isShared = chance(15);
  const agent = start === "/connect" ? agents[0] as Agent : oneOf(isShared ? sharing : agents);
  const at = oneOf(WHENS), name = oneOf(STRAYS);
  // libcurl may have read a part of the bytes of one write, and the rest arrives during the next
  // transfer; it may have read a part of a TLS record, for whose rest no socket has an event
  const isCut = name === "large" || (kind !== "http" && /large|302/.test(start));
  const isStray = !sharing.includes(agent) && chance(30) && !(at === "once" && isCut);
  if (isStray) strays++;
  const path = `${start}?n=${number}&t=${Date.now()}${isStray ? `&stray=${name}&at=${at}` : ""}`;
  const host = chance(20) ? "localhost" : "127.0.0.1";
  const job = { agent, path, url: server.url(path, host) };
  let got: string;
  try {
    got = await run(job);
  } catch (error) {
    got = `failed: ${error}`;
  }
  if (got === expected(path, method)) return;
  await sleep(200);
  const paths = [path, path.replace("/302", "/large")];
  const isLate = paths.some((it) => server.told.late.has(it));
  // the bytes arrived too late to be noticed
  if (paths.some((it) => server.told.racing.has(it))) racing++;
  else {
    const what = `${isLate ? "late" : "alone"}, ${method} ${path} by agent ${
      agents.indexOf(agent)
    }`;
    failures.push(`${what}: ${got.length} characters, ${got.slice(0, 150)}`);
  }
}

const end = performance.now() + Number(seconds) * 1000;
await Promise.all(Array.from({ length: WIDTH }, async () => {
  while (performance.now() < end && failures.length < 10) await one();
}));
await sleep(300);
const { late, racing: seen } = server.told;
say({ count, strays, racing, seen: seen.size, late: late.size, failures });
server.close();
await certs.close();
process.exit(failures.length > 0 ? 1 : 0);

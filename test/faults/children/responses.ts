/**
 * Makes one transfer for each random response, and prints the results. The process that has started
 * this one reports a crash.
 *
 *   bun run test/faults/children/responses.ts SEED FROM COUNT [http | ws]
 *
 * Response N of a seed is always the same, and so is its request: FROM N and COUNT 1 repeat it, and
 * with CURLEW_SHOW its bytes are printed.
 */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import process from "node:process";
import {
  Agent,
  constants,
  CurlEasyError,
  CurlWebSocket,
  type EasyOptions,
  fetch,
  type FetchInit,
  versionInfo,
} from "../../../mod.ts";
import { counters, easyFor, sleep } from "../../driver/support.ts";
import { codeOf } from "../../http/support.ts";
import { h2Response, httpResponse, random, wsFrames } from "../../server/faults/responses.mjs";
import { startServer } from "../../server/start.ts";
import { libcurl } from "../../versions.ts";

const [seed = 1, from = 0, count = 1000] = process.argv.slice(2, 5).map(Number);
const isWs = process.argv[5] === "ws";

/**
 * The number of simultaneous transfers. The servers end each connection, so no transfer waits for
 * its timeout.
 */
const AT_ONCE = 64, TIMEOUT_MS = 10_000, HANG_MS = 60_000;
/** One in this many uses TLS, one HTTP/2. */
const TLS_EVERY = 10, H2_EVERY = 7;

/** The number of transfers with each result. */
const ends: Record<string, number> = {};
const wrong: string[] = [];

type Kind = "http" | "tls" | "h2" | "ws";

interface Sent {
  readonly bytes: Uint8Array;
  /** The body of an undamaged response. */
  readonly plain: Uint8Array | null;
}

function kindOf(number: number): Kind {
  if (isWs) return "ws";
  if (number % H2_EVERY === 3) return "h2";
  return number % TLS_EVERY === 5 ? "tls" : "http";
}

const MAKE: Record<Kind, (number: number) => Sent> = {
  http: (number) => httpResponse(seed, number),
  tls: (number) => httpResponse(seed, number),
  h2: (number) => h2Response(seed, number),
  ws: (number) => ({ ...wsFrames(seed, number), plain: null }),
};

await using server = await startServer("responses");
const { responses: ports } = server;
let agent: Agent;
const { features } = versionInfo();

function note(number: number, kind: Kind, end: string, why = ""): void {
  const key = `${kind}: ${end}`;
  ends[key] = (ends[key] ?? 0) + 1;
  if (why !== "") wrong.push(`${kind} response ${number} of seed ${seed}: ${why}`);
}

/** Options of a transfer that interpret some header. */
function optionsOf(number: number, kind: Kind, isValid: boolean): EasyOptions {
  const rnd = random(seed + 2, number);
  const options: Record<string, unknown> = { ACCEPT_ENCODING: "", CAINFO: server.ca };
  if (rnd(2)) options["COOKIEFILE"] = "";
  if (rnd(2) && features.includes("HSTS")) options["HSTS_CTRL"] = constants.CURLHSTS_ENABLE;
  if (rnd(2) && features.includes("alt-svc")) options["ALTSVC_CTRL"] = constants.CURLALTSVC_H2;
  else if (rnd(3) === 0) {
    Object.assign(options, { USERPWD: "u:p", HTTPAUTH: constants.CURLAUTH_ANY });
  }
  if (isValid) Object.assign(options, { FRESH_CONNECT: 1, FORBID_REUSE: 1 });
  // otherwise undamaged responses get the bytes of another one, after a false "HTTP/2"
  if (!libcurl.keepsHttp1Apart.holds) options["HTTP_VERSION"] = constants.CURL_HTTP_VERSION_1_1;
  if (kind === "h2") {
    options["HTTP_VERSION"] = constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    options["INTERFACE"] = `127.${number >> 16}.${number >> 8 & 255}.${number & 255}`;
  } else if (rnd(3) === 0 || !isValid) {
    // the proxy gets the requests of all redirects
    options["PROXY"] = `http://127.0.0.1:${ports["http"]}`;
    if (kind === "tls") delete options["PROXY"];
  }
  return options as EasyOptions;
}

const urlOf = (number: number, kind: Kind): string =>
  `${kind === "tls" ? "https" : kind === "ws" ? "ws" : "http"}://127.0.0.1:${
    ports[kind]
  }/${seed}/${number}`;

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

async function byFetch(
  number: number,
  kind: Kind,
  curl: EasyOptions,
  isValid: boolean,
): Promise<Uint8Array> {
  const rnd = random(seed + 3, number);
  // over TLS a redirect may lead anywhere
  const redirect = kind !== "http" || rnd(2) ? "manual" : "follow";
  const init: FetchInit = { agent, timeout: TIMEOUT_MS, curl, redirect };
  const body = isValid || rnd(4)
    ? {}
    : { method: "POST", body: new Blob(["x".repeat(rnd(5000))]).stream() };
  const response = await fetch(urlOf(number, kind), { ...init, ...body });
  for (const [name, value] of response.headers) {
    if (typeof name + typeof value !== "stringstring") throw new Error(name);
  }
  return await response.bytes();
}

async function byPerform(
  number: number,
  kind: Kind,
  curl: EasyOptions,
  isValid: boolean,
): Promise<Uint8Array> {
  const rnd = random(seed + 3, number), parts: Uint8Array[] = [];
  using easy = easyFor(urlOf(number, kind), {
    TIMEOUT_MS,
    ...curl,
    ...kind === "http" && rnd(2) ? { FOLLOWLOCATION: 1, MAXREDIRS: 3, AUTOREFERER: 1 } : {},
    ...isValid || rnd(4) ? {} : { POSTFIELDS: "x".repeat(rnd(5000)) },
    WRITEFUNCTION: (bytes) => parts.push(bytes.slice()) && bytes.length,
    HEADERFUNCTION: (line) => line.length,
  });
  await agent.perform(easy);
  for (const info of ["CONTENT_TYPE", "COOKIELIST", "REDIRECT_URL"] as const) easy.getInfo(info);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** One HTTP response, and a check of its result. */
async function transfer(number: number, kind: Kind): Promise<void> {
  const { plain } = MAKE[kind](number), isValid = plain !== null;
  const isFetch = random(seed + 4, number)(2) === 0, run = isFetch ? byFetch : byPerform;
  try {
    const body = await run(number, kind, optionsOf(number, kind, isValid), isValid);
    note(number, kind, "OK", isValid && !isSame(body, plain) ? "another body" : "");
  } catch (error) {
    const isRight = isFetch ? error instanceof TypeError : error instanceof CurlEasyError;
    const code = codeOf(error);
    note(
      number,
      kind,
      code ?? (error as Error).name,
      isRight ? fault(code, kind, isValid) : `${error}`,
    );
  }
}

/** The error of a failure with an error of the right class, "" for none. */
function fault(code: string | undefined, kind: Kind, isValid: boolean): string {
  if (kind === "h2" && !libcurl.namesH2.holds) return ""; // nor does it always have the last bytes
  const isLate = code === "CURLE_OPERATION_TIMEDOUT";
  if (isLate && !isValid) return libcurl.endsGoneUploads.holds ? "it waited for its timeout" : "";
  return isValid ? `${code}, though nothing was damaged` : "";
}

/** One connection of WebSocket, to its "close", which must occur once. */
async function converse(number: number): Promise<void> {
  const rnd = random(seed + 3, number), { promise, resolve } = Promise.withResolvers<CloseEvent>();
  const socket = new CurlWebSocket(urlOf(number, "ws"), [], { agent, connectTimeout: TIMEOUT_MS });
  let closes = 0, failed = "";
  socket.binaryType = rnd(2) ? "blob" : "arraybuffer";
  socket.onopen = () => rnd(2) && socket.send("hello");
  socket.onmessage = () => rnd(4) || socket.send(new Uint8Array(rnd(300)));
  socket.onerror = ({ error }) =>
    failed = error instanceof Error ? codeOf(error) ?? error.name : `${error}`;
  socket.onclose = (event) => {
    closes++;
    resolve(event);
  };
  const { code, wasClean } = await promise;
  await sleep(0);
  const isRight = closes === 1 && Number.isInteger(code) &&
    wasClean !== (failed !== "" || code === 1006);
  note(
    number,
    "ws",
    `${code} ${failed}`.trim(),
    isRight ? "" : `${closes} closes, ${code} ${failed}`,
  );
}

async function one(number: number): Promise<void> {
  const kind = kindOf(number);
  if (process.env["CURLEW_SHOW"]) {
    console.log(kind, Buffer.from(MAKE[kind](number).bytes).toString("latin1"));
  }
  const hang = setTimeout(() => {
    console.error(`${kind} response ${number} of seed ${seed} hangs`);
    process.exit(3);
  }, HANG_MS);
  await (kind === "ws" ? converse(number) : transfer(number, kind));
  clearTimeout(hang);
}

/** Sets the seed for HTTP/2, which has no path: it is the one of the last HTTP/1 request. */
async function tellSeed(): Promise<void> {
  using easy = easyFor(`http://127.0.0.1:${ports["http"]}/${seed}/0`);
  await agent.perform(easy).catch(() => {});
}

async function main(): Promise<void> {
  process.on("unhandledRejection", (reason) => wrong.push(`an unhandled rejection: ${reason}`));
  let next = from;
  const before = counters(), end = from + count, started = performance.now();
  agent = new Agent();
  await tellSeed();
  const lane = async () => {
    while (next < end) {
      if (next % 1000 === 0) {
        writeSync(1, `${JSON.stringify({ at: next, rss: process.memoryUsage.rss() })}\n`);
      }
      await one(next++);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const ms = performance.now() - started;
  await agent.close();
  const after = counters();
  for (const name of ["easies", "tokens", "multis"]) {
    if (after[name]! > before[name]!) wrong.push(`${after[name]} ${name} are left`);
  }
  const sorted = Object.fromEntries(Object.entries(ends).toSorted(([a], [b]) => a < b ? -1 : 1));
  writeSync(1, `${JSON.stringify({ done: count, ms, ends: sorted, wrong })}\n`);
}

await main();

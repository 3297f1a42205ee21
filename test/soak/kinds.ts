/** The transfers of the soak: what each does, and its expected result. */
import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Agent,
  constants,
  download,
  Easy,
  type EasyOptions,
  fetch,
  Share,
} from "../../mod.ts";
import { codeOf } from "../http/support.ts";
import type { TestServer } from "../server/start.ts";
import { ALPN } from "../versions.ts";

/** What all transfers of a run have in common. */
export interface Stage {
  readonly server: TestServer;
  readonly agent: Agent;
  readonly share: Share;
  readonly folder: string;
}

/** One transfer, the `id`-th; throws if its result is not the expected one. */
export type Run = (stage: Stage, id: number) => Promise<void>;

export interface Kind {
  readonly name: string;
  /** How many of a hundred transfers are of this kind. */
  readonly share: number;
  readonly run: Run;
}

const TIMEOUT_MS = 60_000;
const MIB = 1024 ** 2;
const SMALL = 98;
/**
 * A port that nothing listens on; one that was free before may be used by another process later.
 */
const CLOSED_PORT = 1;

function expect(got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`expected ${String(wanted)}, got ${String(got)}`);
}

/** The code that a transfer fails with, "none" if it does not. */
async function failure(running: Promise<unknown>): Promise<string> {
  try {
    await running;
    return "none";
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const PATTERN = Uint8Array.from({ length: MIB }, (_, i) => i & 0xff);
const PATTERN_SHA = sha256(PATTERN);

/** Performs an Easy on the agent, and counts its bytes. */
async function perform({ agent }: Stage, url: string, options: EasyOptions = {}): Promise<number> {
  using easy = new Easy();
  let bytes = 0;
  const WRITEFUNCTION = (chunk: Uint8Array) => (bytes += chunk.length, chunk.length);
  easy.setOpts({ URL: url, TIMEOUT_MS, WRITEFUNCTION, ...options });
  await agent.perform(easy);
  expect(easy.getInfo("RESPONSE_CODE"), 200);
  return bytes;
}

const get = ({ agent }: Stage, url: string, init: Parameters<typeof fetch>[1] = {}) =>
  fetch(url, { agent, timeout: TIMEOUT_MS, ...init });

/** A stream whose chunk length depends on the id: it is sent in HTTP chunks. */
function streamOf(bytes: Uint8Array, id: number): ReadableStream<Uint8Array> {
  let at = 0;
  const step = 1000 + id % 7000;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.slice(at, at += step));
      if (at >= bytes.length) controller.close();
    },
  });
}

async function agentSmall(stage: Stage): Promise<void> {
  expect(await perform(stage, stage.server.url("/small")), SMALL);
}

async function fetchSmall(stage: Stage): Promise<void> {
  expect((await (await get(stage, stage.server.url("/small"))).text()).length, SMALL);
}

async function duplicated(stage: Stage): Promise<void> {
  using parent = new Easy();
  let bytes = 0;
  parent.setOpts({
    URL: stage.server.url("/small"),
    TIMEOUT_MS,
    HTTPHEADER: ["X-One: 1", "X-Two: 2"],
    POSTFIELDS: "some bytes",
    WRITEFUNCTION: (chunk) => (bytes += chunk.length, chunk.length),
  });
  using easy = parent.duplicate();
  await stage.agent.perform(easy);
  expect(bytes, SMALL);
}

async function large(stage: Stage): Promise<void> {
  const response = await get(stage, stage.server.url(`/bytes/${MIB}`));
  expect(sha256(new Uint8Array(await response.arrayBuffer())), PATTERN_SHA);
}

async function upload(stage: Stage, id: number): Promise<void> {
  const bytes = PATTERN.subarray(id % 256, id % 256 + 10_000 + id % 50_000);
  const body = streamOf(bytes, id);
  const response = await get(stage, stage.server.url("/sink"), { method: "POST", body });
  const answer = await response.json();
  expect(answer.bytes, bytes.length);
  expect(answer.sha256, sha256(bytes));
}

async function redirect(stage: Stage): Promise<void> {
  const response = await get(stage, stage.server.url("/redirect/2"));
  expect(response.redirected, true);
  expect((await response.text()).length, SMALL);
}

async function gzip(stage: Stage): Promise<void> {
  const text = await (await get(stage, stage.server.url("/gzip"))).text();
  expect(text, "compressed by gzip\n".repeat(100));
}

/** Half of them are aborted before the head, half in the middle of a body. */
async function aborted(stage: Stage, id: number): Promise<void> {
  const controller = new AbortController(), reason = new Error("enough");
  const url = stage.server.url(id % 2 ? "/hold" : "/slow/1000/10");
  const body = get(stage, url, { signal: controller.signal }).then((answer) => answer.text());
  setTimeout(() => controller.abort(reason), 5 + id % 20);
  expect(await body.catch((error) => error), reason);
}

async function agentAborted(stage: Stage, id: number): Promise<void> {
  const controller = new AbortController();
  using easy = new Easy();
  easy.setOpts({ URL: stage.server.url("/hold"), TIMEOUT_MS });
  const running = stage.agent.perform(easy, controller);
  setTimeout(() => controller.abort("enough"), id % 10);
  expect(await running.catch((reason) => reason), "enough");
}

async function timeout(stage: Stage, id: number): Promise<void> {
  const running = perform(stage, stage.server.url("/hold"), { TIMEOUT_MS: 10 + id % 20 });
  expect(await failure(running), "CURLE_OPERATION_TIMEDOUT");
}

async function refused(stage: Stage): Promise<void> {
  const running = get(stage, `http://127.0.0.1:${CLOSED_PORT}/`);
  expect(await failure(running), "CURLE_COULDNT_CONNECT");
}

async function reset(stage: Stage): Promise<void> {
  const running = perform(stage, stage.server.url("/reset"));
  expect(await failure(running), "CURLE_RECV_ERROR");
}

async function closed(stage: Stage): Promise<void> {
  expect((await (await get(stage, stage.server.url("/close"))).text()).length, SMALL);
}

async function h2(stage: Stage, id: number): Promise<void> {
  const size = id % 20_000, curl = { CAINFO: stage.server.ca, ...ALPN };
  const response = await get(stage, stage.server.url(`/bytes/${size}`, "h2"), { curl });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(sha256(bytes), sha256(PATTERN.subarray(0, size)));
}

async function tls(stage: Stage): Promise<void> {
  const options = { CAINFO: stage.server.ca };
  expect(await perform(stage, stage.server.url("/small", "https"), options), SMALL);
}

/** Each makes a TLS handshake. */
async function tlsClosed(stage: Stage): Promise<void> {
  const options = { CAINFO: stage.server.ca };
  expect(await perform(stage, stage.server.url("/close", "https"), options), SMALL);
}

/** A cookie that one handle sets is sent by the next; there are a few names only. */
async function cookies({ server, agent, share }: Stage, id: number): Promise<void> {
  const name = `c${id % 20}`, decoder = new TextDecoder();
  let body = "";
  const WRITEFUNCTION = (chunk: Uint8Array) => {
    body += decoder.decode(chunk);
    return chunk.length;
  };
  for (const path of [`/cookies/set?${name}=1`, "/cookies"]) {
    using easy = new Easy();
    body = "";
    easy.setOpts({
      URL: server.url(path),
      TIMEOUT_MS,
      COOKIEFILE: "",
      SHARE: share,
      WRITEFUNCTION,
    });
    await agent.perform(easy);
  }
  expect(JSON.parse(body)[name], "1");
}

async function toFile(stage: Stage, id: number): Promise<void> {
  const { agent, server, folder } = stage, size = 10_000 + id % 100_000;
  const options = { agent, timeout: TIMEOUT_MS };
  const { path } = await download(
    server.url(`/bytes/${size}?${id}`),
    join(folder, `${id}`),
    options,
  );
  expect(sha256(await readFile(path)), sha256(patternOf(size)));
  await rm(path);
}

const patternOf = (size: number) => PATTERN.subarray(0, size);

/** The mixture. The shares add up to a hundred. */
export const KINDS: readonly Kind[] = [
  { name: "GET, Agent", share: 27, run: agentSmall },
  { name: "GET, fetch", share: 19, run: fetchSmall },
  { name: "POST, duplicated handle", share: 3, run: duplicated },
  { name: "1 MiB body", share: 2, run: large },
  { name: "chunked upload", share: 4, run: upload },
  { name: "two redirects", share: 4, run: redirect },
  { name: "gzip", share: 5, run: gzip },
  { name: "aborted fetch", share: 3, run: aborted },
  { name: "aborted transfer", share: 2, run: agentAborted },
  { name: "timeout", share: 3, run: timeout },
  { name: "refused", share: 4, run: refused },
  { name: "reset in the body", share: 3, run: reset },
  { name: "connection not kept", share: 4, run: closed },
  { name: "HTTP/2", share: 7, run: h2 },
  { name: "TLS", share: 4, run: tls },
  { name: "TLS, connection not kept", share: 1, run: tlsClosed },
  { name: "cookies by a Share", share: 3, run: cookies },
  { name: "download to a file", share: 2, run: toFile },
];

/** The Share with the cookies. */
export function makeShare(): Share {
  const share = new Share();
  share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
  return share;
}

// What OpenSSL has read ahead for one HTTP/2 stream while another one, which ends or is paused,
// was read. With libcurl 8.15 and later nobody looked at it until the socket had more.
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, constants, Easy, type EasyOptions } from "../../../mod.ts";
import { findNode } from "../../server/node.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";

/** Time enough for the server to send the rest. */
const BUSY_MS = 250;
/** Which of two is read first is libcurl's choice, so not every try is one. */
const TRIES = 4;

const certs = useServer("h2");
let child: ChildProcess, port: number;

beforeAll(async () => {
  if (!certs.has("h2")) return;
  const main = fileURLToPath(new URL("./h2_leftovers_server.mjs", import.meta.url));
  const files = ["server.key", "server.pem"].map((name) => join(dirname(certs.ca), name));
  child = spawn(findNode(), [main, ...files], { stdio: ["pipe", "pipe", "inherit"] });
  port = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server did not start: ${code}`)));
    child.stdout!.once("data", (line) => resolve(Number(line)));
  });
});

afterAll(() => {
  child?.stdin?.end();
});

/** Blocks this thread, as a slow callback does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Counts what comes. */
function counting(path: string, options: EasyOptions): { easy: Easy; count: () => number } {
  const easy = new Easy();
  let count = 0;
  easy.setOpts({
    URL: `https://127.0.0.1:${port}${path}`,
    CAINFO: certs.ca,
    HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
    PIPEWAIT: true,
    TIMEOUT_MS: 10_000,
    WRITEFUNCTION: (bytes) => (count += bytes.length, bytes.length),
    ...options,
  });
  return { easy, count: () => count };
}

/**
 * Two streams of a connection: the first one's progress callback blocks once it has a byte, and
 * so does not read what comes meanwhile; the second one reads.
 */
async function pair(path: string, query: number, second: EasyOptions = {}): Promise<number[]> {
  await using agent = new Agent();
  let blocked = false;
  const first = counting(`${path}?${query}`, {
    NOPROGRESS: false,
    XFERINFOFUNCTION: (_data, _total, now) => {
      if (now === 0 || blocked) return 0;
      blocked = true;
      block(BUSY_MS);
      return 0;
    },
  });
  const other = counting(`${path}?${query}`, second), { easy } = other;
  const resume = () => agent.active > 0 && easy.pause(constants.CURLPAUSE_CONT);
  using _easies = { [Symbol.dispose]: () => (first.easy.close(), easy.close()) };
  await Promise.all([agent.perform(first.easy).then(resume), agent.perform(easy)]);
  return [first.count(), other.count()];
}

const { tellsRest } = libcurl;
const lookedAt = test.skipIf(!tellsRest.holds);

lookedAt(
  `a stream whose end was read ahead by one that ends is not forgotten${tellsRest.note}`,
  async () => {
    for (let i = 0; i < TRIES; i++) expect(await pair("/ends", i)).toEqual([28, 100]);
  },
);

lookedAt(
  `a stream whose end was read ahead by one that is paused is not forgotten${tellsRest.note}`,
  async () => {
    for (let i = 0; i < TRIES; i++) {
      let pauses = true, count = 0;
      const WRITEFUNCTION = (bytes: Uint8Array) => {
        if (bytes.length > 1 && pauses) {
          pauses = false;
          return constants.CURL_WRITEFUNC_PAUSE;
        }
        count += bytes.length;
        return bytes.length;
      };
      const [first] = await pair("/pauses", i, { WRITEFUNCTION });
      expect([first, count]).toEqual([28, 40_001]);
    }
  },
);

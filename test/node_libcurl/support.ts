/**
 * What the tests of `curlew/node-libcurl` share. Vitest is not imported here, since child processes
 * use it too.
 */
import { Buffer } from "node:buffer";
import { Curl, type CurlCode, Easy, type HeaderInfo } from "../../node_libcurl.ts";

export type { Echo } from "../http/support.ts";
export { failure, isBun, sleep, until } from "../driver/support.ts";

const TIMEOUT_MS = 10_000;

/** A handle that keeps its body and ends within ten seconds. */
export function easyFor(url: string): { easy: Easy; body: () => string; chunks: Buffer[] } {
  const easy = new Easy(), chunks: Buffer[] = [];
  easy.setOpt("URL", url);
  easy.setOpt("TIMEOUT_MS", TIMEOUT_MS);
  easy.setOpt("NOPROXY", "*");
  easy.setOpt("WRITEFUNCTION", (chunk) => {
    chunks.push(chunk);
    return chunk.length;
  });
  return { easy, chunks, body: () => Buffer.concat(chunks).toString() };
}

/** An instance that ends within ten seconds. */
export function curlFor(url: string): Curl {
  const curl = new Curl();
  curl.setOpt("URL", url);
  curl.setOpt("TIMEOUT_MS", TIMEOUT_MS);
  curl.setOpt("NOPROXY", "*");
  return curl;
}

/** The arguments of `"end"`. */
export interface Ended {
  readonly status: number;
  readonly data: string;
  readonly headers: HeaderInfo[];
}

/** The arguments of `"error"`. */
export interface Failed {
  readonly error: Error & { readonly code: CurlCode; readonly detail: string };
  readonly code: CurlCode;
}

/** Performs, and resolves with the arguments of `"end"`. Rejects with the error of `"error"`. */
export function ended(curl: Curl): Promise<Ended> {
  return new Promise((resolve, reject) => {
    curl.on("end", (status: number, data: string, headers: HeaderInfo[]) => {
      resolve({ status, data, headers });
    });
    curl.on("error", reject);
    curl.perform();
  });
}

/** Performs, and resolves with the arguments of `"error"`. Rejects where the transfer succeeds. */
export function failed(curl: Curl): Promise<Failed> {
  return new Promise((resolve, reject) => {
    curl.on("end", (status) => reject(new Error(`it ended with ${status}`)));
    curl.on("error", (error, code) => resolve({ error: error as Failed["error"], code }));
    curl.perform();
  });
}

/** The value that a call throws. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("expected an exception");
}

/** All bytes of a stream. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

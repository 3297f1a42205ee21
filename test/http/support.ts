/** What the tests of fetch share. No vitest here: the children use it too. */
import net from "node:net";
import process from "node:process";
import { CurlEasyError, versionInfo } from "../../mod.ts";
import { fetch } from "../../src/http/fetch.ts";
import type { FetchInit } from "../../src/http/request/plan.ts";

export { descriptors, failure, isBun, isFull, sleep, until } from "../driver/support.ts";

/** `fetch` that never takes longer than ten seconds. */
export function get(input: string | URL | Request, init: FetchInit = {}): Promise<Response> {
  return fetch(input, { timeout: 10_000, ...init });
}

/** Whether the loaded libcurl was built with something, by its CURL_VERSION_* bit. */
export function hasFeature(bit: number): boolean {
  return (versionInfo().featureBits & bit) !== 0;
}

/** The answer of `/echo`. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly length: number;
  readonly sha256: string;
  readonly body: string | null;
  readonly remote: { readonly address: string; readonly port: number };
  readonly tls: { readonly client: string | null; readonly servername: string | null } | null;
}

/** Fetches `/echo` of a server. */
export async function echo(url: string | URL | Request, init: FetchInit = {}): Promise<Echo> {
  const response = await get(url, init);
  return await response.json();
}

/** The values of a header that arrived, by its name in any case. */
export function sent({ headers }: Echo, name: string): string[] {
  return headers.flatMap(([own, value]) => own.toLowerCase() === name.toLowerCase() ? [value] : []);
}

/** The body that arrived, as text. */
export function sentText({ body }: Echo): string {
  return new TextDecoder().decode(Uint8Array.from(atob(body ?? ""), (c) => c.charCodeAt(0)));
}

/** Whether the bytes are those of the servers' pattern, from its beginning. */
export function isPattern(bytes: Uint8Array, from = 0): boolean {
  return bytes.every((byte, i) => byte === ((from + i) & 0xff));
}

/** The name of the curl code in a rejection or its cause. */
export function codeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof CurlEasyError) return cause.codeName;
  }
  return undefined;
}

/** A server that records the bytes that arrive, and answers each connection the same. */
export interface Recorder {
  readonly url: string;
  /** What the connections have sent, as latin-1. */
  readonly received: readonly string[];
  /** The header lines of a connection's request, without the request line. */
  lines(connection?: number): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/** Starts a {@linkcode Recorder}. `reply` is latin-1. */
export async function record(reply: string = OK): Promise<Recorder> {
  const received: string[] = [], sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const at = received.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      const before = received[at] as string;
      received[at] = before + data.toString("latin1");
      const isWhole = (text: string) => text.includes("\r\n\r\n");
      if (!isWhole(before) && isWhole(received[at])) socket.end(reply, "latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    received,
    lines: (connection = 0) =>
      received[connection]?.split("\r\n\r\n")[0]?.split("\r\n").slice(1) ?? [],
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The resident memory of the process now, in bytes. */
export function rss(): number {
  return process.memoryUsage.rss();
}

/** Collects garbage, where the runtime has a call for it. */
export function collect(): void {
  const bun = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun;
  if (bun) bun.gc(true);
  else (globalThis as { gc?: () => void }).gc?.();
}

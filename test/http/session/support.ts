/** What the tests of sessions share. */
import { Buffer } from "node:buffer";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export { failure, isBun, sleep } from "../../driver/support.ts";
export { codeOf } from "../support.ts";

/** A request as the server has received it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Names and values alternately, in the order received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** When it was received, in ms. */
  readonly at: number;
}

/** Answers the request with that number. A returned status makes a plain answer. */
export type Answer = (
  got: Got,
  response: ServerResponse,
  number: number,
  request: IncomingMessage,
) => number | void;

/** A server that records its requests. */
export interface Scripted {
  readonly url: string;
  readonly got: readonly Got[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a server on the loopback interface that answers by `answer`, 200 and "ok" unless given. */
export async function scripted(answer: Answer = () => 200): Promise<Scripted> {
  const got: Got[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = request;
      const body = Buffer.concat(chunks).toString("latin1"), at = performance.now();
      const entry = { method, url, headers, rawHeaders, body, at };
      const status = answer(entry, response, got.push(entry) - 1, request);
      if (status !== undefined) {
        response.writeHead(status).end(status === 200 ? "ok" : `no ${status}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    [Symbol.asyncDispose]() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers with these statuses in turn, then with 200; `headers` are sent with all but 200. */
export function statuses(list: readonly number[], headers: Record<string, string> = {}): Answer {
  return (_got, response, number) => {
    const status = list[number] ?? 200;
    if (status === 200) return 200;
    response.writeHead(status, headers).end(`no ${status}`);
  };
}

// A stream that never ends, or gives nothing: the timeout and the signal end the call all the same,
// and the event loop goes on meanwhile.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fetch, upload } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";

const server = useServer("http");
const folder = useFolder("endless");

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  readonly cancelled: Promise<unknown>;
}

function source(start: Uint8Array | null, pulled: () => Uint8Array | null): Source {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => start ? controller.enqueue(start) : undefined,
    pull(controller) {
      const chunk = pulled();
      return chunk ? controller.enqueue(chunk) : new Promise(() => {});
    },
    cancel: resolve,
  });
  return { stream, cancelled: promise };
}

const SOURCES: Readonly<Record<string, () => Source>> = {
  nothing: () => source(null, () => null),
  "ten bytes and then nothing": () => source(new Uint8Array(10), () => null),
  "endless bytes": () => source(null, () => new Uint8Array(10)),
  "endless empty chunks": () => source(null, () => new Uint8Array(0)),
};

type Limits = { timeout: number } | { signal: AbortSignal };
type Call = (stream: ReadableStream<Uint8Array>, init: Limits) => Promise<unknown>;
const CALLS: Readonly<Record<string, Call>> = {
  "upload to file:": (stream, init) => upload(stream, `file://${join(folder, "out")}`, init),
  "upload to http:": (stream, init) => upload(stream, server.url("/sink?hash=0"), init),
  async fetch(stream, init) {
    const url = server.url("/sink?hash=0");
    return await (await fetch(url, { ...init, method: "POST", body: stream })).text();
  },
  async "fetch of a Request"(stream, init) {
    const given = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    const request = new Request(server.url("/sink?hash=0"), given);
    return await (await fetch(request, init)).text();
  },
};

const ENDS: Readonly<Record<string, () => readonly [Limits, RegExp]>> = {
  timeout: () => [{ timeout: 200 }, /CURLE_OPERATION_TIMEDOUT|takes longer than the timeout/],
  signal: () => [{ signal: AbortSignal.timeout(200) }, /timed out|timeout/i],
};

describe.each(Object.entries(CALLS))("%s", (_call, call) => {
  describe.each(Object.entries(SOURCES))("of %s", (_source, make) => {
    test.each(Object.entries(ENDS))("is ended by the %s", async (_end, limits) => {
      const { stream, cancelled } = make(), [init, words] = limits();
      let ticks = 0;
      const timer = setInterval(() => ticks++, 10);
      const error = await call(stream, init).then(() => null, (error: unknown) => error);
      clearInterval(timer);
      expect(String(error)).toMatch(words);
      expect(ticks).toBeGreaterThan(0);
      await cancelled;
    }, 10_000);
  });
});

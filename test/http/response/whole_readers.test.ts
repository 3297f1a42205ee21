// The methods that read a whole body bypass its stream. In every state of the body they behave like
// the native methods, which read the stream.
import { Buffer } from "node:buffer";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inChild } from "../../driver/support.ts";
import { get, sleep } from "../support.ts";

const SIZE = 700_000, PIECES = 4;
const TEXT = JSON.stringify({ text: "größe €".repeat(SIZE / 10) });
const BODY = Buffer.from(TEXT), BOM = Buffer.from(`\ufeff${TEXT}`);

/** Sends a body in pieces with pauses, so that it is a stream when the response is there. */
async function dribble(response: ServerResponse, body: Buffer): Promise<void> {
  const size = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length; at += size) {
    response.write(body.subarray(at, at + size));
    await sleep(15);
  }
  response.end();
}

const sized = (length: number) => ({ "Content-Type": "text/x", "Content-Length": `${length}` });

const ROUTES: Record<string, (response: ServerResponse) => unknown> = {
  "/sized": (r) => dribble(r.writeHead(200, sized(BODY.length)), BODY),
  "/chunked": (r) => dribble(r.writeHead(200), BODY),
  "/bom": (r) => dribble(r.writeHead(200, sized(BOM.length)), BOM),
  "/empty": (r) => dribble(r.writeHead(200), Buffer.alloc(0)),
  "/gzip": (r) => dribble(r.writeHead(200, { "Content-Encoding": "gzip" }), gzipSync(BODY)),
  "/no-json": (r) => dribble(r.writeHead(200, sized(400_000)), Buffer.alloc(400_000, 120)),
  "/cut": async (r) => {
    r.writeHead(200, sized(BODY.length)).write(BODY.subarray(0, 300_000));
    await sleep(30);
    r.destroy();
  },
  "/liar": async (r) => {
    r.writeHead(200, sized(5e12)).write("ten bytes.");
    await sleep(30);
    r.destroy();
  },
  "/stuck": (r) => r.writeHead(200, sized(BODY.length)).write(BODY.subarray(0, 300_000)),
};

let server: Server, origin: string;
beforeAll(async () => {
  server = createServer((request, response) => void ROUTES[request.url ?? ""]?.(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const READERS = ["arrayBuffer", "bytes", "blob", "json", "text"] as const;
type Reader = (typeof READERS)[number];

/** What a reader gave, in a form that can be compared: a digest, and the kind of value. */
async function told(promise: Promise<unknown>): Promise<unknown> {
  try {
    const value = await promise;
    if (value instanceof ArrayBuffer) return ["ArrayBuffer", Buffer.from(value).equals(BODY)];
    if (value instanceof Uint8Array) return ["bytes", value.byteOffset, Buffer.from(value).length];
    if (value instanceof Blob) return ["Blob", await value.text() === TEXT]; // without its type on Bun
    return [typeof value, typeof value === "string" ? value.length : JSON.stringify(value).length];
  } catch (error) {
    return (error as Error).name;
  }
}

/** What is done with a response before it is read; returns the one to read. */
const BEFORE: Record<string, (response: Response) => Response | Promise<Response>> = {
  "nothing": (response) => response,
  "a look at `body`": (response) => {
    expect(response.body).toBeInstanceOf(ReadableStream);
    return response;
  },
  "a clone that is read as well": (response) => {
    const clone = response.clone();
    clone.text().catch(() => {});
    return response;
  },
  "a clone, which is read": (response) => {
    const clone = response.clone();
    response.text().catch(() => {});
    return clone;
  },
  "a reader that has read nothing and was released": (response) => {
    response.body!.getReader().releaseLock();
    return response;
  },
  "a reader that has read a chunk and was released": async (response) => {
    const reader = response.body!.getReader();
    await reader.read().catch(() => {});
    reader.releaseLock();
    return response;
  },
  "a lock": (response) => {
    response.body!.getReader();
    return response;
  },
  "a cancellation": async (response) => {
    await response.body!.cancel().catch(() => {});
    return response;
  },
  "the same reader": (response) => {
    response.arrayBuffer().catch(() => {});
    return response;
  },
  "another response around the body": (response) =>
    new Response(response.body, { headers: { "content-type": "text/x" } }),
};

const PATHS = ["/sized", "/chunked", "/bom", "/empty", "/gzip", "/no-json", "/cut"];

/** Reads a response twice by a method, its own or the native one; tells what came of it. */
async function readTwice(path: string, before: string, reader: Reader, isNative: boolean) {
  const response = await BEFORE[before]!(await get(`${origin}${path}`));
  const read = () => (isNative ? Response.prototype : response)[reader].call(response);
  const promise = read(), used = response.bodyUsed;
  return [await told(promise), used, response.bodyUsed, await told(read())];
}

describe.each(PATHS)("%s", (path) => {
  test.each(Object.keys(BEFORE))("is read as by the native methods after %s", async (before) => {
    for (const reader of READERS) {
      const both = [false, true].map((isNative) => readTwice(path, before, reader, isNative));
      const [own, native] = await Promise.all(both);
      expect(own, reader).toEqual(native);
    }
  });
});

test("a length that no memory has is no more than a wrong length", async () => {
  for (const reader of READERS) {
    const response = await get(`${origin}/liar`);
    await expect(response[reader](), reader).rejects.toMatchObject({
      name: "TypeError",
      cause: { codeName: "CURLE_PARTIAL_FILE" },
    });
  }
});

test.each(READERS)("an abort ends %s() with its reason", async (reader) => {
  const controller = new AbortController(), reason = new Error("enough");
  const response = await get(`${origin}/stuck`, { signal: controller.signal });
  const promise = response[reader](), found = promise.catch((error: unknown) => error);
  await sleep(30);
  controller.abort(reason);
  expect(await found).toBe(reason);
  expect(response.bodyUsed).toBe(true);
});

test("the methods look like those of Response, and refuse what is no response", async () => {
  const response = await get(`${origin}/empty`);
  for (const name of [...READERS, "formData"] as const) {
    const native = Response.prototype[name];
    expect(response[name].name).toBe(native.name);
    expect(response[name].length).toBe(native.length);
    const refused = async () => await (response[name] as () => unknown).call({});
    await expect(refused(), name).rejects.toThrow(TypeError);
  }
  await response.text();
});

test.skipIf(process.platform !== "linux")(
  "a large body is read into memory of its size (the peak is known on Linux)",
  async () => {
    const SIZE = 100e6, MOST_ABOVE = 40 * 1024;
    const piece = Buffer.alloc(1e6, 97);
    ROUTES["/large"] = (response) => {
      let left = SIZE / piece.length;
      const more = () => {
        while (left-- > 0) if (!response.write(piece)) return;
        response.end();
      };
      response.writeHead(200, sized(SIZE)).on("drain", more);
      more();
    };
    const child = await inChild(`
      import { readFileSync } from "node:fs";
      import { fetch } from "#root/mod.ts";
      const peak = () => Number(/VmHWM:\\s*(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
      await (await fetch("${origin}/empty")).text();
      const before = peak(), response = await fetch("${origin}/large", { timeout: 30_000 });
      say([(await response.arrayBuffer()).byteLength, peak() - before]);
      process.exit();
    `);
    const [length, above] = child.said[0] as [number, number];
    expect(length).toBe(SIZE);
    expect(above).toBeLessThan(SIZE / 1024 + MOST_ABOVE);
  },
  60_000,
);

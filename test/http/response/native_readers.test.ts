// A Response is the runtime's own for whoever reads it: each way of reading, cloning, cancelling and
// returning one from a server's handler does what it does with one of the built-in fetch.
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";
import { serveWith } from "../serve.ts";
import { get, isBun, record, sleep } from "../support.ts";

const server = useServer("http");
const folder = useFolder("native");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

const builtIn = globalThis.fetch;
/** The runtimes' own, as far as the tests ask for it. */
const { Bun, Deno, caches } = globalThis as unknown as {
  Bun?: {
    write(path: string, response: Response): Promise<number>;
    spawn(command: string[], options: { stdin: Response }): { stdout: ReadableStream };
    readableStreamToText(stream: ReadableStream): Promise<string>;
    readableStreamToBytes(stream: ReadableStream): Promise<Uint8Array>;
  };
  Deno?: { writeFile(path: string, stream: ReadableStream<Uint8Array>): Promise<void> };
  caches?: CacheStorage;
};
declare const HTMLRewriter: new () => {
  on(selector: string, handlers: object): { transform(response: Response): Response };
};

type Bytes = Uint8Array<ArrayBuffer>;
type Read = (response: Response) => unknown;

/** A way to use a response. */
interface Way {
  readonly use: Read;
  /**
   * What the standard says, for a way in which Bun's own fetch differs. A body that had not arrived
   * whole, or that an abort may end, is a stream of curlew's on Bun, which does this.
   */
  readonly standard?: (size: number) => unknown;
}

/** Bodies: how they arrive, and how large they are. */
const BODIES = {
  "an empty one": ["/bytes/0", 0],
  "a small one": ["/bytes/100", 100],
  "64 KiB": ["/bytes/65536", 65_536],
  "1 MiB": ["/bytes/1048576", 1_048_576],
  "one that comes slowly": ["/stream/3/5", 24],
} as const;

/** A digest of bytes that tells their number and order. */
function digest(bytes: Uint8Array): string {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return `${bytes.length} bytes, ${sum}`;
}

const bytesOf = async (response: Response) => digest(await response.bytes());
const both = async (one: Response, other: Response) => [await bytesOf(one), await bytesOf(other)];
const nameOf = (error: unknown) => (error as Error).name;
const refused = (promise: Promise<unknown>) => promise.then(() => "not refused", nameOf);

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Bytes[] = [];
  for await (const chunk of stream) chunks.push(new Uint8Array(chunk));
  return digest(new Uint8Array(await new Blob(chunks).arrayBuffer()));
}

/** What the response is once the way has been tried: the same in each, so that no way forgets it. */
const WAYS: Readonly<Record<string, Read | Way>> = {
  "bytes()": bytesOf,
  "arrayBuffer()": async (response) => digest(new Uint8Array(await response.arrayBuffer())),
  "text()": async (response) => (await response.text()).length,
  "blob()": async (response) => {
    const blob = await response.blob();
    return [blob.type, digest(new Uint8Array(await blob.arrayBuffer()))];
  },
  "formData()": (response) => refused(response.formData()),
  "for await": (response) => collect(response.body as AsyncIterable<Uint8Array>),
  "node:stream/consumers": async (response) => digest(await buffer(response.body as never)),
  "Readable.fromWeb()": (response) => collect(Readable.fromWeb(response.body as never)),
  "pipeTo()": async (response) => {
    const chunks: Bytes[] = [];
    const sink = new WritableStream<Bytes>({ write: (chunk) => void chunks.push(chunk) });
    await response.body?.pipeTo(sink);
    return digest(new Uint8Array(await new Blob(chunks).arrayBuffer()));
  },
  "pipeThrough()": (response) => {
    const piped = response.body?.pipeThrough(new TransformStream());
    return collect(piped as unknown as AsyncIterable<Uint8Array>);
  },
  "a BYOB reader": {
    use: async (response) => {
      const reader = response.body!.getReader({ mode: "byob" }), chunks: Bytes[] = [];
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(10_000));
        if (value) chunks.push(value.slice());
        if (done) return (await new Blob(chunks).arrayBuffer()).byteLength;
      }
    },
    standard: (size) => size,
  },
  "`body` is one stream": (response) => response.body === response.body,
  "a lock does not use it": {
    use: async (response) => {
      const reader = response.body!.getReader(), used = response.bodyUsed;
      reader.releaseLock();
      return [used, response.bodyUsed, (await response.bytes()).length];
    },
    standard: (size) => [false, false, size],
  },
  "a locked one is refused": (response) => {
    response.body!.getReader();
    return refused(response.text());
  },
  "a locked one has no clone": (response) => {
    response.body!.getReader();
    return response.clone();
  },
  "what is read is used": async (response) => {
    const before = response.bodyUsed, reading = response.text(), used = response.bodyUsed;
    await reading;
    return [before, used, response.bodyUsed, await refused(response.text())];
  },
  "what is read has no clone": async (response) => {
    await response.text();
    return response.clone();
  },
  "what is read has a stream": async (response) => {
    await response.text();
    return [response.body === null, response.body?.locked];
  },
  "what is cancelled is used": async (response) => {
    await response.body!.cancel("enough");
    return [response.bodyUsed, await refused(response.text())];
  },
  "what is read in part is used": async (response) => {
    const reader = response.body!.getReader();
    await reader.read();
    reader.releaseLock();
    return [response.bodyUsed, await refused(response.text())];
  },
  "a broken loop uses it": async (response) => {
    for await (const _ of response.body as AsyncIterable<Uint8Array>) break;
    return [response.bodyUsed, await refused(response.text())];
  },
  "clone()": (response) => both(response.clone(), response),
  "clone() after a look at the stream": (response) => {
    void response.body;
    return both(response, response.clone());
  },
  "clone() of a clone": (response) => {
    const clone = response.clone();
    return both(clone.clone(), response);
  },
  "the streams of a clone": async (response) => {
    const clone = response.clone();
    const streams = [clone.body, response.body] as AsyncIterable<Uint8Array>[];
    return [await collect(streams[0]!), await collect(streams[1]!)];
  },
  "a clone's bytes are its own": async (response) => {
    const clone = response.clone();
    (await response.bytes()).fill(255);
    return await bytesOf(clone);
  },
  "a cancelled one leaves its clone": async (response) => {
    const clone = response.clone();
    void response.body!.cancel();
    return [response.bodyUsed, clone.bodyUsed, await bytesOf(clone), clone.bodyUsed];
  },
  "tee()": (response) => {
    const [one, other] = response.body!.tee();
    return both(new Response(one), new Response(other));
  },
  "new Response(body)": (response) => bytesOf(new Response(response.body)),
  "new Response(body, response)": async (response) => {
    const copy = new Response(response.body, response);
    const before = [response.bodyUsed, copy.bodyUsed, copy.status, copy.statusText];
    return [before, copy.headers.get("content-type"), await bytesOf(copy), response.bodyUsed];
  },
  "new Request(url, { body })": async (response) => {
    const init = { method: "POST", body: response.body, duplex: "half" };
    return digest(await new Request("http://x/", init as RequestInit).bytes());
  },
  "the body of another fetch": async (response) => {
    const init = { method: "POST", body: response.body, duplex: "half" };
    const { sha256, length } = await (await builtIn(server.url("/echo"), init as RequestInit))
      .json();
    return [sha256, length];
  },
  "a moved stream": (response) => {
    const stream = structuredClone(response.body, { transfer: [response.body as never] });
    return collect(stream as unknown as AsyncIterable<Uint8Array>);
  },
  ...Bun && {
    "Bun.write()": (response) => written((path) => Bun.write(path, response)),
    "Bun.write() after a clone was read": async (response) => {
      await response.clone().text();
      return await written((path) => Bun.write(path, response));
    },
    "HTMLRewriter": (response) => rewritten(response),
    "HTMLRewriter after a clone was read": async (response) => {
      await response.clone().text();
      return await rewritten(response);
    },
    "HTMLRewriter and then a clone": async (response) => {
      const clone = response.clone();
      return [await rewritten(response), await bytesOf(clone)];
    },
    "Bun.readableStreamToBytes()": async (response) =>
      digest(await Bun.readableStreamToBytes(response.body as ReadableStream)),
    "Bun.readableStreamToText()": async (response) =>
      (await Bun.readableStreamToText(response.body as ReadableStream)).length,
    "Bun.spawn()": async (response) => {
      await response.clone().text();
      return await bytesOf(new Response(Bun.spawn(["cat"], { stdin: response }).stdout));
    },
  },
  ...Deno && {
    "Deno.writeFile()": (response) =>
      written((path) => Deno.writeFile(path, response.body as ReadableStream<Bytes>)),
    "cache.put()": (response) => cached(response),
    "cache.put() after a clone was read": async (response) => {
      await response.clone().text();
      return await cached(response);
    },
    "cache.put() of a clone": async (response) => [
      await cached(response.clone()),
      await bytesOf(response),
    ],
  },
};

async function written(write: (path: string) => Promise<unknown>): Promise<unknown> {
  const path = join(folder, "out");
  const result = await write(path);
  return [result, digest(await readFile(path))];
}

const rewritten = (response: Response) =>
  bytesOf(new HTMLRewriter().on("p", {}).transform(response));

async function cached(response: Response): Promise<unknown> {
  const cache = await caches!.open("curlew"), key = "http://curlew.test/";
  await cache.put(key, response);
  const found = await cache.match(key);
  const result = [found?.status, await bytesOf(found as Response)];
  await caches!.delete("curlew");
  return result;
}

/** Makes what a handler returns of a response. `note` takes what else is to be compared. */
type Handler = (
  response: Response,
  note: (result: Promise<unknown>) => void,
) => Response | Promise<Response>;

/** What a server does that has the response from its handler. */
const served = (handler: Handler): Read => async (response) => {
  const notes: Promise<unknown>[] = [];
  await using own = serveWith(() => handler(response, (result) => void notes.push(result)));
  const answer = await builtIn(own.url), type = answer.headers.get("content-type");
  const bytes = await bytesOf(answer);
  return [answer.status, type, bytes, own.errors, await Promise.all(notes)];
};

const HANDLERS: Readonly<Record<string, Handler>> = {
  "the response": (response) => response,
  "the response, whose clone was read": async (response) => {
    await response.clone().text();
    return response;
  },
  "the response, whose clone is read later": (response, note) => {
    const clone = response.clone();
    note(sleep(20).then(() => outcome(bytesOf, clone)));
    return response;
  },
  "a clone of one that was read": async (response) => {
    const clone = response.clone();
    await response.text();
    return clone;
  },
  "the response, whose stream was looked at": (response) => {
    void response.body;
    return response;
  },
  "one made of its body": (response) => new Response(response.body, response),
  "one made of a branch of its body": async (response) => {
    const [one, other] = response.body!.tee();
    await new Response(one).text();
    return new Response(other, response);
  },
};

/** The result, or the name of what was thrown. */
async function outcome(use: Read, response: Response): Promise<unknown> {
  try {
    const result = await use(response);
    return result instanceof Response ? "a response" : result;
  } catch (error) {
    return `throws ${nameOf(error)}`;
  }
}

async function compare(way: Read | Way): Promise<void> {
  const { use, standard } = typeof way === "function" ? { use: way, standard: undefined } : way;
  for (const [name, [path, size]] of Object.entries(BODIES)) {
    const url = server.url(path), expected = await outcome(use, await builtIn(url));
    for (const signal of [null, new AbortController().signal]) {
      const actual = await outcome(use, await get(url, { agent, signal }));
      const about = `${name}, ${signal ? "with" : "without"} a signal`;
      if (!isBun || !standard) expect(actual, about).toEqual(expected);
      else expect([expected, standard(size)], about).toContainEqual(actual);
    }
  }
}

describe("as with the built-in fetch", () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(name, { timeout: 20_000 }, () => compare(way));
  }
});

describe("as with the built-in fetch a handler may return", () => {
  for (const [name, handler] of Object.entries(HANDLERS)) {
    test(name, { timeout: 20_000 }, () => compare(served(handler)));
  }

  test("a response without a body", async () => {
    const requests = [["HEAD", "/bytes/100"], ["GET", "/status/204"], ["GET", "/status/304"]];
    for (const [method, path] of requests as [string, string][]) {
      const url = server.url(path);
      const responses = [await builtIn(url, { method }), await get(url, { method })];
      const results = await Promise.all(responses.map(async (response) => {
        await using own = serveWith(() => response.clone());
        const answers = [await builtIn(own.url), await builtIn(own.url, { method: "HEAD" })];
        return await Promise.all(answers.map(async (answer) => [
          answer.status,
          answer.headers.get("content-length"),
          await answer.text(),
        ]));
      }));
      expect(results[1], `${method} ${path}`).toEqual(results[0]);
    }
  });
});

test("as with the built-in fetch JSON is read, and WebAssembly compiled", async () => {
  const url = server.url("/small");
  expect(await (await get(url)).json()).toEqual(await (await builtIn(url)).json());
  const head = "HTTP/1.1 200 OK\r\nContent-Type: application/wasm\r\nContent-Length: 8\r\n\r\n";
  await using recorder = await record(`${head}\0asm\x01\0\0\0`);
  for (const signal of [null, new AbortController().signal]) {
    const response = await get(recorder.url, { signal });
    await response.clone().arrayBuffer();
    expect(await WebAssembly.compileStreaming(response)).toBeInstanceOf(WebAssembly.Module);
  }
});

test("`url`, `redirected` and `type` are there, also of clones of clones", async () => {
  const response = await get(server.url("/redirect/1"));
  const clones = [response.clone(), response.clone().clone()];
  await response.text();
  for (const one of [response, ...clones]) {
    expect(one).toMatchObject({ url: server.url("/small"), redirected: true, type: "basic" });
    expect(one).toBeInstanceOf(Response);
    expect(Object.prototype.toString.call(one)).toBe("[object Response]");
  }
  expect(await get("data:,x")).toMatchObject({ type: "default", redirected: false });
  const blob = URL.createObjectURL(new Blob(["x"], { type: "text/x" }));
  expect((await get(blob)).clone()).toMatchObject({ type: "default", url: blob });
});

test("the body and what tells of it are native", async () => {
  const response = await get(server.url("/small"));
  expect(response.formData).toBe(Response.prototype.formData);
  for (const name of ["body", "bodyUsed", "ok", "status", "statusText"]) {
    const chain = [response, Object.getPrototypeOf(response)];
    expect(chain.filter((object) => Object.hasOwn(object, name)), name).toEqual([]);
  }
  const native = Object.getOwnPropertyDescriptor(Response.prototype, "body")!.get!;
  expect(native.call(response)).toBe(response.body);
  await Response.prototype.text.call(response);
  expect(response.bodyUsed).toBe(true);
});

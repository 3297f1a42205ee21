// Node streams: responses and uploads, their backpressure, and what becomes of them.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  CurlFeature,
  CurlProgressFunc,
  curly,
  type CurlyOptions,
} from "../../node_libcurl.ts";
import { useFolder, useServer } from "../use.ts";
import { isPattern } from "../http/support.ts";
import { collect, curlFor, type Echo, ended, failed, failure, sleep, until } from "./support.ts";

const server = useServer("http");
const folder = useFolder("streams");

const OPTIONS: CurlyOptions = { timeoutMs: 10_000, noProxy: "*" };
const MIB = 1024 * 1024;

/** A response as a stream. */
const get = (path: string, options: CurlyOptions = {}) =>
  curly.get<Readable>(server.url(path), { ...OPTIONS, curlyStreamResponse: true, ...options });

const ABORTED = CurlCode.CURLE_ABORTED_BY_CALLBACK;

describe("a response", () => {
  test("is a stream as soon as its head is there", async () => {
    const { statusCode, data, headers } = await get("/slow/3/30");
    expect(data).toBeInstanceOf(Readable);
    expect([statusCode, headers.at(-1)?.result?.code]).toEqual([200, 200]);
    expect(await collect(data)).toEqual(Buffer.from([0, 1, 2]));
  });

  test.for([undefined, 1024, 4096, MIB])("comes whole with a highWaterMark of %s", async (mark) => {
    const { data } = await get(`/bytes/${3 * MIB}`, { curlyStreamResponseHighWaterMark: mark! });
    let bytes = 0, largest = 0;
    for await (const chunk of data) {
      expect(isPattern(chunk, bytes)).toBe(true);
      bytes += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    expect(bytes).toBe(3 * MIB);
    if (mark) {
      expect(data.readableHighWaterMark).toBe(mark);
      expect(largest).toBeLessThanOrEqual(mark);
    }
  });

  test("waits for its reader", async () => {
    const curl = curlFor(server.url(`/bytes/${64 * MIB}`)).enable(CurlFeature.StreamResponse);
    const stream = await new Promise<Readable>((resolve) => {
      curl.on("stream", resolve);
      curl.perform();
    });
    stream.once("data", () => stream.pause());
    await sleep(200);
    expect(curl.getInfo("SIZE_DOWNLOAD_T")).toBeLessThan(8 * MIB);
    expect(curl.handle.isPausedRecv).toBe(true);
    curl.close();
    expect(stream.destroyed).toBe(true);
  });

  test("goes through pipe() and pipeline() into a file", async () => {
    const path = join(folder, "download");
    const { data } = await get(`/bytes/${MIB}`);
    await pipeline(data, createWriteStream(path));
    expect(isPattern(readFileSync(path))).toBe(true);
    const again = (await get(`/bytes/${MIB}`)).data;
    expect(await collect(again.pipe(new PassThrough()))).toHaveLength(MIB);
  });

  test("can be paused and resumed by hand", async () => {
    const { data } = await get(`/bytes/${MIB}`);
    let bytes = 0, pauses = 0;
    data.on("data", (chunk) => {
      bytes += chunk.length;
      if (pauses++ % 5) return;
      data.pause();
      setTimeout(() => data.resume(), 5);
    });
    await new Promise((resolve) => data.on("end", resolve));
    expect([bytes, pauses > 5]).toEqual([MIB, true]);
  });

  test.for(["/status/204", "/bytes/0"])("without a body ends at once: %s", async (path) => {
    const { statusCode, data } = await get(path);
    expect(statusCode).toBe(path === "/bytes/0" ? 200 : 204);
    expect(await collect(data)).toHaveLength(0);
    const head = await curly.head<Readable>(server.url("/small"), {
      ...OPTIONS,
      curlyStreamResponse: true,
    });
    expect(await collect(head.data)).toHaveLength(0);
  });

  test("whose listeners throw does so as any stream, and not into the transfer", async () => {
    const curl = curlFor(server.url("/bytes/100000")).enable(CurlFeature.StreamResponse);
    const order: string[] = [];
    let bytes = 0;
    curl.on("stream", (stream) => {
      order.push("stream");
      // what is refused in a callback of libcurl's is not refused here
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        expect(curl.handle.setOpt("TIMEOUT_MS", 9000)).toBe(0);
      });
      stream.on("end", () => order.push("stream's end"));
    });
    const { status, data } = await ended(curl);
    order.push("end");
    expect([status, data]).toEqual([200, Buffer.alloc(0)]);
    await until(() => order.length === 3);
    expect([order[0], bytes]).toEqual(["stream", 100_000]);
    curl.close();
  });

  test("that is closed by its instance from a listener", async () => {
    const curl = curlFor(server.url(`/bytes/${8 * MIB}`)).enable(CurlFeature.StreamResponse);
    let closed = false;
    curl.on("stream", (stream) => {
      stream.once("data", () => curl.close());
      stream.on("close", () => closed = true);
    });
    curl.perform();
    await until(() => closed);
    expect([closed, curl.isOpen]).toEqual([true, false]);
  });
});

describe("a response that is destroyed", () => {
  test.for([undefined, new Error("mine")])("ends the transfer with 42: %s", async (mine) => {
    const { data } = await get(`/bytes/${8 * MIB}`);
    const errors: CurlEasyError[] = [], events: string[] = [];
    data.on("error", (error: CurlEasyError) => {
      errors.push(error);
      events.push("error");
    });
    data.on("close", () => events.push("close"));
    data.once("data", () => data.destroy(mine));
    await until(() => errors.length > 0);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(CurlEasyError);
    expect(errors[0]!.code).toBe(ABORTED);
    if (mine) expect(errors[0]!.cause).toBe(mine);
    else expect(errors[0]!.cause).toMatchObject({ message: expect.stringMatching(/destroyed/) });
    expect(events).toEqual(["close", "error"]);
  });

  test("while nothing was read of it, though all of it is there", async () => {
    const { data } = await get("/small");
    const error = new Promise<CurlEasyError>((resolve) => data.on("error", resolve));
    data.destroy();
    expect((await error).code).toBe(ABORTED);
  });

  test("by leaving a loop is no uncaught exception", async () => {
    const { data } = await get(`/bytes/${8 * MIB}`);
    for await (const chunk of data) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await sleep(30);
    expect(data.destroyed).toBe(true);
    expect(Curl.getCount()).toBe(0);
  });

  test("tells the instance", async () => {
    const curl = curlFor(server.url(`/bytes/${8 * MIB}`)).enable(CurlFeature.StreamResponse);
    curl.on("stream", (stream) => stream.once("data", () => stream.destroy()));
    const { code, error } = await failed(curl);
    expect([code, error.cause]).toEqual([ABORTED, expect.any(Error)]);
    curl.close();
  });
});

describe("a response that breaks off", () => {
  test("fails its reader, whoever reads", async () => {
    const { data } = await get("/truncated");
    expect(await failure(collect(data))).toMatchObject({ code: CurlCode.CURLE_PARTIAL_FILE });
    const slow = await get("/slow/10000/20", { timeoutMs: 200 });
    const error = await failure(pipeline(slow.data, new PassThrough().resume()));
    expect(error).toMatchObject({ code: CurlCode.CURLE_OPERATION_TIMEDOUT });
  });

  test("destroys the stream of an instance after its error", async () => {
    const curl = curlFor(server.url("/truncated")).enable(CurlFeature.StreamResponse);
    let stream: Readable | undefined;
    curl.on("stream", (body: Readable) => {
      stream = body;
      body.resume();
    });
    expect((await failed(curl)).code).toBe(CurlCode.CURLE_PARTIAL_FILE);
    expect(stream!.destroyed).toBe(true);
    curl.close();
  });

  test("before its head rejects", async () => {
    expect(await failure(get("/hold", { timeoutMs: 100 }))).toMatchObject({
      code: CurlCode.CURLE_OPERATION_TIMEDOUT,
    });
  });
});

describe("an upload", () => {
  const put = (stream: Readable, options: CurlyOptions = {}) =>
    curly.put<Echo>(server.url("/echo"), {
      ...OPTIONS,
      upload: true,
      httpHeader: ["Transfer-Encoding: chunked", "Expect:"],
      curlyStreamUpload: stream,
      ...options,
    });
  const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

  test("sends what a file stream gives", async () => {
    const path = join(folder, "upload"), content = Buffer.alloc(3 * MIB, "curlew");
    writeFileSync(path, content);
    const { data } = await put(createReadStream(path));
    expect([data.length, data.sha256]).toEqual([content.length, sha256(content)]);
  });

  test("waits for a slow stream, again and again", async () => {
    const slow = Readable.from((async function* () {
      for (let i = 0; i < 5; i++) {
        await sleep(15);
        yield Buffer.from(`piece ${i}\n`);
      }
    })());
    const { data } = await put(slow);
    expect(Buffer.from(data.body!, "base64").toString()).toBe(
      "piece 0\npiece 1\npiece 2\npiece 3\npiece 4\n",
    );
  });

  test("takes text, bytes of any kind and empty pieces, and nothing else", async () => {
    const { data } = await put(Readable.from(["é", "", Buffer.from("b"), new Uint8Array([99])]));
    expect(Buffer.from(data.body!, "base64").toString()).toBe("ébc");
    const encoded = Readable.from([Buffer.from("ab")], { objectMode: false }).setEncoding("hex");
    expect((await put(encoded)).data.length).toBe(2);
    const error = await failure(put(Readable.from([{ an: "object" }])));
    expect(error).toMatchObject({ code: ABORTED, cause: expect.any(TypeError) });
  });

  test("with a size has a Content-Length", async () => {
    const { data } = await put(Readable.from([Buffer.alloc(70_000)]), {
      inFileSize: 70_000,
      httpHeader: [],
    });
    expect(data.length).toBe(70_000);
    expect(data.headers.map(([name]) => name.toLowerCase())).toContain("content-length");
  });

  test.for([undefined, new Error("mine")])("whose stream is destroyed fails: %s", async (mine) => {
    const stream = new Readable({ read() {} });
    stream.push("begun");
    setTimeout(() => stream.destroy(mine), 30);
    const error = await failure(put(stream));
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error).toMatchObject({ code: ABORTED, cause: mine ?? expect.any(Error) });
    const destroyed = new Readable({ read() {} });
    destroyed.destroy();
    expect(await failure(put(destroyed))).toMatchObject({ code: ABORTED });
  });

  test("and a response, both streams, with progress", async () => {
    let calls = 0;
    const { data } = await curly.put<Readable>(server.url("/echo"), {
      ...OPTIONS,
      upload: true,
      curlyStreamUpload: Readable.from([Buffer.alloc(100_000)]),
      curlyStreamResponse: true,
      curlyProgressCallback() {
        calls++;
        return CurlProgressFunc.Continue;
      },
    });
    expect(JSON.parse((await collect(data)).toString()).length).toBe(100_000);
    expect(calls).toBeGreaterThan(0);
  });

  test("is for one transfer; null takes it back, the same stream changes nothing", async () => {
    const curl = curlFor(server.url("/echo")).setOpt("UPLOAD", true);
    const stream = Readable.from([Buffer.from("once")]);
    const listeners = () => stream.listenerCount("end");
    const before = listeners();
    expect(curl.setUploadStream(stream).setUploadStream(stream)).toBe(curl);
    expect(listeners()).toBe(before + 1);
    curl.setUploadStream(null);
    expect(listeners()).toBe(before);
    curl.setUploadStream(stream);
    curl.setStreamProgressCallback(() => 0);
    expect(JSON.parse((await ended(curl)).data).length).toBe(4);
    expect(listeners()).toBe(before);
    curl.removeAllListeners();
    expect((await failed(curl)).code).toBe(ABORTED); // there is nothing to upload
    for (const wrong of [1, {}, [], { read: true }, "x"]) {
      expect(() => curl.setUploadStream(wrong as never), String(wrong)).toThrow(/read\(\) and on/);
    }
    curl.close();
  });
});

test("setStreamResponseHighWaterMark() keeps BUFFERSIZE within its bounds", () => {
  const curl = new Curl();
  for (const mark of [1, 1024, 1e9, null]) {
    expect(curl.setStreamResponseHighWaterMark(mark)).toBe(curl);
  }
  curl.close();
});

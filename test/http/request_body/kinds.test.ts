// Every kind of request body, and how it is on the wire.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { Easy, upload } from "../../../mod.ts";
import { live } from "../../../ffi/memory.ts";
import type { FetchBody } from "../../../src/http/request_body/source.ts";
import { startServer } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { codeOf, echo, failure, get, sent, sentText, sleep } from "../support.ts";

const server = useServer("http", "h2");
let url: string;
beforeAll(() => {
  url = server.url("/echo");
});

const post = (body: FetchBody) => echo(url, { method: "POST", body });
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A stream of chunks, each when it is asked for. */
function streamOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => typeof chunk === "string" ? utf8(chunk) : chunk);
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

describe("a body that is there", () => {
  test("is sent with its length and the type that it implies", async () => {
    const form = "application/x-www-form-urlencoded;charset=UTF-8";
    const buffer = utf8("héllo").buffer;
    const cases: [FetchBody, string, string[]][] = [
      ["héllo", "héllo", ["text/plain;charset=UTF-8"]],
      ["", "", ["text/plain;charset=UTF-8"]],
      [utf8("a\0b"), "a\0b", []],
      [utf8("0123456789").subarray(2, 5), "234", []],
      [new DataView(buffer, 3, 3), "llo", []],
      [buffer, "héllo", []],
      [new URLSearchParams({ a: "1 2", b: "é" }), "a=1+2&b=%C3%A9", [form]],
      [new Blob(["blob"], { type: "image/x" }), "blob", ["image/x"]],
      [new Blob(["blob"]), "blob", []],
      [new Blob([]), "", []],
      [new File(["file"], "name.txt", { type: "image/y" }), "file", ["image/y"]],
    ];
    for (const [body, text, type] of cases) {
      const arrived = await post(body);
      expect(sentText(arrived)).toBe(text);
      expect(sent(arrived, "content-type")).toEqual(type);
      expect(sent(arrived, "content-length")).toEqual([String(utf8(text).length)]);
      expect(sent(arrived, "transfer-encoding")).toEqual([]);
      expect(sent(arrived, "expect")).toEqual([]);
    }
  });

  test("is sent as it was at the call", async () => {
    const body = utf8("before");
    const running = post(body);
    body.set(utf8("after!"));
    expect(sentText(await running)).toBe("before");
  });

  test("is sent as it was at the call, where it is large, and leaves nothing", async () => {
    await post("first"); // what is alive then stays
    const blocks = live.blocks, make = () => new Uint8Array(8 << 20).map((_, i) => i * 7);
    const sha256 = createHash("sha256").update(make()).digest("hex");
    const changes = [
      (body: Uint8Array<ArrayBuffer>) => body.fill(1),
      ({ buffer }: Uint8Array<ArrayBuffer>) => structuredClone(buffer, { transfer: [buffer] }),
    ];
    for (const change of changes) {
      const body = make(), running = post(body);
      change(body);
      // memory of others must not take the place of what libcurl still reads
      for (let i = 0; i < 40; i++) new Uint8Array(1 << 20).fill(9);
      expect(await running).toMatchObject({ length: 8 << 20, sha256 });
    }
    await vi.waitFor(() => expect(live.blocks).toBe(blocks));
  });

  test("keeps the caller's type", async () => {
    const headers = { "content-TYPE": "application/json" };
    const arrived = await echo(url, { method: "POST", body: "{}", headers });
    expect(arrived.headers).toContainEqual(["content-TYPE", "application/json"]);
    expect(sent(arrived, "content-type")).toHaveLength(1);
  });

  test("may be a form with files", async () => {
    const form = new FormData();
    form.append("field", "välue");
    form.append("file", new File([new Uint8Array(300_000)], "big.bin", { type: "image/z" }));
    const arrived = await post(form);
    const type = sent(arrived, "content-type")[0] as string;
    expect(type).toMatch(/^multipart\/form-data; ?boundary=/);
    const bytes = Uint8Array.from(atob(arrived.body as string), (c) => c.charCodeAt(0));
    const back = await new Response(bytes, { headers: { "content-type": type } }).formData();
    expect(back.get("field")).toBe("välue");
    expect((back.get("file") as File).size).toBe(300_000);
  });

  test("may be large, on HTTP/1.1 and HTTP/2", async () => {
    const body = new Uint8Array(8 << 20).map((_, i) => i * 7);
    const sha256 = createHash("sha256").update(body).digest("hex");
    for (const part of [body, new Blob([body])]) {
      expect(await post(part)).toMatchObject({ length: body.length, sha256 });
      const init = { method: "POST", body: part, curl: { CAINFO: server.ca, ...ALPN } };
      const arrived = await echo(server.url("/echo", "h2"), init);
      expect(arrived).toMatchObject({ httpVersion: "2.0", length: body.length, sha256 });
    }
  });

  test("is read by the platform's own members, not those of a class of the user's", async () => {
    const lies = {
      size: 5,
      type: "a/lie",
      slice: () => new Blob(["lie"]),
      stream: () => new Blob(["lie"]).stream(),
      arrayBuffer: () => Promise.resolve(new ArrayBuffer(3)),
    };
    class Own extends Blob {}
    for (const [name, value] of Object.entries(lies)) {
      Object.defineProperty(Own.prototype, name, { get: () => value });
    }
    const own = Object.defineProperty(new Blob(["hello world"]), "size", { value: 5 });
    for (const body of [new Own(["hello world"], { type: "text/x" }), own]) {
      const arrived = await post(body);
      expect(sentText(arrived)).toBe("hello world");
      expect(sent(arrived, "content-length")).toEqual(["11"]);
      expect(sent(arrived, "content-type")).toEqual(body === own ? [] : ["text/x"]);
    }
  });

  test("of another kind is sent as its text", async () => {
    expect(sentText(await post({ toString: () => "an object" } as never))).toBe("an object");
  });

  test("that is a file which is not there fails the fetch", async () => {
    // Bun's is an empty Blob, but for this method
    class Missing extends Blob {
      stat = () => Promise.reject(new Error("no such file"));
    }
    const { Bun } = globalThis as { Bun?: { file(path: string): Blob } };
    for (const body of [new Missing(), ...(Bun ? [Bun.file("/no/file")] : [])]) {
      const error = await failure(post(body)) as Error;
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain("no such file");
    }
    expect((await post(new Blob())).length).toBe(0);
  });

  test("is refused where the Content-Length says otherwise", async () => {
    const headers = { "Content-Length": "4" };
    const error = await failure(get(url, { method: "POST", body: "hello", headers }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("Content-Length");
  });
});

describe("a stream", () => {
  test("is sent in chunks, without a type", async () => {
    const arrived = await post(streamOf("one ", "", "two ", "three"));
    expect(sentText(arrived)).toBe("one two three");
    expect(sent(arrived, "transfer-encoding")).toEqual(["chunked"]);
    expect(sent(arrived, "content-length")).toEqual([]);
    expect(sent(arrived, "content-type")).toEqual([]);
    expect(sent(arrived, "expect")).toEqual([]);
  });

  test("may be empty", async () => {
    expect((await post(streamOf())).length).toBe(0);
  });

  test("may be any async iterable, of bytes or strings", async () => {
    async function* chunks(): AsyncGenerator<string | Uint8Array> {
      yield "one ";
      await sleep(5);
      yield utf8("two");
    }
    expect(sentText(await post(chunks()))).toBe("one two");
    expect(sentText(await post(Readable.from([utf8("a"), utf8("b")])))).toBe("ab");
  });

  test("that is no valid async iterable is refused with what is wrong", async () => {
    const { asyncIterator } = Symbol;
    const cases: [unknown, string][] = [
      [{ [asyncIterator]: undefined }, "Symbol.asyncIterator is no function"],
      [{ [asyncIterator]: 5 }, "Symbol.asyncIterator is no function"],
      [{ [asyncIterator]: () => null }, "Symbol.asyncIterator returned no object"],
      [{ [asyncIterator]: () => ({}) }, "its iterator has no function next"],
      [{ [asyncIterator]: () => ({ next: () => 5 }) }, "next() returned number"],
      [{ [asyncIterator]: () => ({ next: () => Promise.resolve() }) }, "next() returned undefined"],
    ];
    for (const [body, text] of cases) {
      for (const send of [post, (it: FetchBody) => upload(it as Blob, url, { timeout: 10_000 })]) {
        const error = await failure(send(body as FetchBody)) as Error;
        expect([text, error]).toEqual([text, expect.any(TypeError)]);
        expect(error.message).toContain(text);
      }
    }
  });

  test("that has more at once does not pause the transfer", async () => {
    const pause = vi.spyOn(Easy.prototype, "pause");
    try {
      const pieces = () => streamOf(...Array.from({ length: 100 }, () => new Uint8Array(65536)));
      const response = await get(`${server.url("/sink")}?hash=0`, {
        method: "POST",
        body: pieces(),
      });
      expect((await response.json()).bytes).toBe(6_553_600);
      await upload(pieces(), `${server.url("/sink")}?hash=0`);
      // before the first piece, and where the turn is over by itself
      expect(pause.mock.calls.length).toBeLessThan(10);
    } finally {
      pause.mockRestore();
    }
  });

  test("is sent with its length where the caller tells it", async () => {
    const headers = { "Content-Length": "9" };
    const body = streamOf("one ", "two", " 3");
    const arrived = await echo(url, { method: "PUT", body, headers, duplex: "half" });
    expect(sentText(arrived)).toBe("one two 3");
    expect(sent(arrived, "content-length")).toEqual(["9"]);
    expect(sent(arrived, "transfer-encoding")).toEqual([]);
  });

  test("fails the fetch where it is longer or shorter than told", async () => {
    for (const [told, problem] of [["8", "at least 9 bytes"], ["20", "only 9 bytes"]] as const) {
      const headers = { "Content-Length": told }, body = streamOf("one ", "two", " 3");
      const error = await failure(get(url, { method: "PUT", body, headers }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(problem);
    }
  });

  test("reaches the server while it is made, and the answer may come before its end", async () => {
    const { writable, readable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const running = get(url, { method: "POST", body: readable });
    for (let i = 0; i < 5; i++) {
      await writer.write(utf8(`${i}`));
      await sleep(10);
    }
    await writer.close();
    expect(sentText(await (await running).json())).toBe("01234");
  });

  test("is pulled only as fast as it is sent", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    }, { highWaterMark: 0 });
    await using silent = await startServer("silent");
    const controller = new AbortController(), { signal } = controller;
    const target = `http://127.0.0.1:${silent.silent}/`;
    const running = failure(get(target, { method: "POST", body, signal }));
    expect(pulled).toBe(0);
    await sleep(300);
    const before = pulled;
    await sleep(200);
    expect(pulled).toBe(before); // the socket's buffers are full
    expect(pulled * 64 * 1024).toBeLessThan(16 << 20);
    controller.abort(new Error("enough"));
    expect(await running).toMatchObject({ message: "enough" });
  });

  test.for(["fetch", "upload"] as const)(
    "of many small chunks lets other tasks run between, by %s",
    async (by) => {
      const count = 20_000;
      let pulled = 0, inTask = 0, most = 0, ended = false;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          most = Math.max(most, ++inTask);
          if (pulled++ < count) controller.enqueue(utf8("a"));
          else controller.close();
        },
      }, { highWaterMark: 0 });
      const newTask = () => {
        inTask = 0;
        if (!ended) setImmediate(newTask);
      };
      newTask();
      try {
        const target = `${server.url("/sink")}?hash=0`;
        if (by === "upload") await upload(body, target);
        else {
          const response = await get(target, { method: "POST", body });
          expect((await response.json()).bytes).toBe(count);
        }
      } finally {
        ended = true;
      }
      expect(pulled).toBe(count + 1);
      // a task may end one wait for the stream and begin the next
      expect(most).toBeLessThan(count / 4);
    },
  );

  test("that fails is the cause of the rejection", async () => {
    for (const thrown of [new Error("disk"), new TypeError("disk"), "disk"]) {
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await sleep(5);
          controller.enqueue(utf8("x"));
          await sleep(5);
          controller.error(thrown);
        },
      });
      const error = await failure(get(url, { method: "POST", body })) as Error;
      expect(error).toBeInstanceOf(TypeError);
      expect(error.cause).toBe(thrown);
      expect(error.message).toContain("disk");
    }
  });

  test("of something else than bytes is refused", async () => {
    const body = new ReadableStream({ start: (c) => c.enqueue(5) });
    const error = await failure(get(url, { method: "POST", body }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("not a Uint8Array");
  });

  test("that is locked or used is refused", async () => {
    const body = streamOf("x");
    body.getReader();
    expect(await failure(get(url, { method: "POST", body }))).toBeInstanceOf(TypeError);
  });

  test("is cancelled with the reason where the fetch fails, read or not", async () => {
    for (const target of ["http://127.0.0.1:1/", server.url("/hold")]) {
      const cancelled = Promise.withResolvers<unknown>();
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(utf8("x")),
        cancel: (reason) => cancelled.resolve(reason),
      });
      const error = await failure(get(target, { method: "POST", body, timeout: 300 }));
      expect(codeOf(await cancelled.promise)).toBe(codeOf(error));
    }
    const never = Promise.withResolvers<unknown>();
    const endless = new ReadableStream<Uint8Array>({ cancel: (reason) => never.resolve(reason) });
    const wrong = { method: "POST", body: endless, duplex: "half" };
    const error = await failure(
      get(new Request(url, wrong as RequestInit), { headers: { "Content-Length": "none" } }),
    );
    expect(await never.promise).toBe(error);
    const cancelled = Promise.withResolvers<unknown>();
    const body = new ReadableStream<Uint8Array>({ cancel: (reason) => cancelled.resolve(reason) });
    const reason = { my: "reason" }, signal = AbortSignal.abort(reason);
    expect(await failure(get(url, { method: "POST", body, signal }))).toBe(reason);
    expect(await cancelled.promise).toBe(reason);
  });
});

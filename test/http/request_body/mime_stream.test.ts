// Streams as parts of a Mime, on an agent.
import { Buffer } from "node:buffer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, Easy, type EasyOptions, Mime, type MimeSource, mimeStream } from "../../../mod.ts";
import { partsOf } from "../../handles/mime/support.ts";
import { useServer } from "../../use.ts";
import { failure, sleep, until } from "../support.ts";

const server = useServer("http");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

/** Sends the tree and gives what the server says, or throws. */
async function send(mime: Mime, path = "/echo", options: EasyOptions = {}, signal?: AbortSignal) {
  using easy = new Easy();
  let text = "";
  easy.setOpts({
    URL: server.url(path),
    TIMEOUT_MS: 20_000,
    NOPROXY: "*",
    MIMEPOST: mime,
    WRITEFUNCTION: (bytes) => {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    ...options,
  });
  mime.close();
  await agent.perform(easy, signal ? { signal } : {});
  return JSON.parse(text);
}

async function* slowly() {
  for (let i = 0; i < 5; i++) {
    await sleep(2);
    yield i % 2 ? `chunk ${i};` : new TextEncoder().encode(`chunk ${i};`);
  }
}
const SLOWLY = [0, 1, 2, 3, 4].map((i) => `chunk ${i};`).join("");

test.each<[string, () => MimeSource]>([
  ["an async iterable", slowly],
  ["a stream", () => new Response(SLOWLY).body as ReadableStream<Uint8Array>],
  ["a Blob", () => new Blob(SLOWLY.match(/chunk .;/g) as string[])],
])("%s is sent as it comes, beside other parts", async (_what, source) => {
  const mime = new Mime();
  mime.addPart({ name: "a", data: "before" });
  mime.addPart({ name: "b", filename: "b", reader: mimeStream(source()) });
  mime.addPart({ name: "c", filename: "c", reader: mimeStream(slowly()), encoder: "base64" });
  const parts = await partsOf(await send(mime));
  expect(parts.map(({ data }) => data.toString())).toEqual(["before", SLOWLY, btoa(SLOWLY)]);
});

test("a size makes the length known, and is held to", async () => {
  const echo = await send(
    new Mime().addPart({ name: "a", reader: mimeStream(slowly(), { size: SLOWLY.length }) }),
  );
  const names = echo.headers.map(([name]: [string]) => name.toLowerCase());
  expect(names).toContain("content-length");
  for (const size of [SLOWLY.length - 1, SLOWLY.length + 1]) {
    const mime = new Mime().addPart({ name: "a", reader: mimeStream(slowly(), { size }) });
    expect(await failure(send(mime))).toMatchObject({ code: 42, cause: expect.any(TypeError) });
  }
});

test("a Blob is sent again after a redirect, a stream is not", async () => {
  const path = "/redirect-to?url=/echo&status=307&read=1", options = { FOLLOWLOCATION: 1 };
  const blob = new Mime().addPart({ name: "a", reader: mimeStream(new Blob(["text"])) });
  const [part] = await partsOf(await send(blob, path, options));
  expect(part?.data).toEqual(Buffer.from("text"));
  const stream = new Mime().addPart({ name: "a", reader: mimeStream(slowly()) });
  expect(await failure(send(stream, path, options))).toMatchObject({ code: 65 });
});

test("what a stream fails with is the cause", async () => {
  async function* broken() {
    yield "some";
    await sleep(1);
    throw new Error("torn");
  }
  const mime = new Mime().addPart({ name: "a", reader: mimeStream(broken()) });
  expect(await failure(send(mime))).toMatchObject({ code: 42, cause: { message: "torn" } });
  const wrong = new ReadableStream({ pull: (controller) => controller.enqueue("text") });
  const other = new Mime().addPart({ name: "a", reader: mimeStream(wrong) });
  expect(await failure(send(other))).toMatchObject({ code: 42, cause: expect.any(TypeError) });
});

test("a stream that was locked meanwhile is the cause too", async () => {
  const stream = new Response("text").body as ReadableStream<Uint8Array>;
  const mime = new Mime().addPart({ name: "a", reader: mimeStream(stream) });
  stream.getReader();
  expect(await failure(send(mime))).toMatchObject({ code: 42, cause: expect.any(TypeError) });
  expect(() => mimeStream(stream)).toThrow(TypeError);
  expect(() => mimeStream("text" as never)).toThrow(TypeError);
});

test("an abort cancels the stream once the tree is gone", async () => {
  let cancelled = false;
  const controller = new AbortController();
  const stream = new ReadableStream<Uint8Array>({
    pull(target) {
      target.enqueue(new Uint8Array(1000));
      setTimeout(() => controller.abort(new Error("enough")), 1);
      return sleep(1);
    },
    cancel: () => void (cancelled = true),
  });
  const mime = new Mime().addPart({ name: "a", reader: mimeStream(stream) });
  expect(await failure(send(mime, "/echo", {}, controller.signal))).toMatchObject({
    message: "enough",
  });
  await until(() => cancelled);
  expect(cancelled).toBe(true);
});

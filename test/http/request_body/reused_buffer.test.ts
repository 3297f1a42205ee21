// Sources that fill one buffer again for each chunk: what was in the buffer when it was given is sent.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Agent, Easy, Mime, mimeStream, upload } from "../../../mod.ts";
import type { FetchBody } from "../../../src/http/request_body/source.ts";
import { partsOf } from "../../handles/mime/support.ts";
import { useServer } from "../../use.ts";
import { echo } from "../support.ts";

const server = useServer("http");
const COUNT = 300;

/** Fills the buffer with the bytes of the chunk number `at`. */
function refill(buffer: Uint8Array, at: number): Uint8Array {
  const length = Math.max(buffer.length - at % 5, 1);
  for (let i = 0; i < length; i += 61) buffer[i] = at + i;
  return buffer.subarray(0, length);
}

function expected(size: number): { length: number; sha256: string } {
  const hash = createHash("sha256"), buffer = new Uint8Array(size);
  let length = 0;
  for (let at = 0; at < COUNT; at++) {
    const chunk = refill(buffer, at);
    hash.update(chunk);
    length += chunk.length;
  }
  return { length, sha256: hash.digest("hex") };
}

async function* generator(size: number): AsyncGenerator<Uint8Array, void, void> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < COUNT; at++) {
    yield refill(buffer, at);
    if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function iterable(size: number): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(size);
  let at = 0;
  const next = () =>
    Promise.resolve(
      at < COUNT ? { done: false, value: refill(buffer, at++) } : { done: true, value: undefined },
    );
  return { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<Uint8Array>;
}

function stream(size: number): ReadableStream<Uint8Array> {
  const chunks = generator(size);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

const KINDS: Readonly<Record<string, (size: number) => FetchBody>> = {
  "a generator": generator,
  "an iterable": iterable,
  "a stream": stream,
};
// also larger than what is pulled ahead, and than libcurl's buffer
const SIZES = [1, 1000, 65_536, 300_000, 1_000_000];

for (const [what, make] of Object.entries(KINDS)) {
  test.for(SIZES)(`${what} with one buffer of %d bytes arrives as it was`, async (size) => {
    const { length, sha256 } = expected(size), url = server.url("/echo");
    for (const headers of [{}, { "Content-Length": String(length) }]) {
      expect(await echo(url, { method: "PUT", body: make(size), headers, timeout: 30_000 }))
        .toMatchObject({ length, sha256 });
    }
    const body = new Request(url, { method: "PUT", body: stream(size), duplex: "half" } as never);
    expect(await echo(body, { timeout: 30_000 })).toMatchObject({ length, sha256 });
  });
}

test("upload() and mimeStream() send it as it was", async () => {
  for (const size of [100, 3000]) {
    const { length, sha256 } = expected(size);
    expect((await upload(stream(size), server.url("/echo"), { timeout: 30_000 })).bytes).toBe(
      length,
    );
    await using agent = new Agent();
    using mime = new Mime(), easy = new Easy();
    mime.addPart({ name: "a", filename: "a", reader: mimeStream(generator(size)) });
    let text = "";
    const WRITEFUNCTION = (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    };
    const NOPROXY = "*", TIMEOUT_MS = 30_000;
    easy.setOpts({ URL: server.url("/echo"), MIMEPOST: mime, WRITEFUNCTION, NOPROXY, TIMEOUT_MS });
    await agent.perform(easy);
    const [part] = await partsOf(JSON.parse(text));
    expect(createHash("sha256").update(part!.data).digest("hex")).toBe(sha256);
  }
});

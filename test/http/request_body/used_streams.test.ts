// A stream that was read or cancelled before is no body: its beginning would be missing.
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import { mimeStream, upload } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";
import { echo, failure, get, sentText } from "../support.ts";

type Stream = ReadableStream<Uint8Array>;

const server = useServer("http"), folder = useFolder("used_streams");
let url: string, path: string;
beforeAll(() => {
  url = server.url("/echo");
  path = join(folder, "file");
  writeFileSync(path, "one two");
});

const utf8 = (text: string) => new TextEncoder().encode(text);

function plain(type?: "bytes"): Stream {
  const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    for (const text of ["one ", "two"]) controller.enqueue(utf8(text));
    controller.close();
  };
  return new ReadableStream({ start, ...(type && { type }) } as UnderlyingSource<Uint8Array>);
}

function writtenTo(): Stream {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  for (const text of ["one ", "two"]) writer.write(utf8(text)).catch(() => {});
  writer.close().catch(() => {});
  return readable;
}

class Own extends ReadableStream<Uint8Array> {
  override get locked() {
    return false;
  }
}

interface Runtimes {
  Bun?: { file(path: string): Blob; spawn(command: string[]): { stdout: Stream } };
  Deno?: { openSync(path: string): { readable: Stream } };
}
const { Bun, Deno } = globalThis as Runtimes;

/** Streams of the same content. */
const KINDS: Record<string, () => Stream> = {
  "of chunks": () => plain(),
  "of bytes": () => plain("bytes"),
  "of a class of its own": () => new Own({ pull: (c) => (c.enqueue(utf8("one two")), c.close()) }),
  "a tee'd branch": () => plain().tee()[0],
  "the other branch": () => plain("bytes").tee()[1],
  "through a TransformStream": () => plain().pipeThrough(new TransformStream()),
  "a TransformStream's readable": writtenTo,
  "of a Blob": () => new Blob(["one two"]).stream(),
  "of a Response": () => new Response("one two").body as Stream,
  "of a Request": () => new Request("http://x/", { method: "POST", body: "one two" }).body!,
  "of Node's stream": () => Readable.toWeb(createReadStream(path)) as unknown as Stream,
  ...(Bun && {
    "of a Bun.file()": () => Bun.file(path).stream() as Stream,
    "of a child process": () => Bun.spawn(["printf", "one two"]).stdout,
  }),
  ...(Deno && { "of a Deno.FsFile": () => Deno.openSync(path).readable }),
};

async function read(stream: Stream, most = Infinity): Promise<void> {
  const reader = stream.getReader();
  for (let n = 0; n < most && !(await reader.read()).done; n++);
  reader.releaseLock();
}

/** What makes a stream unfit. */
const USES: Record<string, (stream: Stream) => Promise<void> | void> = {
  "read in part": (stream) => read(stream, 1),
  "read to its end": (stream) => read(stream),
  cancelled: (stream) => void stream.cancel(new Error("used")).catch(() => {}),
  locked: (stream) => void stream.getReader(),
};

const target = () => server.url("/status/200");

/** Each way in which a stream becomes a body. */
const WAYS: Record<string, (body: Stream) => Promise<unknown>> = {
  fetch: (body) => get(target(), { method: "POST", body }),
  "fetch of an aborted signal": (body) =>
    get(target(), { method: "POST", body, signal: AbortSignal.abort() }),
  upload: (body) => upload(body, target(), { timeout: 10_000 }),
  "upload to file:": (body) => upload(body, `file://${join(folder, "written")}`),
  mimeStream: (body) => Promise.resolve().then(() => mimeStream(body)),
};

describe.each(Object.keys(KINDS))("a stream %s", (kind) => {
  test("is sent as a whole", async () => {
    expect(sentText(await echo(url, { method: "POST", body: KINDS[kind]!() }))).toBe("one two");
    const written = join(folder, "whole");
    await upload(KINDS[kind]!(), `file://${written}`, { timeout: 10_000 });
    expect(readFileSync(written, "utf8")).toBe("one two");
  });

  test.each(Object.keys(USES))("%s is refused with a TypeError", async (use) => {
    for (const [name, send] of Object.entries(WAYS)) {
      const stream = KINDS[kind]!();
      await USES[use]!(stream);
      const error = await failure(send(stream)) as Error;
      const why = use === "locked" ? "is locked" : "was read or cancelled already";
      expect([name, error]).toEqual([name, expect.any(TypeError)]);
      expect([name, error.message]).toEqual([name, `Cannot send the body: the stream ${why}`]);
    }
  });
});

describe("a Request", () => {
  const request = (body: Stream | string) =>
    new Request(url, { method: "POST", body, duplex: "half" } as RequestInit);

  test("keeps working with a stream inside", async () => {
    expect(sentText(await echo(request(plain())))).toBe("one two");
    expect(sentText(await echo(request("one two")))).toBe("one two");
  });

  test("whose body was used or is locked says so", async () => {
    for (const make of [() => request(plain()), () => request("one two")]) {
      for (const [use, apply] of Object.entries(USES)) {
        const used = make();
        await apply(used.body!);
        const error = await failure(get(used)) as Error;
        expect([use, error]).toEqual([use, expect.any(TypeError)]);
        expect(error.message).toContain("the body of the Request is ");
      }
      const used = make();
      await used.text();
      expect(String(await failure(get(used)))).toContain("the body of the Request is used already");
    }
  });
});

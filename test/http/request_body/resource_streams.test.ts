// Streams of Deno's own resources; those of files are read into curlew's own buffers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Agent, fetch } from "../../../mod.ts";
import { ByteReader, isBacked } from "../../../src/http/request_body/byte_reader.ts";
import { useFolder } from "../../use.ts";
import { useStrictServer } from "../strict_server.ts";
import { failure, isBun, until } from "../support.ts";

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;
interface Resource {
  readonly readable: Stream;
  stat(): Promise<unknown>;
  close(): void;
}
interface Socket {
  readonly readable: Stream;
  readonly writable: WritableStream;
}
interface DenoOfTests {
  open(path: string): Promise<Resource>;
  Command: new (command: string, options: object) => { spawn(): { readonly stdout: Stream } };
  listen(options: { port: number; hostname: string }): {
    readonly addr: { readonly port: number };
    accept(): Promise<Socket>;
    close(): void;
  };
  connect(options: { port: number; hostname: string }): Promise<Socket>;
}
const { Deno } = globalThis as unknown as { Deno: DenoOfTests };

const SIZE = 256 * 1024;

const folder = useFolder("resources");
const used = useStrictServer();

/** Text of which no two parts are the same. */
const textOf = (size: number) =>
  Array.from({ length: Math.ceil(size / 8) }, (_, i) => String(i).padStart(8, "0")).join("")
    .slice(0, size);

function fileOf(content: string): string {
  const path = join(folder, "file");
  writeFileSync(path, content);
  return path;
}

async function arrived(body: Stream): Promise<string> {
  const response = await fetch(used.server.url, {
    method: "PUT",
    body,
    agent: used.agent,
    timeout: 10_000,
  });
  await response.arrayBuffer();
  expect(used.server.seen()).toMatchObject({ faults: [], rest: 0 });
  return used.server.seen().requests.at(-1)!.body;
}

describe.skipIf(isBun)("the streams of Deno's resources (Bun has none)", () => {
  test("a file of any size arrives as it is", async () => {
    for (const size of [0, 1, 70_000, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 1_000_003]) {
      const text = textOf(size), { readable } = await Deno.open(fileOf(text));
      expect(isBacked(readable)).toBe(true);
      expect(await arrived(readable) === text, `${size} bytes`).toBe(true);
    }
  });

  test("the output of a program, and what a socket receives, arrive as they are", async () => {
    const text = textOf(700_000), path = fileOf(text);
    const { stdout } = new Deno.Command("cat", { args: [path], stdout: "piped" }).spawn();
    expect(await arrived(stdout) === text).toBe(true);

    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const [client, peer] = await Promise.all([
      Deno.connect({ port: listener.addr.port, hostname: "127.0.0.1" }),
      listener.accept(),
    ]);
    const sending = new Blob([text]).stream().pipeTo(peer.writable);
    expect(await arrived(client.readable) === text).toBe(true);
    await sending;
    listener.close();
  });

  test("a response of Deno's own fetch arrives as it is", async () => {
    const text = textOf(1_000_000);
    const { body } = await globalThis.fetch(`data:text/plain,${text}`);
    expect(isBacked(body!)).toBe(true);
    expect(await arrived(body as Stream) === text).toBe(true);
  });

  test("an abort closes the file", async () => {
    const file = await Deno.open(fileOf(textOf(2_000_000))), controller = new AbortController();
    const { signal } = controller;
    used.server.onFirst = () => controller.abort("enough");
    await using own = new Agent();
    const init = { method: "PUT", body: file.readable, agent: own, signal, timeout: 10_000 };
    expect(await failure(fetch(used.server.url, init))).toBe("enough");
    used.server.onFirst = () => {};
    await until(() => isClosed(file), 2000);
  });

  // what `byte_reader.ts` relies on
  test("one read fills a buffer of 256 KiB", async () => {
    const text = textOf(3 * SIZE), { readable } = await Deno.open(fileOf(text));
    const reader = new ByteReader(readable);
    let got = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      expect(value).toHaveLength(SIZE);
      got += new TextDecoder().decode(value);
      reader.recycle(value!);
    }
    expect(got === text).toBe(true);
  });
});

async function isClosed(file: Resource): Promise<boolean> {
  try {
    await file.stat();
    return false;
  } catch {
    return true;
  }
}

test("no other stream is taken for one of a resource", () => {
  const streams = [
    new ReadableStream(),
    new ReadableStream({ type: "bytes" }),
    new Response("text").body,
    new Blob(["text"]).stream(),
  ];
  expect(streams.map((stream) => isBacked(stream as ReadableStream))).not.toContain(true);
});

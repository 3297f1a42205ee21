// upload over HTTP: what arrives, and how it fails.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { Easy, fetchSync, upload, type UploadBody, type UploadProgress } from "../../../mod.ts";
import { failure } from "../../driver/support.ts";
import { runProgram } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { bytesOf, digestOfPattern, rawServer, reply, sha256, testFolder } from "./support.ts";

/** A request as it arrived. */
interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly digest: string;
}

/** Takes uploads. */
async function sink(
  answer: (arrived: Arrived, response: ServerResponse) => void = (_, response) =>
    response.end("ok"),
): Promise<{ seen: Arrived[]; url(path: string): string } & AsyncDisposable> {
  const seen: Arrived[] = [];
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request, hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    request.on("end", () => {
      const arrived = { method, path, headers, bytes, digest: hash.digest("hex") };
      seen.push(arrived);
      answer(arrived, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    seen,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const folder = testFolder();
const server = useServer("http", "h2c", "silent");

async function fileOf(size: number): Promise<string> {
  const path = folder.path("source"), block = bytesOf(1 << 20);
  const blocks = Array.from({ length: Math.ceil(size / block.length) }, () => block);
  await writeFile(path, Buffer.concat(blocks).subarray(0, size));
  return path;
}

test.for([0, 1, 300_000, 100_000_000])("a file of %i bytes arrives whole", async (size) => {
  await using to = await sink();
  const path = await fileOf(size), seen: UploadProgress[] = [];
  const onProgress = (progress: UploadProgress) => void seen.push(progress);
  const { status, bytes, info } = await upload(path, to.url("/up"), { onProgress });
  expect([status, bytes, info.bytesOut]).toEqual([200, size, size]);
  expect(to.seen).toMatchObject([{ method: "PUT", bytes: size, digest: digestOfPattern(size) }]);
  expect(to.seen[0]?.headers["content-length"]).toBe(String(size));
  expect(to.seen[0]?.headers).not.toHaveProperty("expect");
  expect(seen.every(({ total }) => total === size)).toBe(true);
  const counts = seen.map(({ bytes }) => bytes);
  expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
  expect(counts.at(-1)).toBe(size);
});

test("bytes, a blob and a stream arrive whole", async () => {
  await using to = await sink();
  const bytes = bytesOf(2_000_000), blob = new Blob([bytes], { type: "text/x-mine" });
  const sources: UploadBody[] = [bytes, blob, blob.stream(), new Uint8Array()];
  for (const source of sources) await upload(source, to.url("/up"));
  const lengths = to.seen.map(({ headers }) => headers["content-length"] ?? "chunked");
  expect(lengths).toEqual(["2000000", "2000000", "chunked", "0"]);
  const types = to.seen.map(({ headers }) => headers["content-type"]);
  expect(types).toEqual([undefined, "text/x-mine", undefined, undefined]);
  for (const { digest, method } of to.seen.slice(0, 3)) {
    expect([digest, method]).toEqual([sha256(bytes), "PUT"]);
  }
});

test("a stream whose length is known is sent with it", async () => {
  await using to = await sink();
  const headers = { "Content-Length": "5000" }, seen: (number | null)[] = [];
  const stream = new Blob([bytesOf(5000)]).stream();
  const onProgress = ({ total }: UploadProgress) => void seen.push(total);
  await upload(stream, to.url("/up"), { headers, onProgress });
  expect(to.seen).toMatchObject([{ bytes: 5000, headers: { "content-length": "5000" } }]);
  expect(new Set(seen)).toEqual(new Set([5000]));
});

test("a stream is pulled only when libcurl wants more", async () => {
  let pulled = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(1 << 20));
    },
  }, { highWaterMark: 0 });
  const url = `http://127.0.0.1:${server.silent}/`;
  await failure(upload(source, url, { timeout: 400 }));
  expect(pulled).toBeGreaterThan(0);
  expect(pulled).toBeLessThan(40);
});

test("over HTTP/2 it arrives, too", async () => {
  const path = await fileOf(3_000_000);
  const curl = { HTTP_VERSION: 5 };
  const { status, bytes, info } = await upload(path, server.url("/upload", "h2c"), { curl });
  expect([status, bytes, info.httpVersion]).toEqual([201, 3_000_000, "2"]);
});

test("method and headers are the caller's", async () => {
  await using to = await sink();
  const headers = { "Content-Type": "image/png", "X-Mine": "yes" };
  await upload(await fileOf(10), to.url("/up"), { method: "POST", headers });
  expect(to.seen[0]).toMatchObject({
    method: "POST",
    headers: { "content-type": "image/png", "x-mine": "yes" },
  });
  for (const method of ["GET", "head", "TRACE"]) {
    expect(await failure(upload(bytesOf(1), to.url("/"), { method }))).toBeInstanceOf(TypeError);
  }
});

test("a status is no error", async () => {
  for (const status of [404, 500, 413]) {
    const path = await fileOf(1000);
    expect((await upload(path, server.url(`/status/${status}`))).status).toBe(status);
  }
});

test("an answer that comes before all is sent ends it", async () => {
  await using refusing = await rawServer((_, socket) => reply(socket, "413 Too Large"));
  const outcome = await upload(await fileOf(50_000_000), refusing.url("/")).catch((error) => error);
  // the server has closed: libcurl may see that before the answer
  if (!(outcome instanceof TypeError)) expect(outcome.status).toBe(413);
});

test.for([301, 302, 307, 308])("a %i sends the body again where it can be", async (status) => {
  await using to = await sink(({ path }, response) => {
    if (path === "/end") return response.end("ok");
    response.writeHead(status, { location: "/end" }).end("moved");
  });
  const digest = digestOfPattern(400_000), path = await fileOf(400_000);
  for (const source of [path, bytesOf(400_000), new Blob([bytesOf(400_000)])]) {
    const result = await upload(source, to.url("/start"));
    expect(result).toMatchObject({ status: 200, bytes: 400_000, info: { redirects: 1 } });
  }
  expect(to.seen.map(({ path, method }) => `${method} ${path}`)).toEqual(
    Array(3).fill(["PUT /start", "PUT /end"]).flat(),
  );
  expect(new Set(to.seen.map((one) => one.digest))).toEqual(new Set([digest]));
  const error = await failure(upload(new Blob([bytesOf(10)]).stream(), to.url("/start")));
  expect((error as TypeError).message).toMatch(/asks for the body again, but it was a stream/);
});

test("a 303 is followed without the body", async () => {
  await using to = await sink(({ path }, response) => {
    if (path === "/end") return response.end("ok");
    response.writeHead(303, { location: "/end" }).end();
  });
  const { status, bytes } = await upload(await fileOf(1000), to.url("/start"));
  expect([status, bytes]).toEqual([200, 1000]);
  expect(to.seen[1]).toMatchObject({ method: "GET", bytes: 0 });
});

test("an authentication rewinds the file", async () => {
  const curl = { USERPWD: "me:secret", HTTPAUTH: 2 };
  const path = await fileOf(2_000_000);
  const { status } = await upload(path, server.url("/digest/me/secret"), { curl });
  expect(status).toBe(200);
});

test("a source that cannot be read is a TypeError before anything is asked for", async () => {
  await mkdir(folder.path("dir"));
  await using raw = await rawServer((_, socket) => reply(socket, "200 OK"));
  for (const path of ["", "a\0b", folder.path("none"), folder.path("dir")]) {
    const error = await failure(upload(path, raw.url("/"))) as TypeError;
    expect(error, path).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^Cannot read/);
  }
  expect(raw.seen).toEqual([]);
});

test("what is no regular file is read as a stream", async () => {
  const fifo = folder.path("fifo"), source = await fileOf(200_000);
  await runProgram("mkfifo", { args: [fifo] });
  await using to = await sink();
  // by another process: on Deno opening it blocks the thread until somebody writes
  const writing = runProgram("cp", { args: [source, fifo] });
  const { bytes } = await upload(fifo, to.url("/up"));
  await writing;
  expect(bytes).toBe(200_000);
  expect(to.seen[0]?.digest).toBe(digestOfPattern(200_000));
});

test("what the stream fails with is the cause", async () => {
  const cause = new RangeError("mine");
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(cause);
    },
  }, { highWaterMark: 0 });
  const error = await failure(upload(source, server.url("/sink")));
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).cause).toBe(cause);
});

test("an abort rejects with its reason, and cancels the stream", async () => {
  const reason = new Error("enough");
  for (const delay of [0, 50]) {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      cancel(why) {
        cancelled = why;
      },
    });
    const controller = new AbortController(), { signal } = controller;
    if (delay === 0) controller.abort(reason);
    else setTimeout(() => controller.abort(reason), delay);
    expect(await failure(upload(source, server.url("/sink"), { signal }))).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(cancelled).toBe(reason);
  }
  const path = await fileOf(50_000_000), url = `http://127.0.0.1:${server.silent}/`;
  const late = upload(path, url, { signal: AbortSignal.timeout(100) });
  expect((await failure(late) as Error).name).toBe("TimeoutError");
});

test("a timeout is a TypeError with curl's own cause", async () => {
  const url = `http://127.0.0.1:${server.silent}/`;
  const error = await failure(upload(bytesOf(10), url, { timeout: 100 }));
  expect(error).toMatchObject({ cause: { codeName: "CURLE_OPERATION_TIMEDOUT" } });
});

test("what onProgress throws ends the upload", async () => {
  const cause = new RangeError("mine");
  const onProgress = () => {
    throw cause;
  };
  const error = await failure(upload(bytesOf(10), server.url("/sink"), { onProgress }));
  expect(error).toMatchObject({ cause: { codeName: "CURLE_ABORTED_BY_CALLBACK", cause } });
});

test("with STREAM_DEPENDS, which a handle keeps, a redirect is a TypeError", async () => {
  using parent = new Easy();
  const to = server.url("/redirect/1"), curl = { STREAM_DEPENDS: parent };
  const error = await failure(upload(bytesOf(10), to, { curl, timeout: 5000 }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ cause: { codeName: "CURLE_BAD_FUNCTION_ARGUMENT" } });
  expect(() => fetchSync(to, { curl: { STREAM_DEPENDS: parent }, timeout: 5000 })).toThrow(
    TypeError,
  );
});

test.each([undefined, null, 5, 5n, true, Symbol("x"), {}, () => "text"])(
  "%o is nothing to upload: its text is not sent",
  async (source) => {
    const error = await failure(upload(source as never, server.url("/sink")));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain("expected a path, bytes, a stream or a Blob, got");
  },
);

// download: going on where an earlier attempt ended, and when not to.
import { readFile, symlink, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { download, type DownloadOptions, type DownloadProgress } from "../../../mod.ts";
import { judge, type Reply } from "../../../src/http/files/resume.ts";
import { failure } from "../../driver/support.ts";
import { runChild, runProgram } from "../../server/child.ts";
import {
  bytesOf,
  fileServer,
  hasBytes,
  names,
  type RawServer,
  rawServer,
  reply,
  type ServedFile,
  testFolder,
} from "./support.ts";

const SIZE = 500_000, HALF = 200_000;
const PART = ".x.curlew-part", RECORD = ".x.curlew-part.json";

const folder = testFolder();

function aFile(more: Partial<ServedFile> = {}): ServedFile {
  return { body: bytesOf(SIZE), headers: { ETag: '"one"' }, ranges: true, cut: Infinity, ...more };
}

const target = () => folder.path("x");

/** Makes the first attempt, which breaks in the middle. */
async function breakOff(file: ServedFile, server: RawServer): Promise<void> {
  file.cut = HALF;
  const error = await failure(download(server.url("/f"), target()));
  expect(error).toMatchObject({ cause: { codeName: "CURLE_PARTIAL_FILE" } });
  file.cut = Infinity;
}

/** Makes the next, and tests that the file is as the server has it. */
async function again(file: ServedFile, server: RawServer, options: DownloadOptions = {}) {
  const result = await download(server.url("/f"), target(), options);
  expect(await hasBytes(target(), file.body)).toBe(true);
  expect(await names(folder.path())).toEqual(["x"]);
  return result;
}

const asked = ({ seen }: RawServer) => seen.map(({ headers }) => headers.get("range") ?? null);

test("only the rest is asked for", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  expect(await names(folder.path())).toEqual([PART, RECORD]);
  expect((await readFile(folder.path(PART))).length).toBe(HALF);
  const progress: DownloadProgress[] = [];
  const result = await again(file, server, { onProgress: (p) => void progress.push(p) });
  expect(result).toMatchObject({ bytes: SIZE, resumed: true, info: { bytesIn: SIZE - HALF } });
  expect(asked(server)).toEqual([null, `bytes=${HALF}-`]);
  expect(server.seen[1]?.headers.get("if-range")).toBe('"one"');
  for (const { bytes, total, resumedFrom } of progress) {
    expect(bytes).toBeGreaterThanOrEqual(HALF);
    expect([total, resumedFrom]).toEqual([SIZE, HALF]);
  }
  expect(progress.at(-1)?.bytes).toBe(SIZE);
});

test("an aborted download goes on later", async () => {
  const body = bytesOf(SIZE);
  await using server = await rawServer(({ headers }, socket) => {
    const range = headers.get("range"), head = 'ETag: "a"\r\nConnection: close\r\n';
    if (!range) {
      socket.write(`HTTP/1.1 200 OK\r\n${head}Content-Length: ${SIZE}\r\n\r\n`);
      socket.write(body.subarray(0, HALF)); // and then it waits
      return;
    }
    const from = Number(/\d+/.exec(range)?.[0]);
    socket.write(`HTTP/1.1 206 OK\r\n${head}Content-Length: ${SIZE - from}\r\n`);
    socket.write(`Content-Range: bytes ${from}-${SIZE - 1}/${SIZE}\r\n\r\n`);
    socket.end(body.subarray(from));
  });
  const controller = new AbortController(), { signal } = controller;
  const onProgress = ({ bytes }: DownloadProgress) => {
    if (bytes === HALF) controller.abort("stop");
  };
  expect(await failure(download(server.url("/f"), target(), { signal, onProgress }))).toBe("stop");
  expect((await readFile(folder.path(PART))).length).toBe(HALF);
  const { resumed, bytes } = await download(server.url("/f"), target());
  expect([resumed, bytes]).toEqual([true, SIZE]);
  expect(await hasBytes(target(), body)).toBe(true);
  expect(asked(server)).toEqual([null, `bytes=${HALF}-`]);
});

test("a killed process leaves what it had", async () => {
  await using server = await rawServer(({ headers }, socket) => {
    const from = /\d+/.exec(headers.get("range") ?? "")?.[0];
    if (from) {
      const more = { ETag: '"a"', "Content-Range": `bytes ${from}-${SIZE - 1}/${SIZE}` };
      return reply(socket, "206 Partial", more, bytesOf(SIZE - Number(from), Number(from)));
    }
    socket.write(`HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: ${SIZE}\r\n\r\n`);
    socket.write(bytesOf(HALF));
  });
  const { signal } = await runChild(`
    import process from "node:process";
    import { download } from "#root/mod.ts";
    const onProgress = ({ bytes }) => bytes === ${HALF} && process.kill(process.pid, "SIGKILL");
    await download(${JSON.stringify(server.url("/f"))}, ${
    JSON.stringify(target())
  }, { onProgress });
  `);
  expect(signal).toBe("SIGKILL");
  expect(await names(folder.path())).toEqual([PART, RECORD]);
  const { resumed, bytes } = await download(server.url("/f"), target());
  expect([resumed, bytes]).toEqual([true, SIZE]);
  // C's buffer was lost with the process
  const from = Number(/\d+/.exec(asked(server)[1] ?? "")?.[0]);
  expect(from).toBeGreaterThan(HALF - 8192);
});

test("a full disk leaves a part that can be gone on with", async (context) => {
  const mounted = await runProgram("mount", {
    args: ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder.path()],
  });
  if (mounted.code !== 0) return context.skip("only root can make a small disk");
  try {
    const file = aFile();
    await using server = await fileServer(file);
    const error = await failure(download(server.url("/f"), target())) as TypeError;
    expect(error.message).toMatch(/^Cannot write .*is the disk full\? \(CURLE_WRITE_ERROR\)$/);
    expect(await names(folder.path())).toEqual([PART, RECORD]);
    const part = await readFile(folder.path(PART));
    expect(part.length).toBeGreaterThan(100_000);
    await runProgram("mount", { args: ["-o", "remount,size=8m", folder.path()] });
    expect(await again(file, server)).toMatchObject({ resumed: true });
  } finally {
    await runProgram("umount", { args: [folder.path()] });
  }
});

test("each attempt goes on from the one before", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  for (let attempt = 0; attempt < 4; attempt++) {
    file.cut = 100_000;
    await failure(download(server.url("/f"), target()));
  }
  file.cut = Infinity;
  expect(await again(file, server)).toMatchObject({ resumed: true });
  const steps = ["100000", "200000", "300000", "400000"];
  expect(asked(server)).toEqual([null, ...steps.map((from) => `bytes=${from}-`)]);
});

test("a changed file starts anew", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  Object.assign(file, { body: bytesOf(SIZE, 7), headers: { ETag: '"two"' } });
  expect(await again(file, server)).toMatchObject({ resumed: false, bytes: SIZE });
  expect(server.seen.length).toBe(2); // If-Range: in one step
});

test("a changed file starts anew where the server knows no If-Range", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  Object.assign(file, { body: bytesOf(SIZE, 7), headers: { ETag: '"two"' }, ranges: "always" });
  expect(await again(file, server)).toMatchObject({ resumed: false });
  expect(asked(server)).toEqual([null, `bytes=${HALF}-`, null]);
});

test("a changed size starts anew where there is only a size to go by", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  Object.assign(file, { body: bytesOf(SIZE + 1, 7), headers: {}, ranges: "always" });
  expect(await again(file, server)).toMatchObject({ resumed: false });
});

test("a server without ranges starts anew", async () => {
  const file = aFile({ ranges: false });
  await using server = await fileServer(file);
  await breakOff(file, server);
  expect(await again(file, server)).toMatchObject({ resumed: false });
  expect(server.seen.length).toBe(2);
});

test("a file that became smaller starts anew", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  Object.assign(file, { body: bytesOf(1000, 3), ranges: "always" });
  expect(await again(file, server)).toMatchObject({ resumed: false, bytes: 1000 });
});

test("a part that is whole already is taken as it is", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  await writeFile(folder.path(PART), file.body);
  const result = await again(file, server);
  expect(result).toMatchObject({ resumed: true, bytes: SIZE });
  expect(asked(server)).toEqual([null, `bytes=${SIZE}-`]);
});

test("a part that is longer than the file starts anew", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  await writeFile(folder.path(PART), bytesOf(SIZE + 1));
  expect(await again(file, server)).toMatchObject({ resumed: false });
  expect(asked(server)).toEqual([null, null]);
});

test("a date will do, where it is old enough", async () => {
  const date = "Wed, 01 Jan 2020 00:00:00 GMT";
  const file = aFile({ headers: { "Last-Modified": date, ETag: 'W/"weak"' } });
  await using server = await fileServer(file);
  await breakOff(file, server);
  expect(await again(file, server)).toMatchObject({ resumed: true });
  expect(server.seen[1]?.headers.get("if-range")).toBe(date);
});

test.for(
  [
    ["no validator", {}],
    ["a weak ETag only", { ETag: 'W/"weak"' }],
    ["a date of this second", { "Last-Modified": "now" }],
    ["no ranges, it says", { ETag: '"one"', "Accept-Ranges": "none" }],
  ] as const,
)("nothing is kept that cannot be gone on with: %s", async ([, headers]) => {
  const now = new Date().toUTCString(), file = aFile({ headers: { Date: now, ...headers } });
  if ("Last-Modified" in headers) file.headers["Last-Modified"] = now;
  await using server = await fileServer(file);
  await breakOff(file, server);
  expect(await names(folder.path())).toEqual([]);
  expect(await again(file, server)).toMatchObject({ resumed: false });
});

test("resume: false starts anew and keeps nothing", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  file.cut = HALF;
  await failure(download(server.url("/f"), target(), { resume: false }));
  expect(await names(folder.path())).toEqual([]);
  expect(asked(server)).toEqual([null, null]);
});

test("a range of the caller's own is what is downloaded", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  const headers = { Range: "bytes=499990-" };
  const { bytes, resumed } = await download(server.url("/f"), target(), { headers });
  expect([bytes, resumed]).toEqual([10, false]);
  expect(new Uint8Array(await readFile(target()))).toEqual(bytesOf(10, 499_990));
});

test("an error of the server leaves the part for later", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  await using broken = await rawServer((_, socket) => reply(socket, "503 Later", {}, "not now"));
  expect(await failure(download(broken.url("/f"), target()))).toBeInstanceOf(TypeError);
  expect(await failure(download("http://127.0.0.1:1/f", target()))).toBeInstanceOf(TypeError);
  expect(await names(folder.path())).toEqual([PART, RECORD]);
  expect(await again(file, server)).toMatchObject({ resumed: true });
});

test("another file under the same validator is not gone on with", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  file.body = bytesOf(SIZE, 9);
  const { resumed } = await download(server.url("/other"), target());
  expect(resumed).toBe(false);
  expect(await hasBytes(target(), file.body)).toBe(true);
});

test("the query may change: it may be a signature", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  file.cut = HALF;
  await failure(download(server.url("/f?signed=1"), target()));
  file.cut = Infinity;
  expect(await download(server.url("/f?signed=2"), target())).toMatchObject({ resumed: true });
  expect(await hasBytes(target(), file.body)).toBe(true);
});

test("a server that sends less of the rest than it was asked for leaves a part", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await breakOff(file, server);
  await using stingy = await rawServer((_, socket) => {
    const range = `bytes ${HALF}-${HALF + 999}/${SIZE}`;
    reply(socket, "206 Some", { ETag: '"one"', "Content-Range": range }, bytesOf(1000, HALF));
  });
  const record = JSON.parse(await readFile(folder.path(RECORD), "utf8"));
  await writeFile(folder.path(RECORD), JSON.stringify({ ...record, url: stingy.url("/f") }));
  const error = await failure(download(stingy.url("/f"), target())) as TypeError;
  expect(error.message).toContain(`it has ${HALF + 1000} bytes, but should have ${SIZE}`);
  expect(await names(folder.path())).toEqual([PART, RECORD]);
});

test.for(["", "{", "null", '{"url":1}', '{"url":"a","validator":"\\"one\\""}'])(
  "a record that says %o is of no use",
  async (text) => {
    const file = aFile();
    await using server = await fileServer(file);
    await breakOff(file, server);
    await writeFile(folder.path(RECORD), text);
    expect(await again(file, server)).toMatchObject({ resumed: false });
  },
);

test("a part that another user has placed is not touched", async () => {
  const file = aFile();
  await using server = await fileServer(file);
  await writeFile(folder.path("precious"), "mine");
  await symlink("precious", folder.path(PART));
  const error = await failure(download(server.url("/f"), target())) as TypeError;
  expect(error.message).toMatch(/curlew-part is in the way$/);
  expect(await readFile(folder.path("precious"), "utf8")).toBe("mine");
});

test("what a response means after a request for the rest", () => {
  const url = new URL("http://h/f?x"), record = { url: "http://h/f", validator: '"v"', size: 10 };
  const rest = { from: 4, record };
  const kind = (status: number, headers: Record<string, string>) => {
    const answer: Reply = { status, get: (name) => headers[name] ?? null };
    return judge(answer, url, rest).kind;
  };
  expect(kind(206, { "content-range": "bytes 4-9/10" })).toBe("rest");
  expect(kind(206, { "content-range": "bytes 4-9/*" })).toBe("rest");
  expect(kind(206, { "content-range": "bytes 4-9/11" })).toBe("restart");
  expect(kind(206, { "content-range": "bytes 0-9/10" })).toBe("restart");
  expect(kind(206, { "content-type": "multipart/byteranges; boundary=x" })).toBe("restart");
  expect(kind(206, { "content-range": "bytes 4-9/10", etag: '"w"' })).toBe("restart");
  expect(kind(416, { "content-range": "bytes */4" })).toBe("restart");
  expect(kind(416, {})).toBe("restart");
  expect(kind(200, {})).toBe("whole");
  expect(kind(404, {})).toBe("refused");
  const whole = { from: 10, record };
  const full: Reply = { status: 416, get: (name) => name === "etag" ? null : "bytes */10" };
  expect(judge(full, url, whole).kind).toBe("complete");
});

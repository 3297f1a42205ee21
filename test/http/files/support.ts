/** What the tests of download, upload and fetchSync share. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** Makes a folder for each test of a file. */
export function testFolder(): { readonly path: (name?: string) => string } {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "curlew-files-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return { path: (name = "") => join(folder, name) };
}

/** The names in a folder, with hidden files. */
export async function names(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** Bytes of the test server's pattern. */
export function bytesOf(length: number, from = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length); // Uint8Array.from takes 0.1 s for each MiB
  for (let i = 0; i < length; i++) bytes[i] = from + i;
  return bytes;
}

/** Whether a file has exactly these bytes. (`toEqual` is slow on so many.) */
export async function hasBytes(path: string, bytes: Uint8Array): Promise<boolean> {
  return Buffer.compare(await readFile(path), bytes) === 0;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The digest of a file that need not fit into memory. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** The digest of that many bytes of the pattern. */
export function digestOfPattern(length: number): string {
  const hash = createHash("sha256"), block = bytesOf(Math.min(length, 1 << 20));
  for (let at = 0; at < length; at += block.length) {
    hash.update(block.subarray(0, Math.min(block.length, length - at)));
  }
  return hash.digest("hex");
}

/** A request as a server has received it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A server whose answers the test writes, byte by byte; each connection has one request. */
export interface RawServer extends AsyncDisposable {
  readonly seen: Seen[];
  url(path: string): string;
}

/** Starts one. */
export async function rawServer(
  answer: (request: Seen, socket: Socket) => void,
): Promise<RawServer> {
  const seen: Seen[] = [], sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let head = "";
    socket.on("data", (chunk: Uint8Array) => {
      if (head.includes("\r\n\r\n")) return; // the rest is a body
      head += Buffer.from(chunk).toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const request = parse(head);
      seen.push(request);
      answer(request, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    seen,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parse(head: string): Seen {
  const [first = "", ...lines] = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = new Map(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { method, path, headers };
}

/** Sends a head and a body, and closes. `cut` closes after so many bytes of the body. */
export function reply(
  socket: Socket,
  status: string,
  headers: Readonly<Record<string, string | number>> = {},
  body: Uint8Array | string = "",
  cut: number = Infinity,
): void {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ "Content-Length": bytes.length, ...headers, Connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(Buffer.from(`HTTP/1.1 ${status}\r\n${lines}\r\n`, "latin1"));
  socket.end(bytes.subarray(0, Math.min(cut, bytes.length)));
}

/** A file as a web server has it. */
export interface ServedFile {
  body: Uint8Array;
  headers: Record<string, string>;
  /** Whether the server knows Range; "always" ignores If-Range. */
  ranges: boolean | "always";
  /** After how many bytes of a body the connection breaks. */
  cut: number;
}

/** A server with one file. */
export async function fileServer(file: ServedFile): Promise<RawServer> {
  return await rawServer(({ headers }, socket) => {
    const { body, ranges, cut } = file;
    const all = { Date: new Date().toUTCString(), ...file.headers };
    const range = /^bytes=(\d+)-$/.exec(headers.get("range") ?? ""), from = Number(range?.[1]);
    const condition = headers.get("if-range");
    const same = condition === undefined || Object.values(file.headers).includes(condition);
    if (!range || ranges === false || (!same && ranges !== "always")) {
      return reply(socket, "200 OK", all, body, cut);
    }
    const { length } = body;
    if (from >= length) {
      return reply(socket, "416 No", { ...all, "Content-Range": `bytes */${length}` }, "nothing");
    }
    const rest = { ...all, "Content-Range": `bytes ${from}-${length - 1}/${length}` };
    reply(socket, "206 Partial", rest, body.subarray(from), cut);
  });
}

/**
 * What the tests of WebSocket share. The system's libcurl may have none: unless CURLEW_LIBRARY
 * names one, they run on the 8.14.1 of the matrix.
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { configure, CurlWebSocket, type CurlWebSocketInit, versionInfo } from "../../../mod.ts";
import { findNode } from "../../server/node.ts";

export {
  connections,
  counters,
  descriptors,
  failure,
  isBun,
  isFull,
  sleep,
  until,
} from "../../driver/support.ts";

const unpacker = fileURLToPath(new URL("../../../tools/matrix/unpacked.mjs", import.meta.url));

/** Chooses a libcurl with WebSocket for this process; returns the reason where there is none. */
function choose(): string {
  if (!process.env.CURLEW_LIBRARY) {
    try {
      const library = execFileSync(findNode(), [unpacker, "8.14.1"], { encoding: "utf8" }).trim();
      process.env.CURLEW_LIBRARY = library; // for children
      configure({ library });
    } catch (error) {
      console.warn(`WebSocket: no libcurl 8.14.1: ${(error as Error).message}`);
    }
  }
  const { version, versionNum, protocols } = versionInfo();
  if (protocols.includes("ws") && versionNum >= 0x080e00) {
    console.log(`WebSocket is tested on libcurl ${version}`);
    return "";
  }
  const why = ` (NOT RUN: libcurl ${version} has no WebSocket, which needs 8.14)`;
  console.warn(`WebSocket is not tested${why}`); // printed beside the names of the tests
  return why;
}

/** The reason why the tests cannot run, for their names; empty where they can. */
export const whyNot: string = choose();

/** What a socket received, in order. */
export interface Told {
  readonly socket: CurlWebSocket;
  readonly messages: unknown[];
  readonly pings: string[];
  readonly pongs: string[];
  /** The names of the events other than messages. */
  readonly events: string[];
  readonly errors: ErrorEvent[];
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseEvent>;
}

const decoder = new TextDecoder();

/** Opens a socket with a timeout of ten seconds, and records its events. */
export function connect(
  url: string,
  protocols: string | string[] = [],
  init: CurlWebSocketInit = {},
): Told {
  const signal = AbortSignal.any([
    AbortSignal.timeout(15_000),
    ...init.signal ? [init.signal] : [],
  ]);
  const socket = new CurlWebSocket(url, protocols, { ...init, signal });
  socket.binaryType = "arraybuffer";
  const opened = Promise.withResolvers<void>(), closed = Promise.withResolvers<CloseEvent>();
  const told = {
    socket,
    messages: [] as unknown[],
    pings: [] as string[],
    pongs: [] as string[],
    events: [] as string[],
    errors: [] as ErrorEvent[],
    opened: opened.promise,
    closed: closed.promise,
  };
  for (const type of ["open", "error", "close"]) {
    socket.addEventListener(type, () => told.events.push(type));
  }
  socket.onopen = () => opened.resolve();
  socket.onmessage = ({ data }) => told.messages.push(data);
  socket.onping = ({ data }) => told.pings.push(decoder.decode(data));
  socket.onpong = ({ data }) => told.pongs.push(decoder.decode(data));
  socket.onerror = (event) => told.errors.push(event);
  socket.onclose = (event) => {
    opened.reject(new Error("closed before it opened", { cause: told.errors[0]?.error }));
    closed.resolve(event);
  };
  opened.promise.catch(() => {});
  return told;
}

/** The next message. */
export function next({ socket, closed }: Told): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
    closed.then(({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
  });
}

/** Bytes that differ at each place, repeated after a while. */
export function bytes(size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  for (let i = 0; i < Math.min(size, 251); i++) all[i] = i;
  for (let filled = 251; filled < size; filled *= 2) all.copyWithin(filled, 0, size - filled);
  return all;
}

/** A frame of a server, in hex. */
export function frame(first: number, payload: string | Uint8Array = ""): string {
  const data = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const { length } = data,
    head = length < 126 ? [first, length] : [
      first,
      126,
      length >> 8,
      length & 0xff,
    ];
  return hex(Uint8Array.from([...head, ...data]));
}

/** Bytes in hex. */
export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A Close frame of a server, in hex. */
export function closeFrame(code: number, reason: string | Uint8Array = ""): string {
  const text = typeof reason === "string" ? new TextEncoder().encode(reason) : reason;
  return frame(0x88, Uint8Array.from([code >> 8, code & 0xff, ...text]));
}

/** A frame that a client has sent. */
export interface Sent {
  readonly first: number;
  readonly masked: boolean;
  readonly key: string;
  readonly payload: Uint8Array;
}

/** Parses the frames of a client. */
export function readFrames(text: string): Sent[] {
  const data = Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const view = new DataView(data.buffer), frames: Sent[] = [];
  for (let at = 0; at < data.length;) {
    const first = data[at]!, second = data[at + 1]!, short = second & 0x7f;
    at += 2;
    const length = short < 126
      ? short
      : short === 126
      ? view.getUint16(at)
      : Number(view.getBigUint64(at));
    at += short < 126 ? 0 : short === 126 ? 2 : 8;
    const key = data.slice(at, at + 4);
    at += 4;
    const payload = data.slice(at, at + length).map((byte, i) => byte ^ key[i & 3]!);
    at += length;
    frames.push({ first, masked: (second & 0x80) !== 0, key: hex(key), payload });
  }
  return frames;
}

// Faults of HTTP/2, frame by frame. Each gets a TLS connection on which h2 was negotiated.
import { Buffer } from "node:buffer";

export const Frame = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
};
export const END_STREAM = 1, END_HEADERS = 4, ACK = 1;

/** The bytes of a frame. */
export function frame(type, flags, stream, payload = "", length = payload.length) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

export const SETTINGS = frame(Frame.SETTINGS, 0, 0);
const PREFACE = 24;
const number = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** `:status: 200`, an entry of HPACK's static table. */
export const STATUS_200 = Buffer.of(0x88);
export const literal = (name, value) =>
  Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ]);
const headers = (block = STATUS_200, flags = END_HEADERS) => frame(Frame.HEADERS, flags, 1, block);
const goaway = (last, code) =>
  frame(Frame.GOAWAY, 0, 0, Buffer.concat([number(last), number(code)]));
const rst = (code) => frame(Frame.RST_STREAM, 0, 1, number(code));
const data = (size, flags = 0) => frame(Frame.DATA, flags, 1, Buffer.alloc(size, 0x78));
const LENGTH_100 = Buffer.concat([STATUS_200, literal("content-length", "100")]);

/** Calls `then` once the HEADERS of the request have arrived. */
export function onRequest(socket, then) {
  let all = Buffer.alloc(0);
  socket.on("data", function onData(chunk) {
    all = Buffer.concat([all, chunk]);
    for (let at = PREFACE; at + 9 <= all.length; at += 9 + all.readUIntBE(at, 3)) {
      if (all[at + 3] !== Frame.HEADERS) continue;
      socket.off("data", onData);
      socket.resume();
      return then();
    }
  });
}

const close = (socket) => socket.end();
const cut = (socket) => (socket._parent ?? socket).destroy();
const hang = () => {};

/** Sends settings, then these frames in response to the request, then calls `end`. */
const answer = (frames, end = close) => (socket) => {
  socket.write(SETTINGS);
  onRequest(socket, () => socket.write(Buffer.concat(frames), () => end(socket)));
};

/** Sends bytes instead of the settings. */
const instead = (bytes, end = close) => (socket) =>
  socket.once("data", () => {
    socket.resume();
    socket.write(bytes, () => end(socket));
  });

const flood = (start, piece) =>
  answer([start], (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece, "latin1"));
    };
    socket.on("drain", more);
    more();
  });

export const H2_FAULTS = {
  "h2-garbage": instead(Buffer.alloc(500, 0xf5)),
  "h2-http1": instead("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  "h2-close": instead(""),
  "h2-cut": instead("", cut),
  "h2-silent": (socket) => socket.resume(),
  "h2-bad-settings": instead(frame(Frame.SETTINGS, 0, 0, "12345")),
  "h2-huge-frame": answer([frame(Frame.DATA, 0, 1, "x", 0xffffff)]),
  "h2-bad-hpack": answer([headers(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f))]),
  "h2-no-status": answer([headers(literal("x-one", "1"), END_HEADERS | END_STREAM)]),
  "h2-data-first": answer([data(10)]),
  "h2-data-0": answer([frame(Frame.DATA, 0, 0, "x")]),
  "h2-push": answer([
    frame(Frame.PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([number(2), STATUS_200])),
  ]),
  "h2-window": answer([
    headers(),
    frame(Frame.WINDOW_UPDATE, 0, 0, number(0x7fffffff)),
    frame(Frame.WINDOW_UPDATE, 0, 0, number(0x7fffffff)),
  ]),
  "h2-short-body": answer([headers(LENGTH_100), data(10, END_STREAM)], hang),
  "h2-long-body": answer([headers(LENGTH_100), data(200, END_STREAM)], hang),
  "h2-close-headers": answer([headers(STATUS_200, 0)]),
  "h2-close-body": answer([headers(), data(10)]),
  "h2-cut-body": answer([headers(), data(10)], cut),
  "h2-silent-body": answer([headers(), data(10)], hang),
  "h2-goaway-0": answer([goaway(0, 0)]),
  "h2-goaway-error": answer([goaway(0, 2)]),
  "h2-goaway-body": answer([headers(), data(10), goaway(1, 2)]),
  "h2-rst": answer([rst(2)], hang),
  "h2-rst-refused": answer([rst(7)], hang),
  "h2-rst-cancel": answer([rst(8)], hang),
  "h2-rst-http11": answer([rst(13)], hang),
  "h2-rst-body": answer([headers(), data(10), rst(2)], hang),
  "h2-rst-body-no-error": answer([headers(LENGTH_100), data(10), rst(0)], hang),
  "h2-ping-flood": flood(
    headers(),
    frame(Frame.PING, 0, 0, "12345678").toString("latin1").repeat(500),
  ),
  "h2-settings-flood": flood(headers(), SETTINGS.toString("latin1").repeat(500)),
  "h2-header-flood": flood(
    headers(STATUS_200, 0),
    frame(Frame.CONTINUATION, 0, 1, literal("x", "y".repeat(100))).toString("latin1").repeat(100),
  ),
};

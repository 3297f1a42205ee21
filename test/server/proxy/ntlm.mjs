// The server side of NTLM (version 2), for user:pass.
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
const UNICODE = 0x1, REQUEST_TARGET = 0x4, NTLM = 0x200, ALWAYS_SIGN = 0x8000;
const EXTENDED = 0x80000, TARGET_INFO = 0x800000;
const FLAGS = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED | TARGET_INFO;

/** MD4 of "pass" in UTF-16, which node's OpenSSL does not have. */
const PASSWORD = Buffer.from("36aa83bdcab3c9fdaf321ca42a31c3fc", "hex");

const utf16 = (text) => Buffer.from(text, "utf16le");
const hmac = (key, ...parts) => createHmac("md5", key).update(Buffer.concat(parts)).digest();

/** An attribute of the target: 1 is the name of the computer, 2 that of the domain. */
function attribute(id, text) {
  const value = utf16(text), head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

const TARGET = utf16("CURLEW");
const INFO = Buffer.concat([attribute(2, "CURLEW"), attribute(1, "TEST"), Buffer.alloc(4)]);
const HEAD = 48;

/** The second message, with the server's eight bytes. */
function challenge(bytes) {
  const head = Buffer.alloc(HEAD);
  SIGNATURE.copy(head);
  head.writeUInt32LE(2, 8);
  const place = (at, length, offset) => {
    head.writeUInt16LE(length, at);
    head.writeUInt16LE(length, at + 2);
    head.writeUInt32LE(offset, at + 4);
  };
  place(12, TARGET.length, HEAD);
  head.writeUInt32LE(FLAGS, 20);
  bytes.copy(head, 24);
  place(40, INFO.length, HEAD + TARGET.length);
  return Buffer.concat([head, TARGET, INFO]).toString("base64");
}

/** Whether the third message proves that the client knows user's password. */
function isAnswer(message, bytes) {
  const field = (at) => {
    const offset = message.readUInt32LE(at + 4);
    return message.subarray(offset, offset + message.readUInt16LE(at));
  };
  const response = field(20), domain = field(28).toString("utf16le");
  const user = field(36).toString("utf16le");
  if (user !== "user" || response.length <= 16) return false;
  const key = hmac(PASSWORD, utf16(user.toUpperCase() + domain));
  return response.subarray(0, 16).equals(hmac(key, bytes, response.subarray(16)));
}

/** socket → the challenge that was sent, or whether it was answered. */
const sockets = new WeakMap();

/** Returns `null` for a connection that is authenticated, else the challenge. */
export function checkNtlm(header, { socket }) {
  const state = sockets.get(socket);
  if (state?.passed) return null;
  const message = Buffer.from(/^NTLM (\S+)$/.exec(header ?? "")?.[1] ?? "", "base64");
  const type = message.length > 12 && message.indexOf(SIGNATURE) === 0 ? message[8] : 0;
  if (type === 1) {
    const bytes = randomBytes(8);
    sockets.set(socket, { bytes, passed: false });
    return `NTLM ${challenge(bytes)}`;
  }
  const passed = type === 3 && state !== undefined && isAnswer(message, state.bytes);
  sockets.set(socket, { bytes: Buffer.alloc(8), passed });
  return passed ? null : "NTLM";
}

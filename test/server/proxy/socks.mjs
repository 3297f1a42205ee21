// SOCKS5, SOCKS4 and SOCKS4a, CONNECT only; the second port is SOCKS5 with user and pass.
import { Buffer } from "node:buffer";
import net from "node:net";
import { listen } from "../listen.mjs";
import { countConnections, counters } from "../stats.mjs";
import { join, loopback, note } from "./upstream.mjs";

/** Reads exact byte counts from a socket, as the handshake needs them. */
class Reader {
  #socket;
  #iterator;
  #rest = Buffer.alloc(0);

  constructor(socket) {
    this.#socket = socket;
    // Leaving the loop must not destroy the socket: the tunnel still needs it.
    this.#iterator = socket.iterator({ destroyOnReturn: false });
  }

  async take(n) {
    while (this.#rest.length < n) await this.#more();
    const out = this.#rest.subarray(0, n);
    this.#rest = this.#rest.subarray(n);
    return out;
  }

  async untilZero() {
    while (!this.#rest.includes(0)) await this.#more();
    const out = await this.take(this.#rest.indexOf(0) + 1);
    return out.toString("latin1", 0, out.length - 1);
  }

  async release() {
    await this.#iterator.return();
    if (this.#rest.length > 0) this.#socket.unshift(this.#rest);
  }

  async #more() {
    const { value, done } = await this.#iterator.next();
    if (done) throw new Error("the client left");
    this.#rest = Buffer.concat([this.#rest, value]);
  }
}

const ipv6 = (bytes) =>
  Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(":");

async function address5(reader, type) {
  if (type === 1) return { kind: "ipv4", host: (await reader.take(4)).join(".") };
  if (type === 4) return { kind: "ipv6", host: ipv6(await reader.take(16)) };
  const [length] = await reader.take(1);
  return { kind: "domain", host: (await reader.take(length)).toString() };
}

/** RFC 1929; true when the names are right. */
async function login(reader, socket) {
  const [, userLength] = await reader.take(2);
  const user = (await reader.take(userLength)).toString();
  const [passLength] = await reader.take(1);
  const good = user === "user" && (await reader.take(passLength)).toString() === "pass";
  socket.write(Buffer.of(1, good ? 0 : 1));
  return good;
}

async function socks5(reader, socket, wantsLogin) {
  const [count] = await reader.take(1);
  const method = wantsLogin ? 2 : 0;
  const offered = (await reader.take(count)).includes(method);
  socket.write(Buffer.of(5, offered ? method : 0xff));
  if (!offered || (wantsLogin && !await login(reader, socket))) return null;
  const [, command, , type] = await reader.take(4);
  const target = await address5(reader, type);
  const port = (await reader.take(2)).readUInt16BE();
  const reply = (code) => Buffer.of(5, code, 0, 1, 127, 0, 0, 1, 0, 0);
  return { ...target, port, command, yes: reply(0), no: reply(command === 1 ? 5 : 7) };
}

async function socks4(reader) {
  const [command] = await reader.take(1);
  const port = (await reader.take(2)).readUInt16BE();
  const ip = await reader.take(4);
  await reader.untilZero();
  // 0.0.0.x with x ≠ 0 is 4a: the name follows.
  const named = ip.readUInt32BE() < 256;
  const host = named ? await reader.untilZero() : ip.join(".");
  const reply = (code) => Buffer.of(0, code, 0, 0, 0, 0, 0, 0);
  return { kind: named ? "4a" : "4", host, port, command, yes: reply(90), no: reply(91) };
}

function connect(host, port) {
  return new Promise((resolve) => {
    const upstream = net.connect({ host, port, noDelay: true });
    upstream.once("error", () => resolve(null));
    upstream.once("connect", () => resolve(upstream));
  });
}

async function serve(socket, stats, wantsLogin) {
  const reader = new Reader(socket);
  const [version] = await reader.take(1);
  let target = null;
  if (version === 5) target = await socks5(reader, socket, wantsLogin);
  else if (version === 4 && !wantsLogin) target = await socks4(reader);
  if (!target) return socket.end();
  note(stats, `${target.kind} ${target.host}:${target.port}`);
  const host = target.command === 1 ? loopback(target.host) : null;
  const upstream = host && await connect(host, target.port);
  if (!upstream) return socket.end(target.no);
  await reader.release();
  socket.write(target.yes);
  join(socket, upstream);
}

async function start(kind, wantsLogin) {
  const stats = counters(kind);
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    serve(socket, stats, wantsLogin).catch(() => socket.destroy());
  });
  countConnections(server, stats);
  return await listen(server);
}

export async function startSocks() {
  return { socks: await start("socks", false), socksAuth: await start("socksAuth", true) };
}

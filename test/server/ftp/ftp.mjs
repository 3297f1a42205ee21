// A small FTP server: passive mode only, anonymous or user/pass.
import { Buffer } from "node:buffer";
import net from "node:net";
import { posix } from "node:path";
import { COMMANDS } from "./commands.mjs";
import { listen } from "../listen.mjs";
import { countConnections, counters } from "../stats.mjs";

const OPEN = new Set(["USER", "PASS", "QUIT", "FEAT", "SYST", "NOOP"]);

/** One control connection. Commands run one after another, since a client may pipeline them. */
class Session {
  user = "";
  loggedIn = false;
  cwd = "/";
  offset = 0;
  renameFrom = "";
  #control;
  #listener = null;
  #data = null;

  constructor(control) {
    this.#control = control;
    control.once("close", () => this.dropData());
  }

  reply(code, text) {
    this.#control.write(`${code} ${text}\r\n`);
  }

  end() {
    this.#control.end();
  }

  path(arg) {
    return posix.resolve(this.cwd, arg || ".");
  }

  /** Opens a port for one data connection. */
  async passive() {
    this.dropData();
    this.#listener = net.createServer();
    const server = this.#listener;
    this.#data = new Promise((resolve) => {
      server.once("close", () => resolve(null));
      server.once("connection", (socket) => {
        socket.on("error", () => {});
        resolve(socket);
        server.close();
      });
    });
    return await listen(server);
  }

  /**
   * The data connection, after the reply 150; null (and a reply 425) if the client has not asked
   * for one.
   */
  async data() {
    const waiting = this.#data;
    this.#data = null;
    if (waiting) this.reply(150, "Data connection");
    else this.reply(425, "Use PASV or EPSV first");
    return await waiting;
  }

  /** Sends `bytes` as the whole transfer. */
  async send(bytes) {
    const socket = await this.data();
    if (!socket) return;
    const whole = await new Promise((resolve) => {
      socket.on("close", (failed) => resolve(!failed && socket.bytesWritten === bytes.length));
      socket.resume();
      socket.end(bytes);
    });
    this.reply(...(whole ? [226, "Done"] : [426, "Data connection closed"]));
  }

  /** The bytes that the client sends, or null. */
  async receive() {
    const socket = await this.data();
    if (!socket) return null;
    const chunks = [];
    try {
      for await (const chunk of socket) chunks.push(chunk);
    } catch {
      this.reply(426, "Data connection broken");
      return null;
    }
    return Buffer.concat(chunks);
  }

  dropData() {
    this.#listener?.close();
    this.#data?.then((socket) => socket?.destroy());
    this.#listener = this.#data = null;
  }
}

async function run(session, line) {
  const [, verb, arg] = /^(\S*) ?(.*)$/.exec(line);
  const name = verb.toUpperCase();
  const command = COMMANDS[name];
  if (!command) return session.reply(502, `No ${name} here`);
  if (!session.loggedIn && !OPEN.has(name)) return session.reply(530, "Log in first");
  await command(session, arg);
}

async function serve(control, stats) {
  const session = new Session(control);
  session.reply(220, "curlew test server");
  let text = "";
  for await (const chunk of control) {
    text += chunk;
    for (let end; (end = text.indexOf("\r\n")) >= 0;) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      stats.requests++;
      await run(session, line);
    }
  }
}

export async function startFtp() {
  const stats = counters("ftp");
  const server = net.createServer({ noDelay: true }, (control) => {
    control.setEncoding("utf8");
    control.on("error", () => {});
    serve(control, stats).catch(() => control.destroy());
  });
  countConnections(server, stats);
  return { ftp: await listen(server) };
}

// Starts and ends server programs, and finds their paths and ports.
import { execFile, spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const START_TIMEOUT_MS = 20_000;
const LIBRARIES = ["usr/lib", "lib", "usr/lib/dovecot"];
/** The name of this processor in Debian's paths. */
const TRIPLET = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch];

/**
 * The error of a server that is not available: its tests are skipped, with the message as the
 * reason.
 */
export class Missing extends Error {}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a server accepts connections on that port. */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** The resources of the servers. `root` has the unpacked packages, `dir` is their folder. */
export class Machine {
  #root;
  #children = [];
  #closers = [];
  #taken = new Set();

  constructor(root, dir) {
    this.#root = root;
    this.dir = dir;
    this.isRoot = process.getuid?.() === 0;
  }

  /** The path of a package's file: the unpacked one, or the system's. */
  file(path) {
    const unpacked = join(this.#root, path);
    return existsSync(unpacked) ? unpacked : path;
  }

  /** The path of a program. Throws `Missing`. */
  program(name) {
    const system = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
    const folders = ["usr/sbin", "usr/bin", "sbin", "bin"].map((dir) => join(this.#root, dir));
    const found = [...folders, ...system].map((dir) => join(dir, name)).find(isProgram);
    if (!found) throw new Missing(`there is no ${name}`);
    return found;
  }

  /** The environment variables of the unpacked programs, and of no other process. */
  get env() {
    const own = LIBRARIES.flatMap((dir) => [
      join(this.#root, dir, TRIPLET ?? ""),
      join(this.#root, dir),
    ]);
    return { ...process.env, LD_LIBRARY_PATH: own.join(delimiter) };
  }

  /** A free TCP port; most servers cannot choose one themselves. */
  async port() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (this.#taken.has(port)) return this.port();
    this.#taken.add(port);
    return port;
  }

  /** A free UDP port. */
  async udpPort() {
    const socket = createSocket("udp4");
    await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    await new Promise((resolve) => socket.close(resolve));
    return port;
  }

  /** Writes a file below `dir`, and returns its path. */
  async write(name, content, mode = 0o644) {
    const path = join(this.dir, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
    return path;
  }

  /** Makes a folder below `dir`, and returns its path. */
  async folder(name) {
    const path = join(this.dir, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Runs a program of the packages and waits for its end. */
  run(name, ...args) {
    return promisify(execFile)(this.program(name), args, { env: this.env, cwd: this.dir });
  }

  /** Starts a server, and waits until it accepts on all of its ports. */
  async daemon(name, args, { ports = [], env = {} } = {}) {
    const log = [], keep = (chunk) => log.push(chunk);
    // a process group of its own, so that its children end with it
    const child = spawn(this.program(name), args, {
      cwd: this.dir,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    let ended = null;
    child.once("error", (error) => ended = error.message);
    child.once("exit", (code, signal) => ended ??= `exit ${code ?? signal}`);
    this.#children.push(child);
    const end = performance.now() + START_TIMEOUT_MS;
    for (const port of ports) {
      while (!await accepts(port)) {
        const late = performance.now() > end && "it accepts no connection";
        if (!ended && !late) await sleep(10);
        else throw new Missing(`${name} does not start: ${ended ?? late}: ${lastLines(log)}`);
      }
    }
    if (ports.length === 0) await sleep(200);
    if (ended) throw new Missing(`${name} does not start: ${ended}: ${lastLines(log)}`);
  }

  /** Starts a server written in JavaScript, which ends with the others. */
  async listen(server) {
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const sockets = new Set();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
    });
    this.#closers.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return server.address().port;
  }

  /** Registers a function that is called at the end. */
  atEnd(closer) {
    this.#closers.push(closer);
  }

  /**
   * Ends all servers, by SIGKILL: dovecot would take six seconds otherwise, and no data is of
   * value.
   */
  stop() {
    for (const close of this.#closers) close();
    for (const { pid } of this.#children) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // it has ended already
      }
    }
  }
}

function lastLines(chunks) {
  return chunks.join("").trim().split("\n").slice(-3).join(" | ");
}

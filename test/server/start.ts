import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findNode } from "./node.ts";

const START_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** The content of the servers' JSON line. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly h2: number;
  readonly h2c: number;
  readonly mtls: number;
  readonly expired: number;
  readonly wronghost: number;
  readonly raw: number;
  readonly ftp: number;
  readonly proxy: number;
  readonly proxyAuth: number;
  readonly proxyDigest: number;
  readonly proxyNtlm: number;
  readonly proxyTls: number;
  readonly socks: number;
  readonly socksAuth: number;
  readonly silent: number;
  readonly echo: number;
  readonly echoTls: number;
  readonly lines: number;
  readonly ws: number;
  readonly wss: number;
  readonly wssMtls: number;
  readonly wsRaw: number;
  /** The port of each fault, by its name. */
  readonly faults: Readonly<Record<string, number>>;
  /** The port of each protocol whose responses are random. */
  readonly responses: Readonly<Record<string, number>>;
  /** The port of each relay that records what a client sends, by its name. */
  readonly taps: Readonly<Record<string, number>>;
  /** The port of each protocol whose server does not answer the closing command. */
  readonly quiet: Readonly<Record<string, number>>;
  /** The path of the unix socket. */
  readonly unix: string;
  /** The name of the abstract unix socket. */
  readonly abstract: string;
  /** The paths of PEM files. */
  readonly ca: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** The CURLOPT_PINNEDPUBLICKEY of the server's certificate. */
  readonly pin: string;
}

/** The servers that `url` can name. */
export type UrlKind =
  | "http"
  | "https"
  | "h2"
  | "h2c"
  | "mtls"
  | "expired"
  | "wronghost"
  | "raw"
  | "ftp";

/** The running servers. A server that was not started has the port 0 or the path "". */
export interface TestServer extends Ports {
  /** Whether that server was started. */
  has(key: keyof Ports): boolean;
  /** `url("/small")`, `url("/small", "https")`. */
  url(path: string, kind?: UrlKind): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const NOTHING: Ports = {
  http: 0,
  https: 0,
  h2: 0,
  h2c: 0,
  mtls: 0,
  expired: 0,
  wronghost: 0,
  raw: 0,
  ftp: 0,
  proxy: 0,
  proxyAuth: 0,
  proxyDigest: 0,
  proxyNtlm: 0,
  proxyTls: 0,
  socks: 0,
  socksAuth: 0,
  silent: 0,
  echo: 0,
  echoTls: 0,
  lines: 0,
  ws: 0,
  wss: 0,
  wssMtls: 0,
  wsRaw: 0,
  faults: {},
  responses: {},
  taps: {},
  quiet: {},
  unix: "",
  abstract: "",
  ca: "",
  clientCert: "",
  clientKey: "",
  pin: "",
};

function urlOf(ports: Ports, path: string, kind: UrlKind): string {
  if (ports[kind] === 0) throw new Error(`the test server "${kind}" is not running`);
  const plain = kind === "http" || kind === "h2c" || kind === "raw";
  const scheme = kind === "ftp" ? "ftp" : plain ? "http" : "https";
  return `${scheme}://127.0.0.1:${ports[kind]}${path}`;
}

/** What the servers print once they run; rejects with their own words where they do not. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "", words = "";
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`the test servers did not start: ${why}\n${words}`.trimEnd()));
    };
    const timer = setTimeout(() => fail(`silent for ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once("error", (error) => fail(error.message));
    child.once("close", (code, signal) => fail(`exit ${code ?? signal}`));
    child.stderr!.setEncoding("utf8");
    child.stderr!.on("data", (chunk: string) => {
      words += chunk;
      process.stderr.write(chunk);
    });
    child.stdout!.setEncoding("utf8");
    child.stdout!.on("data", (chunk: string) => {
      text += chunk;
      if (!text.includes("\n")) return;
      clearTimeout(timer);
      resolve(text);
    });
  });
}

/** Keeps the servers from keeping the runtime alive; a pipe is a socket, which has `unref`. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) {
    (pipe as unknown as { unref?: () => void } | null)?.unref?.();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // the process has ended already
  }
}

/** Closes stdin, which ends the servers; after two seconds kills them. */
function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => kill(child.pid!), CLOSE_TIMEOUT_MS);
    child.ref();
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin!.end();
  });
}

/** Starts the servers of these kinds (without any: all of them) in a Node.js child process. */
export async function startServer(...kinds: string[]): Promise<TestServer> {
  const main = fileURLToPath(new URL("./main.mjs", import.meta.url));
  const child = spawn(findNode(), [main, ...kinds], { stdio: ["pipe", "pipe", "pipe"] });
  let ports: Ports;
  try {
    ports = { ...NOTHING, ...JSON.parse(await firstLine(child)) };
  } catch (error) {
    if (child.pid) kill(child.pid);
    throw error;
  }
  unref(child);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => closing ??= stop(child);
  return {
    ...ports,
    has: (key) => Boolean(ports[key]),
    url: (path, kind = "http") => urlOf(ports, path, kind),
    close,
    [Symbol.asyncDispose]: close,
  };
}

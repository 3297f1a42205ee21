/**
 * Starts the servers of stray_bytes_server.mjs. Vitest is not imported here: child processes may
 * use it too.
 */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EasyOptions } from "../../../mod.ts";
import { findNode } from "../../server/node.ts";
import type { TestServer } from "../../server/start.ts";

export const KINDS = ["http", "tls1.2", "tls1.3"] as const;
export type Kind = typeof KINDS[number] | "h2";

/** The kinds of unsolicited bytes, by the server's names. */
export const STRAYS: readonly string[] = [
  ...["timeout", "response", "responses", "large", "interim", "body", "line", "byte"],
];

/** A running server. */
export interface StrayServer {
  url(path: string, host?: string): string;
  /** The options by which an easy trusts the server. */
  readonly curl: EasyOptions;
  /** A name for the bytes of one request. */
  id(): string;
  /** Makes the server send them. Returns when they are in the socket's buffer. */
  send(id: string): Promise<void>;
  /** The paths of requests on connections with stray bytes, by "late" or "racing". */
  readonly told: Readonly<Record<"late" | "racing", Set<string>>>;
  close(): void;
}

/** Starts a server; `certs` is a running TLS server, whose certificate it uses. */
export async function startStray(kind: Kind, certs: TestServer): Promise<StrayServer> {
  const main = fileURLToPath(new URL("./stray_bytes_server.mjs", import.meta.url));
  const files = ["server.key", "server.pem"].map((name) => join(dirname(certs.ca), name));
  const child = spawn(findNode(), [main, kind, ...files], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const listeners = new Map<string, () => void>();
  const port = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server did not start: ${code}`)));
    lines.once("line", resolve);
  });
  const told = { late: new Set<string>(), racing: new Set<string>() };
  lines.on("line", (line) => {
    const [, word, path] = /^(late|racing) (.*)/.exec(line) ?? [];
    if (word && path) told[word as keyof typeof told].add(path);
    else listeners.get(line)?.();
  });
  let ids = 0;
  return {
    url: (path, host = "127.0.0.1") =>
      `${kind === "http" ? "http" : "https"}://${host}:${port}${path}`,
    curl: kind === "http" ? {} : { CAINFO: certs.ca },
    id: () => String(++ids),
    told,
    send: (id) =>
      new Promise((resolve) => {
        listeners.set(id, resolve);
        child.stdin.write(`${id}\n`);
      }),
    close: () => child.stdin.end(),
  };
}

/** What the tests with real servers share. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect } from "vitest";
import { Agent, constants, type CurlEasyError, Easy, type EasyOptions } from "../../mod.ts";
import { connections, counters, until } from "../driver/support.ts";

/** The servers' ports and paths, as the table of `start.mjs` gives them. */
export interface Servers {
  readonly nginx: Ports<"http" | "https" | "h2c" | "proxied"> & Paths<"socket" | "dav">;
  readonly nghttpd: Ports<"h2c" | "h2">;
  readonly caddy: Ports<"h3">;
  readonly tinyproxy: Ports<"port" | "auth">;
  readonly nghttpx: Ports<"port">;
  readonly microsocks: Ports<"port" | "auth">;
  readonly danted: Ports<"port">;
  readonly ssh: Ports<"port">;
  readonly vsftpd: Ports<"port" | "implicit" | "strict"> & Paths<"root" | "up">;
  readonly sshd:
    & Ports<"port">
    & Paths<"user" | "key" | "publicKey" | "strangerKey" | "strangerPublicKey">
    & Paths<"knownHosts" | "hostKey" | "home">;
  readonly tftpd: Ports<"port"> & Paths<"root">;
  readonly dovecot: Ports<"imap" | "imaps" | "pop3" | "pop3s">;
  readonly smtp: Ports<"port" | "secure"> & Paths<"folder">;
  readonly slapd: Ports<"ldap" | "ldaps">;
  readonly mosquitto: Ports<"port" | "auth">;
  readonly dictd: Ports<"port">;
  readonly gophernicus: Ports<"port"> & Paths<"root">;
  readonly telnetd: Ports<"port">;
  readonly redis: Ports<"port">;
  readonly rtsp: Ports<"port">;
}

type Ports<Name extends string> = { readonly [name in Name]: number };
type Paths<Name extends string> = { readonly [name in Name]: string };

interface Facts {
  readonly dir: string;
  readonly certs: Paths<"ca" | "cert" | "key" | "clientCert" | "clientKey">;
  readonly servers: Partial<Servers>;
  readonly missing: Partial<Record<keyof Servers, string>>;
}

function readFacts(): Facts {
  const path = process.env["CURLEW_SERVERS"];
  if (!path) throw new Error("These tests need servers: npm run test:servers");
  return JSON.parse(readFileSync(path, "utf8"));
}

const facts: Facts = readFacts();

/** The paths of the certificates. */
export const certs: Facts["certs"] = facts.certs;

/** A folder of the servers, which is deleted at their end. */
export const dir: string = facts.dir;

/**
 * Registers the tests of a server. Where it is missing they are skipped, with the reason in their
 * name.
 */
export function onServer<Name extends keyof Servers>(
  name: Name,
  title: string,
  tests: (server: Servers[Name]) => void,
): void {
  const server = facts.servers[name];
  const why = facts.missing[name] ?? "it was not started";
  if (server) describe(title, () => tests(server));
  else describe.skip(`${title} [NOT RUN, no ${name}: ${why}]`, () => tests({} as Servers[Name]));
}

/** The facts of a second server that a test needs. */
export function alsoServer<Name extends keyof Servers>(
  name: Name,
): { readonly server: Servers[Name]; readonly missing: boolean; readonly note: string } {
  const server = facts.servers[name];
  const note = server ? "" : ` [NOT RUN, no ${name}: ${facts.missing[name]}]`;
  return { server: server ?? {} as Servers[Name], missing: !server, note };
}

/** A name that no other test, runtime or run has used. */
export function unique(name: string): string {
  return `${"Bun" in globalThis ? "bun" : "deno"}-${process.pid}-${++names}-${name}`;
}
let names = 0;

const kept = new Map<string, Uint8Array>();

/** The bytes of a served file: `small.txt`, `1m.bin`, `8m.bin`, `64m.bin`. */
export function served(name: string): Uint8Array {
  const bytes = kept.get(name) ?? readFileSync(join(dir, "www", name));
  kept.set(name, bytes);
  return bytes;
}

/** Whether two arrays are equal; a failing `toEqual` would print both. */
export function same(got: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(got, expected) === 0;
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function utf8(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

/** A transfer that keeps its body, and ends within twenty seconds. */
export class Kept extends Easy {
  readonly #chunks: Uint8Array[] = [];

  constructor(options: EasyOptions) {
    super();
    this.setOpts({
      TIMEOUT_MS: 20_000,
      NOPROXY: "*", // whatever the environment variables are
      WRITEFUNCTION: (bytes) => {
        this.#chunks.push(bytes.slice());
        return bytes.length;
      },
      ...options,
    });
  }

  /** The bytes received so far. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

/** The options that upload these bytes, with a READFUNCTION and the length. */
export function sending(bytes: Uint8Array): EasyOptions {
  let sent = 0;
  return {
    UPLOAD: true,
    INFILESIZE_LARGE: bytes.length,
    READFUNCTION: (buffer) => {
      const part = bytes.subarray(sent, sent + buffer.length);
      buffer.set(part);
      sent += part.length;
      return part.length;
    },
    // without it libcurl resumes an upload, but sends all bytes
    SEEKFUNCTION: (_data, offset) => {
      sent = offset;
      return constants.CURL_SEEKFUNC_OK;
    },
  };
}

/** Runs a blocking transfer, and returns its body. */
export function perform(options: EasyOptions): Uint8Array {
  using easy = new Kept(options);
  easy.perform();
  return easy.bytes;
}

/** Runs the transfer on an agent. */
export async function onAgent(agent: Agent, options: EasyOptions): Promise<Uint8Array> {
  using easy = new Kept(options);
  await agent.perform(easy);
  return easy.bytes;
}

/** The names of the codes that a transfer fails with, by `Easy` and by an agent; "" for success. */
export async function failures(options: () => EasyOptions): Promise<[string, string]> {
  await using agent = new Agent();
  const blocking = await codeName(() => perform(options()));
  return [blocking, await codeName(() => onAgent(agent, options()))];
}

/** The name of the code that a call fails with, "" for success. */
export async function codeName(call: () => unknown): Promise<string> {
  try {
    await call();
    return "";
  } catch (error) {
    const { cause } = error as Error;
    const curl = "codeName" in (error as object) ? error : cause;
    expect(curl, String(error)).toHaveProperty("codeName");
    return (curl as CurlEasyError).codeName;
  }
}

/**
 * Runs a function twice, and expects that the second run leaves no more resources than the first.
 */
export async function leavesNothing(run: () => Promise<void>): Promise<void> {
  // otherwise the run would create and close the parking of the thread
  await using keeper = new Agent();
  const count = () => Object.entries({ ...counters(), connections: connections() });
  await run(); // allocates what exists once for each kind and thread
  const before = new Map(count());
  await run();
  const more = () => count().filter(([name, now]) => now > before.get(name)!);
  await until(() => more().length === 0);
  expect([more(), keeper.active]).toEqual([[], 0]);
}

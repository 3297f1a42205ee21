/** The servers, files and variables for the commands of `wire_table.ts`. */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { versionInfo } from "../../mod.ts";
import { beforeAll } from "vitest";
import type { TestServer } from "../server/start.ts";
import { useFolder, useServer } from "../use.ts";

const CURL = "/usr/bin/curl", HERE = process.cwd();

/** Whether the system's curl uses the loaded libcurl. */
export const isComparable: boolean = existsSync(CURL) &&
  versionInfo().version.startsWith("7.88.");
export const note: string = isComparable ? "" : " (NOT RUN: no curl 7.88 with the same libcurl)";

/** The bytes of each connection, by the relay. */
export type Taken = Readonly<Record<string, readonly string[]>>;

/** The result of a command. */
export interface Sent {
  readonly code: number;
  readonly bytes: Taken;
  readonly stderr: string;
}

/** Replaces random values, and those that depend on the time, by constants. */
function comparable(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1")
    .replace(
      /-{24}[0-9a-zA-Z]{16,22}|-{4}curlew-[0-9a-f]{32}/g,
      (found) => "B".repeat(found.length),
    )
    .replace(/(nonce|cnonce|response|opaque)="?[0-9a-zA-Z+/=]+"?/g, "$1=RANDOM")
    .replace(/CONNECT (127\.0\.0\.1):\d+ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+/g, "CONNECT $1")
    .replace(/(X-Amz-Date: )\S+/gi, "$1NOW")
    .replace(/Credential=[^,]*, (SignedHeaders=[^,]*, )Signature=[0-9a-f]+/, "$1SIGNED");
}

/** All resources of the commands, in a folder that is the current one. */
export class Wire {
  readonly folder: string;
  readonly #server: TestServer;

  private constructor(server: TestServer, folder: string) {
    this.#server = server;
    this.folder = folder;
  }

  /** One for all tests of a file, which run in its folder. */
  static use(): Wire {
    const wire = new Wire(useServer("taps", "unix"), useFolder("wire"));
    beforeAll(async () => {
      await wire.#files();
      process.chdir(wire.folder);
      return () => process.chdir(HERE);
    });
    return wire;
  }

  /** The variables that the commands name. */
  get env(): Readonly<Record<string, string>> {
    const at = (name: string) => `127.0.0.1:${this.#server.taps[name]}`;
    return {
      HTTP: `http://${at("http")}`,
      HOST: at("http"),
      PORT: String(this.#server.taps["http"]),
      FTP: `ftp://${at("ftp")}`,
      PROXY: at("proxy"),
      PAUTH: at("proxyAuth"),
      SOCKS: at("socks"),
      SAUTH: at("socksAuth"),
      UNIX: this.#server.unix,
      HOME: this.folder,
      PATH: process.env["PATH"] ?? "",
      ...Object.fromEntries(
        ["smtp", "imap", "pop3", "dict", "gopher", "rtsp", "telnet"].map((name) => [
          name.toUpperCase(),
          `${name}://${at(name)}`,
        ]),
      ),
    };
  }

  /** The URLs that return the recording, and that delete it. */
  get control(): string {
    return `http://127.0.0.1:${this.#server.taps["control"]}`;
  }

  async #files(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await writeFile(at("data.txt"), "line 1\nline 2\r\nä&= end");
    await writeFile(at("bin.dat"), Uint8Array.from({ length: 300 }, (_, i) => i & 0xff));
    await writeFile(at("nul.txt"), "before\0after");
    await writeFile(at("photo.png"), "png");
    await writeFile(at("form.html"), "<p>html</p>\n");
    await writeFile(at("with; semi.txt"), "semi");
    await writeFile(at("empty"), "");
    await writeFile(at("large.txt"), "x".repeat(1_100_000));
    await writeFile(at("headers.txt"), "X-File: 1\n# comment\n\nX-Second: 2\r\n");
    await writeFile(at("mail.txt"), "Subject: x\n\n.dot\nend\n");
    await writeFile(at("netrc"), "machine 127.0.0.1 login nuser password npass\n");
    await writeFile(
      at("config.cfg"),
      `# a file\nurl = "${this.env["HTTP"]}/echo"\ndata = a=b\n-H "X-A: b\\tc"\n`,
    );
    await writeFile(
      at("config2.cfg"),
      `header: "X-B: c"\nuser-agent "con fig"\nurl=${this.env["HTTP"]}/small\n`,
    );
    const cookie = ["127.0.0.1", "FALSE", "/", "FALSE", "0", "session", "1"].join("\t");
    const kept = ["127.0.0.1", "FALSE", "/", "FALSE", "4102444800", "kept", "2"].join("\t");
    await writeFile(at("cookies.txt"), `# Netscape HTTP Cookie File\n${cookie}\n${kept}\n`);
    await utimes(at("data.txt"), 1_000_000_000, 1_000_000_000);
  }

  /** Restores the initial state. */
  async reset(): Promise<void> {
    await fetch(`${this.control}/reset`);
    await writeFile(join(this.folder, "part.bin"), "0123456789");
    const made = ["jar.txt", "jar2.txt"].map((name) => join(this.folder, name));
    await Promise.all(made.map((path) => rm(path, { force: true })));
  }

  async taken(): Promise<Taken> {
    const all = await (await fetch(`${this.control}/take`)).json() as Record<string, string[]>;
    return comparableOf(all);
  }

  /** What the system's curl sends for a command. */
  async byCurl(command: string): Promise<Sent> {
    await this.reset();
    const child = spawn("/bin/bash", ["-c", `exec ${CURL} -sS -m 4 ${command}`], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 15_000,
    });
    let stderr = "";
    child.stderr?.on("data", (chunk: Uint8Array) => stderr += chunk);
    const code = await new Promise<number>((done) => {
      child.once("close", (exit) => done(exit ?? -1));
    });
    return { code, bytes: await this.taken(), stderr };
  }
}

/** The connections that the relays report, in a form that can be compared. */
export function comparableOf(all: Readonly<Record<string, readonly string[]>>): Taken {
  return Object.fromEntries(
    Object.entries(all).map(([name, connections]) => [name, connections.map(comparable)]),
  );
}

/** Splits the redirection of standard input off a command. */
export function withoutInput(command: string): readonly [text: string, input: string | null] {
  const [, text = command, input = null] = /^(.*?) < (\S+)$/.exec(command) ?? [];
  return [text, input];
}

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runWords } from "../../src/cli/curl/curl.ts";
import { splitCommand } from "../../src/command/shell/split.ts";
import { versionInfo } from "../../mod.ts";
import { startServer, type TestServer } from "../server/start.ts";
import { TestIo } from "./support.ts";
import { COMMANDS, DIFFERENT } from "./wire_table.ts";

const CURL = "/usr/bin/curl", HERE = process.cwd();

let server: TestServer, folder: string, env: Record<string, string>;

/** The bytes of each connection, by the relay that they came to. */
type Taken = Readonly<Record<string, readonly string[]>>;

const control = (path: string) => fetch(`http://127.0.0.1:${server.taps["control"]}${path}`);

async function files(): Promise<void> {
  const at = (name: string) => join(folder, name);
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
    `# a file\nurl = "${env["HTTP"]}/echo"\ndata = a=b\n-H "X-A: b\\tc"\n`,
  );
  await writeFile(
    at("config2.cfg"),
    `header: X-B\\: c\nuser-agent "con fig"\nurl=${env["HTTP"]}/small\n`,
  );
  const cookie = ["127.0.0.1", "FALSE", "/", "FALSE", "0", "session", "1"].join("\t");
  const kept = ["127.0.0.1", "FALSE", "/", "FALSE", "4102444800", "kept", "2"].join("\t");
  await writeFile(at("cookies.txt"), `# Netscape HTTP Cookie File\n${cookie}\n${kept}\n`);
  await utimes(at("data.txt"), 1_000_000_000, 1_000_000_000);
}

beforeAll(async () => {
  server = await startServer("taps", "unix");
  folder = await mkdtemp(join(tmpdir(), "curlew-wire-"));
  const at = (name: string) => `127.0.0.1:${server.taps[name]}`;
  env = {
    HTTP: `http://${at("http")}`,
    HOST: at("http"),
    PORT: String(server.taps["http"]),
    FTP: `ftp://${at("ftp")}`,
    PROXY: at("proxy"),
    PAUTH: at("proxyAuth"),
    SOCKS: at("socks"),
    SAUTH: at("socksAuth"),
    UNIX: server.unix,
    HOME: folder,
    PATH: process.env["PATH"] ?? "",
    ...Object.fromEntries(
      ["smtp", "imap", "pop3", "dict", "gopher", "rtsp", "telnet"].map((name) => [
        name.toUpperCase(),
        `${name}://${at(name)}`,
      ]),
    ),
  };
  await files();
  process.chdir(folder);
});

afterAll(async () => {
  process.chdir(HERE);
  await server.close();
  await rm(folder, { recursive: true });
});

async function taken(): Promise<Taken> {
  const all = await (await control("/take")).json() as Record<string, string[]>;
  return Object.fromEntries(
    Object.entries(all).map(([name, connections]) => [name, connections.map(comparable)]),
  );
}

/** What is random, or depends on the second, as something that does not. */
function comparable(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1")
    .replace(/-{24}[0-9a-zA-Z]{16,22}/g, "BOUNDARY")
    .replace(/(nonce|cnonce|response|opaque)="?[0-9a-zA-Z+/=]+"?/g, "$1=RANDOM")
    .replace(/CONNECT (127\.0\.0\.1):\d+ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+/g, "CONNECT $1")
    .replace(/(X-Amz-Date: )\S+/gi, "$1NOW")
    .replace(/Credential=[^,]*, (SignedHeaders=[^,]*, )Signature=[0-9a-f]+/, "$1SIGNED");
}

interface Sent {
  readonly code: number;
  readonly bytes: Taken;
  readonly stderr: string;
}

/** The same start for both. */
async function reset(): Promise<void> {
  await control("/reset");
  await writeFile(join(folder, "part.bin"), "0123456789");
  await Promise.all(["jar.txt", "jar2.txt"].map((name) => rm(join(folder, name), { force: true })));
}

/** Takes what a shell would redirect off a command. */
function withoutInput(command: string): readonly [text: string, input: string | null] {
  const [, text = command, input = null] = /^(.*?) < (\S+)$/.exec(command) ?? [];
  return [text, input];
}

async function byCurl(command: string): Promise<Sent> {
  await reset();
  const child = spawn("/bin/bash", ["-c", `exec ${CURL} -sS -m 4 ${command}`], {
    cwd: folder,
    env,
    stdio: [command.includes(" < ") ? "pipe" : "ignore", "ignore", "pipe"],
    timeout: 15_000,
  });
  child.stdin?.end();
  let stderr = "";
  child.stderr?.on("data", (chunk: Uint8Array) => stderr += chunk);
  const code = await new Promise<number>((done) => child.once("close", (exit) => done(exit ?? -1)));
  return { code, bytes: await taken(), stderr };
}

async function byCurlew(command: string): Promise<Sent> {
  await reset();
  const [text, file] = withoutInput(command);
  const io = new TestIo({ env, input: file === null ? "" : readFileSync(file) });
  const code = await runWords(splitCommand(`curl -sS -m 4 ${text}`, "bash", env), io);
  return { code, bytes: await taken(), stderr: io.stderr };
}

/** Several at once come in any order. */
const sorted = (bytes: Taken) =>
  Object.fromEntries(Object.entries(bytes).map(([name, all]) => [name, [...all].sort()]));

const isComparable = existsSync(CURL) && versionInfo().version.startsWith("7.88.");
const note = isComparable ? "" : " (NOT RUN: no curl 7.88 with the same libcurl)";

test("there are at least 300 commands, none of them twice", () => {
  expect(COMMANDS.length).toBeGreaterThanOrEqual(300);
  expect(new Set(COMMANDS).size).toBe(COMMANDS.length);
  for (const command of Object.keys(DIFFERENT)) expect(COMMANDS).toContain(command);
});

test.skipIf(!isComparable).for(COMMANDS)(`curl %s${note}`, { timeout: 40_000 }, async (command) => {
  const curl = await byCurl(command), curlew = await byCurlew(command);
  const isParallel = command.startsWith("-Z");
  const [theirs, ours] = isParallel
    ? [sorted(curl.bytes), sorted(curlew.bytes)]
    : [curl.bytes, curlew.bytes];
  const isSame = JSON.stringify([theirs, curl.code]) === JSON.stringify([ours, curlew.code]);
  if (Object.hasOwn(DIFFERENT, command)) return void expect(isSame, DIFFERENT[command]).toBe(false);
  expect({ code: curlew.code, bytes: ours, stderr: isSame ? "" : curlew.stderr })
    .toEqual({ code: curl.code, bytes: theirs, stderr: isSame ? "" : curl.stderr });
});

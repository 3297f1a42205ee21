import { CURLEW_VERSION } from "../../src/curlew_version.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { versionInfo } from "../../mod.ts";
import { rows } from "../../src/command/table/rows.ts";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { curlew } from "./support.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

const server = useServer("http");

const curl = (args: readonly string[], options?: Parameters<typeof curlew>[1]) =>
  curlew(["curl", "-q", "-m", "10", ...args], options);

test("what it is called without a command that it knows, it says how to be called", async () => {
  const help = await curlew(["--help"]), none = await curlew([]), wrong = await curlew(["wget"]);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  for (const name of ["curl", "code", "doctor"]) expect(help.stdout).toContain(`\n  ${name} `);
  for (const { code, stdout, stderr } of [none, wrong]) {
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: help.stdout });
  }
});

test("curlew --version tells the versions of curlew and of libcurl", async () => {
  for (const name of ["--version", "-V"]) {
    const { code, stdout, stderr } = await curlew([name]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`curlew ${CURLEW_VERSION}\nlibcurl ${versionInfo().version}\n`);
  }
});

test("--version tells of the loaded libcurl, --help of every option", async () => {
  const { version, protocols } = versionInfo();
  const told = await curl(["--version"]);
  expect(told.stdout).toMatch(new RegExp(`^curl ${version.replaceAll(".", "\\.")} \\(`));
  expect(told.stdout).toContain(`\nProtocols: ${protocols.join(" ")}\n`);
  const help = await curl(["--help"]);
  for (const name of Object.keys(rows)) expect(help.stdout).toContain(name);
});

test.for(
  [
    [["--hedaer", "A: b"], 2, /argument 4, character 1: .*the nearest is --header/],
    [["http://127.0.0.1:1/"], 7, /^curl: \(7\) Failed to connect to 127\.0\.0\.1/],
    [["-d", "@/no/such/file", "http://127.0.0.1:1/"], 26, /a file that can be read/],
    [["-u", "user", "http://127.0.0.1:1/", "--no-such"], 2, /the nearest is/],
    [["nosuch://127.0.0.1/"], 1, /^curl: \(1\) /],
    [["http://["], 3, /^curl: \(3\) .*argument 4, character 8: expected a range/],
  ] as const,
)("%j ends with %i and says why", async ([args, code, why]) => {
  const ran = await curl(args);
  expect(ran.stderr).toMatch(why);
  expect(ran.code).toBe(code);
});

test("-s silences an error, -S lets it be said", async () => {
  expect((await curl(["-s", "http://127.0.0.1:1/"])).stderr).toBe("");
  expect((await curl(["-sS", "http://127.0.0.1:1/"])).stderr).toMatch(/^curl: \(7\) /);
});

test("what has no effect is said", async () => {
  const { code, stderr } = await curl(["--ip-tos", "CE", server.url("/small")]);
  expect(stderr).toMatch(/^Warning: --ip-tos: it needs setsockopt/);
  expect(code).toBe(0);
});

test("a bar is drawn on a terminal while the body goes elsewhere, and nowhere else", async () => {
  const args = ["-o", "/dev/null", server.url("/slow/20/25")];
  const drawn = await curl(args, { terminals: [2] });
  const lines = drawn.stderr.split("\r").map((line) => line.replace("\x1b[K", ""));
  expect(lines.some((line) => /[█░▏▎▍▌▋▊▉]+ +\d+% .* of 20 B .*\/s \d+:\d\d$/.test(line)))
    .toBe(true);
  expect(lines.at(-1)).toMatch(/ 100% 20 B of 20 B .*\n$/);
  for (const line of lines) expect(line.trimEnd().length).toBeLessThan(100);
  expect((await curl(args, { terminals: [1] })).stderr).toBe("");
  expect((await curl(["-s", ...args], { terminals: [2] })).stderr).toBe("");
  expect((await curl(["--no-progress-meter", ...args], { terminals: [2] })).stderr).toBe("");
});

test("several at once have one bar that counts them", async () => {
  const urls = Array.from(
    { length: 5 },
    (_, i) => ["-o", "/dev/null", server.url(`/bytes/${i}00`)],
  );
  const { code, stderr } = await curl(["-Z", ...urls.flat()], { terminals: [2] });
  expect(code).toBe(0);
  expect(stderr).toContain("/5 ");
});

test("bytes with a NUL stay away from a terminal unless that is asked for", async () => {
  const url = server.url("/gzip"); // its head has NULs
  const kept = await curl([url], { terminals: [1] });
  expect([kept.code, kept.stdout]).toEqual([23, ""]);
  expect(kept.stderr).toMatch(/^Warning: Binary output .*\ncurl: \(23\) /);
  for (const args of [["-o", "-", url], ["--compressed", url]]) {
    expect((await curl(args, { terminals: [1] })).code).toBe(0);
  }
});

test("a transient answer is asked for again, and each attempt is announced", async () => {
  const args = ["-f", "--retry", "2", "--retry-delay", "1", "-w", "%{num_retries}"];
  const { code, stdout, stderr } = await curl([...args, server.url("/status/503")]);
  expect([code, stdout]).toEqual([22, "2"]);
  expect(stderr.match(/Will retry in 1 seconds/g)).toHaveLength(2);
});

test("-v shows both heads", async () => {
  const { stderr } = await curl(["-v", server.url("/small")]);
  expect(stderr).toContain("> GET /small HTTP/1.1\r\n> Host: ");
  expect(stderr).toContain("< HTTP/1.1 200 OK\r\n");
});

test("a configuration file of the user is read, unless -q comes first", async () => {
  const folder = await mkdtemp(join(tmpdir(), "curlew-home-"));
  await writeFile(join(folder, ".curlrc"), `-H "X-Own: 1"\n`);
  const env = { HOME: folder };
  const sent = async (...args: string[]) => {
    const { stdout } = await curlew(["curl", ...args, server.url("/echo")], { env });
    return JSON.parse(stdout).headers as [string, string][];
  };
  expect(await sent("-s")).toContainEqual(["X-Own", "1"]);
  expect(await sent("-q", "-s")).not.toContainEqual(["X-Own", "1"]);
  await rm(folder, { recursive: true });
});

test("standard input is sent, read and given on", async () => {
  const sent = await curl(["-T", "-", server.url("/echo")], { input: "abc" });
  expect(JSON.parse(sent.stdout)).toMatchObject({ method: "PUT", length: 3 });
  const read = await curl(["-d", "@-", server.url("/echo")], { input: "a=b" });
  expect(JSON.parse(read.stdout)).toMatchObject({ method: "POST", body: btoa("a=b") });
  const config = await curl(["-K", "-"], { input: `url = ${server.url("/small")}\n` });
  expect(config.code).toBe(0);
});

test("cli.ts as a process has the code of the command, and its output", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout } = await runChild(CLI, { args, timeoutMs: 30_000 });
    return { code, stdout };
  };
  const ok = await run("curl", "-q", "-s", server.url("/small"));
  expect([ok.code, JSON.parse(ok.stdout).name]).toEqual([0, "small"]);
  expect(await run("curl", "-q", "-sf", server.url("/status/404"))).toMatchObject({ code: 22 });
  const code = await run("code", `curl '${server.url("/small")}'`);
  expect(code).toMatchObject({ code: 0 });
  expect(code.stdout).toContain(`await fetch("${server.url("/small")}"`);
  const doctor = await run("doctor", "--json");
  expect(JSON.parse(doctor.stdout).problems).toEqual([]);
});

// Every example is run by the command in its head, as it stands there, and prints what the head says.
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useFolder, useServer } from "../use.ts";
import { libcurl } from "../versions.ts";
import * as own from "./servers.ts";
import { EXAMPLES, headOf, type Instead, pathOf, ROOT, runsAsItSays } from "./support.ts";

const server = useServer("http", "ftp", "socks", "unix", "mtls");
const cwd = useFolder("heads");
/** Servers that only one example knows. */
const served: own.Served[] = [];

beforeAll(async () => {
  await copyFile(server.clientCert, join(cwd, "client.pem"));
  await copyFile(server.clientKey, join(cwd, "client.key"));
  await copyFile(server.ca, join(cwd, "ca.pem"));
  await writeFile(join(cwd, "a.png"), "no picture");
  await writeFile(join(cwd, "LOG"), "line 1\nline 2\n");
  await writeFile(join(cwd, "photo.raw"), new Uint8Array(3_000_000));
});
afterAll(async () => {
  for (const one of served) await one[Symbol.asyncDispose]();
});

/** The address of a server that goes at the end. */
async function origin(starting: Promise<own.Served>): Promise<string> {
  const one = await starting;
  served.push(one);
  return one.origin;
}

const page = (): Instead => [["https://example.com/", server.url("/readme/example")]];
const big = (): Instead => [["https://example.com/big.bin", server.url("/bytes/300000")]];
const socks = (): Instead => [
  ...page(),
  ["socks5h://127.0.0.1:9050", `socks5h://127.0.0.1:${server.socks}`],
];
const port3000 = (): Instead => [["http://127.0.0.1:3000", server.url("/").slice(0, -1)]];

/** What stands in the place of the names that a head has. */
const INSTEAD: Readonly<Record<string, () => Instead | Promise<Instead>>> = {
  "connections/client_certificate.ts": () => [
    ["https://internal.example/", server.url("/small", "mtls")],
  ],
  "connections/register.ts": socks,
  "connections/socks.ts": socks,
  "connections/unix_socket.ts": () => [["/var/run/docker.sock /version", `${server.unix} /echo`]],
  "files/download.ts": big,
  "files/resumable_upload.ts":
    async () => [["https://files.example", await origin(own.tusServer())]],
  "files/resume.ts": big,
  "files/streaming_upload.ts": () => [["https://upload.example/file", server.url("/upload")]],
  "http/abort.ts": () => [["https://slow.example/", server.url("/slow/1000/20")]],
  "http/cookies.ts": async () => [["https://example.com", await origin(own.cookieServer())]],
  "http/curl_command.ts": page,
  "http/events.ts": async () => [["https://news.example", await origin(own.eventServer())]],
  "http/get.ts": page,
  "http/many.ts": () => [...page(), ["https://example.org/", server.url("/readme/example")]],
  "http/multipart.ts": () => [["https://upload.example/form", server.url("/echo")]],
  "http/node_libcurl.ts": () => [
    ["https://httpbin.org /anything", `${server.url("/").slice(0, -1)} /echo`],
  ],
  "http/oauth.ts": async () => {
    const at = await origin(own.oauthServer());
    return [["https://login.example", at], ["https://api.example", at]];
  },
  "http/proxy.ts": port3000,
  "http/rest.ts": async () => [["https://birds.example", await origin(own.birdServer())]],
  "http/rewriting_proxy.ts": port3000,
  "http/session.ts": async () => [["https://example.com", await origin(own.sessionServer())]],
  "http/testing.ts": () => [],
  "http/timings.ts": page,
  "loops/event_loop.ts": page,
  "loops/own_sockets.ts": () => [["http://example.com/", server.url("/readme/example")]],
  "http/opentelemetry.ts": page,
  "loops/socket_all.ts": page,
  "scale/workers.ts": () => [...page(), ["https://example.org/", server.url("/readme/example")]],
  "protocols/connect_only.ts": async () => [
    ["http://localhost:6379", await origin(own.pingServer())],
  ],
  "protocols/ftp.ts": () => [["ftp://ftp.example.com/pub/", server.url("/dir/", "ftp")]],
  "protocols/mail.ts": async () => {
    const mail = await own.mailServer();
    served.push(mail);
    return [["mail.example.com:587", `127.0.0.1:${mail.port}`]];
  },
};

/** Programs that serve until they are ended. */
const SERVE = ["http/proxy.ts", "http/rewriting_proxy.ts"];

/** What names curlew in the command, which is looked up from where that runs. */
const IN_CLONE = ["connections/register.ts"];

const { caBlob } = libcurl;
const NEEDS: Readonly<Record<string, typeof caBlob>> = {
  "connections/client_certificate.ts": caBlob,
};

for (const [name, instead] of Object.entries(INSTEAD)) {
  const { holds = true, note = "" } = NEEDS[name] ?? {};
  test.skipIf(!holds)(`${name} prints what its head says${note}`, async () => {
    const running = { cwd: IN_CLONE.includes(name) ? ROOT : cwd, serves: SERVE.includes(name) };
    await runsAsItSays(name, { ...running, instead: await instead() });
  });
}

/** Those whose heads are run where there is what they need. */
const ELSEWHERE = {
  "protocols/websocket.ts": "../http/websocket/example.test.ts",
  "scale/crawler.ts": "../servers/crawler.test.ts",
};

/** Programs as people have them, not the shortest that shows something. */
const LONGER: Readonly<Record<string, number>> = {
  "http/node_libcurl.ts": 216,
  "loops/own_sockets.ts": 95,
  "scale/crawler.ts": 97,
  "scale/workers.ts": 86,
};

const names = async () =>
  (await readdir(EXAMPLES, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();

test("every example is run by its head in one of the suites", async () => {
  expect([...Object.keys(INSTEAD), ...Object.keys(ELSEWHERE)].sort()).toEqual(await names());
  for (const [name, path] of Object.entries(ELSEWHERE)) {
    expect(await readFile(new URL(path, import.meta.url), "utf8")).toContain(`"${name}"`);
  }
});

test("every example is short, imports curlew by its name, and says what it prints", async () => {
  for (const name of await names()) {
    const text = await readFile(pathOf(name), "utf8"), code = text.replace(/^(?:\/\/.*\n)+/, "");
    expect(code.split("\n").length, name).toBeLessThanOrEqual(LONGER[name] ?? 60);
    expect(code, name).not.toMatch(/from "\.{1,2}\//);
    const { stdout, stderr } = await headOf(name);
    expect(stdout.length + stderr.length, name).toBeGreaterThan(0);
  }
});

test("a head that says something else than what is printed is found", async () => {
  const run = (line: string) =>
    runsAsItSays("http/get.ts", { cwd, instead: [...page(), ["</h1>", line]] });
  await expect(run("</h2>")).rejects.toThrow("to deeply equal");
  await run("</h1>");
});

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetch, type FetchInit } from "../mod.ts";
import { type ChildResult, runChild, startChild } from "./server/child.ts";
import { startServer, type TestServer } from "./server/start.ts";
import { libcurl } from "./versions.ts";

/** A fetch that never takes longer than ten seconds. */
const get = (url: URL, init: FetchInit = {}) => fetch(url, { timeout: 10_000, ...init });

const EXAMPLES = new URL("../examples/", import.meta.url);

let server: TestServer, folder: string;

beforeAll(async () => {
  server = await startServer("http", "ftp", "socks", "unix", "mtls", "lines");
  folder = await mkdtemp(join(tmpdir(), "curlew-examples-"));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function example(name: string, ...args: string[]): Promise<ChildResult> {
  return runChild(fileURLToPath(new URL(name, EXAMPLES)), { args });
}

/** A program as people have them, not the shortest that shows something. */
const WHOLE_PROGRAMS = ["node_libcurl.ts"];

test("every example is short, says how to run it, and is tested", async () => {
  const names = (await readdir(EXAMPLES)).filter((name) => name.endsWith(".ts"));
  const tests = await readFile(fileURLToPath(import.meta.url), "utf8");
  for (const name of names) {
    const text = await readFile(new URL(name, EXAMPLES), "utf8");
    const limit = WHOLE_PROGRAMS.includes(name) ? 221 : 61;
    expect(text.split("\n").length, name).toBeLessThanOrEqual(limit);
    expect(text, name).toContain(`//   deno run --allow-ffi`);
    expect(text, name).toContain(`//   bun examples/${name}`);
    expect(tests, name).toContain(`example("${name}"`);
  }
});

test("get.ts prints the body of a page, decoded", async () => {
  const { code, stdout, stderr } = await example("get.ts", server.url("/gzip"));
  expect(code).toBe(0);
  expect(stdout).toContain("compressed by gzip\n");
  expect(stderr).toMatch(/^200 in [\d.]+ s\n$/);
});

test("get.ts names the error", async () => {
  const { code, stderr } = await example("get.ts", "http://127.0.0.1:1/");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CURLE_COULDNT_CONNECT: /);
});

test("multipart.ts posts text, files and its standard input", async () => {
  const path = join(folder, "note.txt");
  await writeFile(path, "from a file");
  const fields = ["title=A=B", `note=@${path}`, "input=-"];
  const { code, stdout, stderr } = await example("multipart.ts", server.url("/echo"), ...fields);
  expect(code, stderr).toBe(0);
  const body = atob(JSON.parse(stdout).body);
  expect(body).toContain('name="title"\r\n\r\nA=B\r\n');
  expect(body).toContain('filename="note.txt"\r\nContent-Type: text/plain\r\n\r\nfrom a file');
  expect(body).toContain('name="input"; filename="stdin"');
  expect(stderr).toMatch(/^200, sent \d+ bytes\n$/);
});

test("multipart.ts names the error", async () => {
  const { code, stderr } = await example("multipart.ts", server.url("/echo"), "a=@/no/such/file");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CURLE_READ_ERROR: /);
});

test("cookies.ts has cookies in common, and keeps them for the next time", async () => {
  const jar = join(folder, "jar.txt");
  const set = server.url("/cookies/set?a=1&b=2"), show = server.url("/cookies");
  const first = await example("cookies.ts", jar, set, show);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(first.stdout.split("\n")[1] as string)).toEqual({ a: "1", b: "2" });
  expect(first.stderr).toContain("a for 127.0.0.1/\n");
  const second = await example("cookies.ts", jar, show);
  expect(JSON.parse(second.stdout)).toEqual({ a: "1", b: "2" });
});

test("many.ts gets hundreds of URLs over few connections", async () => {
  const urls = Array.from({ length: 300 }, (_, i) => server.url(`/bytes/${i + 1}`));
  const { code, stdout } = await example("many.ts", ...urls);
  expect(code).toBe(0);
  const [, connections] = /^300 transfers, 0 failed, (\d+) connections, 45150 bytes\n$/
    .exec(stdout) ?? [];
  expect(Number(connections)).toBeLessThanOrEqual(50);
});

test("many.ts goes on after an error", async () => {
  const { code, stdout, stderr } = await example("many.ts", "no:url", server.url("/bytes/7"));
  expect(code).toBe(1);
  expect(stdout).toMatch(/^2 transfers, 1 failed, \d connections, 7 bytes\n$/);
  expect(stderr).toMatch(/^no:url: CURLE_/);
});

test("download.ts writes a file", async () => {
  const path = join(folder, "file.bin");
  const { code, stdout } = await example("download.ts", server.url("/bytes/300000"), path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^300000 bytes in [\d.]+ s: /);
  expect((await readFile(path)).length).toBe(300_000);
});

test("ftp.ts lists a folder and gets a file", async () => {
  const listed = await example("ftp.ts", server.url("/dir/", "ftp"));
  expect(listed).toMatchObject({ code: 0, stdout: "a.txt\nb.txt\n" });
  const got = await example("ftp.ts", server.url("/hello.txt", "ftp"));
  expect(got).toMatchObject({ code: 0, stdout: "hello from ftp\n" });
});

test("ftp.ts reads a local file", async () => {
  const here = new URL("get.ts", EXAMPLES);
  const { stdout } = await example("ftp.ts", here.href);
  expect(stdout).toBe(await readFile(here, "utf8"));
});

/** The event loops of one's own. */
const LOOPS = [
  ["event_loop.ts", (...urls: string[]) => example("event_loop.ts", ...urls)],
  ["socket_all.ts", (...urls: string[]) => example("socket_all.ts", ...urls)],
] as const;

test.for(LOOPS)(
  "%s runs hundreds of transfers, and the application's timers beside",
  async ([, run]) => {
    const paths = Array.from({ length: 298 }, (_, i) => `/bytes/${i + 1}`);
    const urls = [...paths, "/delay/400", "/bytes/500000"].map((path) => server.url(path));
    const { code, stdout, stderr } = await run(...urls);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n"), last = lines.pop() as string;
    expect(lines).toHaveLength(300);
    for (const url of urls.slice(0, 298)) {
      expect(lines).toContain(`${url} ${url.split("/").pop()} bytes`);
    }
    const ticks = Number(/a timer of 5 ms has run (\d+) times/.exec(last)?.[1]);
    expect(ticks).toBeGreaterThan(20); // it has 400 ms at least
  },
);

test.for(LOOPS)("%s names the error, and goes on", async ([, run]) => {
  const urls = ["http://127.0.0.1:1/", server.url("/bytes/7")];
  const { code, stdout } = await run(...urls);
  expect(code).toBe(1);
  expect(stdout).toContain(`${urls[0]} CURLE_COULDNT_CONNECT\n`);
  expect(stdout).toContain(`${urls[1]} 7 bytes\n`);
});

test.for(LOOPS)(
  "%s ends where there is nothing to do",
  async ([, run]) => {
    expect(await run()).toMatchObject({ code: 0, stderr: "" });
  },
);

test("resume.ts downloads, and goes on with what is there", async () => {
  const path = join(folder, "resumed.bin"), url = server.url("/bytes/300000");
  const whole = await example("resume.ts", url, path);
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stdout).toMatch(/resumed\.bin: 300000 bytes in [\d.]+ s\n$/);
  const record = { url, validator: '"bytes-300000"', size: 300_000 };
  await writeFile(join(folder, ".resumed.bin.curlew-part"), await readFile(path).then(half));
  await writeFile(join(folder, ".resumed.bin.curlew-part.json"), JSON.stringify(record));
  const { stdout } = await example("resume.ts", url, path);
  expect(stdout).toMatch(/resumed\.bin: the last 150000 of 300000 bytes in [\d.]+ s\n$/);
  const failed = await example("resume.ts", server.url("/status/404"), path);
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toMatch(/the server answered 404 Not Found\n$/);
});

const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);

test("streaming_upload.ts sends a file, and what it is given", async () => {
  const path = join(folder, "source");
  await writeFile(path, new Uint8Array(20_000_000));
  const file = await example("streaming_upload.ts", server.url("/upload"), path);
  expect(file).toMatchObject({ code: 0 });
  expect(file.stdout).toMatch(/^201: 20000000 bytes in [\d.]+ s\n$/);
  const nothing = await example("streaming_upload.ts", server.url("/upload"));
  expect(nothing.stdout).toMatch(/^201: 0 bytes in [\d.]+ s\n$/);
});

test("socks.ts goes through the proxy, which looks the name up", async () => {
  const proxy = `socks5h://127.0.0.1:${server.socks}`;
  const url = server.url("/small").replace("127.0.0.1", "localhost");
  const { code, stdout, stderr } = await example("socks.ts", url, proxy);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^200 by 127\.0\.0\.1:\d+ in \d+ ms\n$/),
  ]);
  expect(stdout).toContain('"ok":true');
  const seen = await (await globalThis.fetch(server.url("/stats/all"))).json();
  expect(seen.socks.targets).toContain(`domain localhost:${server.http}`);
});

test("unix_socket.ts talks to a local service", async () => {
  const { code, stdout, stderr } = await example("unix_socket.ts", server.unix, "/echo");
  expect([code, stderr]).toEqual([0, "200 OK\n"]);
  expect(JSON.parse(stdout)).toMatchObject({ method: "GET", url: "/echo" });
});

const { caBlob } = libcurl;
test.skipIf(!caBlob.holds)(
  `client_certificate.ts shows who it is${caBlob.note}`,
  async () => {
    const args = [server.url("/echo", "mtls"), server.clientCert, server.clientKey, server.ca];
    const { code, stdout, stderr } = await example("client_certificate.ts", ...args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).tls.client).toBeTruthy();
    expect(stderr).toMatch(/^Subject:/);
  },
);

test("timings.ts draws where the time goes", async () => {
  const { code, stdout } = await example("timings.ts", server.url("/delay/50"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^first request: HTTP\/1\.1, \d+ bytes\nname lookup /);
  expect(stdout.split("on the same connection")[1]).toContain("first byte");
});

test("abort.ts ends requests in four ways", async () => {
  const { code, stdout } = await example("abort.ts", server.url("/slow/1000/20"));
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^(\w+): (\w+) after \d+ bytes$/gm)].map(([, , why]) => why);
  expect(names.slice(0, 2)).toEqual(["AbortError", "TimeoutError"]);
  expect(names.slice(2)).toEqual(["AbortError", "CURLE_OPERATION_TIMEDOUT"]);
});

test("proxy.ts passes on what another server says, encoded as it is", async () => {
  const none = await example("proxy.ts");
  expect(none, none.stderr).toMatchObject({ code: 1 });
  const path = fileURLToPath(new URL("proxy.ts", EXAMPLES));
  await using proxy = await startChild(path, server.url("/"));
  const base = /^http:\S+/.exec(proxy.line)?.[0] as string;
  for (const coding of ["gzip", "deflate", "br"]) {
    const url = new URL(coding, base);
    // a client that does not decode, and one that does
    const raw = await get(url, { curl: { ACCEPT_ENCODING: null } }), { headers } = raw;
    expect(headers.get("content-encoding")).toBe(coding);
    expect((await raw.bytes()).length).toBe(Number(headers.get("content-length")));
    expect(await (await get(url)).text()).toBe(`compressed by ${coding}\n`.repeat(100));
    const plain = await get(url, { method: "HEAD" });
    expect(plain.headers.get("content-encoding")).toBe(coding);
  }
  for (const size of [0, 100, 3_000_000]) {
    expect((await (await get(new URL(`bytes/${size}`, base))).bytes()).length).toBe(size);
    expect((await (await get(new URL(`chunked/${size}`, base))).bytes()).length).toBe(size);
  }
  expect(await get(new URL("redirect/1", base), { redirect: "manual" })).toMatchObject({
    status: 302,
  });
  expect((await get(new URL("status/204", base))).status).toBe(204);
  expect((await get(new URL("status/999", base))).status).toBe(502);
  const init = { method: "POST", body: "é".repeat(1000), headers: { "X-Own": "1" } };
  const echo = await (await get(new URL("echo?a=b", base), init)).json();
  expect(echo).toMatchObject({ method: "POST", url: "/echo?a=b", length: 2000 });
  expect(Object.fromEntries(echo.headers.map(([name, value]: string[]) => [
    name!.toLowerCase(),
    value,
  ]))).toMatchObject({ "x-own": "1", host: `127.0.0.1:${server.http}` });
});

test("connect_only.ts talks a protocol of its own", async () => {
  const { code, stdout, stderr } = await example(
    "connect_only.ts",
    `http://127.0.0.1:${server.lines}`,
    "one",
    "two",
    "quit",
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("hello\r\nONE\r\nTWO\r\nbye\r\n");
  const failed = await example("connect_only.ts", "http://127.0.0.1:1/");
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toMatch(/^CURLE_COULDNT_CONNECT: /);
});

// what it does where it can is in test/websocket
test("websocket.ts says what went wrong, or what it needs", async () => {
  const { code, stderr } = await example("websocket.ts", "ws://127.0.0.1:1/", "x");
  expect(code).toBe(1);
  expect(stderr).toMatch(/closed: 1006|needs libcurl 8\.14/);
});

test("mail.ts sends a mail", async () => {
  let got = "", inMail = false;
  // as much of SMTP as takes one; test/servers has a real one
  const mail = createServer((socket) => {
    socket.write("220 test\r\n");
    socket.on("data", (chunk: Uint8Array) => {
      got += new TextDecoder().decode(chunk);
      if (inMail && !got.endsWith("\r\n.\r\n")) return;
      const answer = got.endsWith("DATA\r\n") ? 354 : got.endsWith("QUIT\r\n") ? 221 : 250;
      inMail = answer === 354;
      socket.write(`${answer} ok\r\n`);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => mail.listen(0, "127.0.0.1", resolve));
  try {
    const url = `smtp://127.0.0.1:${(mail.address() as { port: number }).port}`;
    const args = ["me@x.test", "a@x.test", "b@x.test"];
    const { code, stdout, stderr } = await example("mail.ts", url, ...args);
    expect([code, stdout, stderr]).toEqual([0, "250: sent to a@x.test, b@x.test\n", ""]);
    for (
      const line of ["MAIL FROM:<me@x.test>", "RCPT TO:<b@x.test>", "To: <a@x.test>, <b@x.test>"]
    ) {
      expect(got).toContain(`${line}\r\n`);
    }
    expect(got).toContain("\r\n\r\nGrüße from curlew\r\n.\r\n");
  } finally {
    mail.close();
  }
});

test("curl_command.ts sends what a command says, and shows it without secrets", async () => {
  const url = server.url("/echo?token=secret"), quoted = `$'Bearer \\x73ecret'`;
  const command =
    `curl '${url}' \\\n  -H Authorization:${quoted} --data-raw 'a=secret' --compressed`;
  const { code, stdout, stderr } = await example("curl_command.ts", command);
  expect(code, stderr).toBe(0);
  const { method, headers, body } = JSON.parse(stdout);
  expect([method, atob(body)]).toEqual(["POST", "a=secret"]);
  expect(headers).toContainEqual(["Authorization", "Bearer secret"]);
  expect(stderr).toContain(`token=REDACTED' -H 'Authorization: REDACTED'`);
  expect(stderr).toContain("\n200 OK\n");
  expect(stderr).not.toContain("secret");
});

test("curl_command.ts says where a command is wrong", async () => {
  const { code, stderr } = await example("curl_command.ts", "curl -d x \\\n  --hedaer http://x/");
  expect(code).toBe(2);
  expect(stderr).toBe(
    "Cannot read the curl command at line 2, column 3: expected an option of curl " +
      "(the nearest is --header), found --hedaer\n",
  );
});

test("node_libcurl.ts runs as it would on node-libcurl", async () => {
  const base = server.url("/").slice(0, -1);
  const { code, stdout, stderr } = await example("node_libcurl.ts", base, "/echo");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trimEnd().split("\n")).toEqual([
    "libcurl is new enough: true",
    "curly.get: 200 by 302, 302, 200",
    "curly.post: 200, application/json, object",
    "curly.head: 1000 bytes",
    "curly.get: 404, which is no error",
    "curly.get: CURLE_HTTP_RETURNED_ERROR, with failOnError",
    "Curl: 200, 100000 bytes, headers",
    "Curl: in time from 127.0.0.1",
    "Curl: told of 100000 bytes, traced DataIn, HeaderIn, HeaderOut, Text",
    "streams: in pieces of 16 KiB at most: true",
    "streams: uploaded, 200",
    "Multi: 200 (CURLE_OK), 100 of 100 bytes",
    "Multi: 200 (CURLE_OK), 2000 of 2000 bytes",
    "Multi: 200 (CURLE_OK), 30000 of 30000 bytes",
    "Share: the cookie came back",
    "CurlMime: 200, sent true",
  ]);
});

test("session.ts keeps cookies in a file, tries again and names the error", async () => {
  const base = server.url("/"), jar = join(folder, "session.txt");
  const first = await example("session.ts", base, jar, "cookies/set", "a=1");
  expect(first).toMatchObject({ code: 0, stdout: '{"a":"1"}\n' });
  expect(first.stderr).toBe("GET /cookies/set 200\ncookie a of 127.0.0.1\n");
  const second = await example("session.ts", base, jar, "cookies");
  expect(second).toMatchObject({ code: 0, stdout: '{"a":"1"}\n' });
  const { code, stdout, stderr } = await example("session.ts", base, jar, "status/503");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^GET .* 503\nattempt 1 in \d+ ms: 503\nGET .* 503\nattempt 2 in /);
  expect(stderr).toContain("status 503\n\nCannot fetch http://127.0.0.1:");
});

test("opentelemetry.ts makes a span of each transfer", async () => {
  const urls = [server.url("/redirect/0?token=secret"), "http://127.0.0.1:1/"];
  const { code, stdout, stderr } = await example("opentelemetry.ts", ...urls);
  expect(code, stderr).toBe(0);
  const spans = stdout.trimEnd().split("\n").map((line) => {
    const [, name, attributes = ""] = /^(\w+) [\d.]+ ms (.*)$/.exec(line) ?? [];
    return { name, ...JSON.parse(attributes) };
  });
  const answered = { name: "GET", "network.protocol.version": "1.1" };
  expect(spans).toMatchObject([
    {
      ...answered,
      "http.response.status_code": 302,
      "url.full": server.url("/redirect/0?token=REDACTED"),
    },
    { ...answered, "http.response.status_code": 200, "url.full": server.url("/small") },
    { name: "GET", "url.full": urls[1], "error.type": "CurlEasyError" },
  ]);
  expect(stdout).not.toContain("secret");
});

// What the examples in http/ do, beyond what their heads say.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useFolder, useServer } from "../use.ts";
import { example } from "./support.ts";

const server = useServer("http");
const folder = useFolder("examples");

test("get.ts prints the body of a page, decoded", async () => {
  const { code, stdout, stderr } = await example("http/get.ts", server.url("/gzip"));
  expect(code).toBe(0);
  expect(stdout).toContain("compressed by gzip\n");
  expect(stderr).toMatch(/^200 in [\d.]+ s\n$/);
});

test("get.ts names the error", async () => {
  const { code, stderr } = await example("http/get.ts", "http://127.0.0.1:1/");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CURLE_COULDNT_CONNECT: /);
});

test("multipart.ts posts text, files and its standard input", async () => {
  const path = join(folder, "note.txt");
  await writeFile(path, "from a file");
  const fields = ["title=A=B", `note=@${path}`, "input=-"];
  const { code, stdout, stderr } = await example(
    "http/multipart.ts",
    server.url("/echo"),
    ...fields,
  );
  expect(code, stderr).toBe(0);
  const body = atob(JSON.parse(stdout).body);
  expect(body).toContain('name="title"\r\n\r\nA=B\r\n');
  expect(body).toContain('filename="note.txt"\r\nContent-Type: text/plain\r\n\r\nfrom a file');
  expect(body).toContain('name="input"; filename="stdin"');
  expect(stderr).toMatch(/^200, sent \d+ bytes\n$/);
});

test("multipart.ts names the error", async () => {
  const { code, stderr } = await example(
    "http/multipart.ts",
    server.url("/echo"),
    "a=@/no/such/file",
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CURLE_READ_ERROR: /);
});

test("cookies.ts has cookies in common, and keeps them for the next time", async () => {
  const jar = join(folder, "jar.txt");
  const set = server.url("/cookies/set?a=1&b=2"), show = server.url("/cookies");
  const first = await example("http/cookies.ts", jar, set, show);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(first.stdout.split("\n")[1] as string)).toEqual({ a: "1", b: "2" });
  expect(first.stderr).toContain("a for 127.0.0.1/\n");
  const second = await example("http/cookies.ts", jar, show);
  expect(JSON.parse(second.stdout)).toEqual({ a: "1", b: "2" });
});

test("many.ts gets hundreds of URLs over few connections", async () => {
  const urls = Array.from({ length: 300 }, (_, i) => server.url(`/bytes/${i + 1}`));
  const { code, stdout } = await example("http/many.ts", ...urls);
  expect(code).toBe(0);
  const [, connections] = /^300 transfers, 0 failed, (\d+) connections, 45150 bytes\n$/
    .exec(stdout) ?? [];
  expect(Number(connections)).toBeLessThanOrEqual(50);
});

test("many.ts goes on after an error", async () => {
  const { code, stdout, stderr } = await example("http/many.ts", "no:url", server.url("/bytes/7"));
  expect(code).toBe(1);
  expect(stdout).toMatch(/^2 transfers, 1 failed, \d connections, 7 bytes\n$/);
  expect(stderr).toMatch(/^no:url: CURLE_/);
});

test("timings.ts draws where the time goes", async () => {
  const { code, stdout } = await example("http/timings.ts", server.url("/delay/50"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^first request: HTTP\/1\.1, \d+ bytes\nname lookup /);
  expect(stdout.split("on the same connection")[1]).toContain("first byte");
});

test("abort.ts ends requests in four ways", async () => {
  const { code, stdout } = await example("http/abort.ts", server.url("/slow/1000/20"));
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^(\w+): (\w+) after \d+ bytes$/gm)].map(([, , why]) => why);
  expect(names.slice(0, 2)).toEqual(["AbortError", "TimeoutError"]);
  expect(names.slice(2)).toEqual(["AbortError", "CURLE_OPERATION_TIMEDOUT"]);
});

test("curl_command.ts sends what a command says, and shows it without secrets", async () => {
  const url = server.url("/echo?token=secret"), quoted = `$'Bearer \\x73ecret'`;
  const command =
    `curl '${url}' \\\n  -H Authorization:${quoted} --data-raw 'a=secret' --compressed`;
  const { code, stdout, stderr } = await example("http/curl_command.ts", command);
  expect(code, stderr).toBe(0);
  const { method, headers, body } = JSON.parse(stdout);
  expect([method, atob(body)]).toEqual(["POST", "a=secret"]);
  expect(headers).toContainEqual(["Authorization", "Bearer secret"]);
  expect(stderr).toContain(`token=REDACTED' -H 'Authorization: REDACTED'`);
  expect(stderr).toContain("\n200 OK\n");
  expect(stderr).not.toContain("secret");
});

test("curl_command.ts says where a command is wrong", async () => {
  const { code, stderr } = await example(
    "http/curl_command.ts",
    "curl -d x \\\n  --hedaer http://x/",
  );
  expect(code).toBe(2);
  expect(stderr).toBe(
    "Cannot read the curl command at line 2, column 3: expected an option of curl " +
      "(the nearest is --header), found --hedaer\n",
  );
});

test("session.ts keeps cookies in a file, tries again and names the error", async () => {
  const base = server.url("/"), jar = join(folder, "session.txt");
  const first = await example("http/session.ts", base, jar, "cookies/set", "a=1");
  expect(first).toMatchObject({ code: 0, stdout: '{"a":"1"}\n' });
  expect(first.stderr).toBe("GET /cookies/set 200\ncookie a of 127.0.0.1\n");
  const second = await example("http/session.ts", base, jar, "cookies");
  expect(second).toMatchObject({ code: 0, stdout: '{"a":"1"}\n' });
  const { code, stdout, stderr } = await example("http/session.ts", base, jar, "status/503");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^GET .* 503\nattempt 1 in \d+ ms: 503\nGET .* 503\nattempt 2 in /);
  expect(stderr).toContain("status 503\n\nCannot fetch http://127.0.0.1:");
});

test("opentelemetry.ts makes a span of each transfer", async () => {
  const urls = [server.url("/redirect/0?token=secret"), "http://127.0.0.1:1/"];
  const { code, stdout, stderr } = await example("http/opentelemetry.ts", ...urls);
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

// fetchSync: the rules of fetch, without an await.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fetchSync, type FetchSyncInit } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { bytesOf } from "./support.ts";

const server = useServer("http", "raw", "silent", "h2c");

const textOf = (body: Uint8Array) => new TextDecoder().decode(body);

function failed(url: string, init: FetchSyncInit = {}): TypeError {
  try {
    fetchSync(url, { timeout: 5000, ...init });
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return error as TypeError;
  }
  throw new Error("expected an error");
}

function echo(init: FetchSyncInit, kind: "http" | "h2c" = "http") {
  const { body } = fetchSync(server.url("/echo", kind), { timeout: 5000, ...init });
  return JSON.parse(textOf(body));
}

test("a response is there when it returns", () => {
  const response = fetchSync(`${server.url("/bytes/70000")}?a=b#c`);
  expect(response).toMatchObject({ status: 200, statusText: "OK", redirected: false });
  expect(response.url).toBe(`${server.url("/bytes/70000")}?a=b`);
  expect(response.headers.get("content-length")).toBe("70000");
  expect(Buffer.compare(response.body, bytesOf(70_000))).toBe(0);
});

test("a status is no error, and a URL object will do", () => {
  expect(fetchSync(new URL(server.url("/status/404")))).toMatchObject({ status: 404 });
  expect(fetchSync(server.url("/status/204"))).toMatchObject({
    status: 204,
    body: new Uint8Array(),
  });
});

test("the body is decoded, a 103 passed over, set-cookie kept apart", () => {
  expect(textOf(fetchSync(server.url("/gzip")).body)).toContain("compressed by gzip\n");
  expect(fetchSync(server.url("/early-hints")).status).toBe(200);
  const { headers } = fetchSync(server.url("/cookies/set?a=1&b=2"));
  expect(headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/"]);
});

test("a large body arrives whole", () => {
  const { body } = fetchSync(server.url("/chunked/30000000"));
  const hash = createHash("sha256");
  for (let i = 0; i < 30_000_000; i += 1 << 20) {
    hash.update(bytesOf(Math.min(1 << 20, 30_000_000 - i)));
  }
  expect(createHash("sha256").update(body).digest("hex")).toBe(hash.digest("hex"));
});

test("what can be sent is sent", () => {
  const bytes = new Uint8Array([1, 0, 255]);
  expect(echo({ method: "POST", body: "hä" })).toMatchObject({ method: "POST", body: "aMOk" });
  expect(echo({ method: "put", body: bytes })).toMatchObject({ method: "PUT", body: "AQD/" });
  const form = echo({ method: "POST", body: new URLSearchParams({ a: "b" }) });
  expect(form.headers).toContainEqual([
    "Content-Type",
    "application/x-www-form-urlencoded;charset=UTF-8",
  ]);
  expect(echo({ headers: { "X-Mine": "Yes" } }).headers).toContainEqual(["X-Mine", "Yes"]);
  expect(echo({ curl: { HTTP_VERSION: 5 } }, "h2c").httpVersion).toBe("2.0");
  expect(fetchSync(server.url("/bytes/9"), { method: "HEAD" }).body.length).toBe(0);
});

test("redirects follow the rules of fetch", () => {
  const followed = fetchSync(server.url("/redirect/3"));
  expect(followed).toMatchObject({ status: 200, redirected: true, url: server.url("/small") });
  const manual = fetchSync(server.url("/redirect/3"), { redirect: "manual" });
  expect(manual).toMatchObject({ status: 302, redirected: false });
  expect(manual.headers.get("location")).toBe("/redirect/2");
  expect(failed(server.url("/redirect/3"), { redirect: "error" }).message).toMatch(/redirects/);
  expect(failed(server.url("/redirect/30")).message).toMatch(/more than 20 times/);
  const to = (status: number) =>
    server.url(`/redirect-to?status=${status}&url=${encodeURIComponent(server.url("/echo"))}`);
  const post = (status: number) =>
    JSON.parse(textOf(fetchSync(to(status), { method: "POST", body: "x" }).body));
  expect(post(303)).toMatchObject({ method: "GET", length: 0 });
  expect(post(307)).toMatchObject({ method: "POST", length: 1 });
});

test("an authentication is answered, only the last body counts", () => {
  const curl = { USERPWD: "me:secret", HTTPAUTH: 2 };
  const { status, body } = fetchSync(server.url("/digest/me/secret"), { curl });
  expect([status, textOf(body)]).toEqual([200, expect.stringMatching(/^\{"authenticated":true/)]);
  const wrong = fetchSync(server.url("/digest/me/other"), { curl });
  expect([wrong.status, textOf(wrong.body)]).toEqual([401, '{"authenticated":false}']);
});

test("cookies live as long as the call", () => {
  const curl = { COOKIEFILE: "" };
  fetchSync(server.url("/cookies/set?a=1"), { curl });
  expect(textOf(fetchSync(server.url("/cookies"), { curl }).body)).toBe("{}");
});

test.for(
  [
    ["/close-now", "CURLE_GOT_NOTHING"],
    ["/short-length", "CURLE_PARTIAL_FILE"],
    ["/reset-now", "CURLE_RECV_ERROR"],
    ["/http09", "CURLE_UNSUPPORTED_PROTOCOL"],
  ] as const,
)("%s is a TypeError whose cause is %s", ([path, codeName]) => {
  expect(failed(server.url(path, "raw")).cause).toMatchObject({ codeName });
});

test("timeouts count for all redirects together", () => {
  const error = failed(`http://127.0.0.1:${server.silent}/`, { timeout: 200 });
  expect(error.cause).toMatchObject({ codeName: "CURLE_OPERATION_TIMEDOUT" });
  const started = performance.now();
  const url = `/redirect-to?url=${encodeURIComponent("/slow/1000/10")}`;
  failed(server.url(url), { timeout: 200 });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a body beyond maxBodySize is an error", () => {
  const error = failed(server.url("/bytes/1000"), { maxBodySize: 999 });
  expect(error.message).toMatch(/larger than maxBodySize, 999 bytes/);
  expect(error.cause).toMatchObject({ codeName: "CURLE_FILESIZE_EXCEEDED" });
  expect(fetchSync(server.url("/bytes/1000"), { maxBodySize: 1000 }).body.length).toBe(1000);
});

test("onProgress is told, and what it throws ends it", () => {
  let last = {};
  fetchSync(server.url("/bytes/1000"), { onProgress: (progress) => void (last = progress) });
  expect(last).toMatchObject({ downloaded: 1000, downloadTotal: 1000 });
  const cause = new RangeError("mine");
  const onProgress = () => {
    throw cause;
  };
  expect(failed(server.url("/bytes/1000"), { onProgress }).cause).toMatchObject({ cause });
});

test("what cannot be done while the thread waits is refused", () => {
  const refused: Record<string, unknown>[] = [
    { signal: new AbortController().signal },
    { agent: {} },
    { integrity: "sha256-x" },
    { method: "POST", body: new Blob(["x"]) },
    { method: "POST", body: new FormData() },
    { method: "POST", body: new Blob(["x"]).stream() },
    { body: "x" },
    { curl: { WRITEFUNCTION: null } },
  ];
  for (const init of refused) {
    expect(failed(server.url("/small"), init as FetchSyncInit).message).toMatch(/^Cannot/);
  }
  for (const url of ["ftp://h/x", "data:,x", "file:///etc/hosts", "nonsense"]) failed(url);
});

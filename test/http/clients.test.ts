// More client libraries that know nothing of curlew, with its fetch in the place of the built-in.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "@octokit/request";
import { FetchError, ofetch } from "ofetch";
import * as openid from "openid-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fetch } from "../../mod.ts";
import { useServer } from "../use.ts";
import { type Echo, failure, sent, sentText } from "./support.ts";

const server = useServer("http");
const builtIn = globalThis.fetch;
const curlews = vi.fn(fetch);
beforeEach(() => {
  globalThis.fetch = curlews as unknown as typeof globalThis.fetch;
});
afterEach(() => {
  globalThis.fetch = builtIn;
  expect(curlews.mock.calls.length).toBeGreaterThan(0);
  curlews.mockClear();
});

describe("ofetch", () => {
  const client = ofetch.create({ timeout: 5000, retry: 0 });

  test("gets JSON, text, blobs and streams", async () => {
    expect(await client(server.url("/small"))).toMatchObject({ ok: true, name: "small" });
    expect(await client(server.url("/br"), { responseType: "text" })).toContain("by br");
    const blob = await client(server.url("/bytes/100000"), { responseType: "blob" });
    expect(blob.size).toBe(100_000);
    const stream = await client(server.url("/stream/3/5"), { responseType: "stream" });
    expect(await new Response(stream).text()).toBe("chunk 0\nchunk 1\nchunk 2\n");
  });

  test("sends JSON, forms and queries, as curlew", async () => {
    const arrived = await client<Echo>(server.url("/echo"), {
      method: "POST",
      body: { a: "é" },
      query: { q: "x y" },
    });
    expect(arrived).toMatchObject({ method: "POST", url: "/echo?q=x+y" });
    expect(JSON.parse(sentText(arrived))).toEqual({ a: "é" });
    expect(sent(arrived, "user-agent")[0]).toMatch(/^curlew\//);
    const form = new FormData();
    form.set("field", "value");
    const posted = await client<Echo>(server.url("/echo"), { method: "POST", body: form });
    expect(sent(posted, "content-type")[0]).toMatch(/^multipart\/form-data; boundary=/);
    expect(sentText(posted)).toContain("value");
  });

  test("has its errors, retries, hooks, timeout and signal", async () => {
    const missing = await failure(client(server.url("/status/404")));
    expect(missing).toBeInstanceOf(FetchError);
    expect((missing as FetchError).status).toBe(404);
    let tries = 0;
    const onRequest = () => void tries++;
    await failure(client(server.url("/status/503"), { retry: 2, retryDelay: 5, onRequest }));
    await failure(client("http://127.0.0.1:1/", { retry: 1, retryDelay: 5, onRequest }));
    expect(tries).toBe(5);
    const late = await failure(client(server.url("/hold"), { timeout: 100 })) as Error;
    // its own timeout, or that of curlew, which it hands its options on to
    expect(String(late.cause)).toMatch(/time(d )?out/i);
    const controller = new AbortController(), { signal } = controller;
    const running = failure(client(server.url("/hold"), { signal }));
    setTimeout(() => controller.abort(), 20);
    expect((await running as Error).cause).toMatchObject({ name: "AbortError" });
  });
});

/** A server in this process; `answer` gives what is sent as JSON. */
async function serve(
  answer: (path: string, body: string, req: http.IncomingMessage) => [number, unknown, object?],
): Promise<{ url: string } & AsyncDisposable> {
  const own = http.createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => body += chunk);
    req.on("end", () => {
      const [status, value, headers] = answer(req.url ?? "", body, req);
      res.writeHead(status, { "content-type": "application/json", ...headers });
      res.end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(own.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => {
      own.closeAllConnections();
      return new Promise((resolve) => own.close(() => resolve()));
    },
  };
}

test("octokit makes its requests, and has its errors", async () => {
  await using github = await serve((path, body, req) =>
    path.startsWith("/repos/a/b/issues")
      ? [201, { path, sent: JSON.parse(body), agent: req.headers["user-agent"] }, { etag: '"1"' }]
      : [404, { message: "Not Found" }]
  );
  const client = request.defaults({ baseUrl: github.url, headers: { authorization: "token x" } });
  const { status, data, headers, url } = await client("POST /repos/{owner}/{repo}/issues{?q}", {
    owner: "a",
    repo: "b",
    q: "c d",
    title: "hello",
  });
  expect({ status, url, etag: headers.etag })
    .toEqual({ status: 201, url: `${github.url}/repos/a/b/issues?q=c%20d`, etag: '"1"' });
  expect(data).toMatchObject({ sent: { title: "hello" } });
  const error = await failure(client("GET /nothing"));
  expect(error).toMatchObject({ name: "HttpError", status: 404 });
});

test("openid-client discovers a server, and gets a token from it", async () => {
  await using issuer = await serve((path, body, req): [number, unknown] => {
    const issuer = `http://${req.headers.host}`;
    if (path === "/.well-known/openid-configuration") {
      return [200, { issuer, token_endpoint: `${issuer}/token` }];
    }
    const granted = new URLSearchParams(body).get("grant_type") === "client_credentials";
    return granted
      ? [200, { access_token: "granted", token_type: "bearer", expires_in: 60 }]
      : [400, { error: "unsupported_grant_type" }];
  });
  const execute = [openid.allowInsecureRequests];
  const config = await openid.discovery(new URL(issuer.url), "me", "secret", undefined, {
    execute,
  });
  expect(config.serverMetadata().token_endpoint).toBe(`${issuer.url}/token`);
  const tokens = await openid.clientCredentialsGrant(config, { scope: "read" });
  expect(tokens).toMatchObject({ access_token: "granted", token_type: "bearer" });
  const refused = await failure(openid.refreshTokenGrant(config, "none"));
  expect(refused).toMatchObject({ error: "unsupported_grant_type", status: 400 });
});

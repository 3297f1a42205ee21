// The reverse proxies in http/.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { fetch, type FetchInit } from "../../mod.ts";
import { startChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { example, pathOf } from "./support.ts";

/** A fetch that never takes longer than ten seconds. */
const get = (url: URL, init: FetchInit = {}) => fetch(url, { timeout: 10_000, ...init });

const server = useServer("http");

test("proxy.ts passes on what another server says, encoded as it is", async () => {
  const none = await example("http/proxy.ts");
  expect(none, none.stderr).toMatchObject({ code: 1 });
  await using proxy = await startChild(pathOf("http/proxy.ts"), server.url("/"));
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

test("rewriting_proxy.ts sends decoded pages whose links lead to itself", async () => {
  const page = (origin: string) => `<a href="${origin}/next">é</a>`.repeat(1000);
  const target = createServer((request, response) => {
    const { port } = target.address() as AddressInfo, origin = `http://127.0.0.1:${port}`;
    if (request.url === "/moved") return response.writeHead(302, { Location: `${origin}/` }).end();
    const type = request.url === "/data" ? "application/octet-stream" : "text/html; charset=utf-8";
    const body = gzipSync(page(origin));
    const about = {
      "Content-Type": type,
      "Content-Encoding": "gzip",
      "Content-Length": body.length,
    };
    response.writeHead(200, { ...about, ETag: '"1"' }).end(body);
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  try {
    await using proxy = await startChild(pathOf("http/rewriting_proxy.ts"), `${origin}/`);
    const base = /^http:[^ ]+/.exec(proxy.line)?.[0] as string;
    const response = await get(new URL(base)), { headers } = response;
    expect(headers.get("content-encoding")).toBeNull();
    expect(headers.get("etag")).toBeNull();
    expect(await response.text()).toBe(page(base));
    expect(await (await get(new URL("/data", base))).text()).toBe(page(origin));
    const moved = await get(new URL("/moved", base), { redirect: "manual" });
    expect(moved.headers.get("location")).toBe(`${base}/`);
  } finally {
    target.closeAllConnections();
    target.close();
  }
});

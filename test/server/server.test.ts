import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import net from "node:net";
import { gunzipSync, inflateSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { startServer } from "./start.ts";
import { useServer } from "../use.ts";

const server = useServer("http", "unix");

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(server.url(path), init);

// deno-lint-ignore no-explicit-any -- the tests know what they asked for
const json = async (path: string, init?: RequestInit): Promise<any> =>
  await (await get(path, init)).json();

const bytes = async (response: Response): Promise<number[]> => [
  ...new Uint8Array(await response.arrayBuffer()),
];

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** The answer's bytes as they are on the wire, until the server ends or is silent for 300 ms. */
function wire(where: net.NetConnectOpts, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(where);
    let text = "";
    socket.setEncoding("latin1");
    socket.setTimeout(300, () => socket.destroy());
    socket.on("data", (chunk) => text += chunk);
    socket.on("error", (error: NodeJS.ErrnoException) => text += `<${error.code}>`);
    socket.on("close", () => resolve(text));
    socket.write(request);
  });
}

const raw = (path: string): Promise<string> =>
  wire(
    { host: "127.0.0.1", port: server.http },
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );

describe("bodies", () => {
  test("small is 98 bytes of JSON", async () => {
    const text = await (await get("/small")).text();
    expect(text.length).toBe(98);
    expect(JSON.parse(text).ok).toBe(true);
  });

  test("bytes has the pattern and its length", async () => {
    const response = await get("/bytes/200000");
    expect(response.headers.get("content-length")).toBe("200000");
    const body = new Uint8Array(await response.arrayBuffer());
    expect(body.length).toBe(200_000);
    expect(body.every((byte, i) => byte === (i & 0xff))).toBe(true);
  });

  test.each([
    ["bytes=250-260", "bytes 250-260/1000", 250, 11],
    ["bytes=990-", "bytes 990-999/1000", 990, 10],
    ["bytes=-5", "bytes 995-999/1000", 995, 5],
    ["bytes=998-5000", "bytes 998-999/1000", 998, 2],
  ])("range %s", async (range, contentRange, from, count) => {
    const response = await get("/bytes/1000", { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(await bytes(response)).toEqual(Array.from({ length: count }, (_, i) => from + i & 0xff));
  });

  test("a range past the end is 416", async () => {
    const response = await get("/bytes/10", { headers: { range: "bytes=10-" } });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe("bytes */10");
  });

  test("If-Range with another ETag gets the whole", async () => {
    const range = { range: "bytes=1-2" };
    const same = await get("/bytes/10", { headers: { ...range, "if-range": '"bytes-10"' } });
    const other = await get("/bytes/10", { headers: { ...range, "if-range": '"other"' } });
    expect([same.status, other.status]).toEqual([206, 200]);
    expect((await bytes(other)).length).toBe(10);
    await same.body?.cancel();
  });

  test("chunked has no length", async () => {
    const response = await get("/chunked/100000");
    expect(response.headers.get("content-length")).toBeNull();
    expect((await bytes(response)).length).toBe(100_000);
  });

  test("slow and stream take their time", async () => {
    const started = performance.now();
    expect(await bytes(await get("/slow/4/25"))).toEqual([0, 1, 2, 3]);
    expect(await (await get("/stream/3/25")).text()).toBe("chunk 0\nchunk 1\nchunk 2\n");
    expect(performance.now() - started).toBeGreaterThan(150);
  });

  // Deno's fetch does not know deflate.
  test.each(["gzip", "br"])("%s", async (name) => {
    expect(await (await get(`/${name}`)).text()).toBe(`compressed by ${name}\n`.repeat(100));
  });

  test("gzip and deflate are that on the wire", async () => {
    const body = async (path: string): Promise<Uint8Array> => {
      const text = await raw(path);
      return Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
    };
    expect(gunzipSync(await body("/gzip")).length).toBe(1900);
    expect(inflateSync(await body("/deflate")).length).toBe(2200);
  });

  test("trailers", async () => {
    const text = await raw("/trailers");
    expect(text).toContain("\r\n0\r\nX-Sum: 42\r\nX-Last: yes\r\n\r\n");
  });
});

describe("requests", () => {
  test("echo shows headers in wire order and the body", async () => {
    const request =
      "POST /echo?x=1 HTTP/1.1\r\nHost: x\r\nB: 2\r\na: 1\r\nContent-Length: 3\r\n\r\nabc";
    const text = await wire({ host: "127.0.0.1", port: server.http }, request);
    const seen = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
    expect(seen).toMatchObject({ method: "POST", url: "/echo?x=1", length: 3, body: "YWJj" });
    expect(seen.headers).toEqual([["Host", "x"], ["B", "2"], ["a", "1"], ["Content-Length", "3"]]);
  });

  test("sink and upload hash the body", async () => {
    const body = new Uint8Array(300_000).fill(7);
    const want = { bytes: body.length, sha256: sha256(body) };
    expect(await json("/sink", { method: "POST", body })).toEqual(want);
    expect(await json("/sink?hash=0", { method: "POST", body })).toEqual({ bytes: body.length });
    const put = await get("/upload", { method: "PUT", body });
    expect(put.status).toBe(201);
    expect(await put.json()).toMatchObject(want);
    expect((await get("/upload")).status).toBe(405);
  });

  test("cookies", async () => {
    const set = await get("/cookies/set?a=1&b=2");
    expect(set.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    await set.body?.cancel();
    expect(await json("/cookies", { headers: { cookie: "a=1; b=x=y" } })).toEqual({
      a: "1",
      b: "x=y",
    });
  });

  test("basic", async () => {
    const response = await get("/basic/u/p");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Basic realm="curlew"');
    const authorization = "Basic " + Buffer.from("u:p").toString("base64");
    expect(await json("/basic/u/p", { headers: { authorization } })).toMatchObject({ user: "u" });
  });

  test("digest", async () => {
    const challenge = (await get("/digest/u/p")).headers.get("www-authenticate") ?? "";
    const nonce = /nonce="(\w+)"/.exec(challenge)?.[1] ?? "";
    const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
    const answer = async (password: string): Promise<number> => {
      const secret = `${md5(`u:curlew:${password}`)}:${nonce}:00000001:c:auth`;
      const response = md5(`${secret}:${md5("GET:/digest/u/p")}`);
      const authorization = `Digest username="u", realm="curlew", nonce="${nonce}", ` +
        `uri="/digest/u/p", cnonce="c", nc=00000001, qop=auth, response="${response}"`;
      return (await get("/digest/u/p", { headers: { authorization } })).status;
    };
    expect([await answer("p"), await answer("wrong")]).toEqual([200, 401]);
  });
});

describe("answers", () => {
  test("status", async () => {
    for (const code of [200, 204, 304, 404, 500, 599]) {
      expect((await get(`/status/${code}`)).status).toBe(code);
    }
    expect((await get("/nowhere")).status).toBe(404);
  });

  test("redirects", async () => {
    expect(await raw("/redirect/2")).toContain("location: /redirect/1\r\n");
    expect(await raw("/redirect/0?status=307")).toMatch(/^HTTP\/1.1 307 [^]*location: \/small\r\n/);
    expect(await raw("/redirect-to?url=/echo&status=301")).toMatch(/ 301 [^]*location: \/echo\r\n/);
    const followed = await get("/redirect/3");
    expect(followed.url).toBe(server.url("/small"));
    await followed.body?.cancel();
  });

  test("delay waits, hold never answers", async () => {
    const started = performance.now();
    expect(await json("/delay/100")).toMatchObject({ ok: true });
    expect(performance.now() - started).toBeGreaterThan(90);
    expect(await raw("/hold")).toBe("");
  });

  test("headers and early hints", async () => {
    expect((await get("/headers?n=80")).headers.get("x-header-79")).toBe("value 79");
    expect(await raw("/early-hints")).toMatch(/^HTTP\/1.1 103 [^]*\r\n\r\nHTTP\/1.1 200 OK/);
  });

  test("reset, truncated, close", async () => {
    expect(await raw("/reset")).toMatch(/0123456789<ECONNRESET>$/);
    expect(await raw("/truncated")).toMatch(/content-length: 1000[^]*\r\n\r\n0123456789$/);
    expect(await raw("/close")).toContain("Connection: close\r\n");
  });

  test("the unix socket serves the same", async () => {
    const text = await wire({ path: server.unix }, "GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 200 OK[^]*"ok":true/);
  });
});

describe("stats", () => {
  beforeEach(() => json("/stats/reset"));

  test("count requests, but not those for stats", async () => {
    await json("/small");
    await json("/echo");
    expect((await json("/stats")).requests).toBe(2);
    expect((await json("/stats/all")).http.requests).toBe(2);
  });

  test("count connections", async () => {
    const before = (await json("/stats")).connections;
    await raw("/small");
    await raw("/small");
    expect((await json("/stats")).connections - before).toBe(2);
  });
});

test("2000 held connections at once", async () => {
  const sockets = await Promise.all(
    Array.from({ length: 2000 }, () =>
      new Promise<net.Socket>((resolve, reject) => {
        const socket = net.connect(server.http, "127.0.0.1", () => {
          socket.write("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
          resolve(socket);
        });
        socket.on("error", reject);
      })),
  );
  await expect.poll(async () => (await json("/stats")).open, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(2000);
  for (const socket of sockets) socket.destroy();
});

describe("life", () => {
  test("close ends it, twice is once", async () => {
    const other = await startServer("http");
    const url = other.url("/small");
    expect((await fetch(url)).status).toBe(200);
    await Promise.all([other.close(), other.close()]);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("await using closes", async () => {
    let url = "";
    {
      await using other = await startServer("http");
      url = other.url("/small");
    }
    await expect(fetch(url)).rejects.toThrow();
  });

  test("what is not running is said", async () => {
    expect(server.has("http")).toBe(true);
    expect(server.has("https")).toBe(false);
    expect(() => server.url("/", "https")).toThrow(/"https" is not running/);
    await expect(startServer("nonsense")).rejects.toThrow(
      /exit 1\ntest servers: unknown server kind: nonsense; the kinds are http, .*, tls$/,
    );
  });
});

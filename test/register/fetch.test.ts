// The fetch of `curlew/register`: the runtimes' own options, the defaults, what stays built in.
import type { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { versionInfo } from "../../mod.ts";
import { readDefaults } from "../../src/register/defaults.ts";
import { makeFetch } from "../../src/register/fetch.ts";
import { makeWebSocket } from "../../src/register/web_socket.ts";
import { failure } from "../driver/support.ts";
import { useFolder, useServer } from "../use.ts";
import { runRegistered } from "./support.ts";

type Init = Record<string, unknown>;

const server = useServer("http", "https", "mtls", "proxy", "socks", "unix");
const folder = useFolder("register");

const asked: unknown[] = [];
const builtIn = ((input: unknown) => {
  asked.push(input);
  return Promise.resolve(new Response("built in"));
}) as unknown as typeof fetch;
const registered = makeFetch(builtIn, {});
const call = (url: string, init: Init = {}, fetch = registered) =>
  fetch(url, { timeout: 5000, ...init } as RequestInit);

describe("options of the runtimes", () => {
  test("proxy, as a string, a URL, or with headers", async () => {
    const socks = `socks5h://127.0.0.1:${server.socks}`, http = `http://127.0.0.1:${server.proxy}`;
    for (
      const proxy of [socks, new URL(socks), http, { url: http }, {
        url: http,
        headers: { a: "b" },
      }]
    ) {
      const response = await call(`http://only.invalid:${server.http}/small`, { proxy });
      expect(response.status).toBe(200);
    }
  });

  test("tls: an authority, a client certificate, as text, bytes, Blob or array", async () => {
    const url = server.url("/small", "mtls");
    const [ca, cert, key] = await Promise.all(
      [server.ca, server.clientCert, server.clientKey].map((path) => readFile(path)),
    ) as [Buffer<ArrayBuffer>, Buffer<ArrayBuffer>, Buffer<ArrayBuffer>];
    const forms = [
      { ca: ca.toString(), cert: cert.toString(), key: key.toString() },
      { ca, cert, key },
      { ca: [new Blob([ca])], cert: new Blob([cert]), key: [key.toString()] },
    ];
    for (const tls of forms) expect((await call(url, { tls })).status).toBe(200);
    await expect(call(url, { tls: { ca } })).rejects.toThrow(TypeError);
  });

  test("tls.rejectUnauthorized: false takes any certificate", async () => {
    const url = server.url("/small", "https");
    expect((await call(url, { tls: { rejectUnauthorized: false } })).status).toBe(200);
    await expect(call(url, { tls: { rejectUnauthorized: true } })).rejects.toThrow(TypeError);
  });

  test("unix, decompress, timeout: false", async () => {
    expect((await call("http://x/small", { unix: server.unix })).status).toBe(200);
    const plain = await call(server.url("/gzip/1000"), { decompress: false });
    const decoded = await call(server.url("/gzip/1000"));
    const [raw, text] = [await plain.arrayBuffer(), await decoded.arrayBuffer()];
    expect(raw.byteLength).not.toBe(text.byteLength);
    const short = makeFetch(builtIn, { timeout: 50 });
    const slow = server.url("/delay/300");
    expect((await short(slow, { timeout: false } as RequestInit)).status).toBe(200);
    await expect(short(slow)).rejects.toThrow(TypeError);
  });

  test.for(
    [
      [{ proxy: 5 }, "proxy must be a string, got 5"],
      [{ proxy: { headers: {} } }, "proxy.url must be a string, got undefined"],
      [{ tls: true }, "tls must be an object, got true"],
      [{ tls: { ca: 1 } }, "tls.ca must be PEM"],
      [{ tls: { checkServerIdentity() {} } }, "tls.checkServerIdentity is not possible"],
      [{ tls: { serverName: "other" } }, `tls.serverName "other" is not the URL's host`],
      [{ unix: {} }, "unix must be a string, got an object"],
    ] as const,
  )("%j is refused", async ([init, message]) => {
    const error = await failure(call(server.url("/small"), init)) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });
});

test("what only the built-in fetch can do goes to it", async () => {
  for (const url of ["file:///x", "s3://bucket/x", "blob:null/1", "data:,x"]) {
    expect(await (await registered(url)).text()).toBe("built in");
  }
  const { client } = { client: {} };
  expect(await (await call(server.url("/small"), { client })).text()).toBe("built in");
  expect(asked.length).toBe(5);
});

describe("CURLEW_FETCH", () => {
  test("has defaults, which a call can replace", async () => {
    const text = '{"timeout":40,"curl":{"USERAGENT":"default","REFERER":"x"}}';
    const fetch = makeFetch(builtIn, readDefaults(text));
    await expect(fetch(server.url("/delay/500"))).rejects.toThrow(TypeError);
    const init = { timeout: 5000, curl: { USERAGENT: "own" } } as RequestInit;
    const { headers } = await (await fetch(server.url("/echo"), init)).json();
    expect(JSON.stringify(headers)).toContain("own");
    expect(JSON.stringify(headers)).not.toContain("default");
    expect(readDefaults("")).toEqual({});
  });

  test.for(
    [
      ["{", "it must be JSON"],
      ["[]", "it must be an object, got an array"],
      ['{"timeout":"1"}', 'timeout must be a number from 0 on, got "1"'],
      ['{"timeout":-1}', "timeout must be a number from 0 on, got -1"],
      ['{"method":"GET"}', 'there is no member "method"'],
      ['{"retryUnsafe":1}', "retryUnsafe must be true or false, got 1"],
      ['{"curl":1}', "curl must be an object with options of libcurl, got 1"],
      ['{"curl":{"NOPE":1}}', 'libcurl has no option "NOPE"'],
      [
        '{"curl":{"PROXY":{}}}',
        "curl.PROXY must be a number, a string, an array of strings or null",
      ],
    ] as const,
  )("%s is refused", ([text, message]) => {
    expect(() => readDefaults(text)).toThrow(TypeError);
    expect(() => readDefaults(text)).toThrow(message);
  });

  test("that is wrong ends the program at its start, with one sentence", async () => {
    const env = { CURLEW_FETCH: '{"tiemout":1}' };
    const child = await runRegistered(
      "children/globals.ts",
      [server.url("/small"), "data:,x"],
      env,
    );
    expect(child.code).not.toBe(0);
    expect(child.stderr).toContain('there is no member "tiemout"');
  });
});

test("a program finds the runtime's own classes, and the built-in for the rest", async () => {
  const file = join(folder, "file.txt");
  await writeFile(file, "from a file");
  const args = [server.url("/small"), `file://${file}`];
  const child = await runRegistered("children/globals.ts", args);
  expect(child.stderr).toBe("");
  expect(JSON.parse(child.stdout)).toMatchObject({
    ...{ name: "fetch", preconnect: "function", own: true, status: [200, 200] },
    builtIn: "from a file",
    webSocket: versionInfo().protocols.includes("wss"),
  });
});

test("the WebSocket takes the options of Bun's", () => {
  const Made = makeWebSocket({});
  expect(Made.name).toBe("WebSocket");
  expect(() => new Made("nope:")).toThrow();
});

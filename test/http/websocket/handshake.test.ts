// How a WebSocket begins: its arguments, the request, the answer, and the way to the server.
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { Agent, CurlWebSocket, type CurlWebSocketInit } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import {
  connect,
  counters,
  descriptors,
  next,
  sleep,
  type Told,
  until,
  whyNot,
} from "./support.ts";

const server = useServer("ws", "wss", "wssMtls", "wsRaw", "http", "proxy", "socks");

/** How `http` reports what the proxies saw. */
async function proxied(kind: string): Promise<string[]> {
  const response = await globalThis.fetch(`http://127.0.0.1:${server.http}/stats/all`);
  return (await response.json())[kind]?.targets ?? [];
}

async function echoes(told: Told): Promise<void> {
  await told.opened;
  told.socket.send("hello");
  expect(await next(told)).toBe("hello");
  told.socket.close(1000);
  expect(await told.closed).toMatchObject({ code: 1000, wasClean: true });
}

/** What the server saw of the request. */
async function request(
  path = "",
  protocols: string[] = [],
  init: CurlWebSocketInit = {},
): Promise<{ url: string; headers: Record<string, string>; client: string | null; told: Told }> {
  const told = connect(`ws://127.0.0.1:${server.ws}/request${path}`, protocols, init);
  const seen = JSON.parse(await next(told) as string);
  told.socket.close();
  await told.closed;
  return { ...seen, told };
}

/** How a connection to the raw server fails. */
async function refused(query: Record<string, string>, protocols: string[] = []): Promise<string> {
  const base = `ws://127.0.0.1:${server.wsRaw}/?`;
  const told = connect(base + new URLSearchParams(query), protocols);
  expect(await told.closed).toMatchObject({ code: 1006, wasClean: false, reason: "" });
  expect(told.events).toEqual(["error", "close"]);
  return told.errors[0]!.message;
}

const syntaxError = expect.objectContaining({ name: "SyntaxError" });

describe.skipIf(whyNot)(`the handshake${whyNot}`, () => {
  test.each([
    "",
    "nonsense",
    "ftp://host/",
    "file:///etc/passwd",
    "ws://host/#fragment",
    "ws://host/#",
    "ws://ho st/",
    "mailto:a@b",
  ])("the URL %j throws a SyntaxError", (url) => {
    expect(() => new CurlWebSocket(url)).toThrow(syntaxError);
  });

  test.each(["", "a b", "a,b", "é", "a\r\nb", ["x", "x"], ["ok", ""]].map((given) => ({ given })))(
    "the subprotocols $given throw a SyntaxError",
    ({ given: protocols }) => {
      expect(() => new CurlWebSocket("ws://127.0.0.1:1/", protocols)).toThrow(syntaxError);
    },
  );

  test.each([
    [{ curl: { URL: "x" } }, /first argument/],
    [{ curl: { CONNECT_ONLY: 1 } }, /CONNECT_ONLY/],
    [{ curl: { ws_options: 1 } as never }, /WS_OPTIONS/],
    [{ curl: { WRITEDATA: 1 } }, /events/],
    [{ curl: { HTTPHEADER: [] } }, /init.headers/],
    [{ curl: { POSTFIELDS: "x" } }, /no body/],
    [{ curl: { TIMEOUT_MS: 5 } }, /connectTimeout/],
    [{ curl: { FOLLOWLOCATION: 1 } }, /redirected/],
    [{ headers: { Upgrade: "x" } }, /its own/],
    [{ headers: { "sec-websocket-key": "x" } }, /its own/],
    [{ headers: { "X-Bad": "a\nb" } }, /CR, LF/],
    [{ connectTimeout: -1 }, /connectTimeout/],
    [{ maxMessageSize: "big" as never }, /maxMessageSize/],
    [{ signal: {} as never }, /the signal is not an AbortSignal/],
  ] as [CurlWebSocketInit, RegExp][])("init %j throws a TypeError", (init, message) => {
    const make = () => new CurlWebSocket("ws://127.0.0.1:1/", [], init);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  test("an option that libcurl refuses throws its error, and leaves nothing open", () => {
    const before = counters().easies;
    expect(() => new CurlWebSocket("ws://127.0.0.1:1/", [], { curl: { BUFFERSIZE: "x" as never } }))
      .toThrow(expect.objectContaining({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" }));
    expect(counters().easies).toBe(before);
  });

  test("http and https are converted to ws and wss, and the URL is normalized", () => {
    const signal = AbortSignal.abort();
    const url = (given: string | URL) => new CurlWebSocket(given, [], { signal }).url;
    expect(url("http://127.0.0.1:1/a/../b")).toBe("ws://127.0.0.1:1/b");
    expect(url(new URL("https://127.0.0.1/x?y"))).toBe("wss://127.0.0.1/x?y");
    expect(url("WS://127.0.0.1:80")).toBe("ws://127.0.0.1/");
  });

  test("the constants are those of the standard", () => {
    const socket = new CurlWebSocket("ws://127.0.0.1:1/", [], { signal: AbortSignal.abort() });
    for (const [i, name] of (["CONNECTING", "OPEN", "CLOSING", "CLOSED"] as const).entries()) {
      expect(CurlWebSocket[name]).toBe(i);
      expect(socket[name]).toBe(i);
    }
    expect([socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType])
      .toEqual(["", "", 0, "blob"]);
  });

  test("the request is that of a WebSocket, with the caller's headers and credentials", async () => {
    const { url, headers, told } = await request("?a=%20b", [], {
      headers: { "X-Own": "grün", "User-Agent": "me" },
      curl: { COOKIE: "a=b" },
    });
    expect(url).toBe("/request?a=%20b");
    expect(headers).toMatchObject({
      "upgrade": "websocket",
      "connection": "Upgrade",
      "sec-websocket-version": "13",
      "x-own": "grün",
      "user-agent": "me",
      "cookie": "a=b",
    });
    expect(headers).not.toHaveProperty("sec-websocket-protocol");
    expect(headers).not.toHaveProperty("origin");
    expect(atob(headers["sec-websocket-key"]!)).toHaveLength(16);
    expect(told.socket.protocol).toBe("");
    const again = await request();
    expect(again.headers["sec-websocket-key"]).not.toBe(headers["sec-websocket-key"]);
    expect(again.headers["user-agent"]).toMatch(/^curlew\//);
  });

  test("credentials in the URL are sent, and shown in no error", async () => {
    const told = connect(`ws://user:p%40ss@127.0.0.1:${server.ws}/request`);
    const { headers } = JSON.parse(await next(told) as string);
    expect(headers.authorization).toBe(`Basic ${btoa("user:p@ss")}`);
    told.socket.close();
    await told.closed;
    const failing = connect("ws://user:secret@127.0.0.1:1/");
    await failing.closed;
    expect(failing.errors[0]!.message).not.toContain("secret");
  });

  test.each([["", "one"], ["?choose=two", "two"]])(
    "the server chooses a subprotocol%s",
    async (query, chosen) => {
      const { headers, told } = await request(query, ["one", "two"]);
      expect(headers["sec-websocket-protocol"]).toBe("one, two");
      expect(told.socket.protocol).toBe(chosen);
    },
  );

  test("one that chooses none fails, as the standard says", async () => {
    const told = connect(`ws://127.0.0.1:${server.ws}/request?choose=none`, ["one"]);
    expect(await told.closed).toMatchObject({ code: 1006 });
    expect(told.errors[0]!.message).toMatch(/none of the subprotocols/);
  });

  test.each([
    [{ accept: "bm9uc2Vuc2U=" }, /Sec-WebSocket-Accept/],
    [{ noaccept: "" }, /Sec-WebSocket-Accept/],
    [{ upgrade: "h2c" }, /Upgrade/],
    [{ connection: "close" }, /Connection/],
    [{ header: "Sec-WebSocket-Extensions: permessage-deflate" }, /extensions/],
    [{ header: "Sec-WebSocket-Protocol: other" }, /"other" was not offered/],
  ])("an answer with %j fails", async (query, message) => {
    expect(await refused(query as Record<string, string>)).toMatch(message);
  });

  test.each(["200 OK", "302 Found", "401 Unauthorized", "404 Not Found", "503 Busy"])(
    "the answer %s fails, with libcurl's words",
    async (status) => {
      const query = { status, header: "Location: /elsewhere", then: "end" };
      expect(await refused(query)).toMatch(status.slice(0, 3));
    },
  );

  test("connectTimeout ends one whose server never answers, and not one that is open", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await until(() => silent.listening);
    const { port } = silent.address() as { port: number };
    const told = connect(`ws://127.0.0.1:${port}/`, [], { connectTimeout: 200 });
    await told.closed;
    expect(told.errors[0]?.error).toMatchObject({ codeName: "CURLE_OPERATION_TIMEDOUT" });
    silent.close();
    const open = connect(`ws://127.0.0.1:${server.ws}/echo`, [], { connectTimeout: 200 });
    await open.opened;
    await sleep(300);
    await echoes(open);
  });

  test("a message right behind the answer is not lost", async () => {
    const told = connect(`ws://127.0.0.1:${server.wsRaw}/?send=8103616263`);
    expect(await next(told)).toBe("abc");
    told.socket.close();
    await told.closed;
  });

  test("over TLS the certificate is checked", async () => {
    const url = `wss://127.0.0.1:${server.wss}/echo`;
    const bad = connect(url);
    expect(await bad.closed).toMatchObject({ code: 1006 });
    expect(bad.errors[0]?.error).toMatchObject({ codeName: "CURLE_PEER_FAILED_VERIFICATION" });
    await echoes(connect(url, [], { curl: { CAINFO: server.ca } }));
  });

  test("a client certificate is sent", async () => {
    const url = `wss://127.0.0.1:${server.wssMtls}/request`, CAINFO = server.ca;
    const without = connect(url, [], { curl: { CAINFO } });
    expect(await without.closed).toMatchObject({ code: 1006 });
    expect(without.errors).toHaveLength(1);
    const told = connect(url, [], {
      curl: { CAINFO, SSLCERT: server.clientCert, SSLKEY: server.clientKey },
    });
    expect(JSON.parse(await next(told) as string).client).toMatch(/client/);
    told.socket.close();
    await told.closed;
  });

  test.each(["ws", "wss"] as const)("an HTTP proxy is asked for a tunnel: %s", async (kind) => {
    const PROXY = `http://127.0.0.1:${server.proxy}`;
    await echoes(connect(`${kind}://127.0.0.1:${server[kind]}/echo`, [], {
      curl: { PROXY, CAINFO: server.ca },
    }));
    expect(await proxied("proxy")).toContain(`CONNECT 127.0.0.1:${server[kind]}`);
  });

  test("a proxy that wants a password gets it, and one that gets none is an error", async () => {
    const PROXY = `http://127.0.0.1:${server.proxyAuth}`, url = `ws://127.0.0.1:${server.ws}/echo`;
    await echoes(connect(url, [], { curl: { PROXY, PROXYUSERPWD: "user:pass" } }));
    const told = connect(url, [], { curl: { PROXY } });
    expect(await told.closed).toMatchObject({ code: 1006 });
    expect(told.errors[0]?.message).toMatch(/407/);
  });

  test.each(["ws", "wss"] as const)(
    "through SOCKS, with the name left to the proxy: %s",
    async (kind) => {
      await echoes(connect(`${kind}://localhost:${server[kind]}/echo`, [], {
        curl: { PROXY: `socks5h://127.0.0.1:${server.socks}`, CAINFO: server.ca },
      }));
    },
  );

  test("it runs on the agent that is given, and ends with it", async () => {
    const agent = new Agent(), before = descriptors("socket:");
    const told = connect(`ws://127.0.0.1:${server.ws}/echo`, [], { agent });
    await told.opened;
    expect(descriptors("socket:")).toBe(before + 1);
    await agent.close();
    expect(await told.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(told.errors[0]?.error).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
    expect(descriptors("socket:")).toBe(before);
    const late = connect(`ws://127.0.0.1:${server.ws}/echo`, [], { agent });
    expect(await late.closed).toMatchObject({ code: 1006 });
  });
});

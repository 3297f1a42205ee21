// init.curl: any option of libcurl by its name, but for those that are fetch's own.
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { Agent, constants, CurlEasyError, Share, versionInfo } from "../../../mod.ts";
import { reservedNames } from "../../../src/http/request/curl_options.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { codeOf, echo, failure, get, sent, sleep } from "../support.ts";

const { versionNum } = versionInfo();
const server = useServer("http", "unix", "abstract", "h2");

const via = (curl: FetchCurlOptions, url = server.url("/echo")) => echo(url, { curl });

describe("where it connects to", () => {
  test("a unix socket", async () => {
    const arrived = await via({ UNIX_SOCKET_PATH: server.unix }, "http://docker/echo");
    expect(sent(arrived, "host")).toEqual(["docker"]);
    expect(arrived.remote.port).toBe(null);
    const error = await failure(via({ UNIX_SOCKET_PATH: "/nowhere/x.sock" }));
    expect(codeOf(error)).toBe("CURLE_COULDNT_CONNECT");
  });

  test("an abstract unix socket", async ({ skip }) => {
    if (!server.has("abstract")) return skip("not Linux");
    const curl = { ABSTRACT_UNIX_SOCKET: server.abstract };
    const arrived = await via(curl, "http://docker/echo");
    expect(sent(arrived, "host")).toEqual(["docker"]);
    expect(arrived.remote.port).toBe(null);
    const none = { ABSTRACT_UNIX_SOCKET: "curlew-nobody" };
    expect(codeOf(await failure(via(none, "http://x/")))).toBe("CURLE_COULDNT_CONNECT");
  });

  test("RESOLVE and CONNECT_TO", async () => {
    const url = `http://name.invalid:${server.http}/echo`;
    const resolved = await via({ RESOLVE: [`name.invalid:${server.http}:127.0.0.1`] }, url);
    expect(sent(resolved, "host")).toEqual([`name.invalid:${server.http}`]);
    const CONNECT_TO = [`other.invalid:80:127.0.0.1:${server.http}`];
    expect(sent(await via({ CONNECT_TO }, "http://other.invalid/echo"), "host"))
      .toEqual(["other.invalid"]);
  });

  test("INTERFACE, by address or name", async () => {
    const arrived = await via({ INTERFACE: "127.0.0.2", FRESH_CONNECT: 1 });
    expect(arrived.remote.address).toBe("127.0.0.2");
    const loopback = Object.entries(networkInterfaces())
      .find(([, all]) => all?.some(({ address }) => address === "127.0.0.1"))?.[0] as string;
    const named = await via({ INTERFACE: loopback, FRESH_CONNECT: 1 });
    expect(named.remote.address).toBe("127.0.0.1");
    const error = await failure(via({ INTERFACE: "nowhere0", FRESH_CONNECT: 1 }));
    expect(codeOf(error)).toBe("CURLE_INTERFACE_FAILED");
  });

  test("LOCALPORT", async () => {
    const range = { LOCALPORT: 42000, LOCALPORTRANGE: 500, FRESH_CONNECT: 1 };
    const { port } = (await via(range)).remote;
    expect(port).toBeGreaterThanOrEqual(42000);
    expect(port).toBeLessThan(42500);
  });
});

describe("what it sends", () => {
  test("credentials: Basic, Digest, a bearer", async () => {
    const { CURLAUTH_BASIC, CURLAUTH_DIGEST, CURLAUTH_BEARER } = constants;
    const USERPWD = "user:pass";
    for (const [path, HTTPAUTH] of [["basic", CURLAUTH_BASIC], ["digest", CURLAUTH_DIGEST]]) {
      const response = await get(server.url(`/${path}/user/pass`), {
        curl: { USERPWD, HTTPAUTH: HTTPAUTH as number },
      });
      expect(await response.json()).toEqual({ authenticated: true, user: "user" });
    }
    const arrived = await via({ XOAUTH2_BEARER: "token", HTTPAUTH: CURLAUTH_BEARER });
    expect(sent(arrived, "authorization")).toEqual(["Bearer token"]);
  });

  test.skipIf(versionNum < 0x074b00)("an AWS signature (since libcurl 7.75)", async () => {
    const arrived = await via({ AWS_SIGV4: "aws:amz:eu-central-1:s3", USERPWD: "key:secret" });
    const [signature] = sent(arrived, "authorization");
    expect(signature).toMatch(/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/s3/);
    expect(sent(arrived, "x-amz-date")).toHaveLength(1);
  });

  test("cookies: as given, and by a cookie engine for one fetch", async () => {
    expect(sent(await via({ COOKIE: "a=1; b=2" }), "cookie")).toEqual(["a=1; b=2"]);
    const login = server.url("/cookies/set?session=1");
    await (await get(login, { curl: { COOKIEFILE: "" } })).text();
    expect(sent(await via({ COOKIEFILE: "" }), "cookie")).toEqual([]);
  });

  test("cookies of a redirect, to the host that set them", async () => {
    const url = server.url("/redirect-to?url=/echo");
    const curl = { COOKIEFILE: "", COOKIELIST: "Set-Cookie: a=1; path=/; domain=127.0.0.1" };
    expect(sent(await echo(url, { curl }), "cookie")).toEqual(["a=1"]);
  });

  test("cookies of a Share, in one fetch after another", async () => {
    using share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
    const curl = { SHARE: share, COOKIEFILE: "" };
    await (await get(server.url("/cookies/set?session=1"), { curl })).text();
    expect(sent(await via(curl), "cookie")).toEqual(["session=1"]);
  });

  test("a request target, and a range", async () => {
    expect((await via({ REQUEST_TARGET: "/echo?other" })).url).toBe("/echo?other");
    const response = await get(server.url("/bytes/100"), { curl: { RANGE: "10-19" } });
    expect(response.status).toBe(206);
    expect((await response.bytes())[0]).toBe(10);
  });

  test("the HTTP version", async () => {
    const { CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1 } = constants;
    expect((await via({ HTTP_VERSION: CURL_HTTP_VERSION_1_0 })).httpVersion).toBe("1.0");
    const url = server.url("/echo", "h2"), CAINFO = server.ca;
    expect((await via({ CAINFO, ...ALPN }, url)).httpVersion).toBe("2.0");
    const HTTP_VERSION = CURL_HTTP_VERSION_1_1;
    // libcurl 7.74 would take the connection that is there
    const other = { CAINFO, ...ALPN, HTTP_VERSION, FRESH_CONNECT: 1 };
    expect((await via(other, url)).httpVersion).toBe("1.1");
  });
});

describe("an option", () => {
  test("of fetch itself is refused with what to use instead", async () => {
    const refused: Record<string, [unknown, string]> = {
      URL: ["http://x/", "the first argument"],
      WRITEFUNCTION: [() => 0, "the body of the response"],
      HEADERFUNCTION: [() => 0, "the headers of the response"],
      READFUNCTION: [() => 0, "init.body"],
      POSTFIELDS: ["x", "init.body"],
      MIMEPOST: [null, "init.body"],
      UPLOAD: [1, "init.body"],
      CUSTOMREQUEST: ["GET", "init.method"],
      NOBODY: [1, "init.method"],
      HTTPHEADER: [["A: b"], "init.headers"],
      FOLLOWLOCATION: [1, "init.redirect"],
      TIMEOUT_MS: [1, "init.timeout"],
      TIMEOUT: [1, "init.timeout"],
      XFERINFOFUNCTION: [() => 0, "init.onProgress"],
      CONNECT_ONLY: [1, "Easy"],
      FILE: [1, "the body of the response"],
      WRITEHEADER: [1, "the headers of the response"],
      writefunction: [() => 0, "the body of the response"],
    };
    for (const [name, [value, instead]] of Object.entries(refused)) {
      const error = await failure(via({ [name]: value }));
      expect(error, name).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(name.toUpperCase());
      expect(String(error)).toContain(instead);
    }
  });

  test("that does not exist, or of the wrong type, is the cause", async () => {
    const unknown = await failure(via({ NO_SUCH_OPTION: 1 } as never));
    expect(unknown).toBeInstanceOf(TypeError);
    expect((unknown as Error).cause).toBeInstanceOf(CurlEasyError);
    expect(codeOf(unknown)).toBe("CURLE_UNKNOWN_OPTION");
    for (const curl of [{ PROXY: 5 }, { LOW_SPEED_LIMIT: "x" }, { RESOLVE: "x" }]) {
      const error = await failure(via(curl as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(codeOf(error)).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
    }
    for (const name of ["toString", "constructor", "__proto__", "10002"]) {
      const curl = JSON.parse(`{"${name}": 1}`);
      expect(codeOf(await failure(via(curl)))).toBe("CURLE_UNKNOWN_OPTION");
    }
  });

  test("of undefined is ignored, and the name may be in any case", async () => {
    const arrived = await via({ PROXY: undefined, useragent: "lower" } as never);
    expect(sent(arrived, "user-agent")).toEqual(["lower"]);
  });
});

describe("init.agent", () => {
  test("runs the fetch and keeps its connections", async () => {
    await using agent = new Agent({ maxConnections: 1 });
    const ports = await Promise.all(
      [1, 2, 3].map(async () => (await echo(server.url("/echo"), { agent })).remote.port),
    );
    expect(new Set(ports).size).toBe(1);
    const failed = failure(get(server.url("/hold"), { agent }));
    await sleep(20);
    expect(agent.active).toBe(1);
    await agent.close();
    expect(await failed).toBeInstanceOf(TypeError);
    expect(codeOf(await failed)).toBe("CURLE_ABORTED_BY_CALLBACK");
    expect(codeOf(await failure(get(server.url("/small"), { agent }))))
      .toBe("CURLE_ABORTED_BY_CALLBACK");
  });
});

test.each(["fetch", "CurlWebSocket"] as const)(
  "the types know what %s sets itself",
  async (taker) => {
    const source = new URL("../../../src/http/request/curl_options.ts", import.meta.url);
    const text = await readFile(source, "utf8");
    const wordsOf = (name: string) =>
      [...(new RegExp(`type ${name} =([^;]+);`).exec(text)?.[1] ?? "").matchAll(/"(\w+)"/g)]
        .map(([, option]) => option);
    const own = taker === "fetch" ? "FetchOwnOption" : "WebSocketOwnOption";
    const names = [...wordsOf("OwnOption"), ...wordsOf(own)].toSorted();
    expect(names).toEqual(reservedNames(taker).toSorted());
  },
);

// Proxies of every kind, and who resolves the name.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { constants } from "../../mod.ts";
import type { FetchCurlOptions } from "../../src/http/request.ts";
import { startServer, type TestServer } from "../server/start.ts";
import { codeOf, echo, failure, get, sent } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http", "https", "proxy", "socks", "unix");
});
afterAll(() => server.close());

async function stats(path: string): Promise<Record<string, { targets: string[] }>> {
  const curl = { UNIX_SOCKET_PATH: server.unix };
  return await (await get(`http://x/stats/${path}`, { curl })).json();
}
beforeEach(() => stats("reset"));

const host = (port: number, login = "") => `${login}127.0.0.1:${port}`;
const fresh = (PROXY: string): FetchCurlOptions => ({ PROXY, FRESH_CONNECT: 1 });

/** What the proxy of a kind was asked for. */
async function targets(kind: string): Promise<string[]> {
  return (await stats("all"))[kind]?.targets ?? [];
}

describe("an HTTP proxy", () => {
  test("forwards plain requests, by the name it was asked for", async () => {
    const url = `http://invented.test:${server.http}/echo`;
    const arrived = await echo(url, { curl: fresh(`http://${host(server.proxy)}`) });
    expect(sent(arrived, "host")).toEqual([`invented.test:${server.http}`]);
    expect(await targets("proxy")).toEqual([`GET invented.test:${server.http}`]);
  });

  test("tunnels TLS, and anything on request", async () => {
    const PROXY = `http://${host(server.proxy)}`, CAINFO = server.ca;
    const response = await get(server.url("/small", "https"), { curl: { PROXY, CAINFO } });
    expect((await response.text()).length).toBe(98);
    expect(response.headers.get("x-proxy")).toBe(null); // of the CONNECT
    await echo(server.url("/echo"), { curl: { ...fresh(PROXY), HTTPPROXYTUNNEL: 1 } });
    expect(await targets("proxy")).toEqual([
      `CONNECT 127.0.0.1:${server.https}`,
      `CONNECT 127.0.0.1:${server.http}`,
    ]);
  });

  test("is given its credentials, which the server is not", async () => {
    const kinds: FetchCurlOptions[] = [
      fresh(`http://${host(server.proxyAuth, "user:pass@")}`),
      { ...fresh(`http://${host(server.proxyAuth)}`), PROXYUSERPWD: "user:pass" },
    ];
    for (const curl of kinds) {
      const arrived = await echo(server.url("/echo"), { curl });
      expect(sent(arrived, "proxy-authorization")).toEqual([]);
      const tunnel = { ...curl, CAINFO: server.ca };
      expect((await get(server.url("/small", "https"), { curl: tunnel })).status).toBe(200);
    }
  });

  test("that refuses is a 407, or an error where it should tunnel", async () => {
    const curl = fresh(`http://${host(server.proxyAuth, "user:wrong@")}`);
    expect((await get(server.url("/small"), { curl })).status).toBe(407);
    const tunnel = { ...curl, CAINFO: server.ca };
    const error = await failure(get(server.url("/small", "https"), { curl: tunnel }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("407");
    expect(String(error)).not.toContain("wrong");
  });

  test("gets headers of its own", async () => {
    const curl = { ...fresh(`http://${host(server.proxy)}`), PROXYHEADER: ["X-For: proxy"] };
    const url = server.url("/small", "https");
    expect((await get(url, { curl: { ...curl, CAINFO: server.ca } })).status).toBe(200);
  });
});

describe("a SOCKS proxy", () => {
  const local = (port: number) => `http://localhost:${port}/echo`;

  test("of version 4 and 5 gets an address, of 4a and 5h the name", async () => {
    const wanted: Record<string, string> = {
      socks4: `4 127.0.0.1:${server.http}`,
      socks4a: `4a localhost:${server.http}`,
      socks5: `ipv4 127.0.0.1:${server.http}`,
      socks5h: `domain localhost:${server.http}`,
    };
    const IPRESOLVE = constants.CURL_IPRESOLVE_V4;
    for (const scheme of Object.keys(wanted)) {
      const curl = { ...fresh(`${scheme}://${host(server.socks)}`), IPRESOLVE };
      expect((await echo(local(server.http), { curl })).method).toBe("GET");
    }
    expect(await targets("socks")).toEqual(Object.values(wanted));
  });

  test("resolves names that nobody else knows", async () => {
    for (const scheme of ["socks5h", "socks4a"]) {
      const curl = fresh(`${scheme}://${host(server.socks)}`);
      const arrived = await echo(`http://only.there.test:${server.http}/echo`, { curl });
      expect(sent(arrived, "host")).toEqual([`only.there.test:${server.http}`]);
    }
  });

  test("carries TLS", async () => {
    const curl = { ...fresh(`socks5h://${host(server.socks)}`), CAINFO: server.ca };
    const response = await get(`https://localhost:${server.https}/small`, { curl });
    expect(response.status).toBe(200);
  });

  test("takes credentials, and refuses wrong ones without telling them", async () => {
    for (const scheme of ["socks5", "socks5h"]) {
      const right = fresh(`${scheme}://${host(server.socksAuth, "user:pass@")}`);
      expect((await echo(server.url("/echo"), { curl: right })).method).toBe("GET");
      const wrong = fresh(`${scheme}://${host(server.socksAuth, "user:secret@")}`);
      const error = await failure(get(server.url("/echo"), { curl: wrong }));
      expect(codeOf(error)).toBe("CURLE_PROXY");
      expect(String(error)).not.toContain("secret");
    }
  });
});

test("PRE_PROXY leads to the proxy", async () => {
  const PRE_PROXY = `socks5h://${host(server.socks)}`;
  const curl = { ...fresh(`http://${host(server.proxy)}`), PRE_PROXY };
  expect((await echo(server.url("/echo"), { curl })).method).toBe("GET");
  expect(await targets("socks")).toEqual([`ipv4 127.0.0.1:${server.proxy}`]);
  expect(await targets("proxy")).toEqual([`GET 127.0.0.1:${server.http}`]);
});

test("NOPROXY goes around it", async () => {
  const curl = { ...fresh("http://127.0.0.1:1"), NOPROXY: "127.0.0.1" };
  expect((await echo(server.url("/echo"), { curl })).method).toBe("GET");
});

test("a proxy that is not there, or no proxy, is told without its credentials", async () => {
  const cases = {
    "http://user:secret@127.0.0.1:1": "CURLE_COULDNT_CONNECT",
    "socks5://user:secret@127.0.0.1:1": "CURLE_COULDNT_CONNECT",
    "http://user:secret@name.invalid:80": "CURLE_COULDNT_RESOLVE_PROXY",
    "weird://user:secret@127.0.0.1": "CURLE_COULDNT_CONNECT",
    "user:secret@127.0.0.1:x y": "CURLE_COULDNT_RESOLVE_PROXY",
  };
  for (const [PROXY, code] of Object.entries(cases)) {
    const error = await failure(get(server.url("/small"), { curl: fresh(PROXY) })) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error), PROXY).toBe(code);
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      expect(`${one} ${one.stack} ${JSON.stringify(one)}`).not.toContain("secret");
    }
  }
});

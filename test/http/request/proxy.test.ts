// Proxies of every kind, and who resolves the name.
import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { constants, versionInfo } from "../../../mod.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { codeOf, echo, failure, get, hasFeature, sent } from "../support.ts";
import { NO_NAME } from "../../no_name.ts";

const { versionNum } = versionInfo();
const server = useServer("http", "https", "h2", "proxy", "proxyTls", "socks", "unix");

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
  test("forwards plain requests, by the name in the request", async () => {
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

  test("resolves names that only the proxy can resolve", async () => {
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

  test("takes credentials, and refuses wrong ones without showing them", async () => {
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

const { forgetsCa: checked } = libcurl;
const hasTlsProxy = hasFeature(constants.CURL_VERSION_HTTPS_PROXY);
const noTlsProxy = hasTlsProxy ? "" : " (this libcurl has none)";

describe.skipIf(!hasTlsProxy)(`an HTTPS proxy${noTlsProxy}`, () => {
  const tls = (): FetchCurlOptions => fresh(`https://${host(server.proxyTls)}`);

  test("forwards", async () => {
    const curl = { ...tls(), PROXY_CAINFO: server.ca };
    expect((await echo(server.url("/echo"), { curl })).tls).toBe(null);
    expect(await targets("proxyTls")).toEqual([`GET 127.0.0.1:${server.http}`]);
  });

  test.skipIf(!libcurl.tlsInTls.holds)(`tunnels${libcurl.tlsInTls.note}`, async () => {
    const both = { ...tls(), PROXY_CAINFO: server.ca, CAINFO: server.ca, ...ALPN };
    expect((await echo(server.url("/echo", "https"), { curl: both })).tls).toBeTruthy();
    expect((await echo(server.url("/echo", "h2"), { curl: both })).httpVersion).toBe("2.0");
    expect(await targets("proxyTls")).toEqual([
      `CONNECT 127.0.0.1:${server.https}`,
      `CONNECT 127.0.0.1:${server.h2}`,
    ]);
  });

  test.skipIf(!checked.holds)(
    `and the server are checked each by its own CA${checked.note}`,
    async () => {
      const curl = { ...tls(), PROXY_CAINFO: server.ca };
      const error = await failure(get(server.url("/echo", "https"), { curl }));
      expect(codeOf(error)).toMatch(/^CURLE_(PEER_FAILED_VERIFICATION|SSL_CONNECT_ERROR)$/);
    },
  );

  test.skipIf(!checked.holds)(
    `of an unknown CA is refused, unless that is switched off${checked.note}`,
    async () => {
      for (const curl of [tls(), { ...tls(), CAINFO: server.ca }]) {
        const error = await failure(get(server.url("/echo"), { curl }));
        expect(codeOf(error)).toBe("CURLE_PEER_FAILED_VERIFICATION");
      }
      const curl = { ...tls(), PROXY_SSL_VERIFYPEER: 0 };
      expect((await echo(server.url("/echo"), { curl })).method).toBe("GET");
    },
  );

  test.skipIf(!libcurl.caBlob.holds)(`trusts a CA from memory${libcurl.caBlob.note}`, async () => {
    const curl = { ...tls(), PROXY_CAINFO_BLOB: await readFile(server.ca) };
    expect((await echo(server.url("/echo"), { curl })).method).toBe("GET");
  });
});

// libcurl 7.74 waits for ever for an HTTPS proxy behind SOCKS5, unless the transfer blocks
const hasBoth = hasTlsProxy && versionNum >= 0x075800 && libcurl.tlsInTls.holds;
const noBoth = hasBoth ? "" : " (but HTTPS, before libcurl 7.88 and with GnuTLS)";
test(`PRE_PROXY of every kind leads to a proxy of every kind${noBoth}`, async () => {
  const local = server.url("/echo"), tunnelled = server.url("/echo", "https");
  const proxies: ["proxy" | "proxyTls", string][] = [["proxy", "http"]];
  if (hasBoth) proxies.push(["proxyTls", "https"]);
  for (const [kind, scheme] of proxies) {
    for (const before of ["socks4", "socks4a", "socks5", "socks5h"]) {
      await stats("reset");
      const curl = {
        ...fresh(`${scheme}://${host(server[kind])}`),
        PRE_PROXY: `${before}://${host(server.socks)}`,
        PROXY_CAINFO: server.ca,
        CAINFO: server.ca,
      };
      expect((await echo(local, { curl })).method).toBe("GET");
      expect((await echo(tunnelled, { curl })).tls).toBeTruthy();
      const asked = await targets("socks");
      expect(asked, before).toHaveLength(2);
      for (const one of asked) expect(one).toMatch(new RegExp(`127\\.0\\.0\\.1:${server[kind]}$`));
      expect(await targets(kind))
        .toEqual([`GET 127.0.0.1:${server.http}`, `CONNECT 127.0.0.1:${server.https}`]);
    }
  }
});

test("PRE_PROXY takes credentials, and wrong ones are not shown", async () => {
  const via = (login: string): FetchCurlOptions => ({
    ...fresh(`http://${host(server.proxy)}`),
    PRE_PROXY: `socks5h://${host(server.socksAuth, login)}`,
  });
  expect((await echo(server.url("/echo"), { curl: via("user:pass@") })).method).toBe("GET");
  const error = await failure(get(server.url("/echo"), { curl: via("user:secret@") }));
  expect(codeOf(error)).toBe("CURLE_PROXY");
  expect(String(error)).not.toContain("secret");
});

test("NOPROXY goes around it", async () => {
  const curl = { ...fresh("http://127.0.0.1:1"), NOPROXY: "127.0.0.1" };
  expect((await echo(server.url("/echo"), { curl })).method).toBe("GET");
});

test("the error for an unreachable proxy, or for an invalid one, has no credentials", async () => {
  const cases = {
    "http://user:secret@127.0.0.1:1": "CURLE_COULDNT_CONNECT",
    "socks5://user:secret@127.0.0.1:1": "CURLE_COULDNT_CONNECT",
    // libcurl 8 names the host where the lookup has failed before its first wait
    [`http://user:secret@${NO_NAME}:80`]: /^CURLE_COULDNT_RESOLVE_(PROXY|HOST)$/,
    "weird://user:secret@127.0.0.1": "CURLE_COULDNT_CONNECT",
    "user:secret@127.0.0.1:x y": "CURLE_COULDNT_RESOLVE_PROXY",
  };
  for (const [PROXY, code] of Object.entries(cases)) {
    const error = await failure(get(server.url("/small"), { curl: fresh(PROXY) })) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error), PROXY).toMatch(code);
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      expect(`${one} ${one.stack} ${JSON.stringify(one)}`).not.toContain("secret");
    }
  }
});

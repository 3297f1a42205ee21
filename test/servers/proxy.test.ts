// Proxies: HTTP, CONNECT, by TLS, SOCKS of every kind; behind all of them is nginx.
import { describe, expect, test } from "vitest";
import { Agent, type EasyOptions, fetch } from "../../mod.ts";
import { commonTests, REFUSED } from "./common.ts";
import { alsoServer, certs, codeName, onAgent, onServer, served, text } from "./support.ts";

const nginx = alsoServer("nginx");
const plain = `http://localhost:${nginx.server.http}`;
const secure = `https://localhost:${nginx.server.https}`;
const BASE: EasyOptions = { NOPROXY: "", CAINFO: certs.ca, PROXY_CAINFO: certs.ca };

const gone = { "no proxy there": [`http://${REFUSED}`, "CURLE_COULDNT_CONNECT"] } as const;

/** Each proxy passes on http, and tunnels https. */
function proxyTests(
  PROXY: string,
  failing: Readonly<Record<string, readonly [proxy: string, code: string]>>,
  keeps = true,
  plainly: EasyOptions = {},
): void {
  const kept = keeps ? { kept: 5 } : {}, check = served("1m.bin");
  const failures = (URL: string) =>
    Object.fromEntries(
      Object.entries(failing).map(([what, [proxy, code]]) =>
        [what, [() => ({ ...BASE, URL, PROXY: proxy }), code]] as const
      ),
    );

  describe("http", () => {
    const get = () => ({ ...BASE, ...plainly, URL: `${plain}/1m.bin`, PROXY });
    commonTests({ get, check, atOnce: 5, failing: failures(`${plain}/small.txt`), ...kept });
  });

  describe("https", () => {
    const get = () => ({ ...BASE, URL: `${secure}/1m.bin`, PROXY });
    commonTests({ get, check, atOnce: 5, failing: failures(`${secure}/small.txt`), kept: 10 });
  });

  test("fetch", async () => {
    await using agent = new Agent();
    const curl = { ...BASE, PROXY };
    const response = await fetch(`${secure}/small.txt`, { agent, curl });
    expect(await response.text()).toBe("small\n");
  });
}

describe.skipIf(nginx.missing)(`proxies${nginx.note}`, () => {
  onServer("tinyproxy", "an HTTP proxy", ({ port, auth }) => {
    proxyTests(`http://127.0.0.1:${port}`, gone, false); // it closes them

    test("CONNECT for http too", async () => {
      await using agent = new Agent();
      const options = { ...BASE, PROXY: `http://127.0.0.1:${port}`, HTTPPROXYTUNNEL: true };
      expect(text(await onAgent(agent, { ...options, URL: `${plain}/small.txt` }))).toBe("small\n");
    });

    test("a password, which the proxy checks", async () => {
      await using agent = new Agent();
      const options = { ...BASE, URL: `${secure}/small.txt` };
      const known = { ...options, PROXY: `http://user:pass@127.0.0.1:${auth}` };
      expect(text(await onAgent(agent, known))).toBe("small\n");
      for (const login of ["", "user:wrong@"]) {
        await using agent = new Agent(); // the connection of the known one would do
        const refused = { ...options, PROXY: `http://${login}127.0.0.1:${auth}` };
        expect(await codeName(() => onAgent(agent, refused))).toMatch(
          /^CURLE_(?:RECV_ERROR|COULDNT_CONNECT)$/, // the second since 8.?
        );
      }
    });
  });

  onServer("nghttpx", "a proxy by TLS", ({ port }) => {
    const unknown = `https://127.0.0.1:${port}`;
    // else it reuses a connection to tinyproxy that this one is closing, now and then
    const tunnel = { HTTPPROXYTUNNEL: true };
    proxyTests(`https://localhost:${port}`, gone, true, tunnel);

    test("an unknown authority of the proxy's", async () => {
      await using agent = new Agent();
      const options = { ...BASE, PROXY: unknown, PROXY_CAINFO: certs.clientCert };
      const call = () => onAgent(agent, { ...options, URL: `${plain}/small.txt` });
      expect(await codeName(call)).toBe("CURLE_PEER_FAILED_VERIFICATION");
    });
  });

  onServer("microsocks", "SOCKS5", ({ port, auth }) => {
    describe("socks5", () => proxyTests(`socks5://127.0.0.1:${port}`, gone));
    describe("socks5h", () => proxyTests(`socks5h://127.0.0.1:${port}`, gone));
    describe("socks5h with a password", () => {
      const failing = {
        ...gone,
        "a wrong password": [`socks5h://user:wrong@127.0.0.1:${auth}`, "CURLE_PROXY"],
        "no password": [`socks5h://127.0.0.1:${auth}`, "CURLE_PROXY"],
      } as const;
      proxyTests(`socks5h://user:pass@127.0.0.1:${auth}`, failing);
    });

    test("who looks the name up: the proxy, or libcurl", async () => {
      await using agent = new Agent();
      const RESOLVE = [`only.here.test:${nginx.server.http}:127.0.0.1`];
      const URL = `http://only.here.test:${nginx.server.http}/small.txt`;
      const by = (scheme: string) => ({
        ...BASE,
        URL,
        RESOLVE,
        PROXY: `${scheme}://127.0.0.1:${port}`,
      });
      expect(text(await onAgent(agent, by("socks5")))).toBe("small\n");
      expect(await codeName(() => onAgent(agent, by("socks5h")))).toBe("CURLE_PROXY");
    });
  });

  onServer("ssh", "SOCKS on OpenSSH", ({ port }) => {
    for (const scheme of ["socks4", "socks4a", "socks5", "socks5h"]) {
      describe(scheme, () => proxyTests(`${scheme}://127.0.0.1:${port}`, gone));
    }
  });

  // it takes a name by SOCKS4a for an address
  onServer("danted", "SOCKS on dante", ({ port }) => {
    for (const scheme of ["socks4", "socks5", "socks5h"]) {
      describe(scheme, () => proxyTests(`${scheme}://127.0.0.1:${port}`, gone));
    }

    test("nothing listens behind it", async () => {
      await using agent = new Agent();
      for (const scheme of ["socks4", "socks5"]) {
        const PROXY = `${scheme}://127.0.0.1:${port}`;
        const call = () => onAgent(agent, { ...BASE, URL: `http://${REFUSED}/`, PROXY });
        expect(await codeName(call), scheme).toBe("CURLE_PROXY");
      }
    });
  });
});

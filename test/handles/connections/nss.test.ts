// NSS goes on with a handshake while libcurl closes its connection, which libcurl before 8.3 does
// not survive where a protocol is negotiated: so nothing is, unless somebody asks for it.
import { beforeEach, expect, test } from "vitest";
import { constants, type Easy, type EasyOptions } from "../../../mod.ts";
import { inChild } from "../../driver/support.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { get, Transfer } from "../easy_support.ts";

const { CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2TLS } = constants;

const server = useServer("h2");
beforeEach(() => {
});

const withNss = test.skipIf(libcurl.negotiates.holds);
const note = libcurl.negotiates.holds ? " (not here: this libcurl has no NSS)" : "";

/** The version of HTTP that a server is spoken to which has HTTP/2. */
function spoken(options: EasyOptions): number {
  using easy = get(server.url("/small", "h2"), { CAINFO: server.ca, ...options });
  return easy.getInfo("HTTP_VERSION");
}

withNss(`a handle speaks HTTP/2 over TLS only with SSL_ENABLE_ALPN${note}`, () => {
  expect(spoken({})).toBe(CURL_HTTP_VERSION_1_1);
  expect(spoken({ HTTP_VERSION: CURL_HTTP_VERSION_2TLS })).toBe(CURL_HTTP_VERSION_1_1);
  expect(spoken({ SSL_ENABLE_ALPN: 1 })).toBe(CURL_HTTP_VERSION_2_0);
});

withNss(`SSL_ENABLE_ALPN null, reset() and duplicate() keep to that${note}`, () => {
  const options = { URL: server.url("/small", "h2"), CAINFO: server.ca, FRESH_CONNECT: 1 };
  using easy = new Transfer(options.URL, { ...options, SSL_ENABLE_ALPN: 1 });
  const version = (one: Easy) => {
    one.perform();
    return one.getInfo("HTTP_VERSION");
  };
  expect(version(easy)).toBe(CURL_HTTP_VERSION_2_0);
  {
    using copy = easy.duplicate();
    expect(version(copy)).toBe(CURL_HTTP_VERSION_2_0);
  }
  easy.setOpt("SSL_ENABLE_ALPN", null);
  expect(version(easy)).toBe(CURL_HTTP_VERSION_1_1);
  using copy = easy.duplicate();
  expect(version(copy)).toBe(CURL_HTTP_VERSION_1_1);
  easy.setOpt("SSL_ENABLE_ALPN", 1);
  easy.reset();
  easy.setOpts({ ...options, TIMEOUT_MS: 10_000, WRITEFUNCTION: (bytes) => bytes.length });
  expect(version(easy)).toBe(CURL_HTTP_VERSION_1_1);
});

withNss(`a handshake may be given up at any time${note}`, { timeout: 40_000 }, async () => {
  const child = await inChild(
    `const [url, CAINFO] = process.argv.slice(2);
    let given = 0;
    for (let round = 0; round < 40; round++) {
      const agent = new Agent(), easies = [];
      for (let i = 0; i < 10; i++) easies.push(easyFor(url, { CAINFO }));
      const all = easies.map((easy) => agent.perform(easy).catch(() => given++));
      await sleep(round % 20);
      await agent.close();
      await Promise.all(all);
      for (const easy of easies) easy.close();
    }
    say(given > 0);`,
    { args: [server.url("/small", "h2"), server.ca], timeoutMs: 30_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, timedOut: false });
  expect(child.said).toEqual([true]);
});

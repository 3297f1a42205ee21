// No message has a credential in it, whoever throws it and however the value was malformed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  CurlError,
  CurlWebSocket,
  download,
  Easy,
  type EasyOptions,
  fetch,
  fetchSync,
  Multi,
  upload,
} from "../../mod.ts";
import { withoutCredentials } from "../../src/errors.ts";
import { NO_NAME } from "../no_name.ts";
import { whyNot } from "../http/websocket/support.ts";

const S = "s3cr3t";
const LONG = S.repeat(80);
const URL_ = "http://127.0.0.1:1/";
/** Proxies that libcurl cannot parse, or cannot reach. */
const PROXIES = [
  `http://u:${S}@127.0.0.1:1`,
  `http://u:${S}@ba d:1`,
  `http://u:${S}/x@127.0.0.1:1`,
  `u:${S} x@127.0.0.1:99999`,
  `u:${S}@127.0.0.1:99999`,
  `bogus://u:${S}@h:1`,
  `bogus://${S}`,
  `http://${S}@127.0.0.1:99999`,
  `http://${S}:99999`,
  `u:${S}`,
  `http://u:a'${S}@127.0.0.1:99999`,
  `http://u:${S}'b@127.0.0.1:99999`,
  `http://u:a)${S}(b@127.0.0.1:99999`,
  `http://u:${S}@x${S}@127.0.0.1:99999`,
  `http://u:${S}%0a@127.0.0.1:99999`,
  `http://u:${S}@[::1%zone:1`,
  `http://u:${S}@[zz]:1`,
  `http://u:${LONG}@127.0.0.1:99999`,
  `http://u:a@${LONG}@127.0.0.1:99999`,
  `http://u:a'${LONG}@127.0.0.1:99999`,
  `socks5://${S}:${LONG}@127.0.0.1:1`,
  `socks5h://u:${S}@${NO_NAME}`,
];
const OPTIONS: readonly EasyOptions[] = [
  ...PROXIES.map((PROXY) => ({ PROXY })),
  ...PROXIES.map((PRE_PROXY) => ({ PRE_PROXY, PROXY: "http://127.0.0.1:1" })),
  { USERPWD: `u:${S}` },
  { PROXY: "http://127.0.0.1:1", PROXYUSERPWD: `u:${S}` },
  { XOAUTH2_BEARER: S },
  { COOKIE: `a=${S}` },
  { RESOLVE: [`a:b:${S}`] },
  { RESOLVE: [S] },
  { CONNECT_TO: [`::u:${S}@h:1`] },
  { CONNECT_TO: [`::u:${S})@h:x`] },
  { DOH_URL: `https://u:${S}@127.0.0.1:1/q?t=${S}` },
  { AWS_SIGV4: `aws:amz:x:y`, USERPWD: `k:${S}` },
  { USERPWD: `u:${S}\n` },
  { KEYPASSWD: S, SSLCERT: "/dev/null", URL: "https://127.0.0.1:1/" },
  { SSLKEY: `pkcs11:object=x;pin-value=${S}`, SSLKEYTYPE: "ENG", URL: "https://127.0.0.1:1/" },
  { SSLCERT: `pkcs11:object=x;pin-value=${S}`, URL: "https://127.0.0.1:1/" },
];

/** All that can be seen of an error. */
function textOf(error: unknown): string {
  let text = "";
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    text += `${one} ${JSON.stringify(one)} ${one.stack}\n`;
  }
  return text;
}

async function thrown(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined; // some options are not looked at
}

let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

const limits = { TIMEOUT_MS: 2000 };
const without = ({ URL: _, ...options }: EasyOptions) => options;
const CALLS: Readonly<Record<string, (options: EasyOptions) => unknown>> = {
  "Easy.perform": (options) => {
    using easy = new Easy();
    easy.setOpts({ URL: URL_, ...limits, ...options });
    easy.perform();
  },
  "Agent.perform": async (options) => {
    using easy = new Easy();
    easy.setOpts({ URL: URL_, ...limits, ...options });
    await agent.perform(easy);
  },
  "Multi.infoRead": (options) => {
    using easy = new Easy(), multi = new Multi();
    easy.setOpts({ URL: URL_, ...limits, ...options });
    multi.addHandle(easy);
    for (let i = 0; i < 100; i++) {
      multi.perform();
      const message = multi.infoRead();
      if (message) throw message.error ?? new Error("done");
      multi.poll([], 50);
    }
  },
  fetch: (options) =>
    fetch(options.URL as string ?? URL_, { agent, timeout: 2000, curl: without(options) }),
  fetchSync: (options) =>
    fetchSync(options.URL as string ?? URL_, { timeout: 2000, curl: without(options) }),
  download: (options) =>
    download(URL_, "/dev/null", { agent, timeout: 2000, curl: without(options) }),
  upload: (options) =>
    upload(new Uint8Array(3), URL_, { agent, timeout: 2000, curl: without(options) }),
};

test.each(Object.entries(CALLS))("%s", async (_name, call) => {
  let errors = 0;
  for (const options of OPTIONS) {
    const error = await thrown(() => call(options));
    expect(textOf(error), JSON.stringify(options)).not.toContain(S);
    if (error instanceof CurlError || error instanceof TypeError) errors++;
  }
  expect(errors).toBeGreaterThan(PROXIES.length * 2);
});

describe.skipIf(whyNot)(`a WebSocket${whyNot}`, () => {
  test("in its error event", async () => {
    for (const options of OPTIONS) {
      const error = await new Promise<unknown>((resolve) => {
        try {
          const init = { connectTimeout: 2000, curl: without(options) };
          const socket = new CurlWebSocket("ws://127.0.0.1:1/", [], init);
          socket.onerror = ({ error, message }) => resolve(new Error(message, { cause: error }));
        } catch (error) {
          resolve(error);
        }
      });
      expect(textOf(error), JSON.stringify(options)).not.toContain(S);
    }
  });
});

test("what is no credential stays", () => {
  const same = [
    "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
    "Could not resolve host: a.test",
    "SSL: certificate subject name 'a' does not match target host name 'b'",
    "Couldn't open file /a@b/c",
    "",
  ];
  for (const message of same) expect(withoutCredentials(message)).toBe(message);
  const bare = [
    [
      "Unsupported proxy syntax in 'http://u:p@h:99999': Port",
      "Unsupported proxy syntax in 'http://h:99999': Port",
    ],
    ["Unsupported proxy scheme for 'x://u:p@h'", "Unsupported proxy scheme for 'x://h'"],
    ["Unsupported proxy scheme for 'x://h'", "Unsupported proxy scheme for 'x://…'"],
    ["Could not open 'ftp://u:p@h/x'", "Could not open 'ftp://h/x'"],
    ["Could not open ftp://u:p@h/", "Could not open ftp://h/"],
    ["Unknown telnet option NEW_ENV=a,b", "Unknown telnet option …"],
  ];
  for (const [message, shown] of bare) expect(withoutCredentials(message!)).toBe(shown);
});

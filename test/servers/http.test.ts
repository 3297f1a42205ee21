// HTTP/1.1, HTTP/2 and TLS on nginx and nghttpd; HTTP/3 on caddy.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  download,
  type Easy,
  type EasyOptions,
  fetch,
  transferInfo,
  upload,
  versionInfo,
} from "../../mod.ts";
import { pushLoop } from "../handles/multi/push_support.ts";
import { libcurl } from "../versions.ts";
import { commonTests, REFUSED } from "./common.ts";
import * as tools from "./support.ts";

const { certs, codeName, Kept, onAgent, onServer, perform, same, served, text, unique } = tools;
const { CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = constants;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "curlew-http-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Forty kinds of failures would be too many: those that a server decides. */
const failing = (base: string, options: EasyOptions = {}) => ({
  "a missing file": [
    () => ({ ...options, URL: `${base}/none`, FAILONERROR: true }),
    "CURLE_HTTP_RETURNED_ERROR",
  ],
  "nobody there": [() => ({ URL: `http://${REFUSED}/` }), "CURLE_COULDNT_CONNECT"],
} as const);

const CA: EasyOptions = { CAINFO: certs.ca };

onServer("nginx", "http/1.1 on nginx", ({ http, socket, proxied, dav }) => {
  const base = `http://127.0.0.1:${http}`;

  describe("small files", () => {
    const get = () => ({ URL: `${base}/small.txt` });
    const check = served("small.txt");
    commonTests({ get, check, failing: failing(base), atOnce: 200, kept: 200 });
  });

  describe("64 MiB", () => {
    const get = () => ({ URL: `${base}/64m.bin` });
    commonTests({ get, check: served("64m.bin"), failing: {}, atOnce: 3 });
  });

  describe("through a unix socket", () => {
    const get = () => ({ URL: "http://any.name/1m.bin", UNIX_SOCKET_PATH: socket });
    const nobody = { ...get(), UNIX_SOCKET_PATH: "/nowhere.sock" };
    commonTests({
      get,
      check: served("1m.bin"),
      failing: { "no such socket": [() => nobody, "CURLE_COULDNT_CONNECT"] },
      kept: 20,
    });
  });

  test("fetch: 64 MiB, a redirect, a password", async () => {
    await using agent = new Agent();
    const big = await fetch(`${base}/64m.bin`, { agent });
    expect(same(new Uint8Array(await big.arrayBuffer()), served("64m.bin"))).toBe(true);
    const moved = await fetch(`${base}/moved`, { agent });
    expect([await moved.text(), moved.redirected]).toEqual(["small\n", true]);
    const secret = `${base}/secret/small.txt`;
    const [denied, wrong] = await Promise.all([
      fetch(secret, { agent }),
      fetch(secret, { agent, curl: { USERPWD: "user:wrong" } }),
    ]);
    expect([denied.status, wrong.status]).toEqual([401, 401]);
    const open = await fetch(secret, { agent, curl: { USERPWD: "user:pass" } });
    expect(await open.text()).toBe("small\n");
    await Promise.all([denied.text(), wrong.text()]);
  });

  test("64 MiB up: bytes, a stream, a file, as the server has them", async () => {
    await using agent = new Agent();
    const whole = new Uint8Array(served("64m.bin")), name = unique("up");
    const path = join(folder, name);
    await writeFile(path, whole);
    const sources = [() => whole, () => new Blob([whole]).stream(), () => path];
    for (const source of sources) {
      const { status, bytes } = await upload(source(), `${base}/dav/${name}`, { agent });
      expect([status, bytes]).toEqual([source === sources[0] ? 201 : 204, whole.length]);
      expect(same(await readFile(join(dav, name)), whole)).toBe(true);
    }
    const gone = await fetch(`${base}/dav/${name}`, { agent, method: "DELETE" });
    expect(gone.status).toBe(204);
    const none = await fetch(`${base}/dav/${name}`, { agent });
    expect([none.status, await none.text()]).toEqual([404, expect.any(String)]);
  });

  test("download of 64 MiB, stopped and resumed", async () => {
    await using agent = new Agent();
    const path = join(folder, unique("got"));
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 5_000_000) throw new Error("enough");
    };
    const curl = { MAX_RECV_SPEED_LARGE: 20_000_000 };
    await expect(download(`${base}/64m.bin`, path, { agent, onProgress, curl })).rejects.toThrow();
    const got = await download(`${base}/64m.bin`, path, { agent });
    expect(got).toMatchObject({ resumed: true, bytes: 64 << 20 });
    expect(same(await readFile(path), served("64m.bin"))).toBe(true);
  });

  test("HAProxy's protocol tells the server who asks", async () => {
    await using agent = new Agent();
    using easy = new Kept({ URL: `http://127.0.0.1:${proxied}/sender`, HAPROXYPROTOCOL: true });
    await agent.perform(easy);
    const port = easy.getInfo("LOCAL_PORT");
    expect(text(easy.bytes)).toBe(`127.0.0.1 ${port}\n`);
    const without = { URL: `http://127.0.0.1:${proxied}/sender`, FRESH_CONNECT: true };
    expect(await codeName(() => onAgent(agent, without))).toMatch(
      /^CURLE_(?:GOT_NOTHING|RECV_ERROR)$/, // as the connection ends
    );
  });
});

onServer("nginx", "https on nginx", ({ https, http }) => {
  const base = `https://localhost:${https}`;
  const who: EasyOptions = { ...CA, URL: `${base}/who`, FAILONERROR: true };
  const shown: EasyOptions = { ...who, SSLCERT: certs.clientCert, SSLKEY: certs.clientKey };

  describe("with HTTP/1.1", () => {
    const options = { ...CA, HTTP_VERSION: constants.CURL_HTTP_VERSION_1_1 };
    const get = () => ({ ...options, URL: `${base}/8m.bin` });
    commonTests({
      get,
      check: served("8m.bin"),
      failing: {
        ...failing(base, options),
        "an unknown authority": [
          () => ({ ...get(), CAINFO: certs.clientCert }),
          "CURLE_PEER_FAILED_VERIFICATION",
        ],
        "another host's certificate": [
          () => ({
            ...get(),
            URL: `https://other.test:${https}/`,
            RESOLVE: [`other.test:${https}:127.0.0.1`],
          }),
          "CURLE_PEER_FAILED_VERIFICATION",
        ],
        "no TLS there": [
          () => ({ ...get(), URL: `https://localhost:${http}/` }),
          "CURLE_SSL_CONNECT_ERROR",
        ],
      },
      kept: 20,
    });
  });

  describe("with a client's certificate", () => {
    commonTests({
      get: () => shown,
      check: (bytes) => expect(text(bytes)).toBe("CN=curlew test client\n"),
      failing: {
        "no certificate": [() => who, "CURLE_HTTP_RETURNED_ERROR"],
        "a key of another one": [
          () => ({ ...shown, SSLKEY: certs.key }),
          libcurl.wrongKeyCode.holds ? "CURLE_SSL_CERTPROBLEM" : "CURLE_BAD_FUNCTION_ARGUMENT",
        ],
      },
      kept: 20,
    });

    test("by fetch, as bytes", async () => {
      await using agent = new Agent();
      const curl = {
        CAINFO: certs.ca,
        SSLCERT_BLOB: await readFile(certs.clientCert),
        SSLKEY_BLOB: await readFile(certs.clientKey),
      };
      const response = await fetch(`${base}/who`, { agent, curl });
      expect(await response.text()).toBe("CN=curlew test client\n");
      const stranger = await fetch(`${base}/who`, { agent, curl: { CAINFO: certs.ca } });
      expect([stranger.status, await stranger.text()]).toEqual([403, expect.any(String)]);
    });
  });
});

const h2 = versionInfo().features.includes("HTTP2");
const noH2 = h2 ? "" : " [NOT RUN: this libcurl has no HTTP/2]";

/** By prior knowledge, 7.88.0 and 7.88.1 cannot use a connection twice: their own preface fails. */
const { versionNum } = versionInfo();
const reuses = versionNum < 0x075800 || versionNum >= 0x080000;
const note = reuses ? "" : " [NOT RUN: libcurl 7.88 cannot use an h2c connection twice]";

/** The same for each server that has HTTP/2. */
function http2Tests(base: string, options: EasyOptions, shares = true): void {
  describe("8 MiB", () => {
    const get = () => ({ ...options, URL: `${base}/8m.bin` });
    const kept = shares ? { kept: 10 } : {};
    const bad = failing(base, options);
    commonTests({ get, check: served("8m.bin"), failing: bad, ...kept });
  });

  const title = shares ? "" : note;
  test.runIf(shares)(
    `many transfers at the same time are streams of one connection${title}`,
    async () => {
      await using agent = new Agent();
      const easies = Array.from(
        { length: 60 },
        () => new Kept({ ...options, URL: `${base}/1m.bin`, PIPEWAIT: true }),
      );
      await Promise.all(easies.map((easy) => agent.perform(easy)));
      expect(easies.every((easy) => same(easy.bytes, served("1m.bin")))).toBe(true);
      const opened = easies.reduce((sum, easy) => sum + easy.getInfo("NUM_CONNECTS"), 0);
      const ports = new Set(easies.map((easy) => easy.getInfo("LOCAL_PORT")));
      for (const easy of easies) easy.close();
      expect([opened, ports.size]).toEqual([1, 1]);
    },
  );
}

onServer("nginx", `http/2 on nginx${noH2}`, ({ https, h2c }) => {
  const tls: EasyOptions = { ...CA, HTTP_VERSION: CURL_HTTP_VERSION_2TLS };
  describe.runIf(h2)("over TLS", () => http2Tests(`https://localhost:${https}`, tls));

  test.runIf(h2)("the server saw one connection for many requests", async () => {
    await using agent = new Agent();
    const ask = () => onAgent(agent, { ...tls, URL: `https://localhost:${https}/about` });
    const first = text(await ask());
    const answers = await Promise.all(Array.from({ length: 90 }, ask));
    expect(first).toMatch(/^GET HTTP\/2\.0 \d+ TLSv1\.3 /);
    expect(new Set(answers.map((answer) => text(answer)))).toEqual(new Set([first]));
  });

  test.runIf(h2)("64 MiB by fetch, two at the same time", async () => {
    await using agent = new Agent();
    const responses = await Promise.all([1, 2].map(async () => {
      const curl = { CAINFO: certs.ca };
      const response = await fetch(`https://localhost:${https}/64m.bin`, { agent, curl });
      return { bytes: new Uint8Array(await response.arrayBuffer()), info: transferInfo(response) };
    }));
    for (const { bytes, info } of responses) {
      expect(same(bytes, served("64m.bin"))).toBe(true);
      expect(info.httpVersion).toBe("2");
    }
  });

  // packed, so that it has no length: else libcurl does not wait for them
  for (const HTTP_VERSION of [constants.CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS]) {
    const is2 = HTTP_VERSION === CURL_HTTP_VERSION_2TLS;
    test.runIf(h2 || !is2)(`trailers of HTTP/${is2 ? "2" : "1.1"}`, async () => {
      await using agent = new Agent();
      const curl: EasyOptions = { ...CA, HTTP_VERSION, ACCEPT_ENCODING: "gzip" };
      const url = `https://localhost:${https}/trailed/small.txt`;
      const response = await fetch(url, { agent, curl });
      expect(response.headers.has("x-trailer")).toBe(false);
      expect(await response.text()).toBe("small\n");
      const { httpVersion, trailers } = transferInfo(response);
      expect([httpVersion, trailers]).toEqual([is2 ? "2" : "1.1", [["x-trailer", "done"]]]);
    });
  }

  describe.runIf(h2)("without TLS (h2c)", () => {
    const known = { HTTP_VERSION: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE };
    http2Tests(`http://127.0.0.1:${h2c}`, known, reuses);
  });
});

onServer("nghttpd", `http/2 on nghttpd${noH2}`, ({ h2: port }) => {
  const tls: EasyOptions = { ...CA, HTTP_VERSION: CURL_HTTP_VERSION_2TLS };
  describe.runIf(h2)("over TLS", () => http2Tests(`https://localhost:${port}`, tls));

  // the port is not in the URL: 7.88.1 itself denies every push from a named port
  const pushing = (): EasyOptions => ({
    ...tls,
    URL: "https://localhost/small.txt",
    CONNECT_TO: [`localhost:443:127.0.0.1:${port}`],
  });

  test.runIf(h2)("a push is offered, and denied", () => {
    const offered: (string | null)[] = [];
    using loop = pushLoop((_parent, _easy, _count, headers) => {
      offered.push(headers.byName(":path"));
      return constants.CURL_PUSH_DENY;
    });
    using easy = new Kept(pushing());
    loop.add(easy).run();
    expect([loop.resultOf(easy), text(easy.bytes), offered]).toEqual([0, "small\n", [
      "/pushed.txt",
    ]]);
  });

  const takes = versionInfo().versionNum >= 0x080100;
  test.runIf(h2 && takes)("a push is taken [libcurl before 8.1 crashes on it]", () => {
    let pushed: Easy | undefined, body = "";
    using loop = pushLoop((_parent, easy) => {
      pushed = easy;
      easy.setOpt("TIMEOUT_MS", 0);
      easy.setOpt("WRITEFUNCTION", (bytes) => {
        body += text(bytes);
        return bytes.length;
      });
      return constants.CURL_PUSH_OK;
    });
    using easy = new Kept(pushing());
    loop.add(easy).run(() => loop.messages.length === 2);
    expect([text(easy.bytes), body]).toEqual(["small\n", "pushed\n"]);
    loop.multi.removeHandle(pushed!);
    pushed!.close();
  });
});

onServer("caddy", "http/3 on caddy", ({ h3 }) => {
  const base = `https://localhost:${h3}`;
  const options = { ...CA, HTTP_VERSION: constants.CURL_HTTP_VERSION_3ONLY };

  describe("8 MiB", () => {
    const get = () => ({ ...options, URL: `${base}/8m.bin` });
    commonTests({ get, check: served("8m.bin"), failing: failing(base, options), kept: 10 });
  });

  test("the server reports HTTP/3", () => {
    expect(text(perform({ ...options, URL: `${base}/about` }))).toBe("HTTP/3.0");
  });

  test("fetch", async () => {
    await using agent = new Agent();
    const curl = { CAINFO: certs.ca, HTTP_VERSION: constants.CURL_HTTP_VERSION_3ONLY };
    const response = await fetch(`${base}/about`, { agent, curl });
    expect(await response.text()).toBe("HTTP/3.0");
    expect(transferInfo(response).httpVersion).toBe("3");
  });
});

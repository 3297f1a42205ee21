// FTP and FTPS on vsftpd.
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  download,
  type EasyOptions,
  Share,
  upload,
  versionInfo,
} from "../../mod.ts";
import { commonTests, REFUSED } from "./common.ts";
import * as tools from "./support.ts";

const { certs, codeName, Kept, onAgent, onServer, perform, same, sending, served, text, utf8 } =
  tools;
const { unique } = tools;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "curlew-ftp-"));
});
afterAll(() => rm(folder, { recursive: true }));

onServer("vsftpd", "ftp", ({ port, implicit, strict, root, up }) => {
  const ftp = (path: string) => `ftp://127.0.0.1:${port}${path}`;
  // both TLS forms look the name up: the certificate is for it
  const ftps = (path: string) => `ftps://localhost:${implicit}${path}`;
  const explicit = (path: string) => `ftp://localhost:${port}${path}`;
  const tls: EasyOptions = { CAINFO: certs.ca, IPRESOLVE: constants.CURL_IPRESOLVE_V4 };
  const starttls: EasyOptions = { ...tls, USE_SSL: constants.CURLUSESSL_ALL };

  const failing = (url: (path: string) => string, options: EasyOptions = {}) => ({
    "a wrong password": [
      () => ({ ...options, URL: url("/small.txt"), USERPWD: "anonymous:wrong" }),
      "CURLE_LOGIN_DENIED",
    ],
    "an unknown user": [
      () => ({ ...options, URL: url("/small.txt"), USERPWD: "nobody:secret" }),
      "CURLE_LOGIN_DENIED",
    ],
    "a missing file": [
      () => ({ ...options, URL: url("/none.txt") }),
      "CURLE_REMOTE_FILE_NOT_FOUND",
    ],
    "a missing folder": [
      () => ({ ...options, URL: url("/none/") }),
      "CURLE_REMOTE_ACCESS_DENIED",
    ],
    "a folder that is not to be written": [
      () => ({ ...options, URL: url("/none/new.txt"), ...sending(utf8("x")) }),
      "CURLE_REMOTE_ACCESS_DENIED",
    ],
    "nobody there": [() => ({ URL: `ftp://${REFUSED}/small.txt` }), "CURLE_COULDNT_CONNECT"],
  } as const);

  describe("small files", () => {
    commonTests({
      get: () => ({ URL: ftp("/small.txt") }),
      check: served("small.txt"),
      failing: failing(ftp),
      kept: 200,
      fresh: 1,
    });
  });

  describe("8 MiB", () => {
    const get = () => ({ URL: ftp("/8m.bin") });
    commonTests({ get, check: served("8m.bin"), failing: {}, atOnce: 6, kept: 10, fresh: 1 });
  });

  describe("explicit TLS", () => {
    commonTests({
      get: () => ({ ...starttls, URL: explicit("/8m.bin") }),
      check: served("8m.bin"),
      failing: {
        ...failing(explicit, starttls),
        "an unknown authority": [
          () => ({ ...starttls, URL: explicit("/small.txt"), CAINFO: certs.clientCert }),
          "CURLE_PEER_FAILED_VERIFICATION",
        ],
      },
      atOnce: 4,
      kept: 10,
      fresh: 1,
    });
  });

  describe("implicit TLS", () => {
    commonTests({
      get: () => ({ ...tls, URL: ftps("/small.txt") }),
      check: served("small.txt"),
      failing: failing(ftps, tls),
      kept: 50,
      fresh: 1,
    });
  });

  // before 8.12 a handle knows the sessions of its own transfers only; GnuTLS cannot do it at all
  const openssl = /openssl/i.test(versionInfo().ssl ?? "");
  test.runIf(openssl)(
    "a server that wants one TLS session for control and data [only with OpenSSL]",
    async () => {
      using share = new Share();
      share.setOpt("SHARE", constants.CURL_LOCK_DATA_SSL_SESSION);
      await using agent = new Agent({ share });
      const URL = `ftp://localhost:${strict}/8m.bin`;
      for (let i = 0; i < 10; i++) {
        expect(same(await onAgent(agent, { ...starttls, URL }), served("8m.bin"))).toBe(true);
      }
    },
  );

  test("without TLS where it is required is an error", async () => {
    const options = { URL: ftps("/small.txt").replace("ftps", "ftp"), TIMEOUT_MS: 5000 };
    expect(await codeName(() => perform(options))).not.toBe("");
  });

  test("active mode", async () => {
    await using agent = new Agent();
    const options: EasyOptions = { URL: ftp("/8m.bin"), FTPPORT: "127.0.0.1" };
    expect(same(perform(options), served("8m.bin"))).toBe(true);
    for (let i = 0; i < 5; i++) {
      expect(same(await onAgent(agent, options), served("8m.bin"))).toBe(true);
    }
  });

  test("listings: names only, and everything", async () => {
    await using agent = new Agent();
    const names = text(await onAgent(agent, { URL: ftp("/"), DIRLISTONLY: true }));
    expect(names.split(/\r?\n/).sort()).toEqual(["", "8m.bin", "small.txt", "up"]);
    const full = text(perform({ URL: ftp("/") }));
    expect(full).toMatch(/^-rw.* 8388608 .* 8m\.bin\r?$/m);
    expect(full).toMatch(/^drwx.* up\r?$/m);
  });

  test("a part, by RANGE and by RESUME_FROM", async () => {
    await using agent = new Agent();
    const whole = served("8m.bin"), URL = ftp("/8m.bin");
    const part = await onAgent(agent, { URL, RANGE: "1000000-1999999" });
    expect(same(part, whole.subarray(1_000_000, 2_000_000))).toBe(true);
    const rest = await onAgent(agent, { URL, RESUME_FROM_LARGE: 8_000_000 });
    expect(same(rest, whole.subarray(8_000_000))).toBe(true);
  });

  test("uploads, whole, appended and resumed, as the server has them", async () => {
    await using agent = new Agent();
    const whole = served("8m.bin"), name = unique("up.bin"), URL = ftp(`/up/${name}`);
    const found = () => readFile(join(up, name));
    await onAgent(agent, { URL, ...sending(whole) });
    expect(same(await found(), whole)).toBe(true);
    await onAgent(agent, { URL, ...sending(utf8("more")), APPEND: true });
    expect(text((await found()).subarray(whole.length))).toBe("more");
    await truncate(join(up, name), 5_000_000);
    const resumed = sending(whole);
    using easy = new Kept({ URL, ...resumed, RESUME_FROM_LARGE: -1 });
    await agent.perform(easy);
    expect(same(await found(), whole)).toBe(true);
    expect(easy.getInfo("SIZE_UPLOAD_T")).toBe(whole.length - 5_000_000);
  });

  test("commands around a transfer, folders made on the way, times", async () => {
    await using agent = new Agent();
    const name = unique("tree");
    await onAgent(agent, {
      URL: ftp(`/up/${name}/a/b/file.txt`),
      ...sending(utf8("deep")),
      FTP_CREATE_MISSING_DIRS: constants.CURLFTP_CREATE_DIR,
      POSTQUOTE: ["RNFR file.txt", "RNTO renamed.txt"],
    });
    expect(await readFile(join(up, name, "a/b/renamed.txt"), "utf8")).toBe("deep");
    using easy = new Kept({ URL: ftp("/small.txt"), FILETIME: true, NOBODY: true });
    await agent.perform(easy);
    const { mtimeMs } = await stat(join(root, "small.txt"));
    expect(easy.getInfo("FILETIME_T")).toBe(Math.floor(mtimeMs / 1000));
    const bad = { URL: ftp("/small.txt"), QUOTE: ["NONSENSE"] };
    expect(await codeName(() => onAgent(agent, bad))).toBe("CURLE_QUOTE_ERROR");
  });

  test("a wildcard, its files told apart by the callbacks", async () => {
    const name = unique("wild"), begun: string[] = [], bodies: string[] = [];
    await using agent = new Agent();
    for (const file of ["a.txt", "b.txt", "c.bin"]) {
      const URL = ftp(`/up/${name}/${file}`);
      await onAgent(agent, { URL, ...sending(utf8(file)), FTP_CREATE_MISSING_DIRS: 1 });
    }
    const options: EasyOptions = {
      URL: ftp(`/up/${name}/*.txt`),
      WILDCARDMATCH: true,
      CHUNK_BGN_FUNCTION: (info) => {
        begun.push(`${info.filename} ${info.size}`);
        return info.filename === "a.txt"
          ? constants.CURL_CHUNK_BGN_FUNC_OK
          : constants.CURL_CHUNK_BGN_FUNC_SKIP;
      },
      CHUNK_END_FUNCTION: () => void bodies.push("end"),
    };
    expect(text(await onAgent(agent, options))).toBe("a.txt");
    expect(begun.sort()).toEqual(["a.txt 5", "b.txt 5"]);
    expect(bodies.length).toBeGreaterThan(0);
  });

  test("download, resumed, and upload of a file", async () => {
    await using agent = new Agent();
    const path = join(folder, unique("got.bin")), name = unique("sent.bin");
    const whole = served("8m.bin");
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 1_000_000) throw new Error("enough");
    };
    const curl = { MAX_RECV_SPEED_LARGE: 4_000_000 };
    await expect(download(ftp("/8m.bin"), path, { agent, onProgress, curl })).rejects.toThrow();
    const got = await download(ftp("/8m.bin"), path, { agent });
    expect(got).toMatchObject({ resumed: true, bytes: whole.length });
    expect(same(await readFile(path), whole)).toBe(true);
    const { status, bytes } = await upload(path, ftp(`/up/${name}`), { agent });
    expect([status, bytes]).toEqual([226, whole.length]);
    expect(same(await readFile(join(up, name)), whole)).toBe(true);
    const stream = new Blob([new Uint8Array(whole)]).stream();
    await upload(stream, ftp(`/up/${name}.stream`), { agent });
    expect(same(await readFile(join(up, `${name}.stream`)), whole)).toBe(true);
  });

  test("download and upload over TLS", async () => {
    await using agent = new Agent();
    const path = join(folder, unique("tls.txt")), name = unique("tls.bin");
    await writeFile(path, "by TLS");
    await upload(path, ftps(`/up/${name}`), { agent, curl: tls });
    expect(await readFile(join(up, name), "utf8")).toBe("by TLS");
    await download(explicit("/8m.bin"), path, { agent, curl: starttls });
    expect(same(await readFile(path), served("8m.bin"))).toBe(true);
  });

  test("an abort in the middle leaves an agent that goes on", async () => {
    await using agent = new Agent();
    const stop = new AbortController();
    using easy = new Kept({
      URL: ftp("/8m.bin"),
      WRITEFUNCTION: (bytes) => {
        stop.abort(new Error("stopped"));
        return bytes.length;
      },
    });
    await expect(agent.perform(easy, { signal: stop.signal })).rejects.toThrow("stopped");
    expect(text(await onAgent(agent, { URL: ftp("/small.txt") }))).toBe("small\n");
  });
});

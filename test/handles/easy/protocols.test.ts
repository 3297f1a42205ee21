// A blocking perform of each protocol that the test servers speak.
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { constants, versionInfo } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";

const { keyFiles } = libcurl;
import { codeOf, failure, get, Transfer, utf8 } from "../easy_support.ts";

const { CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } =
  constants;

const server = useServer();

test("http", () => {
  using easy = get(server.url("/bytes/300000"));
  expect(easy.bytes.every((byte, i) => byte === (i & 0xff))).toBe(true);
  expect(easy.bytes).toHaveLength(300_000);
});

test("http, many times on one connection", () => {
  using easy = new Transfer(server.url("/small"));
  for (let i = 0; i < 50; i++) easy.perform();
  expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
});

describe("https", () => {
  test("with the server's authority", () => {
    using easy = get(server.url("/echo", "https"), { CAINFO: server.ca });
    expect(easy.json.tls.protocol).toMatch(/^TLSv1/);
  });

  test("with the pinned public key, and refused with another", () => {
    const url = server.url("/small", "https"), CAINFO = server.ca;
    get(url, { CAINFO, PINNEDPUBLICKEY: server.pin }).close();
    using easy = new Transfer(url, { CAINFO, PINNEDPUBLICKEY: `sha256//${"A".repeat(43)}=` });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_SSL_PINNEDPUBKEYNOTMATCH");
  });

  test.skipIf(!keyFiles.holds)(
    `with a client certificate, and refused without${keyFiles.note}`,
    () => {
      const url = server.url("/echo", "mtls"), CAINFO = server.ca;
      using easy = get(url, { CAINFO, SSLCERT: server.clientCert, SSLKEY: server.clientKey });
      expect(easy.json.tls.client).toBe("curlew test client");
      using without = new Transfer(url, { CAINFO });
      expect(codeOf(() => without.perform())).not.toBe(0);
    },
  );

  test.each(["expired", "wronghost"] as const)("refuses a certificate that is %s", (kind) => {
    using easy = new Transfer(server.url("/small", kind), { CAINFO: server.ca });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_PEER_FAILED_VERIFICATION");
  });
});

describe("HTTP/2", () => {
  test("by ALPN over TLS", () => {
    using easy = get(server.url("/echo", "h2"), {
      CAINFO: server.ca,
      HTTP_VERSION: CURL_HTTP_VERSION_2TLS,
      ...ALPN,
    });
    expect(easy.json).toMatchObject({ httpVersion: "2.0", tls: { alpn: "h2" } });
    expect(easy.getInfo("HTTP_VERSION")).toBe(CURL_HTTP_VERSION_2_0);
  });

  test("by prior knowledge without TLS, with an upload", () => {
    using easy = get(server.url("/echo", "h2c"), {
      HTTP_VERSION: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
      POSTFIELDS: "over h2",
    });
    expect(easy.json).toMatchObject({ httpVersion: "2.0", method: "POST", length: 7 });
  });

  test("is there, as the version says", () => {
    expect(versionInfo().featureBits & constants.CURL_VERSION_HTTP2).not.toBe(0);
  });
});

describe("ftp", () => {
  test("a download, whole and in part", () => {
    using easy = get(server.url("/hello.txt", "ftp"));
    expect(easy.text).toBe("hello from ftp\n");
    using part = get(server.url("/big.bin", "ftp"), { RANGE: "1000-1009" });
    expect([...part.bytes]).toEqual(Array.from({ length: 10 }, (_, i) => 1000 + i & 0xff));
  });

  test("a listing", () => {
    using easy = get(server.url("/dir/", "ftp"), { DIRLISTONLY: true });
    expect(easy.text.split(/\r?\n/)).toEqual(["a.txt", "b.txt", ""]);
  });

  test("an upload with a login, and commands around it", () => {
    const body = utf8("über ftp\n");
    let sent = 0;
    using easy = new Transfer(server.url("/made/new.txt", "ftp"), {
      USERPWD: "user:pass",
      FTP_CREATE_MISSING_DIRS: 1,
      UPLOAD: true,
      INFILESIZE: body.length,
      POSTQUOTE: ["RNFR /made/new.txt", "RNTO /made/renamed.txt"],
      READFUNCTION: (buffer) => {
        const part = body.subarray(sent, sent + buffer.length);
        buffer.set(part);
        sent += part.length;
        return part.length;
      },
    });
    easy.perform();
    using back = get(server.url("/made/renamed.txt", "ftp"));
    expect(back.text).toBe("über ftp\n");
  });

  test("a missing file and a wrong password have their own errors", () => {
    using missing = new Transfer(server.url("/no.txt", "ftp"));
    expect(failure(() => missing.perform()).codeName).toBe("CURLE_REMOTE_FILE_NOT_FOUND");
    using denied = new Transfer(server.url("/hello.txt", "ftp"), { USERPWD: "user:wrong" });
    expect(failure(() => denied.perform()).codeName).toBe("CURLE_LOGIN_DENIED");
  });
});

test("file://, read and written", () => {
  const folder = mkdtempSync(join(tmpdir(), "curlew-file-"));
  const path = join(folder, "ein Name mit ü.txt");
  writeFileSync(path, "on the disk\n");
  using easy = get(pathToFileURL(path).href);
  expect(easy.text).toBe("on the disk\n");
  let done = false;
  using upload = new Transfer(pathToFileURL(path).href, {
    UPLOAD: true,
    READFUNCTION: (buffer) => done ? 0 : (done = true, buffer.set(utf8("new")), 3),
  });
  upload.perform();
  expect(readFileSync(path, "utf8")).toBe("new");
  using missing = new Transfer(pathToFileURL(join(folder, "no")).href);
  expect(failure(() => missing.perform()).codeName).toBe("CURLE_FILE_COULDNT_READ_FILE");
  rmSync(folder, { recursive: true });
});

test("a unix socket", () => {
  using easy = get("http://any.name/echo", { UNIX_SOCKET_PATH: server.unix });
  expect(easy.json.headers).toContainEqual(["Host", "any.name"]);
});

describe("a proxy", () => {
  const through = (proxy: string) => ({ NOPROXY: "", PROXY: proxy });
  const targets = (kind: string): string[] => {
    using stats = get(server.url("/stats/all"));
    return stats.json[kind].targets;
  };

  test("gets the whole URL, and resolves the name itself", () => {
    const url = `http://only.the.proxy.knows:${server.http}/echo`;
    using easy = get(url, through(`http://127.0.0.1:${server.proxy}`));
    expect(easy.json.method).toBe("GET");
    expect(targets("proxy")).toContain(`GET only.the.proxy.knows:${server.http}`);
  });

  test("tunnels https with CONNECT", () => {
    using easy = get(server.url("/echo", "https"), {
      ...through(`http://127.0.0.1:${server.proxy}`),
      CAINFO: server.ca,
      PROXYHEADER: ["X-For-Proxy: yes"],
    });
    expect(easy.json.headers.flat()).not.toContain("X-For-Proxy");
    expect(targets("proxy")).toContain(`CONNECT 127.0.0.1:${server.https}`);
  });

  test("requires a password, which is given in the URL or by option", () => {
    const url = server.url("/small"), host = `127.0.0.1:${server.proxyAuth}`;
    using denied = get(url, through(`http://${host}`));
    expect(denied.getInfo("RESPONSE_CODE")).toBe(407);
    using inUrl = get(url, through(`http://user:pass@${host}`));
    expect(inUrl.getInfo("RESPONSE_CODE")).toBe(200);
    using option = get(url, { ...through(`http://${host}`), PROXYUSERPWD: "user:pass" });
    expect(option.getInfo("RESPONSE_CODE")).toBe(200);
  });

  test.each(
    [
      ["socks4", "4 127.0.0.1", "127.0.0.1"],
      ["socks4a", "4a invented.test", "invented.test"],
      ["socks5", "ipv4 127.0.0.1", "127.0.0.1"],
      ["socks5h", "domain invented.test", "invented.test"],
    ] as const,
  )("speaks %s", (scheme, target, host) => {
    const url = `http://${host}:${server.http}/echo`;
    using easy = get(url, through(`${scheme}://127.0.0.1:${server.socks}`));
    expect(easy.json.method).toBe("GET");
    expect(targets("socks")).toContain(`${target}:${server.http}`);
  });

  test("of socks5 with a password", () => {
    const url = server.url("/small"), host = `127.0.0.1:${server.socksAuth}`;
    using easy = get(url, through(`socks5://user:pass@${host}`));
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    using denied = new Transfer(url, through(`socks5://user:wrong@${host}`));
    expect(failure(() => denied.perform()).codeName).toBe("CURLE_PROXY");
  });
});

test("digest authentication, and compressed bodies", () => {
  const { CURLAUTH_DIGEST } = constants;
  using easy = get(server.url("/digest/user/pass"), {
    USERPWD: "user:pass",
    HTTPAUTH: CURLAUTH_DIGEST,
  });
  expect(easy.json).toEqual({ authenticated: true, user: "user" });
  using gzip = get(server.url("/gzip"), { ACCEPT_ENCODING: "" });
  expect(gzip.text).toBe("compressed by gzip\n".repeat(100));
  expect(Buffer.from(gzip.bytes)).toHaveLength(1900);
});

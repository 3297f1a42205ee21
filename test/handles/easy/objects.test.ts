// Options whose value is a block of bytes or a JS object.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constants, Easy, Share } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, failure, get, Transfer, utf8 } from "../easy_support.ts";

const server = useServer("https", "mtls", "h2c");

const { caBlob, keyBlobs } = libcurl;

describe("blobs", () => {
  const fresh = { FORBID_REUSE: true };

  test.skipIf(!caBlob.holds)(
    `CAINFO_BLOB is a certificate authority, as a view or as a buffer${caBlob.note}`,
    () => {
      const pem = new Uint8Array(readFileSync(server.ca));
      const padded = new Uint8Array([...utf8("junk"), ...pem, ...utf8("junk")]);
      const view = padded.subarray(4, -4);
      for (const CAINFO_BLOB of [pem, pem.buffer, view]) {
        using easy = get(server.url("/small", "https"), { CAINFO_BLOB, ...fresh });
        expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
      }
    },
  );

  test.skipIf(!caBlob.holds)(
    `libcurl has a copy: the bytes may change after the call${caBlob.note}`,
    () => {
      const pem = new Uint8Array(readFileSync(server.ca));
      using easy = new Transfer(server.url("/small", "https"), { CAINFO_BLOB: pem });
      pem.fill(0);
      easy.perform();
      expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    },
  );

  test.skipIf(!caBlob.holds)(
    `a blob that is no certificate fails the transfer, an unset one its verification${caBlob.note}`,
    () => {
      using easy = new Transfer(server.url("/small", "https"), { CAINFO_BLOB: utf8("nonsense") });
      expect([60, 77]).toContain(codeOf(() => easy.perform()));
      easy.setOpt("CAINFO_BLOB", null);
      expect(codeOf(() => easy.perform())).toBe(60);
    },
  );

  test.skipIf(!keyBlobs.holds)(
    `SSLCERT_BLOB and SSLKEY_BLOB are a client certificate${keyBlobs.note}`,
    () => {
      using easy = get(server.url("/echo", "mtls"), {
        CAINFO: server.ca,
        SSLCERT_BLOB: new Uint8Array(readFileSync(server.clientCert)),
        SSLKEY_BLOB: new Uint8Array(readFileSync(server.clientKey)),
      });
      expect(easy.json.tls.client).toBe("curlew test client");
    },
  );
});

describe("PRIVATE", () => {
  test("holds any JS value, the same one", () => {
    using easy = new Easy();
    const values = [{}, [], 0, "", "text", false, NaN, 10n, Symbol("s"), () => {}, new Map()];
    for (const value of values) {
      easy.setOpt("PRIVATE", value);
      expect(easy.getInfo("PRIVATE")).toBe(value);
    }
  });

  test("a handle may hold itself", () => {
    using easy = new Easy();
    easy.setOpt("PRIVATE", easy);
    expect(easy.getInfo("PRIVATE")).toBe(easy);
  });
});

describe("SHARE", () => {
  test("takes an open Share, and nothing else", () => {
    using easy = new Easy();
    const share = new Share();
    easy.setOpt("SHARE", share);
    easy.setOpt("SHARE", null);
    share.close();
    for (const value of [share, easy, {}, 1, "share"]) {
      expect(codeOf(() => easy.setOpt("SHARE", value as never))).toBe(43);
    }
  });
});

describe("STREAM_DEPENDS", () => {
  const h2 = () => ({
    HTTP_VERSION: constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    FORBID_REUSE: true,
  });

  test("takes an open Easy, and nothing else", () => {
    using easy = new Easy();
    const parent = new Easy();
    parent.close();
    using share = new Share();
    for (const value of [parent, share, {}, 1]) {
      expect(codeOf(() => easy.setOpt("STREAM_DEPENDS", value as never))).toBe(43);
    }
    easy.setOpt("STREAM_DEPENDS", null);
  });

  test("a transfer whose stream depends on another's works, also after that is closed", () => {
    using child = new Transfer(server.url("/small", "h2c"), h2());
    const parent = new Transfer(server.url("/small", "h2c"), h2());
    child.setOpt("STREAM_DEPENDS", parent);
    child.setOpt("STREAM_WEIGHT", 200);
    expect(child.run().text).not.toBe("");
    parent.close();
    child.perform();
  });

  test("handles of a tree are set once, and neither reset nor copied: libcurl would keep dangling pointers", () => {
    using parent = new Easy();
    using child = new Easy();
    using other = new Easy();
    child.setOpt("STREAM_DEPENDS_E", parent);
    for (const value of [other, parent, null]) {
      expect(codeOf(() => child.setOpt("STREAM_DEPENDS", value))).toBe(43);
    }
    for (const easy of [parent, child]) {
      expect(failure(() => easy.reset())).toMatchObject({
        code: 43,
        message: expect.stringContaining("STREAM_DEPENDS"),
      });
      expect(codeOf(() => easy.duplicate())).toBe(43);
    }
  });
});

test.each(["MIMEPOST", "HTTPPOST", "CURLU"] as const)(
  "%s takes no object that is not of its class",
  (name) => {
    using easy = new Easy();
    for (const value of [{}, "text", 1, easy]) {
      expect(codeOf(() => easy.setOpt(name, value as never))).toBe(43);
    }
  },
);

test("ERRORBUFFER is refused: the errors carry its text", () => {
  using easy = new Easy();
  for (const value of [new Uint8Array(256), null]) {
    expect(codeOf(() => easy.setOpt("ERRORBUFFER", value as never))).toBe(43);
  }
});

test("STDERR takes the path of a file, which gets the trace and is appended to", () => {
  const folder = mkdtempSync(join(tmpdir(), "curlew-stderr-"));
  const path = join(folder, "trace é.txt");
  for (const name of ["first", "second"]) {
    get(server.url("/small", "https"), {
      CAINFO: server.ca,
      STDERR: path,
      VERBOSE: true,
      USERAGENT: name,
    }).close();
  }
  const trace = readFileSync(path, "utf8");
  rmSync(folder, { recursive: true });
  expect(trace).toMatch(/User-Agent: first[^]*User-Agent: second/);
  using easy = new Easy();
  expect(codeOf(() => easy.setOpt("STDERR", join(folder, "gone", "trace.txt")))).toBe(43);
});

// null: unsets what is no number, and restores the default of what is one, never a silent 0.
import { describe, expect, test } from "vitest";
import { CurlEasyError, Easy, versionInfo } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";

const { forgetsCa } = libcurl;
import { codeOf, failure, get, header, Transfer } from "../easy_support.ts";

const PEER_FAILED_VERIFICATION = 60;

const server = useServer("http", "https", "wronghost", "raw");

describe("numbers", () => {
  test("SSL_VERIFYPEER null is verification on: an unknown CA is refused", () => {
    using easy = new Transfer(server.url("/small", "https"), { SSL_VERIFYPEER: false });
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    easy.setOpt("SSL_VERIFYPEER", null);
    easy.setOpt("FRESH_CONNECT", true);
    const error = failure(() => easy.perform());
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error.code).toBe(PEER_FAILED_VERIFICATION);
  });

  test.skipIf(!forgetsCa.holds)(
    `SSL_VERIFYHOST null is 2: a certificate for another name is refused${forgetsCa.note}`,
    () => {
      using easy = new Transfer(server.url("/small", "wronghost"), {
        CAINFO: server.ca,
        SSL_VERIFYHOST: 0,
      });
      easy.perform();
      easy.setOpt("SSL_VERIFYHOST", null);
      easy.setOpt("FRESH_CONNECT", true);
      expect(codeOf(() => easy.perform())).toBe(PEER_FAILED_VERIFICATION);
    },
  );

  test("TIMEOUT_MS null is no limit again", () => {
    using easy = new Transfer(server.url("/delay/150"), { TIMEOUT_MS: 20 });
    expect(codeOf(() => easy.perform())).toBe(28);
    easy.setOpt("TIMEOUT_MS", null);
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  });

  test("an off_t has its default back: MAXFILESIZE_LARGE null is no limit", () => {
    using easy = new Transfer(server.url("/bytes/100"), { MAXFILESIZE_LARGE: 10 });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_FILESIZE_EXCEEDED");
    easy.setOpt("MAXFILESIZE_LARGE", null);
    easy.perform();
    expect(easy.bytes).toHaveLength(100);
  });

  test("HTTP_TRANSFER_DECODING null is on, as it was", () => {
    using easy = new Transfer(server.url("/chunked/5"), { HTTP_TRANSFER_DECODING: 0 });
    expect(easy.run().text).toMatch(/^5\r\n/);
    easy.setOpt("HTTP_TRANSFER_DECODING", null);
    expect(easy.run().text.endsWith("0\r\n\r\n\x00\x01\x02\x03\x04")).toBe(true);
  });

  test.each(["MAXREDIRS", "HTTP_VERSION", "MAXLIFETIME_CONN", "PROTOCOLS"] as const)(
    "%s null throws, since its default differs between versions",
    (name) => {
      using easy = new Easy();
      expect(failure(() => easy.setOpt(name, null))).toMatchObject({
        code: 43,
        message: expect.stringMatching(`${name}.*default`),
      });
    },
  );

  test("NOSIGNAL and QUICK_EXIT null are the values of a new handle", () => {
    using easy = new Easy();
    easy.setOpt("NOSIGNAL", null);
    const code = codeOf(() => easy.setOpt("QUICK_EXIT", null));
    expect(code).toBe(versionInfo().versionNum >= 0x075700 ? 0 : 48);
  });
});

describe("the others", () => {
  test("a string is unset", () => {
    using easy = get(server.url("/echo"), { USERAGENT: "mine" });
    expect(header(easy.json, "user-agent")).toBe("mine");
    using bare = new Transfer(server.url("/echo"), { USERAGENT: "mine" });
    bare.setOpt("USERAGENT", null);
    bare.perform();
    expect(header(bare.json, "user-agent")).toBeUndefined();
  });

  test("URL null is a transfer without a URL", () => {
    using easy = new Transfer(server.url("/small"), { URL: null });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_URL_MALFORMAT");
  });

  test("CUSTOMREQUEST null gives the method back to libcurl", () => {
    using easy = new Transfer(server.url("/status/204"), { CUSTOMREQUEST: "PATCH" });
    expect(easy.run().getInfo("EFFECTIVE_METHOD")).toBe("PATCH");
    easy.setOpt("CUSTOMREQUEST", null);
    expect(easy.run().getInfo("EFFECTIVE_METHOD")).toBe("GET");
  });

  test("a function is unset, and its data with it", () => {
    let called = 0;
    const HEADERFUNCTION = (line: Uint8Array) => (called++, line.length);
    using easy = new Transfer(server.url("/small"), { HEADERFUNCTION, HEADERDATA: "data" });
    easy.perform();
    const before = called;
    expect(before).toBeGreaterThan(2);
    const body = easy.bytes.length;
    easy.setOpt("HEADERFUNCTION", null);
    easy.perform();
    expect(called).toBe(before);
    // HEADERDATA without its function would send the headers to the body
    expect(easy.bytes.length).toBe(2 * body);
  });

  test("one of two functions that share their data option leaves the other alone", () => {
    const seen: unknown[] = [];
    const XFERINFOFUNCTION = (data: unknown) => void seen.push(data);
    using easy = new Transfer(server.url("/small"), { NOPROGRESS: 0, XFERINFODATA: "data" });
    easy.setOpts({ PROGRESSFUNCTION: () => {}, XFERINFOFUNCTION });
    easy.setOpt("PROGRESSFUNCTION", null);
    easy.perform();
    expect(new Set(seen)).toEqual(new Set(["data"]));
  });

  test("PRIVATE null is null", () => {
    using easy = new Easy();
    expect(easy.getInfo("PRIVATE")).toBeNull();
    easy.setOpt("PRIVATE", { any: "value" });
    easy.setOpt("PRIVATE", null);
    expect(easy.getInfo("PRIVATE")).toBeNull();
  });

  test("null for a function that has no prototype here is fine, a function is not", () => {
    using easy = new Easy();
    const name = "CONV_TO_NETWORK_FUNCTION";
    expect([0, 4, 48]).toContain(codeOf(() => easy.setOpt(name, null)));
    expect(codeOf(() => easy.setOpt(name, (() => 0) as never))).toBe(43);
  });
});

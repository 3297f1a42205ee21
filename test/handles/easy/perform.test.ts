// What perform() throws, and pausing.
import { describe, expect, test } from "vitest";
import { constants, CurlEasyError, CurlError, Easy, Multi } from "../../../mod.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, facts, failure, get, Transfer } from "../easy_support.ts";
import { NO_NAME } from "../../no_name.ts";

const { CURL_WRITEFUNC_PAUSE, CURL_READFUNC_PAUSE, CURLPAUSE_CONT, CURLPAUSE_RECV } = constants;

const server = useServer("http", "raw");

describe("an error", () => {
  test("has curl's number, name and its own words from the error buffer", () => {
    using easy = new Transfer("http://127.0.0.1:1/");
    const error = failure(() => easy.perform());
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error).toBeInstanceOf(CurlError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "CurlEasyError",
      code: 7,
      codeName: "CURLE_COULDNT_CONNECT",
      message: expect.stringMatching(/127\.0\.0\.1( port |:)1\b/),
    });
    expect(error).not.toHaveProperty("cause");
  });

  test.each(
    [
      ["not a url", 3, "CURLE_URL_MALFORMAT"],
      ["nosuch://127.0.0.1/", 1, "CURLE_UNSUPPORTED_PROTOCOL"],
      [`http://${NO_NAME}/`, 6, "CURLE_COULDNT_RESOLVE_HOST"],
      ["file:///no/such/file", 37, "CURLE_FILE_COULDNT_READ_FILE"],
    ] as const,
  )("of %s is %i", (url, code, codeName) => {
    using easy = new Transfer(url);
    expect(facts(() => easy.perform())).toMatchObject({ code, codeName, caused: false });
  });

  test.each(
    [
      ["/garbage", { HTTP09_ALLOWED: false }, [1, 8]],
      ["/bad-chunk", {}, [56]],
      ["/cut-chunk", {}, [18, 56]],
      ["/short-length", {}, [18]],
      ["/reset-now", {}, [56, 52]],
      ["/close-now", {}, [52]],
      ["/half-status", { TIMEOUT_MS: 200 }, [28]],
      ["/no-answer", { TIMEOUT_MS: 200 }, [28]],
      [
        "/endless-headers",
        { TIMEOUT_MS: 3000 },
        libcurl.limitsHeaders.holds ? [56, 27, 100] : [28],
      ],
    ] as const,
  )("of a broken server at %s is its own, and the handle works again", (path, options, codes) => {
    using easy = new Transfer(server.url(path, "raw"), options);
    expect(codes).toContain(codeOf(() => easy.perform()) as never);
    easy.setOpts({ URL: server.url("/small"), TIMEOUT_MS: 5000 });
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  });

  test("of an HTTP status is one only with FAILONERROR", () => {
    using easy = get(server.url("/status/404"));
    expect(easy.getInfo("RESPONSE_CODE")).toBe(404);
    easy.setOpt("FAILONERROR", true);
    expect(failure(() => easy.perform())).toMatchObject({
      codeName: "CURLE_HTTP_RETURNED_ERROR",
      message: expect.stringContaining("404"),
    });
  });

  test("of too many redirects is its own", () => {
    using easy = new Transfer(server.url("/redirect/5"), { FOLLOWLOCATION: true, MAXREDIRS: 2 });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_TOO_MANY_REDIRECTS");
  });

  test("has a message of its own, which the next error does not repeat", () => {
    using easy = new Transfer("http://127.0.0.1:1/");
    const first = failure(() => easy.perform()).message;
    expect(failure(() => easy.recv(new Uint8Array(1))).message).not.toBe(first);
    easy.setOpt("URL", "nosuch://x/");
    expect(failure(() => easy.perform()).message).toContain("nosuch");
  });

  test("of a handle that is in a multi is libcurl's own", () => {
    using multi = new Multi();
    using easy = new Transfer(server.url("/small"));
    multi.addHandle(easy);
    expect(codeOf(() => easy.perform())).toBe(2);
    multi.removeHandle(easy);
    easy.perform();
  });
});

test("an Easy in an Easy's callback performs a transfer of its own", () => {
  const seen: string[] = [];
  using inner = new Transfer(server.url("/small"));
  using outer = new Transfer(server.url("/stream/2/10"), {
    WRITEFUNCTION: (bytes) => {
      seen.push(new TextDecoder().decode(bytes));
      inner.perform();
      seen.push(String(inner.getInfo("RESPONSE_CODE")));
      return bytes.length;
    },
  });
  outer.perform();
  expect(seen).toEqual(["chunk 0\n", "200", "chunk 1\n", "200"]);
});

describe("pausing", () => {
  test("CURL_WRITEFUNC_PAUSE stops the body until pause(CURLPAUSE_CONT), the bytes come again", () => {
    const seen: number[] = [];
    let pausedFor = 0, received = 0;
    using easy = new Transfer(server.url("/bytes/300000"), {
      NOPROGRESS: false,
      WRITEFUNCTION: (bytes) => {
        seen.push(bytes.length);
        if (seen.length === 1) return CURL_WRITEFUNC_PAUSE;
        received += bytes.length;
        return bytes.length;
      },
      XFERINFOFUNCTION: () => {
        if (seen.length === 1 && ++pausedFor === 3) easy.pause(CURLPAUSE_CONT);
      },
    });
    easy.perform();
    expect(pausedFor).toBe(3);
    expect(received).toBe(300_000);
    expect(seen[1]).toBeGreaterThanOrEqual(seen[0]!);
  });

  test("CURL_READFUNC_PAUSE stops an upload until pause(CURLPAUSE_CONT)", () => {
    const parts = ["one ", null, "two"];
    let pausedFor = 0, paused = false;
    using easy = new Transfer(server.url("/echo"), {
      UPLOAD: true,
      NOPROGRESS: false,
      READFUNCTION: (buffer) => {
        const part = parts.shift();
        if (part === null) {
          paused = true;
          return CURL_READFUNC_PAUSE;
        }
        return new TextEncoder().encodeInto(part ?? "", buffer).written;
      },
      XFERINFOFUNCTION: () => {
        if (!paused || ++pausedFor < 2) return;
        paused = false;
        easy.pause(CURLPAUSE_CONT);
      },
    });
    easy.perform();
    expect(easy.json.length).toBe(7);
    expect(pausedFor).toBe(2);
  });

  test("pause(CURLPAUSE_RECV) from a callback holds what comes next", () => {
    let calls = 0, heldFor = 0;
    using easy = new Transfer(server.url("/stream/3/10"), {
      NOPROGRESS: false,
      WRITEFUNCTION: (bytes) => {
        if (++calls === 1) easy.pause(CURLPAUSE_RECV);
        return bytes.length;
      },
      XFERINFOFUNCTION: () => {
        if (calls === 1 && ++heldFor === 2) easy.pause(CURLPAUSE_CONT);
      },
    });
    easy.perform();
    expect(heldFor).toBeGreaterThanOrEqual(2);
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  test("a paused transfer still times out", () => {
    using easy = new Transfer(server.url("/bytes/1000"), {
      TIMEOUT_MS: 200,
      WRITEFUNCTION: () => CURL_WRITEFUNC_PAUSE,
    });
    expect(codeOf(() => easy.perform())).toBe(28);
  });

  test("takes a number only, and nothing on a handle without a transfer", () => {
    using easy = new Easy();
    for (const flags of ["x", 1.5, NaN, {}, null]) {
      expect(codeOf(() => easy.pause(flags as never))).toBe(43);
    }
    expect([0, 43]).toContain(codeOf(() => easy.pause(CURLPAUSE_CONT)));
  });
});

test("without a WRITEFUNCTION the body goes to standard output, on failure too", async () => {
  const child = await runChild(
    `import { Easy } from "#root/mod.ts";
    import process from "node:process";
    for (const URL of process.argv.slice(2)) {
      using easy = new Easy();
      easy.setOpts({ URL, TIMEOUT_MS: 5000, NOPROXY: "*" });
      try {
        easy.perform();
      } catch (error) {
        console.log("!" + (error as { code: number }).code);
      }
      easy.setOpt("WRITEFUNCTION", (bytes) => bytes.length);
      easy.setOpt("WRITEFUNCTION", null);
    }`,
    { args: [server.url("/status/200"), server.url("/short-length", "raw")] },
  );
  expect(child).toMatchObject({ code: 0, stdout: "status 200\n0123456789!18\n" });
});

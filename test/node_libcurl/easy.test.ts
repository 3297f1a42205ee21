// Easy: each member, and what is wrong with its arguments.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  CurlError,
  type CurlInfoName,
  CurlPause,
  Easy,
  Multi,
  Share,
} from "../../node_libcurl.ts";
import { constants, versionInfo } from "../../mod.ts";
import { useServer } from "../use.ts";
import { easyFor, type Echo, thrown } from "./support.ts";

const server = useServer("http", "https");

const { CURLE_OK, CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT } = CurlCode;

const BAD_ARGUMENT = expect.objectContaining({ code: CURLE_BAD_FUNCTION_ARGUMENT });

describe("a handle", () => {
  test("has a number of its own, anything in private, and is open until it is closed", () => {
    const easy = new Easy(), other = new Easy();
    expect(typeof easy.id).toBe("number");
    expect(easy.id).not.toBe(other.id);
    expect(easy.private).toBeUndefined();
    easy.private = { anything: 1 };
    expect(easy.private).toEqual({ anything: 1 });
    expect(easy).toMatchObject({
      isOpen: true,
      isInsideMultiHandle: false,
      isMonitoringSockets: false,
      pauseFlags: 0,
      isPausedRecv: false,
      isPausedSend: false,
    });
    easy.debugLog("is dropped unless NODE_DEBUG has node-libcurl");
    easy.close();
    other.close();
    expect(easy.isOpen).toBe(false);
  });

  test("of a multi cannot be closed", () => {
    const { easy } = easyFor(server.url("/delay/500")), multi = new Multi();
    multi.addHandle(easy);
    expect(easy.isInsideMultiHandle).toBe(true);
    expect(() => easy.close()).toThrow(BAD_ARGUMENT);
    multi.removeHandle(easy);
    expect(easy.isInsideMultiHandle).toBe(false);
    easy.close();
    multi.close();
  });

  test("that is closed is refused by every method", () => {
    const easy = new Easy();
    easy.close();
    for (
      const call of [
        () => easy.setOpt("URL", ""),
        () => easy.getInfo("RESPONSE_CODE"),
        () => easy.reset(),
        () => easy.send(Buffer.from("x")),
        () => easy.recv(Buffer.alloc(1)),
        () => easy.wsRecv(Buffer.alloc(1)),
        () => easy.wsSend(Buffer.from("x"), 1),
        () => easy.wsMeta(),
        () => easy.wsStartFrame(1, 1),
        () => easy.monitorSocketEvents(),
        () => easy.close(),
        () => new Easy(easy),
      ]
    ) expect(thrown(call), String(call)).toEqual(BAD_ARGUMENT);
    for (
      const call of [
        () => easy.perform(),
        () => easy.upkeep(),
        () => easy.pause(0),
        () => easy.dupHandle(),
      ]
    ) expect(thrown(call), String(call)).toBeInstanceOf(TypeError);
  });

  test("is made of nothing but another one", () => {
    for (const wrong of [null, {}, 1, "easy", new Curl()]) {
      const error = thrown(() => new Easy(wrong as never));
      expect(error).toBeInstanceOf(CurlEasyError);
      expect(error).toBeInstanceOf(CurlError);
      expect(error).toMatchObject({ name: "CurlEasyError", code: CURLE_BAD_FUNCTION_ARGUMENT });
    }
  });
});

test("strError() gives libcurl's words", () => {
  expect(Easy.strError(CURLE_OK)).toBe("No error");
  expect(Easy.strError(CurlCode.CURLE_OPERATION_TIMEDOUT)).toBe("Timeout was reached");
  expect(() => Easy.strError("28" as never)).toThrow(TypeError);
});

describe("perform()", () => {
  test("returns CURLE_OK, and the body is in the WRITEFUNCTION's buffers, which are one's own", () => {
    const { easy, chunks, body } = easyFor(server.url("/stream/5/1"));
    expect(easy.perform()).toBe(CURLE_OK);
    expect(chunks.every((chunk) => Buffer.isBuffer(chunk))).toBe(true);
    expect(body()).toMatch(/^chunk 0\nchunk 1\n/);
    easy.close();
  });

  test("returns the code of what went wrong, and does not throw", () => {
    const { easy } = easyFor("http://127.0.0.1:1/");
    expect(easy.perform()).toBe(CurlCode.CURLE_COULDNT_CONNECT);
    easy.setOpt("URL", "nosuch://x");
    expect(easy.perform()).toBe(CurlCode.CURLE_UNSUPPORTED_PROTOCOL);
    easy.setOpt("URL", null);
    expect(easy.perform()).toBe(CurlCode.CURLE_URL_MALFORMAT);
    easy.close();
  });

  test("drops a body for which there is no WRITEFUNCTION", () => {
    const { easy, body } = easyFor(server.url("/small"));
    easy.setOpt("WRITEFUNCTION", null);
    expect(easy.perform()).toBe(CURLE_OK);
    expect(body()).toBe("");
    expect(easy.getInfo("SIZE_DOWNLOAD_T").data).toBeGreaterThan(0);
    easy.close();
  });

  test("of a handle in a multi is refused", () => {
    const { easy } = easyFor(server.url("/delay/500")), multi = new Multi();
    multi.addHandle(easy);
    expect(easy.perform()).not.toBe(CURLE_OK);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });
});

describe("getInfo()", () => {
  test("gives { data, code }, by name in any case and by number", () => {
    const { easy } = easyFor(server.url("/status/404"));
    easy.perform();
    const found = { data: 404, code: CURLE_OK };
    expect(easy.getInfo("RESPONSE_CODE")).toEqual(found);
    expect(easy.getInfo(Curl.info.RESPONSE_CODE)).toEqual(found);
    expect(easy.getInfo("response_code" as CurlInfoName as "RESPONSE_CODE")).toEqual(found);
    expect(easy.getInfo(constants.CURLINFO_RESPONSE_CODE as never)).toEqual(found);
    expect(easy.getInfo("EFFECTIVE_URL").data).toBe(server.url("/status/404"));
    expect(easy.getInfo("TOTAL_TIME").data).toBeGreaterThan(0);
    easy.close();
  });

  test("of a string that is not there is empty", () => {
    const easy = new Easy();
    expect(easy.getInfo("CONTENT_TYPE")).toEqual({ data: "", code: CURLE_OK });
    expect(easy.getInfo("ACTIVESOCKET").data).toBe(-1);
    easy.close();
  });

  test("gives lists as arrays, and those of certificates as one", () => {
    const { easy } = easyFor(server.url("/cookies/set?a=1&b=2", "https"));
    easy.setOpt("CAINFO", server.ca);
    easy.setOpt("COOKIEFILE", "");
    easy.setOpt("CERTINFO", true);
    expect(easy.perform()).toBe(CURLE_OK);
    expect(easy.getInfo("COOKIELIST").data).toHaveLength(2);
    const { data } = easy.getInfo("CERTINFO");
    if (versionInfo().ssl?.startsWith("NSS")) expect(data).toEqual([]);
    else expect(data).toEqual(expect.arrayContaining([expect.stringMatching(/^Subject:/)]));
    easy.close();
  });

  test("knows all infos of this libcurl, but those that node-libcurl leaves out", () => {
    const { easy } = easyFor(server.url("/small"));
    easy.perform();
    const names = Object.keys(Curl.info) as "RESPONSE_CODE"[];
    expect(names.length).toBeGreaterThan(50);
    const left: string[] = [];
    for (const name of names) {
      try {
        expect(easy.getInfo(name).code, name).toBe(CURLE_OK);
      } catch (error) {
        expect(error).toMatchObject({ code: CURLE_UNKNOWN_OPTION });
        expect((error as Error).message).toMatch(/^Unsupported info/);
        left.push(name);
      }
    }
    expect(left.sort()).toEqual(["PRIVATE", "TLS_SESSION", "TLS_SSL_PTR"]);
    easy.close();
  });

  test("of an unknown one has the code for that", () => {
    const easy = new Easy();
    for (const name of ["NO_SUCH", 7, "", null, {}]) {
      expect(easy.getInfo(name as never), String(name)).toEqual({
        data: undefined,
        code: CURLE_UNKNOWN_OPTION,
      });
    }
    easy.close();
  });
});

describe("reset()", () => {
  test("sets all options back", () => {
    const { easy } = easyFor(server.url("/echo"));
    easy.setOpt("POSTFIELDS", "x");
    easy.setOpt("POSTFIELDSIZE", 1);
    expect(easy.perform()).toBe(CURLE_OK);
    expect(easy.reset()).toBe(CURLE_OK);
    expect(easy.perform()).toBe(CurlCode.CURLE_URL_MALFORMAT);
    let method = "";
    easy.setOpt("URL", server.url("/echo"));
    easy.setOpt("NOPROXY", "*");
    easy.setOpt("WRITEFUNCTION", (chunk) => {
      method = (JSON.parse(chunk.toString()) as Echo).method;
      return chunk.length;
    });
    expect(easy.perform()).toBe(CURLE_OK);
    expect(method).toBe("GET");
    easy.close();
  });

  test("is refused in a multi, by its code", () => {
    const { easy } = easyFor(server.url("/delay/500")), multi = new Multi();
    multi.addHandle(easy);
    expect(easy.reset()).toBe(CURLE_BAD_FUNCTION_ARGUMENT);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });
});

describe("dupHandle()", () => {
  test("copies options and callbacks, which get the copy as `this`", () => {
    const seen: unknown[] = [];
    const { easy } = easyFor(server.url("/echo"));
    easy.setOpt("POSTFIELDS", "copied");
    easy.setOpt("HTTPHEADER", ["X-A: 1"]);
    easy.private = 1;
    easy.setOpt("WRITEFUNCTION", function (chunk) {
      seen.push(this, JSON.parse(chunk.toString()).length);
      return chunk.length;
    });
    const copy = easy.dupHandle(), another = new Easy(easy);
    easy.close();
    expect(copy.perform()).toBe(CURLE_OK);
    expect(another.perform()).toBe(CURLE_OK);
    expect(seen).toEqual([copy, 6, another, 6]);
    expect(copy.private).toBeUndefined();
    copy.close();
    another.close();
  });

  test("does not copy SHARE", () => {
    const share = new Share(), easy = new Easy();
    easy.setOpt("SHARE", share);
    const copy = easy.dupHandle();
    easy.close();
    share.close();
    copy.close();
  });
});

test("upkeep() returns a code", () => {
  const { easy } = easyFor(server.url("/small"));
  easy.perform();
  expect(easy.upkeep()).toBe(CURLE_OK);
  easy.close();
});

describe("pause()", () => {
  test("tells what is paused, and goes on", async () => {
    const { easy, body } = easyFor(server.url("/stream/3/1")), multi = new Multi();
    let paused = false;
    easy.setOpt("HEADERFUNCTION", (line) => line.length);
    const write = easy.setOpt("WRITEFUNCTION", function (chunk) {
      if (paused) return chunk.length;
      paused = true;
      expect(this).toBe(easy);
      return constants.CURL_WRITEFUNC_PAUSE;
    });
    expect(write).toBe(CURLE_OK);
    const over = multi.perform(easy);
    for (let i = 0; i < 500 && !easy.isPausedRecv; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(easy).toMatchObject({ isPausedRecv: true, isPausedSend: false, pauseFlags: 1 });
    expect(easy.pause(easy.pauseFlags & ~CurlPause.Recv)).toBe(CURLE_OK);
    expect(easy.isPausedRecv).toBe(false);
    await over;
    expect(body()).toBe("");
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("takes numbers only, and has a code where there is no transfer", () => {
    const easy = new Easy();
    expect(() => easy.pause("1" as never)).toThrow(TypeError);
    expect(easy.pause(CurlPause.All)).toBe(CURLE_BAD_FUNCTION_ARGUMENT);
    easy.close();
  });
});

describe("errors", () => {
  test("have a code, a cause where there is one, and no detail unless they are given one", () => {
    const cause = new Error("why");
    const error = new CurlEasyError("words", CurlCode.CURLE_HTTP2, { cause });
    expect(error).toMatchObject({ message: "words", code: 16, cause, detail: "" });
    expect(error).toBeInstanceOf(CurlError);
    expect("cause" in new CurlEasyError("words", 1)).toBe(false);
  });
});

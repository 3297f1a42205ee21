// Curl: its events, their order, its features, and each of its methods.
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  CurlFeature,
  CurlMime,
  CurlMultiError,
  CurlPause,
  Easy,
  Multi,
} from "../../node_libcurl.ts";
import { easyOptions, type OptionRow } from "../../ffi/curl/options.ts";
import { versionInfo } from "../../mod.ts";
import { parseHeaders } from "../../src/node_libcurl/curl/headers.ts";
import { useServer } from "../use.ts";
import { curlFor, type Echo, ended, failed, sleep, thrown, until } from "./support.ts";

const server = useServer("http", "https", "ftp");

/** The header of an echoed request. */
const header = (echo: Echo, name: string) =>
  echo.headers.find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1];

describe("the class", () => {
  test("tells the version in all forms", () => {
    const { version, versionNum, ssl } = versionInfo();
    expect(Curl.getVersion()).toMatch(new RegExp(`^libcurl/${version.replaceAll(".", "\\.")}`));
    expect(Curl.VERSION_NUM).toBe(versionNum);
    const info = Curl.getVersionInfo();
    expect(info).toMatchObject({ version, versionNumber: versionNum, sslVersionNum: 0 });
    expect(info.sslVersion).toBe(ssl ?? "");
    expect(info.protocols).toContain("http");
    expect(info.features).toContain("IPv6");
    expect(info.libzVersion).toMatch(/^\d/);
    if (info.brotliVersion) {
      // newer libcurls have the library's name in front
      const [major, minor, patch] = info.brotliVersion.match(/\d+/g)!.map(Number);
      expect(info.brotliVersionNumber).toBe(major! * 2 ** 24 + minor! * 2 ** 12 + patch!);
    }
    expect(Curl.getVersionInfoString()).toMatch(/^Version: .+\nProtocols: .+\nFeatures: .+$/);
    const [x, y, z] = version.split(".").map(Number) as [number, number, number];
    expect(Curl.isVersionGreaterOrEqualThan(x, y, z)).toBe(true);
    expect(Curl.isVersionGreaterOrEqualThan(x, y)).toBe(true);
    expect(Curl.isVersionGreaterOrEqualThan(x, y, z + 1)).toBe(false);
    expect(Curl.isVersionGreaterOrEqualThan(x + 1, 0)).toBe(false);
    // without their class, as a program may have them
    const { getVersion, isVersionGreaterOrEqualThan, globalInit, globalCleanup } = Curl;
    expect(getVersion()).toBe(Curl.getVersion());
    expect(isVersionGreaterOrEqualThan(7, 0)).toBe(true);
    expect([globalInit(3), globalCleanup()]).toEqual([undefined, undefined]);
  });

  test("names options and infos of the loaded libcurl", () => {
    expect(Curl.option).toMatchObject({ URL: "URL", WRITEFUNCTION: "WRITEFUNCTION" });
    expect(Curl.info).toMatchObject({ RESPONSE_CODE: "RESPONSE_CODE" });
    const { since } = easyOptions.PREREQFUNCTION as OptionRow;
    expect("PREREQFUNCTION" in Curl.option).toBe(versionInfo().versionNum >= since);
  });

  test("has a user agent for new instances, which null leaves out", async () => {
    const before = Curl.defaultUserAgent;
    const agent = async () => {
      const curl = curlFor(server.url("/echo")), { data } = await ended(curl);
      curl.close();
      return header(JSON.parse(data), "user-agent");
    };
    try {
      expect(await agent()).toBe(before);
      expect(before).toMatch(/^node-libcurl\//);
      Curl.defaultUserAgent = "mine/1";
      expect(await agent()).toBe("mine/1");
      Curl.defaultUserAgent = null as never;
      expect(await agent()).toBeUndefined();
    } finally {
      Curl.defaultUserAgent = before;
    }
  });

  test("counts the transfers of all instances", async () => {
    expect(Curl.getCount()).toBe(0);
    const curl = curlFor(server.url("/delay/20")), over = ended(curl);
    expect(Curl.getCount()).toBe(1);
    await over;
    expect(Curl.getCount()).toBe(0);
    curl.close();
  });
});

describe("events", () => {
  test("come in their order, with the instance last, and the end from a task of its own", async () => {
    const curl = curlFor(server.url("/stream/2/1")), order: string[] = [];
    expect(curl).toBeInstanceOf(EventEmitter);
    curl.on("header", function (line, instance) {
      expect([this, instance, Buffer.isBuffer(line)]).toEqual([curl, curl, true]);
      order.push(`header ${line.toString().trim().split(/[: ]/)[0]}`);
    });
    curl.on("data", function (chunk, instance) {
      expect([this, instance, curl.isRunning]).toEqual([curl, curl, true]);
      order.push(`data ${chunk}`);
    });
    const over = new Promise<void>((resolve, reject) => {
      curl.on("end", function (status, data, headers, instance) {
        expect([this, instance, curl.isRunning]).toEqual([curl, curl, false]);
        expect(curl.handle.isInsideMultiHandle).toBe(false);
        expect(headers).toHaveLength(1);
        order.push(`end ${status} ${data}`);
        resolve();
      });
      curl.on("error", reject);
    });
    expect(curl.perform()).toBe(curl);
    expect(curl.isRunning).toBe(true);
    await over;
    expect(order.filter((what) => !what.startsWith("header")).join("")).toBe(
      "data chunk 0\ndata chunk 1\nend 200 chunk 0\nchunk 1\n",
    );
    expect(order[0]).toBe("header HTTP/1.1");
    expect(order.findIndex((what) => what.startsWith("data"))).toBeGreaterThan(
      order.findLastIndex((what) => what.startsWith("header")),
    );
    curl.close();
  });

  test("error: with its code; the instance can be used on", async () => {
    const curl = curlFor("http://127.0.0.1:1/");
    const { error, code } = await failed(curl);
    expect(error).toBeInstanceOf(CurlEasyError);
    expect([code, error.code]).toEqual([7, CurlCode.CURLE_COULDNT_CONNECT]);
    expect(error.message).toMatch(/^Request failed: Could( not|n't) connect to server$/);
    expect(error.detail).toContain("127.0.0.1");
    curl.removeAllListeners().setOpt("URL", server.url("/small"));
    expect((await ended(curl)).status).toBe(200);
    curl.close();
  });

  test("error: what a listener or a callback throws ends the transfer, as its cause", async () => {
    const cause = new Error("in a listener");
    for (const event of ["data", "header"] as const) {
      const curl = curlFor(server.url("/small"));
      curl.on(event, () => {
        throw cause;
      });
      const { error, code } = await failed(curl);
      expect([error.cause, code]).toEqual([cause, CurlCode.CURLE_ABORTED_BY_CALLBACK]);
      curl.close();
    }
    const curl = curlFor(server.url("/small"));
    curl.setProgressCallback(() => undefined as never).setOpt("NOPROGRESS", false);
    const { error } = await failed(curl);
    expect(error.cause).toBeInstanceOf(TypeError);
    curl.close();
  });

  test("a transfer after another, from inside of its end", async () => {
    const curl = curlFor(server.url("/small")), statuses: number[] = [];
    await new Promise<void>((resolve, reject) => {
      curl.on("error", reject);
      curl.on("end", (status) => {
        statuses.push(status);
        if (statuses.length === 3) resolve();
        else curl.setOpt("URL", server.url(`/status/20${statuses.length}`)).perform();
      });
      curl.perform();
    });
    expect(statuses).toEqual([200, 201, 202]);
    curl.close();
  });
});

describe("features", () => {
  const transfer = async (feature: CurlFeature) => {
    const curl = curlFor(server.url("/small")).enable(feature), result = await ended(curl);
    curl.close();
    return result as { data: unknown; headers: unknown };
  };
  const text = expect.stringContaining('"ok":true');
  const raw = expect.toSatisfy((value) => Buffer.isBuffer(value) && value.length > 0);
  const nothing = Buffer.alloc(0);
  const parsed = [expect.objectContaining({ result: expect.anything() })];

  test.for(
    [
      ["Empty", text, parsed],
      ["NoDataParsing", raw, parsed],
      ["NoHeaderParsing", text, raw],
      ["Raw", raw, raw],
      ["NoDataStorage", nothing, parsed],
      ["NoHeaderStorage", text, nothing],
      ["NoStorage", nothing, nothing],
    ] as const,
  )("%s", async ([name, data, headers]) => {
    expect(await transfer(CurlFeature[name])).toMatchObject({ data, headers });
  });

  test("can be taken back, but not while a transfer runs", async () => {
    const curl = curlFor(server.url("/small"));
    expect(curl.enable(CurlFeature.Raw).disable(CurlFeature.NoDataParsing)).toBe(curl);
    const over = ended(curl);
    expect(() => curl.enable(CurlFeature.Empty)).toThrow(/running/);
    expect(() => curl.disable(CurlFeature.Empty)).toThrow(/running/);
    expect(() => curl.perform()).toThrow(/running/);
    expect(() => curl.setMulti(undefined)).toThrow(/running/);
    expect(await over).toMatchObject({ data: text, headers: raw });
    curl.close();
  });

  test("without storage the events still tell everything", async () => {
    const curl = curlFor(server.url("/bytes/1000")).enable(CurlFeature.NoStorage);
    let bytes = 0, lines = 0;
    curl.on("data", (chunk) => bytes += chunk.length);
    curl.on("header", () => lines++);
    await ended(curl);
    expect(bytes).toBe(1000);
    expect(lines).toBeGreaterThan(2);
    curl.close();
  });
});

describe("setOpt() and getInfo()", () => {
  test("throw what libcurl says", async () => {
    const curl = curlFor(server.url("/small"));
    expect(thrown(() => curl.setOpt("NO_SUCH" as never, 1 as never))).toMatchObject({
      name: "CurlEasyError",
      code: CurlCode.CURLE_UNKNOWN_OPTION,
      message: expect.stringContaining("NO_SUCH"),
    });
    expect(thrown(() => curl.setOpt("TIMEOUT", "soon"))).toMatchObject({
      code: CurlCode.CURLE_BAD_FUNCTION_ARGUMENT,
      message: expect.stringContaining("TIMEOUT"),
    });
    expect(() => curl.setOpt("URL", 1)).toThrow(TypeError);
    await ended(curl);
    expect(curl.getInfo("RESPONSE_CODE")).toBe(200);
    expect(curl.getInfo("CERTINFO")).toEqual([]);
    expect(thrown(() => curl.getInfo("NO_SUCH" as never))).toMatchObject({
      code: CurlCode.CURLE_UNKNOWN_OPTION,
    });
    expect(() => curl.getInfo("PRIVATE")).toThrow(/^Unsupported info/);
    curl.close();
  });

  test("null has WRITEFUNCTION and HEADERFUNCTION feed the events again, in any case", async () => {
    const curl = curlFor(server.url("/small")), seen: string[] = [];
    curl.on("data", () => seen.push("data"));
    curl.on("header", () => seen.push("header"));
    curl.setOpt("WRITEFUNCTION", (chunk) => chunk.length);
    curl.setOpt("HEADERFUNCTION", (line) => line.length);
    expect(await ended(curl)).toMatchObject({ data: "", headers: [] });
    expect(seen).toEqual([]);
    curl.setOpt("writefunction" as "WRITEFUNCTION", null).setOpt("HEADERFUNCTION", null);
    curl.removeAllListeners("end");
    expect((await ended(curl)).data).toContain("ok");
    curl.close();
  });
});

describe("other methods", () => {
  test("setProgressCallback() and null", async () => {
    const curl = curlFor(server.url("/bytes/50000")).setOpt("NOPROGRESS", false);
    let most = 0;
    curl.setProgressCallback((dltotal, dlnow) => {
      most = Math.max(most, dlnow);
      expect([0, 50_000]).toContain(dltotal);
      return 0;
    });
    await ended(curl);
    expect(most).toBe(50_000);
    most = 0;
    curl.removeAllListeners();
    await ended(curl.setProgressCallback(null));
    expect(most).toBe(0);
    curl.close();
  });

  test("pause(), upkeep() and setMimePost()", async () => {
    const curl = curlFor(server.url("/slow/200/20"));
    let paused = false;
    curl.on("data", () => {
      if (paused) return;
      paused = true;
      setTimeout(() => {
        expect(curl.pause(CurlPause.Recv)).toBe(curl);
        expect(curl.handle.isPausedRecv).toBe(true);
        setTimeout(() => curl.pause(CurlPause.Cont), 20);
      });
    });
    expect((await ended(curl)).data).toHaveLength(200);
    expect(curl.upkeep()).toBe(curl);
    expect(() => curl.pause(CurlPause.Cont)).toThrow(CurlEasyError);
    curl.close();
    const form = curlFor(server.url("/echo"));
    expect(form.setMimePost([{ type: "data", name: "n", data: "x" }])).toBe(form);
    expect(JSON.parse((await ended(form)).data).method).toBe("POST");
    expect(new CurlMime(form)).toBeInstanceOf(CurlMime);
    form.close();
  });

  test("setMulti() has another Multi run it", async () => {
    const multi = new Multi(), curl = curlFor(server.url("/delay/10"));
    expect(curl.setMulti(multi)).toBe(curl);
    const over = ended(curl);
    expect([multi.getCount(), Curl.getCount()]).toEqual([1, 0]);
    await over;
    expect(multi.getCount()).toBe(0);
    curl.removeAllListeners().perform();
    curl.close();
    expect(multi.getCount()).toBe(0);
    const orphan = curlFor(server.url("/delay/500")).setMulti(multi), lost = failed(orphan);
    multi.close();
    expect((await lost).code).toBe(CurlCode.CURLE_ABORTED_BY_CALLBACK);
    expect(() => orphan.perform()).toThrow(CurlMultiError);
    expect(orphan.isRunning).toBe(false);
    orphan.close();
  });

  test("reset() removes the listeners and sets the options back, which then feed the events", async () => {
    const curl = curlFor(server.url("/echo"));
    let calls = 0;
    curl.on("data", () => calls++);
    curl.setOpt("WRITEFUNCTION", () => 0).setOpt("POSTFIELDS", "x");
    expect(curl.reset()).toBe(curl);
    curl.setOpt("URL", server.url("/echo")).setOpt("NOPROXY", "*");
    const echo = JSON.parse((await ended(curl)).data) as Echo;
    expect([echo.method, header(echo, "user-agent"), calls]).toEqual([
      "GET",
      Curl.defaultUserAgent,
      0,
    ]);
    curl.close();
  });

  test("dupHandle() copies options, features and listeners, unless told otherwise", async () => {
    const curl = curlFor(server.url("/echo")).enable(CurlFeature.NoHeaderStorage);
    let calls = 0;
    curl.setOpt("USERAGENT", "copied/1").setOpt("HTTPHEADER", ["X-A: 1"]);
    curl.on("data", () => calls++);
    const copy = curl.dupHandle(), silent = curl.dupHandle(false);
    curl.close();
    const result = await ended(copy), echo = JSON.parse(result.data) as Echo;
    expect([header(echo, "user-agent"), header(echo, "x-a"), calls]).toEqual(["copied/1", "1", 1]);
    expect(result.headers).toEqual(Buffer.alloc(0));
    await ended(silent);
    expect(calls).toBe(1);
    copy.close();
    silent.close();
  });

  test("dupHandle() keeps a WRITEFUNCTION that is not the instance's own", async () => {
    const chunks: Buffer[] = [];
    const curl = curlFor(server.url("/small")).setOpt(
      "WRITEFUNCTION",
      (chunk) => chunks.push(chunk),
    );
    const copy = curl.dupHandle();
    expect((await failed(copy)).code).toBe(CurlCode.CURLE_WRITE_ERROR); // it returned 1
    expect(chunks).toHaveLength(1);
    curl.close();
    copy.close();
  });

  test("a handle may be given", async () => {
    const easy = new Easy();
    easy.setOpt("URL", server.url("/small"));
    easy.setOpt("NOPROXY", "*");
    const curl = new Curl(easy);
    expect([curl.handle, curl.id]).toEqual([easy, easy.id]);
    expect((await ended(curl)).status).toBe(200);
    curl.close();
    expect([curl.isOpen, easy.isOpen]).toEqual([false, false]);
  });
});

describe("close()", () => {
  test("ends the transfer, of which nothing is told any more, and may be called again", async () => {
    const curl = curlFor(server.url("/slow/100000/20")), told: string[] = [];
    for (const event of ["end", "error"]) curl.on(event, () => told.push(event));
    curl.perform();
    await until(() => (curl.getInfo("SIZE_DOWNLOAD_T") as number) > 0);
    curl.close();
    curl.close();
    await sleep(50);
    expect([told, curl.isOpen, curl.isRunning]).toEqual([[], false, false]);
    expect(Curl.getCount()).toBe(0);
  });

  test("between the end and its event leaves that out", async () => {
    const curl = curlFor(server.url("/small"));
    let told = 0;
    curl.on("end", () => told++);
    curl.perform();
    for (let i = 0; i < 100_000 && curl.handle.getInfo("RESPONSE_CODE").data !== 200; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!curl.isRunning) break;
    }
    curl.close();
    const before = told;
    await sleep(20);
    expect(told).toBe(before);
  });
});

describe("headers", () => {
  test("are one object for each response", async () => {
    const curl = curlFor(server.url("/redirect/1")).setOpt("FOLLOWLOCATION", true);
    const { headers } = await ended(curl);
    expect(headers.map(({ result }) => result?.code)).toEqual([302, 302, 200]);
    expect(headers[0]!.result).toEqual({ version: "HTTP/1.1", code: 302, reason: "Found" });
    curl.close();
  });

  test("of trailers are in the same object, and of another protocol there are none", async () => {
    const curl = curlFor(server.url("/trailers"));
    expect((await ended(curl)).headers).toMatchObject([{ "X-Sum": "42" }]);
    curl.removeAllListeners().setOpt("URL", server.url("/hello.txt", "ftp"));
    expect(await ended(curl)).toMatchObject({ status: 226, data: "hello from ftp\n", headers: [] });
    curl.close();
  });

  test("parseHeaders() knows what servers send", () => {
    const parse = (...lines: string[]) => parseHeaders(lines.map((line) => `${line}\r\n`).join(""));
    expect(parse("HTTP/2 204 ", "A: b", "")).toEqual([
      { result: { version: "HTTP/2", code: 204, reason: "" }, A: "b" },
    ]);
    expect(parse("HTTP/1.1 200 All is well", "")[0]!.result!.reason).toBe("All is well");
    const [odd] = parse(
      ...["HTTP/1.1 200", "no-space:x", "Empty:", "Colon: a: b", "SET-cookie: a=1"],
      ...[
        "Set-Cookie: b=2",
        "A: 1",
        "A: 2",
        "result: x",
        "__proto__: y",
        "Folded: a",
        " b",
        "junk",
      ],
      "",
    );
    expect(odd).toMatchObject({ "no-space": "x", Empty: "", Colon: "a: b", A: "2", Folded: "a b" });
    expect(odd!["Set-Cookie"]).toEqual(["a=1", "b=2"]);
    expect(odd!.result!.code).toBe(200);
    expect(Object.getOwnPropertyDescriptor(odd, "__proto__")?.value).toBe("y");
    expect(Object.keys(odd!)).not.toContain("junk");
    expect(parse("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "A: b", "")).toHaveLength(2);
    expect(parseHeaders("")).toEqual([]);
    expect(parseHeaders("220 ftp ready\r\n230 in\r\n")).toEqual([]);
    expect(parseHeaders("HTTP/1.1 200 OK\r\nCut: off")).toMatchObject([{ Cut: "off" }]);
  });
});

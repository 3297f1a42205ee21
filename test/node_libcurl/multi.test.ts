// Multi and Share: each member.
import { describe, expect, test } from "vitest";
import {
  CurlCode,
  CurlEasyError,
  CurlMultiCode,
  CurlMultiError,
  CurlPipe,
  CurlShareCode,
  CurlSharedError,
  CurlShareLock,
  CurlShareOption,
  Easy,
  Multi,
  type MultiOptionName,
  Share,
} from "../../node_libcurl.ts";
import { multiOptions, type OptionRow } from "../../ffi/curl/options.ts";
import { versionInfo } from "../../mod.ts";
import { useServer } from "../use.ts";
import { easyFor, failure, sleep, thrown, until } from "./support.ts";

const server = useServer("http");

const { CURLM_OK, CURLM_UNKNOWN_OPTION, CURLM_BAD_FUNCTION_ARGUMENT, CURLM_RECURSIVE_API_CALL } =
  CurlMultiCode;
const multiError = (code: CurlMultiCode) =>
  expect.objectContaining({ name: "CurlMultiError", code });

describe("perform()", () => {
  test("resolves to the handle, which stays added until it is removed", async () => {
    const multi = new Multi(), { easy, body } = easyFor(server.url("/stream/2/1"));
    const over = multi.perform(easy);
    expect([multi.getCount(), easy.isInsideMultiHandle]).toEqual([1, true]);
    expect(await over).toBe(easy);
    expect(body()).toBe("chunk 0\nchunk 1\n");
    expect([multi.getCount(), easy.isInsideMultiHandle]).toEqual([1, true]);
    expect(multi.removeHandle(easy)).toBe(CURLM_OK);
    expect([multi.getCount(), easy.isInsideMultiHandle]).toEqual([0, false]);
    expect(multi.removeHandle(easy)).toBe(CURLM_OK);
    easy.close();
    multi.close();
  });

  test("rejects with a code, libcurl's general words, and what it said in detail", async () => {
    const multi = new Multi(), { easy } = easyFor("http://127.0.0.1:1/");
    const error = await failure(multi.perform(easy)) as CurlEasyError;
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error.code).toBe(CurlCode.CURLE_COULDNT_CONNECT);
    expect(error.message).toBe(`Request failed: ${Easy.strError(error.code)}`);
    expect(error.detail).toContain("127.0.0.1");
    expect("cause" in error).toBe(false);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("runs many at once, and one after another on the same handles", async () => {
    const multi = new Multi();
    const all = Array.from({ length: 20 }, () => easyFor(server.url("/bytes/1000")));
    for (let round = 1; round <= 2; round++) {
      await Promise.all(all.map(({ easy }) => multi.perform(easy)));
      expect(all.every(({ body }) => body().length >= 1000)).toBe(true);
      for (const { easy } of all) multi.removeHandle(easy);
    }
    expect(multi.getCount()).toBe(0);
    for (const { easy } of all) easy.close();
    multi.close();
  });

  test("throws at once for what cannot start", () => {
    const multi = new Multi(), other = new Multi(), { easy } = easyFor(server.url("/delay/300"));
    multi.addHandle(easy);
    for (const one of [multi, other]) {
      const code = CurlMultiCode.CURLM_ADDED_ALREADY;
      expect(thrown(() => one.perform(easy))).toEqual(multiError(code));
      expect(thrown(() => one.addHandle(easy))).toEqual(multiError(code));
    }
    expect(thrown(() => other.removeHandle(easy))).toEqual(
      multiError(CurlMultiCode.CURLM_BAD_EASY_HANDLE),
    );
    multi.removeHandle(easy);
    easy.close();
    expect(thrown(() => multi.perform(easy))).toEqual(
      multiError(CurlMultiCode.CURLM_BAD_EASY_HANDLE),
    );
    for (const wrong of [null, {}, 1, undefined]) {
      expect(thrown(() => multi.perform(wrong as never))).toEqual(
        multiError(CURLM_BAD_FUNCTION_ARGUMENT),
      );
    }
    multi.close();
    other.close();
  });
});

describe("onMessage()", () => {
  test("is told of handles that were added, with the error, the handle and the code", async () => {
    const multi = new Multi(), told: unknown[][] = [];
    const good = easyFor(server.url("/small")), bad = easyFor("http://127.0.0.1:1/");
    const thrower = easyFor(server.url("/small")), error = new Error("mine");
    thrower.easy.setOpt("WRITEFUNCTION", () => {
      throw error;
    });
    expect(multi.onMessage((...args) => void told.push(args))).toBe(multi);
    for (const { easy } of [good, bad, thrower]) expect(multi.addHandle(easy)).toBe(CURLM_OK);
    expect(multi.getCount()).toBe(3);
    await until(() => told.length === 3);
    expect(told).toHaveLength(3);
    expect(told).toContainEqual([null, good.easy, 0]);
    expect(told).toContainEqual([expect.any(CurlEasyError), bad.easy, 7]);
    // what a callback has thrown comes as it is, with libcurl's own code
    expect(told).toContainEqual([error, thrower.easy, CurlCode.CURLE_WRITE_ERROR]);
    for (const { easy } of [good, bad, thrower]) {
      multi.removeHandle(easy);
      easy.close();
    }
    multi.close();
  });

  test("is not told of what perform() runs, nor after null, and may remove, close and throw", async () => {
    const multi = new Multi(), { easy } = easyFor(server.url("/small"));
    let calls = 0;
    multi.onMessage(() => calls++);
    await multi.perform(easy);
    multi.removeHandle(easy);
    multi.onMessage(null);
    multi.addHandle(easy);
    await until(() => easy.getInfo("RESPONSE_CODE").data === 200);
    await sleep(20);
    expect(calls).toBe(0);
    multi.removeHandle(easy);
    const warnings: string[] = [];
    const listen = (warning: Error) => void warnings.push(warning.message);
    const { default: process } = await import("node:process");
    process.on("warning", listen);
    multi.onMessage((_error, handle) => {
      multi.removeHandle(handle);
      handle.close();
      throw new Error("in a listener");
    });
    multi.addHandle(easy);
    await until(() => warnings.length > 0);
    process.off("warning", listen);
    expect(warnings[0]).toContain("in a listener");
    expect(easy.isOpen).toBe(false);
    multi.close();
    for (const wrong of [1, "x", {}, undefined]) {
      expect(thrown(() => new Multi().onMessage(wrong as never))).toEqual(
        multiError(CURLM_BAD_FUNCTION_ARGUMENT),
      );
    }
  });
});

describe("removeHandle()", () => {
  test("ends a transfer, after which nothing is reported of it", async () => {
    const multi = new Multi(), { easy } = easyFor(server.url("/slow/100000/20"));
    let told = 0;
    multi.onMessage(() => told++);
    multi.addHandle(easy);
    await until(() => (easy.getInfo("SIZE_DOWNLOAD_T").data as number) > 0);
    multi.removeHandle(easy);
    await sleep(50);
    expect(told).toBe(0);
    easy.close();
    multi.close();
  });

  test("and close() are refused inside a callback", async () => {
    const multi = new Multi(), { easy } = easyFor(server.url("/small")), errors: unknown[] = [];
    easy.setOpt("WRITEFUNCTION", (chunk) => {
      errors.push(thrown(() => multi.removeHandle(easy)), thrown(() => multi.close()));
      return chunk.length;
    });
    await multi.perform(easy);
    expect(errors).toEqual([
      multiError(CURLM_RECURSIVE_API_CALL),
      multiError(CURLM_RECURSIVE_API_CALL),
    ]);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });
});

describe("close()", () => {
  test("fails running transfers, removes the handles, and counts once", async () => {
    const multi = new Multi({ shouldUseNotificationsApi: true });
    const { easy } = easyFor(server.url("/delay/2000"));
    const over = failure(multi.perform(easy));
    multi.close();
    expect(await over).toMatchObject({ code: CurlCode.CURLE_ABORTED_BY_CALLBACK });
    expect(easy.isInsideMultiHandle).toBe(false);
    easy.close();
    const closed = multiError(CurlMultiCode.CURLM_BAD_HANDLE);
    for (
      const call of [
        () => multi.close(),
        () => multi.getCount(),
        () => multi.perform(easy),
        () => multi.removeHandle(easy),
        () => multi.setOpt("MAXCONNECTS", 1),
      ]
    ) expect(thrown(call)).toEqual(closed);
  });
});

describe("setOpt()", () => {
  const rows = Object.entries(multiOptions as Readonly<Record<string, OptionRow>>);
  const set = (multi: Multi, name: unknown, value: unknown): CurlMultiCode =>
    multi.setOpt(name as Exclude<MultiOptionName, "PUSHFUNCTION">, value as never);

  test.for(rows)("$0", ([name, { kind, since, id }]) => {
    const multi = new Multi();
    const known = since <= versionInfo().versionNum;
    if (kind === "cbptr" || (kind === "function" && name !== "PUSHFUNCTION")) {
      expect(() => set(multi, name, null)).toThrow(TypeError);
    } else {
      const isNumber = kind === "long" || kind === "off_t";
      const value = kind === "object" ? ["a"] : kind === "function" ? () => 1 : 1;
      for (const which of [name, name.toLowerCase(), id]) {
        const code = set(multi, which, value);
        if (known) expect(code).toBe(CURLM_OK);
        else expect([CURLM_OK, CURLM_UNKNOWN_OPTION]).toContain(code);
      }
      for (const wrong of ["1", {}, [1], undefined, true]) {
        expect(thrown(() => set(multi, name, wrong)), String(wrong)).toEqual(
          multiError(CURLM_BAD_FUNCTION_ARGUMENT),
        );
      }
      if (!isNumber) expect(set(multi, name, null)).toBe(CURLM_OK);
    }
    multi.close();
  });

  test("of an unknown option is a code", () => {
    const multi = new Multi();
    for (const name of ["NO_SUCH", 9999, null]) {
      expect(set(multi, name, 1)).toBe(CURLM_UNKNOWN_OPTION);
    }
    expect(multi.setOpt("PIPELINING", CurlPipe.Multiplex)).toBe(CURLM_OK);
    multi.close();
  });

  test("counts: MAX_TOTAL_CONNECTIONS has the others wait", async () => {
    const multi = new Multi();
    expect(multi.setOpt("MAX_TOTAL_CONNECTIONS", 1)).toBe(CURLM_OK);
    const all = Array.from({ length: 3 }, () => easyFor(server.url("/delay/30")).easy);
    await Promise.all(all.map((easy) => multi.perform(easy)));
    const ports = new Set(all.map((easy) => easy.getInfo("LOCAL_PORT").data));
    expect(ports.size).toBe(1);
    for (const easy of all) {
      multi.removeHandle(easy);
      easy.close();
    }
    multi.close();
  });
});

test("numbers and words of a Multi", () => {
  const multi = new Multi();
  expect(multi.id).not.toBe(new Multi().id);
  expect(Multi.strError(CURLM_OK)).toBe("No error");
  expect(thrown(() => Multi.strError("1" as never))).toEqual(
    multiError(CURLM_BAD_FUNCTION_ARGUMENT),
  );
  expect(new CurlMultiError("words", 1)).toMatchObject({ message: "words", code: 1 });
  multi.close();
});

describe("Share", () => {
  test("shares cookies between handles", () => {
    const share = new Share();
    expect(share.setOpt("SHARE", CurlShareLock.DataCookie)).toBe(CurlShareCode.CURLSHE_OK);
    expect(share.setOpt(CurlShareOption.SHARE, CurlShareLock.DataDns)).toBe(0);
    expect(share.setOpt(CurlShareOption.UNSHARE, CurlShareLock.DataDns)).toBe(0);
    const set = easyFor(server.url("/cookies/set?a=1")), ask = easyFor(server.url("/cookies"));
    for (const { easy } of [set, ask]) {
      easy.setOpt("SHARE", share);
      easy.setOpt("COOKIEFILE", "");
      expect(easy.perform()).toBe(0);
    }
    expect(JSON.parse(ask.body())).toEqual({ a: "1" });
    expect(share.setOpt("UNSHARE", CurlShareLock.DataCookie)).toBe(CurlShareCode.CURLSHE_IN_USE);
    expect(thrown(() => share.close())).toMatchObject({ code: CurlShareCode.CURLSHE_IN_USE });
    set.easy.close();
    ask.easy.close();
    share.close();
  });

  test("has codes and errors for the rest", () => {
    const share = new Share();
    const { CURLSHE_BAD_OPTION, CURLSHE_INVALID } = CurlShareCode;
    expect(share.setOpt("NO_SUCH" as never, 1)).toBe(CURLSHE_BAD_OPTION);
    expect(share.setOpt(99 as never, 1)).toBe(CURLSHE_BAD_OPTION);
    expect(share.setOpt("SHARE", 99 as never)).toBe(CURLSHE_BAD_OPTION);
    for (const wrong of ["2", null, undefined]) {
      expect(() => share.setOpt("SHARE", wrong as never)).toThrow(TypeError);
    }
    expect(Share.strError(CURLSHE_BAD_OPTION)).toMatch(/\w/);
    expect(() => Share.strError("1" as never)).toThrow(TypeError);
    share.close();
    for (const call of [() => share.close(), () => share.setOpt("SHARE", 2)]) {
      const error = thrown(call);
      expect(error).toBeInstanceOf(CurlSharedError);
      expect(error).toMatchObject({ name: "CurlSharedError", code: CURLSHE_INVALID });
    }
  });
});

// The callbacks that load and save the HSTS cache.
import { describe, expect, test } from "vitest";
import { constants, type EasyOptions, type HstsEntry } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, facts, failure, Transfer } from "../easy_support.ts";

const { CURLSTS_OK, CURLSTS_DONE, CURLSTS_FAIL } = constants;
const EXPIRE = "20491231 23:59:59";

const server = useServer("https");

/** http, which the cache is to make https: the port is that of https. */
const plain = (options: EasyOptions) =>
  new Transfer(`http://localhost:${server.https}/small`, {
    HSTS_CTRL: constants.CURLHSTS_ENABLE,
    CAINFO: server.ca,
    ...options,
  });

/** A HSTSREADFUNCTION that loads those entries. */
const load = (...entries: Partial<HstsEntry>[]) => (_: unknown, entry: HstsEntry) => {
  const next = entries.shift();
  if (!next) return CURLSTS_DONE;
  Object.assign(entry, next);
  return CURLSTS_OK;
};

const { hsts } = libcurl;

describe.skipIf(!hsts.holds)(`HSTSREADFUNCTION${hsts.note}`, () => {
  test("fills entries until it says done; they make http https", () => {
    const calls: unknown[][] = [];
    const read = load({ name: "localhost", expire: EXPIRE });
    using easy = plain({
      HSTSREADDATA: "data",
      HSTSREADFUNCTION: (easy, entry, data) => {
        calls.push([easy, { ...entry }, data]);
        return read(easy, entry);
      },
    });
    easy.perform();
    expect(easy.getInfo("EFFECTIVE_URL")).toMatch(/^https:/);
    const empty = { name: "", includeSubDomains: false, expire: "" };
    expect(calls).toEqual([[easy, empty, "data"], [easy, empty, "data"]]);
  });

  test("undefined is an entry where one was filled in, and the end where none was", () => {
    const names = ["localhost", ""];
    using easy = plain({
      HSTSREADFUNCTION: (_, entry) => void (entry.name = names.shift() as string),
    });
    easy.perform();
    expect(easy.getInfo("EFFECTIVE_URL")).toMatch(/^https:/);
    expect(names).toEqual([]);
  });

  test("includeSubDomains covers the hosts below", () => {
    for (const includeSubDomains of [true, false]) {
      using easy = plain({
        URL: `http://a.localhost:${server.https}/small`,
        RESOLVE: [`a.localhost:${server.https}:127.0.0.1`],
        SSL_VERIFYHOST: 0,
        HSTSREADFUNCTION: load({ name: "localhost", expire: EXPIRE, includeSubDomains }),
      });
      const code = codeOf(() => easy.perform());
      expect(easy.getInfo("SCHEME")?.toLowerCase()).toBe(includeSubDomains ? "https" : "http");
      expect(code === 0).toBe(includeSubDomains);
    }
  });

  test("CURLSTS_FAIL ends the transfer with CURLE_ABORTED_BY_CALLBACK", () => {
    using easy = plain({ HSTSREADFUNCTION: () => CURLSTS_FAIL });
    expect(facts(() => easy.perform())).toMatchObject({ code: 42, caused: false });
  });

  test("an entry that is too long is a RangeError, and no memory is harmed", () => {
    for (const entry of [{ name: "x".repeat(3000) }, { name: "a.test", expire: "y".repeat(40) }]) {
      using easy = plain({ HSTSREADFUNCTION: load(entry) });
      expect(failure(() => easy.perform()).cause).toBeInstanceOf(RangeError);
    }
  });

  test("what it is called for may not change meanwhile: CURLE_RECURSIVE_API_CALL", () => {
    const codes: number[] = [];
    const read = load({ name: "localhost", expire: EXPIRE });
    using easy = plain({
      HSTSREADFUNCTION: (handle, entry) => {
        codes.push(codeOf(() => handle.setOpt("HSTSREADFUNCTION", null)));
        codes.push(codeOf(() => handle.setOpt("HSTS_CTRL", 0)));
        codes.push(codeOf(() => handle.setOpt("SHARE", null)));
        codes.push(codeOf(() => handle.setOpt("TIMEOUT_MS", 5000)));
        return read(handle, entry);
      },
    });
    easy.perform();
    expect(codes).toEqual([93, 93, 93, 0, 93, 93, 93, 0]);
    easy.setOpt("HSTSREADFUNCTION", null);
  });
});

describe.skipIf(!hsts.holds)(`HSTSWRITEFUNCTION${hsts.note}`, () => {
  const entries = [
    { name: "a.test", expire: EXPIRE, includeSubDomains: true },
    { name: "b.test", expire: EXPIRE },
    { name: "c.test" },
  ];

  test("gets each entry with its place and HSTSWRITEDATA when the handle is closed", () => {
    const calls: [unknown, HstsEntry, unknown, unknown][] = [];
    const easy = plain({
      HSTSREADFUNCTION: load({ name: "localhost" }, ...entries),
      HSTSWRITEDATA: "data",
      HSTSWRITEFUNCTION: (...args) => void calls.push(args),
    });
    easy.perform();
    expect(calls).toEqual([]);
    easy.close();
    const seen = calls.map(([handle, entry, place, data]) => {
      const { name, includeSubDomains, expire } = entry;
      return [handle === easy, name, includeSubDomains, expire, place, data];
    });
    expect(seen).toEqual([
      [true, "localhost", false, "unlimited", { index: 0, total: 4 }, "data"],
      [true, "a.test", true, EXPIRE, { index: 1, total: 4 }, "data"],
      [true, "b.test", false, EXPIRE, { index: 2, total: 4 }, "data"],
      [true, "c.test", false, "unlimited", { index: 3, total: 4 }, "data"],
    ]);
  });

  test("CURLSTS_DONE is the last call", () => {
    let calls = 0;
    const easy = plain({
      HSTSREADFUNCTION: load({ name: "localhost" }, ...entries),
      HSTSWRITEFUNCTION: () => (calls++, CURLSTS_DONE),
    });
    easy.perform();
    easy.close();
    expect(calls).toBe(1);
  });

  test("the handle is closed by then: every call on it says so", () => {
    const codes: number[] = [];
    const easy = plain({
      HSTSREADFUNCTION: load({ name: "localhost" }),
      HSTSWRITEFUNCTION: (handle) => {
        for (
          const call of [
            () => handle.setOpt("HSTSWRITEFUNCTION", null),
            () => handle.setOpt("HSTS_CTRL", 0),
            () => handle.getInfo("RESPONSE_CODE"),
            () => handle.perform(),
            () => handle.duplicate(),
            () => handle.close(),
          ]
        ) codes.push(codeOf(call));
      },
    });
    easy.perform();
    easy.close();
    expect(codes).toEqual([43, 43, 43, 43, 43, 0]);
  });
});

// The callbacks that tell of a transfer's course: XFERINFO, PROGRESS, DEBUG, PREREQ,
// RESOLVER_START, SSL_CTX.
import { describe, expect, test } from "vitest";
import { native } from "../../../ffi/mod.ts";
import { constants, type Pointer } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { having, libcurl } from "../../versions.ts";
import { codeOf, facts, get, Transfer } from "../easy_support.ts";

const server = useServer("http", "https");

describe.each(["XFERINFOFUNCTION", "PROGRESSFUNCTION"] as const)("%s", (name) => {
  const dataOption = name === "XFERINFOFUNCTION" ? "XFERINFODATA" : "PROGRESSDATA";

  test("is told data, then what comes and what goes, total before done", () => {
    const calls: [unknown, number, number, number, number][] = [];
    using easy = new Transfer(server.url("/bytes/500000"), {
      NOPROGRESS: false,
      [name]: (...args: (typeof calls)[0]) => void calls.push(args),
      [dataOption]: "data",
    });
    easy.perform();
    expect(new Set(calls.map(([data]) => data))).toEqual(new Set(["data"]));
    expect(calls.at(-1)).toEqual(["data", 500_000, 500_000, 0, 0]);
    const done = calls.map((call) => call[2]);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  test("is told of an upload in the last two", () => {
    const calls: number[][] = [];
    get(server.url("/sink"), {
      NOPROGRESS: false,
      POSTFIELDS: new Uint8Array(200_000),
      [name]: (_: unknown, ...numbers: number[]) => void calls.push(numbers),
    }).close();
    expect(calls.at(-1)?.slice(2)).toEqual([200_000, 200_000]);
  });

  test("a result other than 0 ends the transfer with CURLE_ABORTED_BY_CALLBACK", () => {
    for (const result of [1, -1, 42]) {
      using easy = new Transfer(server.url("/small"), { NOPROGRESS: 0, [name]: () => result });
      expect(facts(() => easy.perform())).toMatchObject({ code: 42, caused: false });
    }
  });

  test("is not called while NOPROGRESS is on, as it is by default", () => {
    let calls = 0;
    get(server.url("/small"), { [name]: () => void calls++ }).close();
    expect(calls).toBe(0);
  });
});

test("sizes beyond 2^32 reach XFERINFOFUNCTION as they are", () => {
  let total = 0;
  using easy = new Transfer(server.url("/bytes/5000000000"), {
    NOPROGRESS: false,
    XFERINFOFUNCTION: (_, dltotal) => {
      total = Math.max(total, dltotal);
      return total > 0 ? 1 : 0;
    },
  });
  expect(codeOf(() => easy.perform())).toBe(42);
  expect(total).toBe(5_000_000_000);
});

describe("DEBUGFUNCTION", () => {
  test("gets handle, type, bytes and DEBUGDATA", () => {
    const kinds = new Map<number, string>();
    const seen = new Set<unknown>();
    using easy = new Transfer(server.url("/echo"), {
      VERBOSE: true,
      POSTFIELDS: "the body",
      DEBUGDATA: "data",
      DEBUGFUNCTION: (handle, type, bytes, data) => {
        seen.add(handle).add(data);
        kinds.set(type, (kinds.get(type) ?? "") + new TextDecoder().decode(bytes));
      },
    });
    easy.perform();
    expect([...seen]).toEqual([easy, "data"]);
    expect(kinds.get(constants.CURLINFO_TEXT)).toMatch(/Connected to|Established connection to/);
    expect(kinds.get(constants.CURLINFO_HEADER_OUT)).toMatch(/^POST \/echo HTTP\/1.1\r\n/);
    expect(kinds.get(constants.CURLINFO_HEADER_IN)).toContain("HTTP/1.1 200 OK\r\n");
    expect(kinds.get(constants.CURLINFO_DATA_OUT)).toBe("the body");
    expect(kinds.get(constants.CURLINFO_DATA_IN)).toContain('"method":"POST"');
  });

  test("is not called without VERBOSE", () => {
    let calls = 0;
    get(server.url("/small"), { DEBUGFUNCTION: () => void calls++ }).close();
    expect(calls).toBe(0);
  });

  test("its bytes are a copy that may be kept", () => {
    const kept: Uint8Array[] = [];
    using easy = get(server.url("/small"), {
      VERBOSE: true,
      DEBUGFUNCTION: (_, type, bytes) => {
        if (type === constants.CURLINFO_DATA_IN) kept.push(bytes);
      },
    });
    expect(new TextDecoder().decode(kept[0])).toBe(easy.text);
  });
});

const prereq = having("PREREQFUNCTION");

describe.skipIf(!prereq.holds)(`PREREQFUNCTION${prereq.note}`, () => {
  test("gets PREREQDATA, both addresses and both ports, before the request goes", () => {
    const calls: unknown[][] = [];
    using easy = get(server.url("/small"), {
      PREREQDATA: "data",
      PREREQFUNCTION: (...args) => void calls.push(args),
    });
    const localPort = easy.getInfo("LOCAL_PORT");
    expect(calls).toEqual([["data", "127.0.0.1", "127.0.0.1", server.http, localPort]]);
  });

  test("CURL_PREREQFUNC_ABORT ends the transfer, and nothing was sent", () => {
    const PREREQFUNCTION = () => constants.CURL_PREREQFUNC_ABORT;
    using easy = new Transfer(server.url("/small"), { PREREQFUNCTION });
    expect(facts(() => easy.perform())).toMatchObject({ code: 42, caused: false });
    expect(easy.getInfo("REQUEST_SIZE")).toBe(0);
  });
});

describe("RESOLVER_START_FUNCTION", () => {
  test("is called before a lookup with two pointers and RESOLVER_START_DATA", () => {
    const calls: [Pointer, Pointer, unknown][] = [];
    using easy = get(`http://localhost:${server.http}/small`, {
      RESOLVER_START_DATA: "data",
      RESOLVER_START_FUNCTION: (...args) => void calls.push(args),
    });
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    expect(calls.length).toBeGreaterThan(0);
    for (const [resolver, reserved, data] of calls) {
      expect(() => native.address(resolver)).not.toThrow();
      expect([reserved, data]).toEqual([null, "data"]);
    }
  });

  test("a result other than 0 ends the transfer", () => {
    const RESOLVER_START_FUNCTION = () => 1;
    const url = `http://localhost:${server.http}/small`;
    using easy = new Transfer(url, { RESOLVER_START_FUNCTION });
    expect([6, 42]).toContain(codeOf(() => easy.perform()));
  });
});

const { sslContext } = libcurl;

describe.skipIf(!sslContext.holds)(`SSL_CTX_FUNCTION${sslContext.note}`, () => {
  test("gets handle, the TLS library's context and SSL_CTX_DATA", () => {
    const calls: unknown[][] = [];
    using easy = get(server.url("/small", "https"), {
      CAINFO: server.ca,
      SSL_CTX_DATA: "data",
      SSL_CTX_FUNCTION: (handle, context, data) => {
        calls.push([handle, native.address(context) > 0, data]);
      },
    });
    expect(calls).toEqual([[easy, true, "data"]]);
  });

  test("its result is the CURLcode that the transfer ends with", () => {
    using easy = new Transfer(server.url("/small", "https"), {
      CAINFO: server.ca,
      SSL_CTX_FUNCTION: () => 35,
    });
    expect(facts(() => easy.perform())).toMatchObject({ code: 35, caused: false });
  });
});

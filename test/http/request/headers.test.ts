// Request headers on the wire.
import { expect, test } from "vitest";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { codeOf, failure, get, record } from "../support.ts";

/** The header lines that a request is made of. */
async function lines(init: FetchInit): Promise<string[]> {
  await using recorder = await record();
  await (await get(recorder.url, init)).text();
  return recorder.lines();
}

const names = (all: string[]) => all.map((line) => line.split(":")[0]);

test("have the order and case of an object or an array", async () => {
  const pairs: [string, string][] = [
    ["x-zebra", "1"],
    ["X-APPLE", "2"],
    ["accept", "text/x"],
    ["User-agent", "mine"],
    ["X-mango", "3"],
    ["authorization", "Bearer t"],
  ];
  const wanted = pairs.map(([name, value]) => `${name}: ${value}`);
  for (const headers of [pairs, Object.fromEntries(pairs), new Map(pairs)]) {
    const arrived = await lines({ headers });
    expect(arrived[0]).toMatch(/^Host: /);
    const own = new Set(pairs.map(([name]) => name));
    expect(arrived.filter((line) => own.has(line.split(":")[0] as string))).toEqual(wanted);
    expect(names(arrived).toSorted()).toEqual(["Host", "Accept-Encoding", ...own].toSorted());
  }
});

test("of Headers and Request are sorted in lower case, as the standard has it", async () => {
  const headers = new Headers({ "X-B": "1", "X-A": "2" });
  const arrived = await lines({ headers });
  expect(arrived.filter((line) => line.startsWith("x-"))).toEqual(["x-a: 2", "x-b: 1"]);
});

test("ask for no encoding where there is a Range, unless the caller does", async () => {
  const encoding = async (init: FetchInit) => {
    await using recorder = await record();
    const answered = get(recorder.url, init).then((response) => response.text());
    // a 200 to RESUME_FROM, after the request has gone out
    await answered.catch((error) => expect(codeOf(error)).toBe("CURLE_RANGE_ERROR"));
    return recorder.lines().filter((line) => /^accept-encoding/i.test(line));
  };
  const identity = ["Accept-Encoding: identity"];
  expect(await encoding({ headers: { range: "bytes=0-1" } })).toEqual(identity);
  for (const curl of [{ RANGE: "0-1" }, { RESUME_FROM: 5 }, { RESUME_FROM_LARGE: 5 }]) {
    expect(await encoding({ curl })).toEqual(identity);
  }
  const own = { Range: "bytes=0-1", "Accept-Encoding": "x" };
  expect(await encoding({ headers: own })).toEqual(["Accept-Encoding: x"]);
  expect(await encoding({ headers: { ...own, "Accept-Encoding": null } })).toEqual([]);
  const curl = { ACCEPT_ENCODING: "gzip" };
  expect(await encoding({ headers: { Range: "bytes=0-1" }, curl })).toEqual([
    "Accept-Encoding: gzip",
  ]);
  expect(await encoding({})).not.toEqual(identity);
});

test("have a default for Accept, Accept-Encoding and User-Agent", async () => {
  const arrived = await lines({});
  expect(names(arrived)).toEqual(["Host", "User-Agent", "Accept", "Accept-Encoding"]);
  expect(arrived[1]).toMatch(/^User-Agent: curlew\/\S+ libcurl\/\d/);
  expect(arrived[3]).toContain("gzip");
});

test("can be set and taken away, also those that libcurl sends", async () => {
  const set = { Host: "example.test", "User-Agent": "x", "Accept-Encoding": "y", Accept: "z" };
  const arrived = await lines({ headers: set });
  expect(arrived.toSorted()).toEqual(
    Object.entries(set).map(([name, value]) => `${name}: ${value}`).toSorted(),
  );
  const none = { "user-agent": null, "Accept-Encoding": null, accept: null };
  expect(names(await lines({ headers: none }))).toEqual(["Host"]);
  expect(names(await lines({ curl: { USERAGENT: null, ACCEPT_ENCODING: null } })))
    .toEqual(["Host", "Accept"]);
  expect(await lines({ curl: { USERAGENT: "by curl" } })).toContain("User-Agent: by curl");
  const length = await lines({ method: "POST", body: "x", headers: { "Content-Type": null } });
  expect(names(length)).not.toContain("Content-Type");
});

test("may be twice, empty, and have any character of latin-1", async () => {
  const headers = [
    ["X-Twice", "1"],
    ["X-Twice", "2"],
    ["X-Empty", ""],
    ["X-Space", " \t padded \r\n"],
    ["X-Latin", "caf\u00e9 \u00ff\u0080"],
    ["X-Odd", "a\x01;,:\"'\\b"],
  ];
  const arrived = await lines({ headers });
  expect(arrived.filter((line) => line.startsWith("X-"))).toEqual([
    "X-Twice: 1",
    "X-Twice: 2",
    "X-Empty:",
    "X-Space: padded",
    "X-Latin: caf\u00e9 \u00ff\u0080", // one byte each
    "X-Odd: a\x01;,:\"'\\b",
  ]);
});

test("that would break the request are refused", async () => {
  const url = "http://127.0.0.1:1/";
  const values = ["a\rb", "a\nb", "a\0b", "a\r\nX-B: 1", "\u0100", "€", "\ud83d\ude00"];
  for (const value of values) {
    for (const headers of [{ "X-A": value }, [["X-A", value]]]) {
      const error = await failure(get(url, { headers }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("X-A");
      expect(String(error)).not.toContain(value);
    }
  }
  for (const name of ["", "a b", "a:", "é", "a\r\n", "X-A\0"]) {
    expect(await failure(get(url, { headers: { [name]: "1" } }))).toBeInstanceOf(TypeError);
  }
  for (const headers of [["ab"], [["a"]], [["a", "b", "c"]], "a: b", 5]) {
    const init = { headers } as unknown as FetchInit;
    expect(await failure(get(url, init))).toBeInstanceOf(TypeError);
  }
});

test("what has no meaning without a browser is accepted", async () => {
  const init: FetchInit = {
    cache: "no-store",
    credentials: "include",
    keepalive: true,
    mode: "cors",
    priority: "high",
    referrerPolicy: "origin",
    window: null,
    duplex: "half",
  };
  expect(names(await lines(init))).toEqual(["Host", "User-Agent", "Accept", "Accept-Encoding"]);
});

import { expect, test } from "vitest";
import { easyOptions, multiOptions } from "../../../ffi/curl/options.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { CurlUrl, Easy, fetch, Multi, Share } from "../../../mod.ts";

/** A call that takes a name of curl's, and what its name is called. */
const CALLS: Readonly<Record<string, readonly [what: string, call: (name: string) => unknown]>> = {
  "Easy.setOpt": ["option", (name) => {
    using easy = new Easy();
    easy.setOpt(name as "URL", "x");
  }],
  "Easy.getInfo": ["info", (name) => {
    using easy = new Easy();
    easy.getInfo(name as "CAINFO");
  }],
  "Multi.setOpt": ["option", (name) => {
    using multi = new Multi();
    multi.setOpt(name as "MAXCONNECTS", 1);
  }],
  "Share.setOpt": ["option", (name) => {
    using share = new Share();
    share.setOpt(name as "SHARE", 3);
  }],
  "CurlUrl.get": ["part of a URL", (name) => {
    using url = new CurlUrl("http://x.test/");
    url.get(name as "HOST");
  }],
};

function messageOf(call: string, name: string): string {
  try {
    CALLS[call]![1](name);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${call} knows ${name}`);
}

test.each([
  ["Easy.setOpt", "TIMEOUT_MSS", "TIMEOUT_MS"],
  ["Easy.setOpt", "CURLOPT_TIMEOUT_MS", "TIMEOUT_MS"],
  ["Easy.setOpt", "timeoutMs", "TIMEOUT_MS"],
  ["Easy.setOpt", "HTTPAUHT", "HTTPAUTH"],
  ["Easy.setOpt", "HTTP_HEADER", "HTTPHEADER"],
  ["Easy.setOpt", "URI", "URL"],
  ["Easy.getInfo", "RESPONSE_COD", "RESPONSE_CODE"],
  ["Easy.getInfo", "CURLINFO_EFFECTIVE_URL", "EFFECTIVE_URL"],
  ["Easy.getInfo", "total_time", "TOTAL_TIME"],
  ["Multi.setOpt", "MAXCONECTS", "MAXCONNECTS"],
  ["Multi.setOpt", "CURLMOPT_SOCKETFUNCTION", "SOCKETFUNCTION"],
  ["Share.setOpt", "share", "SHARE"],
  ["Share.setOpt", "CURLSHOPT_UNSHARE", "UNSHARE"],
  ["CurlUrl.get", "hosts", "HOST"],
  ["CurlUrl.get", "CURLUPART_QUERY", "QUERY"],
])("%s of %s asks for %s", (call, name, meant) => {
  const [what] = CALLS[call]!;
  expect(messageOf(call, name)).toBe(`Unknown ${what}: ${name} (did you mean ${meant}?)`);
});

test.each(Object.keys(CALLS))("%s suggests nothing where no name is similar", (call) => {
  const [what] = CALLS[call]!;
  for (const name of ["", "Q", "something_quite_different", "__proto__", "x".repeat(100_000)]) {
    expect(messageOf(call, name)).toBe(`Unknown ${what}: ${name}`);
  }
});

test("a name with one letter too much leads to the right one, for each option and info", () => {
  const tables = {
    "Easy.setOpt": easyOptions,
    "Easy.getInfo": infos,
    "Multi.setOpt": multiOptions,
  };
  for (const [call, table] of Object.entries(tables)) {
    for (const name of Object.keys(table)) {
      expect(messageOf(call, `X${name}`)).toContain(`did you mean ${name}?`);
    }
  }
});

test("fetch says it too", async () => {
  const curl = { TIMEOUT_MZ: 1, PROXYY: "x" } as object;
  await expect(fetch("http://127.0.0.1:1/", { curl })).rejects.toThrow("did you mean");
});

test("the error names a wrong value and the valid ones, also for a Share", () => {
  using share = new Share();
  expect(() => share.setOpt("SHARE", "cookies" as never)).toThrow(
    "Cannot set SHARE: expected a CURL_LOCK_DATA_*, got a string",
  );
});

test("the error for a wrong value names what the option takes", () => {
  using easy = new Easy();
  for (const [name, { kind }] of Object.entries(easyOptions)) {
    if (kind === "cbptr" || name === "PRIVATE") continue; // they take any value
    const set = () => easy.setOpt(name as "URL", Symbol("wrong") as unknown as string);
    expect(set, name).toThrow(
      new RegExp(`^Cannot set ${name}: expected .+, got Symbol\\(wrong\\)$`),
    );
  }
});

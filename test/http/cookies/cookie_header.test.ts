// A request has one line of Cookie (RFC 6265, 5.4), whoever the cookies are from.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { constants, download, fetch, type FetchCurlOptions } from "../../../mod.ts";
import { type FetchInit, fetchSync, Share } from "../../../mod.ts";
import { CookieJar } from "../../../session.ts";
import { type Echo, echo } from "../support.ts";
import { useFolder, useServer } from "../../use.ts";

const server = useServer("http"), folder = useFolder("cookie-header");

const STORED = { name: "stored", value: "1", domain: "127.0.0.1" };
const LINE = "127.0.0.1\tFALSE\t/\tFALSE\t0\tstored\t1";

const jar = () => CookieJar.fromJSON([STORED]);

function share(): Share {
  const share = new Share();
  share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
  return share;
}

/** Each way by which libcurl's cookie engine takes part, with the cookies that it sends. */
const ENGINES: readonly (readonly [name: string, init: () => FetchInit, sent: string[]])[] = [
  ["no engine", () => ({}), []],
  ["a jar", () => ({ cookies: jar() }), ["stored=1"]],
  ["a jar without cookies", () => ({ cookies: new CookieJar() }), []],
  ["COOKIELIST", () => ({ curl: { COOKIELIST: LINE } }), ["stored=1"]],
  ["COOKIEFILE", () => ({ curl: { COOKIEFILE: "" } }), []],
  ["SHARE", () => ({ curl: { SHARE: share(), COOKIEFILE: "", COOKIELIST: LINE } }), ["stored=1"]],
];

const HEADERS: readonly (readonly [headers: [string, string][], sent: string[]])[] = [
  [[], []],
  [[["Cookie", "own=2"]], ["own=2"]],
  [[["cookie", "own=2; more=3"]], ["own=2", "more=3"]],
  [[["Cookie", "own=2"], ["COOKIE", "more=3"]], ["own=2", "more=3"]],
  [[["Cookie", "own=\xe4"]], ["own=\xe4"]],
  [[["Cookie", "own=2"], ["cookie", ""]], ["own=2"]],
];

test.each(ENGINES)("one line of Cookie is sent with %s", async (_, init, stored) => {
  for (const [headers, own] of HEADERS) {
    const { headers: arrived } = await echo(server.url("/echo"), { ...init(), headers });
    const lines = arrived.filter(([name]) => name.toLowerCase() === "cookie");
    const all = [...stored, ...own];
    expect(lines.length).toBe(all.length > 0 ? 1 : 0);
    if (all.length > 0) expect(lines[0]![1].split("; ")).toEqual(all);
  }
});

test("a Cookie header wins over the option COOKIE, with an engine and without", async () => {
  for (const cookies of [null, jar()]) {
    const init = { cookies, headers: { Cookie: "own=2" }, curl: { COOKIE: "option=3" } };
    const { headers } = await echo(server.url("/echo"), init);
    const [line] = headers.filter(([name]) => name.toLowerCase() === "cookie");
    expect(line?.[1]).toBe(cookies ? "stored=1; own=2" : "own=2");
  }
});

test("a Cookie header that is null or empty removes the option COOKIE, with an engine and without", async () => {
  for (const cookies of [null, new CookieJar()]) {
    for (const value of [null, ""]) {
      const init = { cookies, headers: { Cookie: value }, curl: { COOKIE: "option=3" } };
      const { headers } = await echo(server.url("/echo"), init);
      const sent = headers.filter(([name, value]) => name.toLowerCase() === "cookie" && value);
      expect(sent).toEqual([]);
    }
  }
});

test("a redirect to another origin drops the header; a stored cookie goes to its host", async () => {
  const elsewhere = server.url("/echo").replace("127.0.0.1", "localhost");
  for (const [target, sent] of [["/echo", "stored=1; own=2"], [elsewhere, undefined]] as const) {
    const url = server.url(`/redirect-to?url=${encodeURIComponent(target)}`);
    const { headers } = await echo(url, { cookies: jar(), headers: { Cookie: "own=2" } });
    expect(headers.find(([name]) => name.toLowerCase() === "cookie")?.[1]).toBe(sent);
  }
});

/** Options with one cookie, and what the server's redirect does with it. */
const LOADED: readonly FetchCurlOptions[] = [
  { COOKIELIST: LINE },
  { COOKIELIST: "Set-Cookie: stored=1; domain=127.0.0.1; path=/" },
];
/** libcurl takes a cookie without a path for another one than that of the server. */
const WITHOUT_PATH: FetchCurlOptions = { COOKIELIST: "Set-Cookie: stored=1; domain=127.0.0.1" };
const CHANGES = {
  "leaves": ["other=1; Path=/", "other=1,stored=1"],
  "replaces": ["stored=2; Path=/", "stored=2"],
  "deletes": ["stored=; Path=/; Max-Age=0", ""],
} as const;

test.each(Object.keys(CHANGES) as (keyof typeof CHANGES)[])(
  "a cookie of COOKIELIST is sent once after a redirect that %s it",
  async (change) => {
    const [setCookie, expected] = CHANGES[change];
    const via = `/redirect-to?${new URLSearchParams({ url: "/echo", cookie: setCookie })}`;
    for (const curl of change === "leaves" ? [...LOADED, WITHOUT_PATH] : LOADED) {
      const path = join(folder, "body");
      await download(server.url(via), path, { curl, timeout: 5000 });
      const bodies = [
        await (await fetch(server.url(via), { curl, timeout: 5000 })).text(),
        readFileSync(path, "utf8"),
        new TextDecoder().decode(fetchSync(server.url(via), { curl, timeout: 5000 }).body),
      ];
      for (const [i, body] of bodies.entries()) {
        const { headers } = JSON.parse(body) as Echo;
        const lines = headers.filter(([name]) => name.toLowerCase() === "cookie");
        const sent = (lines[0]?.[1] ?? "").split("; ").sort().join();
        expect([lines.length, sent], `${i} ${curl.COOKIELIST}`).toEqual([
          expected ? 1 : 0,
          expected,
        ]);
      }
    }
  },
);

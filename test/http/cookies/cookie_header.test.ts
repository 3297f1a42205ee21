// A request has one line of Cookie (RFC 6265, 5.4), whoever the cookies are from.
import { expect, test } from "vitest";
import { constants, type FetchInit, Share } from "../../../mod.ts";
import { CookieJar } from "../../../session.ts";
import { echo } from "../support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

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
];

test.each(ENGINES)("one line of Cookie is sent with %s", async (engine, init, stored) => {
  for (const [headers, own] of HEADERS) {
    if (engine === "no engine" && headers.length > 1) continue; // lines are sent as they are given
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

test("a redirect to another origin drops the header; a stored cookie goes to its host", async () => {
  const elsewhere = server.url("/echo").replace("127.0.0.1", "localhost");
  for (const [target, sent] of [["/echo", "stored=1; own=2"], [elsewhere, undefined]] as const) {
    const url = server.url(`/redirect-to?url=${encodeURIComponent(target)}`);
    const { headers } = await echo(url, { cookies: jar(), headers: { Cookie: "own=2" } });
    expect(headers.find(([name]) => name.toLowerCase() === "cookie")?.[1]).toBe(sent);
  }
});

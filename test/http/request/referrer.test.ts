// The Referer header, by the fetch standard's rules for who may see how much.
import { describe, expect, test } from "vitest";
import { fetchSync, type ReferrerPolicy } from "../../../mod.ts";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { referrerFor } from "../../../src/http/request/referrer.ts";
import { useServer } from "../../use.ts";
import { echo, failure, get, record, sent } from "../support.ts";

const server = useServer("http");

/** What `/echo` got as Referer. */
async function seen(init: FetchInit, url = server.url("/echo")): Promise<string | undefined> {
  return sent(await echo(url, init), "referer")[0];
}

const PAGE = "https://user:pass@page.test/dir/file?query#part";
const SAME = "https://page.test/other", OTHER = "https://other.test/", LESS = "http://page.test/";
const ALL = "https://page.test/dir/file?query", ORIGIN = "https://page.test/";

describe("the policy", () => {
  const policies: Record<ReferrerPolicy, [same: string, other: string, less: string]> = {
    "": [ALL, ORIGIN, ""],
    "no-referrer": ["", "", ""],
    "no-referrer-when-downgrade": [ALL, ALL, ""],
    "origin": [ORIGIN, ORIGIN, ORIGIN],
    "origin-when-cross-origin": [ALL, ORIGIN, ORIGIN],
    "same-origin": [ALL, "", ""],
    "strict-origin": [ORIGIN, ORIGIN, ""],
    "strict-origin-when-cross-origin": [ALL, ORIGIN, ""],
    "unsafe-url": [ALL, ALL, ALL],
  };

  test.each(Object.entries(policies))("%o shows what it may", (policy, wanted) => {
    const all = [SAME, OTHER, LESS].map((url) =>
      referrerFor(PAGE, policy as ReferrerPolicy, new URL(url))
    );
    expect(all).toEqual(wanted);
  });

  test("counts loopback as secure, and a plain page has nothing to lose", () => {
    const shown = (from: string, to: string) => referrerFor(from, "", new URL(to));
    for (const to of ["http://127.0.0.1/", "http://[::1]:8080/", "http://a.localhost/"]) {
      expect(shown(PAGE, to)).toBe(ORIGIN);
    }
    expect(shown("http://page.test/a", "http://other.test/")).toBe("http://page.test/");
    expect(shown("http://page.test/a", "https://page.test/")).toBe("http://page.test/");
  });

  test("shows no more than the origin of what is very long, and nothing of what is local", () => {
    const long = `https://page.test/${"x".repeat(5000)}`;
    expect(referrerFor(long, "unsafe-url", new URL(OTHER))).toBe(ORIGIN);
    for (const from of ["about:blank", "data:,x", "blob:https://page.test/1", "file:///a"]) {
      expect(referrerFor(from, "unsafe-url", new URL(OTHER))).toBe("");
    }
  });

  test("of another name, or a referrer that is no URL, is refused", async () => {
    const url = server.url("/small");
    for (const init of [{ referrerPolicy: "never" as ReferrerPolicy }, { referrer: "no url" }]) {
      expect(await failure(get(url, init))).toBeInstanceOf(TypeError);
    }
  });
});

test("is sent as fetch and fetchSync were told, or not at all", async () => {
  const origin = new URL(server.url("/")).origin;
  expect(await seen({ referrer: `${origin}/page` })).toBe(`${origin}/page`);
  expect(await seen({ referrer: PAGE })).toBe(ORIGIN);
  expect(await seen({ referrer: PAGE, referrerPolicy: "unsafe-url" })).toBe(ALL);
  for (const referrer of ["", "about:client"]) expect(await seen({ referrer })).toBe(undefined);
  const init = { referrer: PAGE, timeout: 5000 };
  const { body } = fetchSync(server.url("/echo"), init);
  expect(sent(JSON.parse(new TextDecoder().decode(body)), "referer")).toEqual([ORIGIN]);
});

test("in init.headers or init.curl is the caller's own, and stays as it is", async () => {
  expect(await seen({ headers: { Referer: "mine" } })).toBe("mine");
  expect(await seen({ headers: { Referer: "mine" }, referrer: PAGE })).toBe("mine");
  expect(await seen({ curl: { REFERER: "mine" } })).toBe("mine");
});

describe("across a redirect", () => {
  const head = (more: string) =>
    `HTTP/1.1 302 Found\r\nLocation: ${server.url("/echo")}\r\n${more}` +
    "Content-Length: 0\r\nConnection: close\r\n\r\n";

  test("it is cut down, and stays so", async () => {
    await using recorder = await record(head(""));
    const referrer = `${recorder.url}page`;
    expect(await seen({ referrer }, recorder.url)).toBe(recorder.url);
    expect(recorder.lines()).toContain(`Referer: ${referrer}`);
    const away = encodeURIComponent(recorder.url), own = server.url("/page");
    const there = server.url(`/redirect-to?url=${away}`); // and back again
    expect(await seen({ referrer: own }, there)).toBe(server.url("/"));
  });

  test("the server's Referrer-Policy holds from there on", async () => {
    const referrer = (url: string) => ({ referrer: `${url}page` });
    await using none = await record(head("Referrer-Policy: no-referrer\r\n"));
    expect(await seen(referrer(none.url), none.url)).toBe(undefined);
    await using all = await record(head("Referrer-Policy: origin, Unsafe-URL, unknown\r\n"));
    expect(await seen(referrer(all.url), all.url)).toBe(`${all.url}page`);
  });

  test("of several Referrer-Policy headers the last one counts", async () => {
    const policies = "Referrer-Policy: unsafe-url\r\nReferrer-Policy: no-referrer\r\n";
    await using both = await record(head(policies));
    expect(await seen({ referrer: `${both.url}page` }, both.url)).toBe(undefined);
  });
});

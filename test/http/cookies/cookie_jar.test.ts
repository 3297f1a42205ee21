// CookieJar: its members, and the calls that take it.
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import {
  Agent,
  type CurlEasyError,
  download,
  fetch,
  fetchSync,
  Share,
  upload,
} from "../../../mod.ts";
import { type Cookie, type CookieInit, CookieJar, createFetch } from "../../../session.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { failure, sleep } from "../session/support.ts";

// deno-lint-ignore no-explicit-any -- what TypeScript would not let a caller do
type Any = any;

const server = useServer("http", "https");

const HOST = "127.0.0.1";
const FULL: Cookie = {
  name: "full",
  value: "v=1 ü",
  domain: "example.com",
  path: "/deep",
  expires: Math.floor(Date.now() / 1000) * 1000 + 3_600_000,
  secure: true,
  httpOnly: true,
  hostOnly: false,
};

/** A jar with the cookies. */
function jarOf(...cookies: CookieInit[]): CookieJar {
  return CookieJar.fromJSON(cookies);
}

const names = (jar: Iterable<Cookie>) => [...jar].map(({ name }) => name).sort();
const setting = (cookie: string) => server.url(`/with?Set-Cookie=${encodeURIComponent(cookie)}`);

/** The cookies that a request with a jar sends. */
async function sent(jar: CookieJar, url = server.url("/cookies"), curl = {}): Promise<unknown> {
  return await (await fetch(url, { cookies: jar, timeout: 5000, curl })).json();
}

describe("set()", () => {
  test("sets a cookie of the session, for that host, where members are left out", () => {
    const jar = new CookieJar();
    jar.set({ name: "a", domain: "Example.COM" });
    expect([...jar]).toEqual([{
      name: "a",
      value: "",
      domain: "example.com",
      path: "/",
      expires: null,
      secure: false,
      httpOnly: false,
      hostOnly: true,
    }]);
  });

  test("keeps every member", () => {
    expect([...jarOf(FULL)]).toEqual([FULL]);
    expect([...jarOf({ ...FULL, hostOnly: true })]).toEqual([{ ...FULL, hostOnly: true }]);
    expect([...jarOf({ ...FULL, expires: new Date(FULL.expires ?? 0) })]).toEqual([FULL]);
  });

  test("replaces the cookie of the same name, domain and path, and no other", () => {
    const one = { name: "a", value: "1", domain: HOST };
    const jar = jarOf(one, { ...one, path: "/b" }, { ...one, domain: "other.test" });
    jar.set({ ...one, value: "2" });
    expect(jar.size).toBe(3);
    expect([...jar].map(({ value }) => value).sort()).toEqual(["1", "1", "2"]);
  });

  test("deletes by an expiry that is over", () => {
    const jar = jarOf({ name: "a", domain: HOST });
    jar.set({ name: "a", domain: HOST, expires: 0 });
    jar.set({ name: "b", domain: HOST, expires: new Date(1000) });
    expect([jar.size, [...jar]]).toEqual([0, []]);
  });

  test.each([
    ["a dot first", ".example.com", "example.com", false],
    ["an address", "127.0.0.1", "127.0.0.1", true],
    ["an address of IPv6", "::1", "::1", true],
    ["one in brackets", "[::1]", "::1", true],
    ["a name beyond ASCII", "Bücher.example", "xn--bcher-kva.example", true],
    ["a single label", "localhost", "localhost", true],
  ])("takes a domain with %s", (_, given, domain, hostOnly) => {
    expect([...jarOf({ name: "a", domain: given })]).toMatchObject([{ domain, hostOnly }]);
  });

  const good: CookieInit = { name: "a", domain: HOST };
  test.each<[unknown, string]>([
    [5, "cookie must be an object, got 5"],
    [null, "cookie must be an object, got null"],
    [{ ...good, name: "" }, "cookie.name must be a string without control characters"],
    [{ ...good, name: 5 }, "cookie.name must be a string without control characters"],
    [{ ...good, name: "a=b" }, "cookie.name must be a string without control characters"],
    [{ ...good, name: "a;b" }, "cookie.name must be"],
    [{ ...good, name: "a\tb" }, "cookie.name must be"],
    [{ ...good, name: " a" }, "cookie.name must be"],
    [{ ...good, name: "€" }, "cookie.name must be"],
    [{ ...good, value: "a\r\nb" }, "cookie.value must be a string without control characters"],
    [{ ...good, value: "a;b" }, "cookie.value must be"],
    [{ ...good, value: "€" }, "cookie.value must be"],
    [{ ...good, value: 1 }, "cookie.value must be"],
    [{ name: "a" }, "cookie.domain must be the name of a host or domain, got undefined"],
    [{ ...good, domain: "" }, 'cookie.domain must be the name of a host or domain, got ""'],
    [{ ...good, domain: "." }, "cookie.domain must be"],
    [{ ...good, domain: "a b" }, "cookie.domain must be"],
    [{ ...good, domain: "a/b" }, "cookie.domain must be"],
    [{ ...good, domain: "a:80" }, "cookie.domain must be"],
    [{ ...good, domain: "user@a" }, "cookie.domain must be"],
    [{ ...good, domain: "https://a" }, "cookie.domain must be"],
    [{ ...good, path: "x" }, 'cookie.path must be a string that begins with "/", got "x"'],
    [{ ...good, path: "/\n" }, "cookie.path must be"],
    [{ ...good, path: 1 }, "cookie.path must be"],
    [
      { ...good, expires: "soon" },
      'cookie.expires must be a number of ms, a Date or null, got "soon"',
    ],
    [{ ...good, expires: new Date(NaN) }, "cookie.expires must be"],
    [{ ...good, expires: Infinity }, "cookie.expires must be"],
    [{ ...good, secure: 1 }, "cookie.secure must be a boolean, got 1"],
    [{ ...good, httpOnly: "no" }, 'cookie.httpOnly must be a boolean, got "no"'],
    [{ ...good, hostOnly: null }, "cookie.hostOnly must be a boolean, got null"],
    [
      { ...good, domain: ".a.b", hostOnly: true },
      "cookie.hostOnly must be false where domain has a dot",
    ],
    [{ ...good, name: "__Secure-a" }, 'Cannot set the cookie "__Secure-a": libcurl refuses it'],
    [{ ...good, value: "x".repeat(4096) }, "cookie has more than 4096 bytes in name and value"],
  ])("refuses %o", (cookie, message) => {
    const jar = jarOf({ name: "kept", domain: HOST });
    expect(() => jar.set(cookie as CookieInit)).toThrow(TypeError);
    expect(() => jar.set(cookie as CookieInit)).toThrow(message);
    expect(names(jar)).toEqual(["kept"]);
  });

  test("never shows a value", () => {
    const refused = { name: "__Secure-a", value: "secret", domain: HOST };
    for (const cookie of [refused, { ...refused, value: "secret\n" }]) {
      try {
        jarOf(cookie);
      } catch (error) {
        expect(String(error)).not.toContain("secret");
        continue;
      }
      throw new Error("It was not refused");
    }
  });
});

describe("get(), getAll() and delete()", () => {
  const jar = () =>
    jarOf(
      { name: "a", value: "root", domain: HOST },
      { name: "a", value: "deep", domain: HOST, path: "/deep" },
      { name: "b", domain: ".example.com", secure: true },
      { name: "c", domain: "example.com" },
      { name: "d", domain: "example.com", expires: Date.now() + 60_000 },
    );

  test("find by name", () => {
    expect(jar().get("b")).toMatchObject({ name: "b", domain: "example.com" });
    expect(jar().get("none")).toBeUndefined();
    expect(() => jar().get(5 as Any)).toThrow("Cannot get a cookie: expected its name");
  });

  test.each<[string, string[]]>([
    [`http://${HOST}/`, ["root"]],
    [`http://${HOST}/deep`, ["deep", "root"]],
    [`http://${HOST}:81/deep/er?x`, ["deep", "root"]],
    [`http://${HOST}/deeper`, ["root"]],
    ["http://other.test/", []],
  ])("find what %s would be sent, the longest path first", (url, values) => {
    expect(jar().getAll(url).map(({ value }) => value)).toEqual(values);
    expect(jar().get("a", new URL(url))?.value).toBe(values[0]);
  });

  test.each<[string, string[]]>([
    ["https://example.com/", ["b", "c", "d"]],
    ["http://example.com/", ["c", "d"]],
    ["https://www.example.com/", ["b"]],
    ["wss://www.example.com/", ["b"]],
    ["https://badexample.com/", []],
  ])("know domains and TLS: %s", (url, expected) => {
    expect(names(jar().getAll(url))).toEqual(expected);
  });

  test("refuse an invalid URL", () => {
    expect(() => jar().getAll("nonsense")).toThrow("Cannot get cookies: invalid URL");
  });

  test("delete by name, and by all that is given", () => {
    const all = jar();
    expect(all.delete("none")).toBe(false);
    expect(all.delete({ name: "a", path: "/deep" })).toBe(true);
    expect(all.get("a")?.value).toBe("root");
    expect(all.delete({ domain: "example.com" })).toBe(true);
    expect(names(all)).toEqual(["a"]);
    expect([all.delete("a"), all.delete("a"), all.size]).toEqual([true, false, 0]);
  });

  test("delete the cookie that iterating gave", async () => {
    const one = jarOf(FULL, { name: "a", domain: HOST });
    for (const cookie of one) if (cookie.name === "full") one.delete(cookie);
    expect(names(one)).toEqual(["a"]);
    expect(await sent(one)).toEqual({ a: "" });
  });

  test.each<[unknown, string]>([
    [{}, "expected name, domain or path; clear() deletes all"],
    [5, "expected a name, or an object"],
    [null, "expected a name, or an object"],
    [{ name: 5 }, "name must be a string"],
  ])("delete(%j) is refused", (filter, message) => {
    const all = jar();
    expect(() => all.delete(filter as Any)).toThrow(message);
    expect(all.size).toBe(5);
  });

  test("clear() deletes all", () => {
    const all = jar();
    all.clear();
    expect([all.size, [...all]]).toEqual([0, []]);
  });

  test("what has expired is not there, before libcurl drops it", async () => {
    const short = jarOf({ name: "a", domain: HOST, expires: Date.now() + 1500 });
    expect(short.size).toBe(1);
    await sleep(1600);
    expect(short.size).toBe(0);
  });
});

describe("toJSON() and fromJSON()", () => {
  test("go there and back", () => {
    const jar = jarOf(FULL, { name: "a", domain: HOST });
    const text = JSON.stringify(jar);
    expect([...CookieJar.fromJSON(text)]).toEqual([...jar]);
    expect([...CookieJar.fromJSON(jar.toJSON())]).toEqual([...jar]);
    expect([...CookieJar.fromJSON(jar)]).toEqual([...jar]);
  });

  test.each<[unknown, string]>([
    ["{", "Cannot make a CookieJar: the text is not JSON"],
    ["{}", "Cannot make a CookieJar: expected an array of cookies, or its JSON"],
    [5, "Cannot make a CookieJar: expected an array of cookies, or its JSON"],
    [[{ name: "a", domain: "x" }, { name: "b" }], "cookies[1].domain must be"],
    ["[5]", "cookies[0] must be an object, got 5"],
  ])("fromJSON(%j) is refused", (json, message) => {
    expect(() => CookieJar.fromJSON(json as Any)).toThrow(message);
  });

  test("an error of the text does not quote it", () => {
    expect(() => CookieJar.fromJSON("[secret]")).toThrow("the text is not JSON");
    try {
      CookieJar.fromJSON("[secret]");
    } catch (error) {
      expect(JSON.stringify([String(error), String((error as Error).cause)])).not.toContain(
        "secret",
      );
    }
  });
});

describe("a jar", () => {
  test("gets the cookies of responses and gives them to the next request, by fetch", async () => {
    const jar = new CookieJar();
    await (await fetch(setting("a=1; Path=/; Max-Age=60; HttpOnly"), { cookies: jar })).text();
    expect([...jar]).toMatchObject([{
      name: "a",
      value: "1",
      domain: HOST,
      httpOnly: true,
      path: "/",
    }]);
    expect(await sent(jar)).toEqual({ a: "1" });
    expect(await (await fetch(server.url("/cookies"))).json()).toEqual({});
  });

  test("works with createFetch, and null in a call leaves it out", async () => {
    const jar = jarOf({ name: "a", value: "1", domain: HOST });
    const api = createFetch({ baseUrl: server.url(""), cookies: jar, timeout: 5000 });
    expect(await (await api("cookies")).json()).toEqual({ a: "1" });
    expect(await (await api("cookies", { cookies: null })).json()).toEqual({});
  });

  test("works with fetchSync, download and upload", async () => {
    const jar = new CookieJar();
    fetchSync(setting("a=1; Path=/"), { cookies: jar, timeout: 5000 });
    await download(setting("b=2; Path=/"), "/dev/null", { cookies: jar, timeout: 5000 });
    await upload(new Uint8Array(1), setting("c=3; Path=/"), { cookies: jar, timeout: 5000 });
    expect(await sent(jar)).toEqual({ a: "1", b: "2", c: "3" });
  });

  test("has the cookies of a redirect, and each host gets its own", async () => {
    const jar = jarOf({ name: "other", value: "x", domain: "other.test" });
    const target = encodeURIComponent(`http://other.test:${server.http}/cookies`);
    const url = `http://one.test:${server.http}`;
    const RESOLVE = ["one.test", "other.test"].map((host) => `${host}:${server.http}:127.0.0.1`);
    const curl = { RESOLVE };
    await sent(jar, `${url}/cookies/set?a=1`, curl);
    expect(jar.get("a")).toMatchObject({ domain: "one.test" });
    expect(await sent(jar, `${url}/redirect-to?url=${target}`, curl)).toEqual({ other: "x" });
  });

  test("forgets what a server deletes", async () => {
    const jar = jarOf({ name: "a", domain: HOST });
    await (await fetch(setting("a=; Path=/; Max-Age=0"), { cookies: jar })).text();
    expect(jar.size).toBe(0);
  });

  test("sends a secure cookie by TLS only", async () => {
    const jar = new CookieJar(), curl = { CAINFO: server.ca };
    const RESOLVE = ["http", "https"].map((kind) =>
      `secure.test:${new URL(server.url("", kind as Any)).port}:127.0.0.1`
    );
    const { port } = new URL(server.url("", "https"));
    jar.set({ name: "s", value: "1", domain: "secure.test", secure: true });
    const options = { ...curl, RESOLVE, SSL_VERIFYHOST: 0 };
    expect(await sent(jar, `https://secure.test:${port}/cookies`, options)).toEqual({ s: "1" });
    expect(await sent(jar, `http://secure.test:${server.http}/cookies`, { RESOLVE })).toEqual({});
  });

  test("serves many agents at once", async () => {
    const jar = new CookieJar(), count = 40;
    const agents = Array.from({ length: 8 }, () => new Agent());
    try {
      await Promise.all(Array.from({ length: count }, async (_, i) => {
        const agent = agents[i % agents.length] as Agent;
        const url = setting(`n${i}=${i}; Path=/`);
        await (await fetch(url, { cookies: jar, agent, timeout: 10_000 })).text();
        jar.set({ name: `own${i}`, domain: HOST });
      }));
      expect(jar.size).toBe(2 * count);
      const all = await sent(jar) as object;
      expect(Object.keys(all).length).toBe(2 * count);
    } finally {
      await Promise.all(agents.map((agent) => agent.close()));
    }
  });

  test("can be changed while a transfer that uses it runs", async () => {
    const held: (() => void)[] = [];
    const own = createServer((request, response) => {
      if (request.url === "/held") held.push(() => response.end(request.headers.cookie ?? ""));
      else response.end(request.headers.cookie ?? "");
    });
    await new Promise<void>((resolve) => own.listen(0, HOST, resolve));
    try {
      const url = `http://${HOST}:${(own.address() as { port: number }).port}`;
      const jar = jarOf({ name: "a", value: "1", domain: HOST });
      const running = fetch(`${url}/held`, { cookies: jar, timeout: 5000 });
      while (held.length === 0) await sleep(5);
      jar.set({ name: "b", value: "2", domain: HOST });
      jar.delete("a");
      held[0]?.();
      expect(await (await running).text()).toBe("a=1");
      expect(await (await fetch(url, { cookies: jar })).text()).toBe("b=2");
    } finally {
      own.closeAllConnections();
      own.close();
    }
  });

  test("refuses calls inside a callback of a transfer that uses it, and of no other", async () => {
    const jar = jarOf({ name: "a", domain: HOST }), other = new CookieJar();
    const codes: Record<string, number> = {},
      calls: Readonly<Record<string, () => unknown>> = {
        set: () => jar.set({ name: "b", domain: HOST }),
        get: () => jar.get("a"),
        size: () => jar.size,
        delete: () => jar.delete("a"),
        clear: () => jar.clear(),
        iterate: () => [...jar],
        toJSON: () => jar.toJSON(),
        other: () => other.set({ name: "x", domain: HOST }),
      };
    const onProgress = () => {
      for (const [name, call] of Object.entries(calls)) {
        try {
          call();
          codes[name] = 0;
        } catch (error) {
          expect(String(error)).toContain("called from a callback of a transfer that uses the jar");
          codes[name] = (error as CurlEasyError).code;
        }
      }
    };
    await (await fetch(server.url("/small"), { cookies: jar, onProgress, timeout: 5000 })).text();
    const { other: free, ...refused } = codes;
    expect([free, new Set(Object.values(refused))]).toEqual([0, new Set([93])]);
    expect(names(jar)).toEqual(["a"]);
  });

  test("leaves the domain of a public suffix to libcurl", async () => {
    const jar = new CookieJar(), RESOLVE = [`www.example.co.uk:${server.http}:127.0.0.1`];
    const url = `http://www.example.co.uk:${server.http}/with?Set-Cookie=`;
    for (const domain of ["co.uk", "example.co.uk"]) {
      const cookie = encodeURIComponent(`${domain}=1; Path=/; Domain=${domain}`);
      const response = await fetch(url + cookie, {
        cookies: jar,
        timeout: 5000,
        curl: { RESOLVE },
      });
      await response.text();
    }
    const expected = libcurl.publicSuffixes.holds ? ["example.co.uk"] : ["co.uk", "example.co.uk"];
    expect(names(jar)).toEqual(expected);
  });

  test.each(["SHARE", "COOKIEFILE", "COOKIEJAR", "COOKIELIST", "cookiefile"])(
    "and %s exclude each other",
    async (name) => {
      const curl = { [name]: name === "SHARE" ? new Share() : "" } as Any,
        cookies = new CookieJar();
      const message = `cookies and the option ${name.toUpperCase()} of curl exclude each other`;
      const url = "http://127.0.0.1:1/";
      expect(String(await failure(fetch(url, { cookies, curl })))).toContain(message);
      expect(String(await failure(download(url, "/dev/null", { cookies, curl })))).toContain(
        message,
      );
      expect(() => fetchSync(url, { cookies, curl })).toThrow(message);
    },
  );

  test.each([5, "jar.txt", {}, new Map()])("is not %j", async (cookies) => {
    const error = await failure(fetch("http://127.0.0.1:1/", { cookies: cookies as Any }));
    expect(String(error)).toContain("cookies must be a CookieJar or null, got");
  });

  test("needs no close(), and is freed without a warning", async () => {
    const child = await runChild(
      `import { fetch } from "#root/mod.ts";
import { CookieJar } from "#root/session.ts";
import { shareCount } from "#root/src/handles/share.ts";
import process from "node:process";

const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
async function use() {
  for (let i = 0; i < 50; i++) new CookieJar().set({ name: "a", domain: "example.com" });
  await (await fetch(process.argv[2]!, { cookies: new CookieJar(), timeout: 5000 })).text();
}
await use();
const before = shareCount.open;
for (let i = 0; i < 50 && shareCount.open > 5; i++) {
  scope.Bun ? scope.Bun.gc(true) : scope.gc!();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(before, shareCount.open <= 5);
`,
      { args: [server.url("/small")], env: { DENO_V8_FLAGS: "--expose-gc" } },
    );
    expect(child).toMatchObject({ code: 0, stdout: "51 true\n", stderr: "" });
  });
});

test.each([
  ["a=1; Path=", "/"],
  ["a=1; Path", "/"],
  ['a=1; Path="/"', "/"],
  ["a=1; Path=rel", "/"],
  ["a=1; Max-Age=99999999999999999", null],
  ["a=1; Max-Age=9223372036854775807", null],
  ["a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", null],
])("what a server sets, %j, is found for its URL and goes there and back", async (line, path) => {
  const jar = new CookieJar();
  const setter = createServer((_req, res) => res.setHeader("Set-Cookie", line).end());
  await new Promise<void>((resolve) => setter.listen(0, "127.0.0.1", resolve));
  const { port } = setter.address() as { port: number };
  await (await fetch(`http://127.0.0.1:${port}/`, { cookies: jar, timeout: 5000 })).text();
  setter.closeAllConnections();
  await new Promise((resolve) => setter.close(resolve));
  const own = jar.getAll();
  for (const cookie of own) {
    expect(jar.getAll(server.url("/")).map(({ name }) => name)).toEqual(["a"]);
    if (path !== null) expect(cookie.path).toBe(path);
  }
  expect(CookieJar.fromJSON(JSON.stringify(jar)).getAll()).toEqual(own);
  expect(CookieJar.fromJSON(jar.toJSON()).getAll()).toEqual(own);
});

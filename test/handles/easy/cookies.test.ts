// libcurl's cookie engine: what it keeps, where it reads and writes, and its commands.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Agent, type Easy, type EasyOptions, fetch } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, get, Transfer } from "../easy_support.ts";
import { temporaryFolder } from "../temporary_files.ts";

const { folder, newFile } = temporaryFolder();
const server = useServer("http", "https");

const read = async (path: string) => existsSync(path) ? await readFile(path, "utf8") : null;

/** A line of a jar. */
const line = (name: string, value: string, expires: number | string = 0, host = "127.0.0.1") =>
  [host, "FALSE", "/", "FALSE", expires, name, value].join("\t");
const LATER = 4102444800; // in the year 2100

/** What the handle sends to `/cookies`. */
function sent(easy: Transfer, url = server.url("/cookies")): Record<string, string> {
  const before = easy.text.length;
  easy.setOpt("URL", url);
  easy.perform();
  return JSON.parse(easy.text.slice(before));
}

const setting = (cookie: string) => server.url(`/with?Set-Cookie=${encodeURIComponent(cookie)}`);
const names = (easy: Easy) => easy.getInfo("COOKIELIST").map((row) => row.split("\t")[5]);
const engine = (options: EasyOptions = {}) =>
  new Transfer(server.url("/cookies"), { COOKIEFILE: "", ...options });

describe("the engine", () => {
  test("is off unless something turns it on", () => {
    using easy = get(server.url("/cookies/set?a=1"));
    expect(sent(easy)).toEqual({});
    expect(easy.getInfo("COOKIELIST")).toEqual([]);
  });

  test.each<[string, EasyOptions]>([
    ["COOKIEFILE", { COOKIEFILE: "" }],
    ["COOKIEJAR", { COOKIEJAR: "/dev/null" }],
    ["a line of COOKIELIST", { COOKIELIST: line("own", "x", 0, "other.test") }],
  ])("is turned on by %s", (_, options) => {
    using easy = get(server.url("/cookies/set?a=1&b=2"), options);
    expect(sent(easy)).toEqual({ a: "1", b: "2" });
  });

  test("keeps its cookies through reset(), and forgets them with close()", () => {
    const easy = get(server.url("/cookies/set?a=1"), { COOKIEFILE: "" });
    easy.reset();
    expect(names(easy)).toEqual(["a"]);
    easy.close();
    using other = engine();
    expect(sent(other)).toEqual({});
  });

  test("replaces a cookie of the same name, and drops one that has expired", () => {
    using easy = get(setting("a=1; Path=/"), { COOKIEFILE: "" });
    easy.setOpt("URL", setting("a=2; Path=/"));
    easy.perform();
    expect(sent(easy)).toEqual({ a: "2" });
    easy.setOpt("URL", setting("a=3; Path=/; Max-Age=0"));
    easy.perform();
    expect(sent(easy)).toEqual({});
  });

  test("sends a cookie to its path, and a secure one by TLS only", () => {
    using easy = engine({ CAINFO: server.ca, URL: setting("deep=1; Path=/elsewhere") });
    easy.perform();
    easy.setOpt("URL", server.url("/with?Set-Cookie=safe%3D1;Path%3D/;Secure", "https"));
    easy.perform();
    expect(names(easy).toSorted()).toEqual(["deep", "safe"]);
    expect(sent(easy, server.url("/cookies", "https"))).toEqual({ safe: "1" });
    expect(JSON.stringify(sent(easy, server.url("/cookies")))).not.toContain("deep");
  });

  test("sends a cookie of a domain to all its hosts, and to no other", () => {
    const at = (host: string) => `http://${host}:${server.http}`;
    const RESOLVE = ["a.cookies.test", "b.cookies.test", "other.test"]
      .map((host) => `${host}:${server.http}:127.0.0.1`);
    const cookie = encodeURIComponent("d=1; Path=/; Domain=cookies.test");
    using easy = engine({ RESOLVE, URL: `${at("a.cookies.test")}/with?Set-Cookie=${cookie}` });
    easy.perform();
    expect(sent(easy, `${at("b.cookies.test")}/cookies`)).toEqual({ d: "1" });
    expect(sent(easy, `${at("other.test")}/cookies`)).toEqual({});
  });

  test("works with COOKIE, which is sent with every request", () => {
    using easy = get(server.url("/cookies/set?a=1"), { COOKIEFILE: "", COOKIE: "own=x; two=y" });
    expect(sent(easy)).toEqual({ a: "1", own: "x", two: "y" });
    easy.setOpt("COOKIE", null);
    expect(sent(easy)).toEqual({ a: "1" });
  });

  test("sees the cookies of a redirect", () => {
    const target = encodeURIComponent("/cookies/set?a=1");
    using easy = get(server.url(`/redirect-to?url=${target}`), {
      COOKIEFILE: "",
      FOLLOWLOCATION: true,
    });
    expect(names(easy)).toEqual(["a"]);
  });

  test("works through an Agent", async () => {
    await using agent = new Agent();
    using easy = engine({ URL: server.url("/cookies/set?a=1") });
    await agent.perform(easy);
    easy.setOpt("URL", server.url("/cookies"));
    await agent.perform(easy);
    expect(easy.text).toBe('{"a":"1"}{"a":"1"}');
  });
});

describe("COOKIEFILE", () => {
  test("is read when the transfer starts: lines of a jar, and of headers", async () => {
    const [jar, headers] = [newFile(), newFile()];
    await writeFile(jar, `# a comment\n${line("jar", "1")}\n${line("later", "2", LATER)}\n`);
    await writeFile(headers, "Set-Cookie: header=3; path=/; domain=127.0.0.1\n");
    using easy = engine({ COOKIEFILE: jar });
    easy.setOpt("COOKIEFILE", headers); // one more
    expect(names(easy)).toEqual([]);
    expect(sent(easy)).toMatchObject({ jar: "1", later: "2" });
    expect(names(easy).toSorted()).toEqual(["header", "jar", "later"]);
  });

  test("that does not exist is none", () => {
    using easy = engine({ COOKIEFILE: newFile() });
    expect(sent(easy)).toEqual({});
  });

  test("skips what has expired, and what is no cookie", async () => {
    const jar = newFile();
    await writeFile(jar, `nonsense\n\n${line("old", "1", 1)}\na\tb\n${line("good", "1")}\n`);
    using easy = engine({ COOKIEFILE: jar });
    expect(sent(easy)).toEqual({ good: "1" });
  });

  test("gives only lasting cookies where COOKIESESSION begins a new session", async () => {
    const jar = newFile();
    await writeFile(jar, `${line("session", "1")}\n${line("lasting", "2", LATER)}\n`);
    using easy = engine({ COOKIEFILE: jar, COOKIESESSION: true });
    expect(sent(easy)).toEqual({ lasting: "2" });
  });
});

describe("COOKIEJAR", () => {
  test("is written when the handle is closed, and read by another", async () => {
    const jar = newFile();
    const easy = get(setting(`a=1; Path=/; Max-Age=3600`), { COOKIEJAR: jar });
    expect(await read(jar)).toBeNull();
    easy.close();
    expect(await read(jar)).toMatch(/^127\.0\.0\.1\tFALSE\t\/\tFALSE\t\d+\ta\t1$/m);
    using other = engine({ COOKIEFILE: jar });
    expect(sent(other)).toEqual({ a: "1" });
  });

  test("has session cookies too, and the mark of HttpOnly", async () => {
    const jar = newFile();
    get(setting("s=1; Path=/; HttpOnly"), { COOKIEJAR: jar }).close();
    expect(await read(jar)).toMatch(/^#HttpOnly_127\.0\.0\.1\tFALSE\t\/\tFALSE\t0\ts\t1$/m);
  });

  test("is written where an Agent ran the transfer", async () => {
    const jar = newFile();
    {
      await using agent = new Agent();
      using easy = new Transfer(server.url("/cookies/set?a=1"), { COOKIEJAR: jar });
      await agent.perform(easy);
    }
    expect(await read(jar)).toContain("\ta\t1");
  });

  test("that cannot be written harms nothing", () => {
    const easy = get(server.url("/cookies/set?a=1"), { COOKIEJAR: join(folder, "no", "folder") });
    easy.close();
    expect(easy.closed).toBe(true);
  });

  test("lets fetch keep cookies from one request to the next", async () => {
    const jar = newFile(), curl = { COOKIEJAR: jar, COOKIEFILE: jar };
    await (await fetch(server.url("/cookies/set?a=1"), { curl, timeout: 5000 })).text();
    for (let i = 0; i < 100 && !existsSync(jar); i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const answer = await fetch(server.url("/cookies"), { curl, timeout: 5000 });
    expect(await answer.json()).toEqual({ a: "1" });
  });
});

describe("COOKIELIST", () => {
  test("takes a line of a jar, or a header", () => {
    using easy = engine({ COOKIELIST: line("one", "1") });
    easy.setOpt("COOKIELIST", "Set-Cookie: two=2; path=/; domain=127.0.0.1");
    easy.setOpt("COOKIELIST", line("three", "drei ü"));
    expect(names(easy)).toHaveLength(3);
    expect(sent(easy)).toMatchObject({ one: "1", two: "2" });
    expect(easy.getInfo("COOKIELIST")).toContain(line("three", "drei ü"));
  });

  test("ALL erases every cookie, SESS those of the session", () => {
    using easy = engine({ COOKIELIST: line("session", "1") });
    easy.setOpt("COOKIELIST", line("lasting", "2", LATER));
    easy.setOpt("COOKIELIST", "SESS");
    expect(sent(easy)).toEqual({ lasting: "2" });
    easy.setOpt("COOKIELIST", "ALL");
    expect(sent(easy)).toEqual({});
  });

  test("FLUSH writes the jar now", async () => {
    const jar = newFile();
    using easy = get(server.url("/cookies/set?a=1"), { COOKIEJAR: jar });
    easy.setOpt("COOKIELIST", "FLUSH");
    expect(await read(jar)).toContain("\ta\t1");
  });

  test.skipIf(!libcurl.reloadsCookies.holds)(
    `RELOAD reads the files again${libcurl.reloadsCookies.note}`,
    async () => {
      const jar = newFile();
      await writeFile(jar, line("a", "1", LATER) + "\n");
      using easy = engine({ COOKIEFILE: jar });
      expect(sent(easy)).toEqual({ a: "1" });
      await writeFile(jar, line("b", "2", LATER) + "\n");
      easy.setOpt("COOKIELIST", "ALL");
      expect(names(easy)).toEqual([]);
      easy.setOpt("COOKIELIST", "RELOAD");
      expect(names(easy)).toEqual(["b"]);
    },
  );

  test("is what moves cookies from one handle to another", () => {
    using easy = get(server.url("/cookies/set?a=1&b=2"), { COOKIEFILE: "" });
    using other = engine();
    for (const cookie of easy.getInfo("COOKIELIST")) other.setOpt("COOKIELIST", cookie);
    expect(sent(other)).toEqual({ a: "1", b: "2" });
    expect(other.getInfo("COOKIELIST")).toEqual(easy.getInfo("COOKIELIST"));
  });

  test("null erases nothing", () => {
    using easy = engine({ COOKIELIST: line("a", "1") });
    easy.setOpt("COOKIELIST", null);
    expect(names(easy)).toEqual(["a"]);
  });

  test("cannot be set in a callback, where libcurl may be walking the cookies", () => {
    const codes = new Set<number>();
    using easy = engine({
      HEADERFUNCTION: (bytes) => {
        codes.add(codeOf(() => easy.setOpt("COOKIELIST", line("inside", "1"))));
        return bytes.length;
      },
    });
    easy.perform();
    expect([...codes]).toEqual([93]);
    expect(names(easy)).toEqual([]);
  });
});

test.skipIf(!libcurl.copiesCookies.holds)(
  `a copy of a handle has an engine where that has one${libcurl.copiesCookies.note}`,
  () => {
    using easy = get(server.url("/cookies/set?a=1"), { COOKIEFILE: "" });
    using copy = easy.duplicate();
    let text = "";
    copy.setOpt(
      "WRITEFUNCTION",
      (bytes) => (text += new TextDecoder().decode(bytes), bytes.length),
    );
    copy.setOpt("URL", server.url("/cookies/set?b=2"));
    copy.perform();
    expect(names(copy)).toContain("b");
    expect(names(easy)).toEqual(["a"]);
    expect(text).toContain("b");
  },
);

test.skipIf(!libcurl.dropsCookies.holds)(
  `COOKIEFILE null turns the engine off${libcurl.dropsCookies.note}`,
  () => {
    using easy = get(server.url("/cookies/set?a=1"), { COOKIEFILE: "" });
    easy.setOpt("COOKIEFILE", null);
    expect(sent(easy)).toEqual({});
  },
);

import { expect, test } from "vitest";
import { parseCurl, toCurl } from "../../command.ts";
import { CookieJar } from "../../session.ts";

const U = "http://x.test/", read = parseCurl as (...args: unknown[]) => unknown;
const write = toCurl as (...args: unknown[]) => unknown;
const time = (fileTime: unknown) => () => read(`curl -z file ${U}`, { fileTime });
const file = (readFile: unknown) => () => read(`curl -d @file ${U}`, { readFile });

test.for(
  [
    [
      () => read(5),
      "read the curl command: the command must be a string or an array of strings, got 5",
    ],
    [() => read(), "the command must be a string or an array of strings, got undefined"],
    [() => read([U, 5]), "argument 2 of the command must be a string, got 5"],
    [() => read(new Array(1)), "argument 1 of the command must be a string, got undefined"],
    [() => read(`curl ${U}`, 5), "the options must be an object, got 5"],
    [() => read(`curl ${U}`, null), "the options must be an object, got null"],
    [() => read(`curl ${U}`, { shell: "zsh" }), 'shell must be "bash" or "cmd", got "zsh"'],
    [() => read(`curl ${U}`, { env: 5 }), "env must be an object, got 5"],
    [() => read(`curl $A`, { env: { A: 5 } }), "env.A must be a string, got 5"],
    [() => read(`curl ^"%A%^"`, { env: { A: 5 } }), "env.A must be a string, got 5"],
    [
      () => read(["--variable", "%A", U], { env: { A: [] } }),
      "env.A must be a string, got an array",
    ],
    [() => read(`curl ${U}`, { userAgent: 5 }), "userAgent must be a string, got 5"],
    [file("file"), 'readFile must be a function, got "file"'],
    [file(() => "text"), 'the result of readFile must be a Uint8Array, got "text"'],
    [file(() => Promise.resolve()), "the result of readFile must be a Uint8Array, got an object"],
    [time(5), "fileTime must be a function, got 5"],
    [time(() => "now"), 'the result of fileTime must be a number of ms since 1970, got "now"'],
    [time(() => NaN), "the result of fileTime must be a number of ms since 1970, got NaN"],
    [() => write(U, 5), "write the curl command: init must be an object, got 5"],
    [() => write(U, {}, 5), "the options must be an object, got 5"],
    [() => write(U, {}, { redact: "no" }), 'redact must be a boolean, got "no"'],
    [() => write(U, { cookies: {} }), "cookies must be a CookieJar or null, got an object"],
    [
      () => write(U, { cookies: new CookieJar(), curl: { COOKIEFILE: "" } }),
      "cookies and the option COOKIEFILE of curl exclude each other",
    ],
  ] as const,
)("%s: %s", ([run, message]) => {
  expect(run).toThrow(TypeError);
  expect(run).toThrow(message);
});

test("toCurl sends the cookies that the jar would send, and shows none", () => {
  const jar = CookieJar.fromJSON([
    { name: "a", value: "1", domain: "x.test" },
    { name: "deep", value: "s3cr3t", domain: "x.test", path: "/in" },
    { name: "other", value: "2", domain: "y.test" },
    { name: "safe", value: "3", domain: "x.test", secure: true },
  ]);
  const plain = (path: string, init: object = {}) =>
    toCurl(U + path, { cookies: jar, ...init }, { redact: false });
  expect(plain("")).toBe(`curl ${U} -L --compressed -b a=1`);
  expect(plain("in")).toBe(`curl ${U}in -L --compressed -b 'deep=s3cr3t; a=1'`);
  expect(plain("", { curl: { COOKIE: "own=4" } })).toContain("-b 'a=1; own=4'");
  expect(plain("", { headers: { Cookie: "own=4" } })).toContain(
    "-H 'Cookie: own=4' -H 'Cookie: a=1'",
  );
  expect(toCurl(`${U}in`, { cookies: jar })).toBe(`curl ${U}in -L --compressed -b REDACTED`);
  expect(toCurl(`${U}in`, { cookies: jar, headers: { Cookie: "b=c" } })).not.toMatch(/s3cr3t|b=c/);
  jar.set({ name: "b", value: "\u00c3\u00a4\u00ff", domain: "z.test" });
  expect(toCurl("http://z.test/", { cookies: jar }, { redact: false })).toContain("-b $'b=ä\\377'");
  jar.clear();
  expect(toCurl("http://z.test/", { cookies: jar })).toBe("curl http://z.test/ -L --compressed");
});

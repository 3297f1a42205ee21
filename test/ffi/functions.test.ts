// The table of functions against what the loaded library exports.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { functions, variadics } from "../../ffi/curl/functions.ts";
import { CurlLoadError, type CurlSymbols, library, versionText } from "../../ffi/mod.ts";

const { symbols, versionNum, has, path } = library();
const rows = Object.entries({ ...functions, ...variadics }) as [
  keyof CurlSymbols,
  { readonly since: number },
][];
const PRINTF = /^curl_(m|ms|mf|ma|mv|mvs|mvf|mva|msn|mvsn)printf$/;

/** The names that the library exports, or `null` where that cannot be read. */
function exported(): string[] | null {
  try {
    const file = /\S+\/libcurl[^\s/]*\.so\S*/.exec(readFileSync("/proc/self/maps", "utf8"))?.[0];
    const lines = execFileSync("nm", ["-D", "--defined-only", file ?? path], { encoding: "utf8" });
    return [...lines.matchAll(/ T (curl_\w+)/g)].map(([, name]) => name as string);
  } catch {
    return null;
  }
}

const names = exported();
const withNames = describe.skipIf(names === null);
if (names === null) console.warn("no exported names here: /proc/self/maps and nm are needed");

test("every function up to the library's version is there, and can be asked for", () => {
  const missing = rows.filter(([name, { since }]) => since <= versionNum && !has(name));
  expect(missing).toEqual([]);
  expect(has("curl_no_such_function" as "curl_version")).toBe(false);
});

test("a function newer than the library throws CurlLoadError, which names the version needed", () => {
  const newer = rows.filter(([, { since }]) => since > versionNum);
  // the tables are of 8.21: an older library has none of the newest
  if (versionNum < 0x081000) expect(newer.length).toBeGreaterThan(0);
  for (const [name, { since }] of newer) {
    expect(has(name)).toBe(false);
    const call = symbols[name] as unknown as () => void;
    expect(call).toThrow(CurlLoadError);
    expect(call).toThrow(`Cannot call ${name}(): it needs libcurl ${versionText(since)}`);
  }
});

test("every row has a member to call, a variadic function one for each shape", () => {
  for (const name of Object.keys(functions)) {
    expect([name, typeof symbols[name as keyof typeof functions]]).toEqual([name, "function"]);
  }
  for (const [name, { shapes }] of Object.entries(variadics)) {
    const bound = symbols[name as keyof typeof variadics] as Record<string, unknown>;
    expect([name, Object.keys(bound)]).toEqual([name, Object.keys(shapes)]);
    for (const member of Object.values(bound)) expect(typeof member).toBe("function");
  }
});

withNames("what the library exports (skipped without nm)", () => {
  test("is in the table, but for the printf family", () => {
    const table = new Set<string>(rows.map(([name]) => name));
    const unknown = (names as string[]).filter((name) => !PRINTF.test(name) && !table.has(name));
    // a library newer than the tables may export more
    if (versionNum <= 0x081500) expect(unknown).toEqual([]);
  });

  test("are 91 names on 7.88.1, of which 81 are bound", () => {
    const bound = rows.filter(([name]) => has(name)).length;
    if (versionNum === 0x075801) expect([names!.length, bound]).toEqual([91, 81]);
    expect(bound).toBe(names!.filter((name) => !PRINTF.test(name)).length);
  });
});

test.each(
  [
    [0x074a00, "7.74.0"],
    [0x075801, "7.88.1"],
    [0x081500, "8.21.0"],
    [0, "0.0.0"],
    [0xffffff, "255.255.255"],
  ] as const,
)("versionText(%i) is %s", (number, text) => {
  expect(versionText(number)).toBe(text);
});

// What differs between versions of libcurl: which release has which oddity, and that nothing but
// src/libcurl_versions.ts compares their numbers. It is a rule for src/ and ffi/: tests may compare
// for themselves what is no oddity (test/versions.ts).
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { versionInfo } from "../mod.ts";
import { type Oddities, oddities, odditiesOf, type Oddity } from "../src/libcurl_versions.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const HOME = "src/libcurl_versions.ts";

const read = (path: string) => readFile(join(ROOT, path), "utf8");

/** The releases from the oldest that curlew works with on; the last is one that is yet to come. */
const RELEASES = [
  ...["7.74.0", "7.75.0", "7.76.0", "7.76.1", "7.77.0", "7.78.0", "7.79.0", "7.79.1", "7.80.0"],
  ...["7.81.0", "7.82.0", "7.83.0", "7.83.1", "7.84.0", "7.85.0", "7.86.0", "7.87.0", "7.88.0"],
  ...["7.88.1", "8.0.0", "8.0.1", "8.1.0", "8.1.1", "8.1.2", "8.2.0", "8.2.1", "8.3.0", "8.4.0"],
  ...["8.5.0", "8.6.0", "8.7.0", "8.7.1", "8.8.0", "8.9.0", "8.9.1", "8.10.0", "8.10.1", "8.11.0"],
  ...["8.11.1", "8.12.0", "8.12.1", "8.13.0", "8.14.0", "8.14.1", "8.15.0", "8.16.0", "8.17.0"],
  ...["8.18.0", "8.19.0", "8.20.0", "8.21.0", "8.22.0", "8.23.0"],
];
const OLDEST = RELEASES[0]!, NEWEST = RELEASES.at(-1)!;

/** The first and the last release that has it, and the TLS library that it takes. */
const EXPECTED: Readonly<Record<Oddity, readonly [first: string, last: string, tls?: string]>> = {
  mayLoseEvents: [OLDEST, "8.12.1"],
  keepsReadAhead: ["8.15.0", NEWEST],
  neverDrainsWakeFd: ["8.20.0", "8.20.0"],
  hidesCutAnswers: [OLDEST, "8.6.0"],
  spinsWhilePaused: ["8.6.0", "8.14.1"],
  closesUnconnectedSilently: ["7.88.0", "8.1.2"],
  reusesUnread: ["7.88.0", "7.88.1"],
  trustsRecentlyUsed: ["8.22.0", NEWEST],
  nssClosesSockets: [OLDEST, "8.2.1", "NSS/3.87.1"],
  nssCrashesAfterAlpn: [OLDEST, "8.2.1", "NSS/3.87.1"],
  crashesOnAcceptedPush: ["7.88.0", "8.0.1"],
  losesConnectOnlyAfterPerform: [OLDEST, "8.6.0"],
  freesHstsFilesTwice: ["7.88.0", "8.4.0"],
  remembersTrailers: [OLDEST, "8.6.0"],
  believesHttp2StatusLine: [OLDEST, "8.9.1"],
  ignoresPromisedLength: [OLDEST, "8.6.0"],
  alwaysAnswersPings: [OLDEST, "8.13.0"],
  failsClosedStreams: [OLDEST, "8.2.1"],
  breaksH2cReuse: ["7.88.0", "7.88.1"],
  hasSmallBuffers: [OLDEST, "7.87.0"],
};

function numberOf(release: string): number {
  const [major = 0, minor = 0, patch = 0] = release.split(".").map(Number);
  return major << 16 | minor << 8 | patch;
}

const of = (release: string, tls: string | null = "OpenSSL/3.0.19") =>
  odditiesOf(numberOf(release), tls);

describe("the oddities", () => {
  test("are those of the table", () => {
    expect(Object.keys(of(OLDEST))).toEqual(Object.keys(EXPECTED));
  });

  for (const [name, [first, last, tls]] of Object.entries(EXPECTED)) {
    const has = (release: string, with_?: string | null) => of(release, with_)[name as Oddity];

    test(`${name}: from ${first} to ${last}${tls ? " with NSS" : ""}, no other release`, () => {
      const between = RELEASES.slice(RELEASES.indexOf(first), RELEASES.indexOf(last) + 1);
      expect(RELEASES.filter((release) => has(release, tls))).toEqual(between);
    });

    test(`${name}: ${tls ? "with no other" : "with any"} TLS library`, () => {
      for (const other of ["OpenSSL/3.0.19", "GnuTLS/3.7.9", "BoringSSL", "", null]) {
        expect(has(last, other), String(other)).toBe(tls === undefined);
      }
    });
  }

  test("of several TLS libraries the chosen one counts, which has no brackets", () => {
    expect(of("8.2.1", "(OpenSSL/3.0.19) NSS/3.87.1").nssClosesSockets).toBe(true);
    expect(of("8.2.1", "OpenSSL/3.0.19 (NSS/3.87.1)").nssClosesSockets).toBe(false);
  });

  test("of the loaded library are found once", () => {
    const { versionNum, ssl } = versionInfo();
    expect(oddities()).toEqual(odditiesOf(versionNum, ssl));
    expect(odditiesOf(versionNum)).toEqual(odditiesOf(versionNum, ssl));
    expect(oddities()).toBe(oddities());
  });

  test("are described: what curl knows of it, and the file that cures or refuses it", async () => {
    const text = await read(HOME);
    for (const name of Object.keys(EXPECTED) as (keyof Oddities)[]) {
      const [, comment = ""] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${name}:`).exec(text)!;
      const words = comment.replace(/\s*\n\s*\*\s*/g, " ");
      expect(words, name).toMatch(/\bcurl#\d+|\bNo issue of curl is known/);
      const [, file] = /(?:Cured|Refused) by\s*`([\w/]+\.ts)`/.exec(words) ?? [];
      const form =
        `the comment of ${name} names no file: write "Cured by \`driver/quirks/x.ts\`" or ` +
        `"Refused by ...", the path from src/`;
      expect(file, form).toBeDefined();
      const code = await read(`src/${file}`).catch(() => "");
      expect(code, `src/${file}, which the comment of ${name} names, must use it`).toContain(name);
    }
  });

  test("are all asked for", async () => {
    const others = (await sources()).filter((path) => path !== HOME);
    const code = (await Promise.all(others.map(read))).map(codeOf).join("\n");
    const unused = Object.keys(EXPECTED).filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
    expect(unused).toEqual([]);
  });
});

async function sources(): Promise<string[]> {
  const folders = await Promise.all(["ffi", "src"].map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    return names.map((name) => `${folder}/${name.replaceAll(sep, "/")}`);
  }));
  return folders.flat().filter((path) => path.endsWith(".ts"));
}

const TOKEN = new RegExp(
  [
    /\/\*[^]*?\*\/|\/\/.*/, // comments
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/, // strings
    /(?<=[(,=:[!&|?{};]\s*|^\s*|return\s)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/,
  ].map(({ source }) => source).join("|"),
  "gm",
);

/** The text without its comments, and without the words in strings and regular expressions. */
function codeOf(text: string): string {
  return text.replace(TOKEN, (token) => {
    if (/^\/[/*]/.test(token)) return " ";
    if (token[0] === "/") return "/./";
    const inside = token[0] === "`" ? token.match(/\$\{[^}]*\}/g) ?? [] : [];
    return `"" ${inside.join(" ")}`;
  });
}

const LITERAL = String.raw`\b0x0[789][\da-f]{4}\b`, ROW = String.raw`\.(?:since|deprecated)\b`;
const NUMBER = String.raw`(?:\b(?:versionNum|MINIMUM_VERSION)\b|${ROW}|${LITERAL})`;
const OPERATOR = String.raw`(?<![=<>-])(?:[<>]=?|[!=]==?)(?![<>])`;

/** What code may not have. */
const FORBIDDEN = {
  /** A version number beside an operator that compares. */
  compares: new RegExp(
    String.raw`[\w.?!]*${NUMBER}\s*${OPERATOR}\s*[\w.]+|[\w.?!]+\s*${OPERATOR}\s*[\w.?!]*${NUMBER}`,
    "gi",
  ),
  /** A version number that is written down. */
  literal: new RegExp(LITERAL, "gi"),
  /** That of the loaded library. */
  loaded: /\bversionNum\b/g,
  /** That of a row, read for anything but words about it, or taken out of the row. */
  row: new RegExp(
    String
      .raw`(?<!versionText\(\w+)${ROW}|\{[\w\s,:.=]*\b(?:since|deprecated)\b(?!\??:)[\w\s,:.=]*\}`,
    "g",
  ),
  /** A version as text that is compared, or taken to pieces. */
  text: new RegExp(
    String.raw`\bversion\b\s*${OPERATOR}|\bversion\)?[?!]*\.\w+\(|` +
      String.raw`\b(?:test|exec|Number|parse\w+)\([\w.()]*\bversion\b`,
    "g",
  ),
} as const;

/** It writes the tables from a release of curl, and is no part of the library. */
const GENERATOR = /^ffi\/curl\/generat/;
const TABLE = /^ffi\/curl\/(?:options|infos|codes|functions)\.ts$/;

/** What a file may have; nothing unless it is here. `compares` is listed word by word. */
function isAllowed(path: string, kind: keyof typeof FORBIDDEN, found: string): boolean {
  if (path === HOME) return true;
  // the floor, and whether a table's row is newer than the library
  if (path === "ffi/load.ts") {
    const compares = ["versionNum < MINIMUM_VERSION", "row.since <= versionNum"];
    return kind === "compares" ? compares.includes(found) : kind !== "text";
  }
  // these hand it on
  if (path === "src/version.ts" || path === "src/node_libcurl/version.ts") return kind === "loaded";
  if (TABLE.test(path)) return kind === "literal";
  // that version is HTTP's
  return path === "src/driver/http_version.ts" && kind === "text";
}

function findings(path: string, text: string): string[] {
  const code = codeOf(text);
  return Object.entries(FORBIDDEN).flatMap(([kind, pattern]) =>
    [...code.matchAll(pattern)].map(([found]) => found)
      .filter((found) => !isAllowed(path, kind as keyof typeof FORBIDDEN, found))
      .map((found) => `${path} ${kind}: ${found}`)
  );
}

describe("nothing else compares versions", () => {
  test("in src/ and ffi/", async () => {
    const all = (await sources()).filter((path) => !GENERATOR.test(path));
    const found = await Promise.all(all.map(async (path) => findings(path, await read(path))));
    expect(found.flat()).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });

  test("ffi/load.ts compares with its floor and with the tables", async () => {
    const found = codeOf(await read("ffi/load.ts")).match(FORBIDDEN.compares);
    expect(found).toEqual(["versionNum < MINIMUM_VERSION", "row.since <= versionNum"]);
  });

  for (
    const plant of [
      "if (library().versionNum >= 0x080700) return;",
      "const { versionNum } = library();",
      "const { versionNum: v } = library();",
      "const NEEDED = 0x080E00;",
      "const text = `it's ${library().versionNum < limit}'s // ${limit}`;",
      'const url = "http://a/*"; if (limit > library().versionNum) go(); // */',
      "const rest = a / versionNum / b;",
      "if (easyOptions.PROTOCOLS_STR.since <= known) go();",
      "const { since } = infos.CONN_ID;",
      "for (const [name, { id, since }] of Object.entries(infos)) go(name);",
      "const has = ({ since = 0 }: { readonly since?: number }) => since;",
      'if (library().version.startsWith("8.")) go();',
      'if (versionInfo().version < "8.5") go();',
      "if (/^8[.]/.test(library().version)) go();",
      "const minor = Number(version.split('.')[1]);",
    ]
  ) {
    test(`finds ${plant}`, () => {
      expect(findings("src/handles/share.ts", plant)).not.toEqual([]);
    });
  }

  test("finds another comparison in the files that may have some", () => {
    const plant = "if (versionNum < 0x075400) lock();";
    expect(findings("ffi/load.ts", plant)).toEqual([
      "ffi/load.ts compares: versionNum < 0x075400",
    ]);
    expect(findings("src/version.ts", plant)).not.toEqual([]);
    expect(findings("ffi/curl/options.ts", plant)).not.toEqual([]);
  });

  test("finds nothing in words, rows and other numbers", () => {
    for (
      const fine of [
        "// versionNum >= 0x080700",
        '/** since 0x080700 */ const a = "versionNum < 0x080700";',
        'const match = /since|versionNum/.exec("");',
        "const LONGEST = 0x7fffffff, MASK = 0x80000, SMALL = 0x8000;",
        "return { id, kind, since: 0 };",
        "interface Row { readonly since: number; readonly deprecated?: number }",
        "if (since === 0 || now - since < this.#limit) return;",
        "return version >> 16;",
        "const words = versionText(row.since);",
        "const agent = `curlew libcurl/${library().version}`;",
      ]
    ) expect(findings("src/handles/share.ts", fine), fine).toEqual([]);
  });
});

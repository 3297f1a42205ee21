import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { CurlCommandError, parseCurl } from "../../command.ts";
import { bashWords } from "../../src/command/shell/bash.ts";
import { cmdWords, looksLikeCmd } from "../../src/command/shell/cmd.ts";
import { quoted } from "../../src/command/shell/quote.ts";
import { bytesOf, textOf } from "../../src/command/shell/words.ts";
import { Random } from "../fuzz/random.ts";
import { chromeBash, chromeCmd, firefoxBash, oldCmd } from "./browsers.ts";

const BASH = "/bin/bash";

const texts = (source: string, env = {}) => bashWords(source, env).map(({ text }) => text);
const cmd = (source: string, env = {}) => cmdWords(source, env).map(({ text }) => text);

/** The error of a command: its offset and what was expected. */
function refusal(command: string | readonly string[], options = {}): readonly [number, string] {
  try {
    parseCurl(command, options);
  } catch (error) {
    if (!(error instanceof CurlCommandError)) throw error;
    return [error.place.offset, error.expected];
  }
  throw new Error("it was read");
}

test.for(
  [
    ["a b  c", ["a", "b", "c"]],
    ["  a\t b ", ["a", "b"]],
    [`'a b' "c d"`, ["a b", "c d"]],
    [`a'b'"c"$'d'e`, ["abcde"]],
    [`'' "" $''`, ["", "", ""]],
    ["a\\\nb", ["ab"]],
    ["a \\\n  b \\\r\n c", ["a", "b", "c"]],
    [`"a\\\nb"`, ["ab"]],
    [`a\\ b \\' \\" \\\\`, ["a b", "'", '"', "\\"]],
    [`"a\\"b\\\\c\\$d\\e"`, ['a"b\\c$d\\e']],
    [`'a\\b'`, ["a\\b"]],
    [`$'a\\nb\\tc\\\\d\\'e\\"'`, ["a\nb\tc\\d'e\""]],
    [`$'\\x41\\u00e9\\U0001f600\\101\\e\\cA\\q'`, ["Aé😀A\x1b\x01\\q"]],
    [`$'\\xc3\\xa9'`, ["é"]],
    [`$"a"`, ["a"]],
    ["a # comment", ["a"]],
    ["a#b", ["a#b"]],
    ["a;", ["a"]],
    ["a\n# more\n", ["a"]],
    ["$ a", ["$", "a"]],
    ["http://x/{a,b}", ["http://x/{a,b}"]],
    ["http://x/[1-3]", ["http://x/[1-3]"]],
    ["{a}", ["{a}"]],
  ] as const,
)("bash: %j is %j", ([source, expected]) => {
  expect(texts(source)).toEqual(expected);
});

test("bash: bytes that are no UTF-8 stay bytes", () => {
  const [word] = bashWords(`$'a\\xff\\xc3'`, {});
  expect([...bytesOf(word!.text)]).toEqual([97, 255, 195]);
  expect(textOf(Uint8Array.of(97, 255, 195))).toBe(word!.text);
});

test("bash: variables are those that are given", () => {
  const env = { NAME: "value", HOME: "/home/me" };
  expect(texts(`$NAME "$NAME" \${NAME}x ~/a '$NAME'`, env))
    .toEqual(["value", "value", "valuex", "/home/me/a", "$NAME"]);
});

test.for(
  [
    ["curl 'http://x/", 15, /' that ends/],
    [`curl "http://x/`, 15, /" that ends/],
    ["curl $'a", 8, /' that ends/],
    ["curl http://x/ | jq .", 15, /pipe/],
    ["curl http://x/?a&b", 16, /quote a URL/],
    ["curl http://x/ > file", 15, /-o/],
    ["curl http://x/ < file", 15, /redirects/],
    ["curl $(cat x)", 5, /shell computes/],
    ["curl `cat x`", 5, /commands inside/],
    ["curl $TOKEN", 5, /variable TOKEN in the option "env"/],
    [`curl "a$TOKEN"`, 7, /variable TOKEN/],
    ["curl $1", 5, /arguments of the shell/],
    ["curl http://x/ \\ \n -I", 16, /right after the backslash/],
    ["curl http://x/\ncurl http://y/", 15, /nothing after the end/],
    ["curl -d {a,b} http://x/", 8, /quotes around a list/],
    ["curl $'\\0'", 7, /no NUL/],
    ["wget http://x/", 0, /^curl$/],
    ["", 0, /^curl$/],
    ["curl", 4, /a URL/],
  ] as const,
)("bash: %j is refused at %i", ([command, offset, expected]) => {
  const [at, why] = refusal(command);
  expect(why).toMatch(expected);
  expect(at).toBe(offset);
});

test.for(
  [
    [`a "b c" d`, ["a", "b c", "d"]],
    [`a^&b ^"c d^"`, ["a&b", "c d"]],
    [`a ^\n b ^\r\n c`, ["a", "b", "c"]],
    [`"a""b"`, ['a"b']],
    [`"a\\"b" "c\\\\" d\\e`, ['a"b', "c\\", "d\\e"]],
    [`^"a^\n\nb^"`, ["a\nb"]],
    [`^"%^41^"`, ["%41"]],
    [`"a&b|c"`, ["a&b|c"]],
    [`"a^b"`, ["a^b"]],
    [`""`, [""]],
  ] as const,
)("cmd: %j is %j", ([source, expected]) => {
  expect(cmd(source)).toEqual(expected);
});

test("cmd: variables are those that are given, others stay", () => {
  expect(cmd(`%NAME% "%NAME%" %20 %OTHER%`, { NAME: "v" })).toEqual(["v", "v", "%20", "%OTHER%"]);
});

test.for(
  [
    [`curl ^"http://x/`, 16, /" that ends/],
    ["curl http://x/?a&b ^\n", 16, /caret before it/],
    ["curl 'http://x/' ^\n -I", 5, /double quotes/],
    ["curl ^\n http://x/\nmore", 18, /nothing after the end/],
    ["curl ^ \n http://x/", 6, /right after the caret/],
  ] as const,
)("cmd: %j is refused at %i", ([command, offset, expected]) => {
  const [at, why] = refusal(command, { shell: "cmd" });
  expect(why).toMatch(expected);
  expect(at).toBe(offset);
});

test("a text is taken for cmd's where it has its carets", () => {
  expect(looksLikeCmd(`curl ^"http://x/^"`)).toBe(true);
  expect(looksLikeCmd(`curl "http://x/" ^\n  -I`)).toBe(true);
  expect(looksLikeCmd(`curl 'http://x/' \\\n  -I`)).toBe(false);
});

/** Texts with everything that a shell may trip over. */
function randomText(random: Random): string {
  const parts = [
    ...["a", "B", "1", " ", "  ", "'", '"', "\\", "$", "`", "!", "#", "~", "&", "|", ";", "<", ">"],
    ...[
      "(",
      ")",
      "{",
      "}",
      "[",
      "]",
      "*",
      "?",
      "%",
      "^",
      "=",
      "@",
      ",",
      "\n",
      "\r\n",
      "\t",
      "\x7f",
    ],
    ...["é", "ß", "漢", "😀", "\u0085", "%20", "%PATH%", "$HOME", "\\n", '\\"', "''", '""'],
  ];
  return Array.from({ length: random.below(12) }, () => random.pick(parts)).join("");
}

test("what browsers quote is read as it was", () => {
  const random = new Random(7);
  for (let i = 0; i < 3000; i++) {
    const list = Array.from({ length: 3 }, () => randomText(random));
    for (const quote of [chromeBash, firefoxBash, quoted]) {
      expect(texts(list.map(quote).join(" \\\n  "))).toEqual(list);
    }
    // cmd has one kind of line end, and Chrome doubles backslashes that Windows does not halve
    const lines = list.map((text) => text.replace(/\r\n/g, "\n").replace(/\\/g, ""));
    expect(cmd(lines.map(chromeCmd).join(" ^\n  "))).toEqual(lines);
    const oneLine = lines.map((text) => text.replace(/[\n\\]/g, ""));
    expect(cmd(oneLine.map(oldCmd).join(" "))).toEqual(oneLine);
  }
});

/** Pieces of bash's own syntax. */
function randomSource(random: Random): string {
  // bash makes two wrong characters of the halves that Firefox writes
  const quote = () =>
    random.pick([chromeBash, firefoxBash, quoted])(randomText(random).replaceAll("😀", ""));
  const pieces = [
    () => quote(),
    () => random.pick([" ", "\t", " \\\n ", "\\\n"]),
    () => random.pick(["abc", "-d", "a=b", "x#y", "é", "@-", "1.5", "%41"]),
    () => `\\${random.pick([..."ab '\"\\$`!&|;<>(){}[]*?#~\n"])}`,
    () => `"${random.pick(["a b", '\\"', "\\\\", "\\$x", "\\a", "'", "a\\\nb", "#", ""])}"`,
    () => `$'${random.pick(["\\n", "\\x41", "\\xe9", "\\351", "\\u00e9", "\\'", "\\\\", "\\cA"])}'`,
  ];
  return Array.from({ length: 1 + random.below(10) }, () => random.pick(pieces)()).join("");
}

test.skipIf(!existsSync(BASH))(
  "bash itself reads the same words",
  { timeout: 120_000 },
  () => {
    const random = new Random(11);
    const sources = Array.from({ length: 600 }, () => randomSource(random));
    const script = sources.map((source) => `set -- ${source}\nprintf '%s\\0' "$#" "$@"\n`).join("");
    const { stdout, status, stderr } = spawnSync(BASH, ["-f"], {
      input: script,
      env: { LC_ALL: "C.UTF-8", PATH: "/bin" },
      maxBuffer: 1 << 26,
    });
    expect([status, String(stderr)]).toEqual([0, ""]);
    const fields = textOf(stdout).split("\0");
    let at = 0;
    for (const source of sources) {
      const count = Number(fields[at++]), expected = fields.slice(at, at + count);
      at += count;
      expect(texts(source), source).toEqual(expected);
    }
  },
);

/**
 * Writes the interfaces of options and infos. Each member has its type, a description, the version
 * of libcurl that introduced it, the constants that it takes, and the link to its manual page.
 *
 * Programs load the tables, but not these interfaces: so their text takes no time at the start.
 *
 * @module
 */

import { fail } from "./headers.ts";
import { easyWords } from "./words/easy_options.ts";
import { infoWords } from "./words/infos.ts";
import { multiWords, shareWords } from "./words/other_options.ts";
import type { Entry, Words } from "./words/words.ts";

/** The parts of a table row that decide a type. */
interface TypedRow {
  readonly kind: string;
  readonly since: number;
  readonly deprecated?: number;
  readonly aliasOf?: string;
}

type TypedTable = Readonly<Record<string, TypedRow>>;

/** The tables that have an interface, and the names of the constants. */
export interface TypedTables {
  readonly easyOptions: TypedTable;
  readonly multiOptions: TypedTable;
  readonly shareOptions: TypedTable;
  readonly infos: TypedTable;
  readonly flags: Readonly<Record<string, number>>;
}

const NUMBER = "number | bigint | boolean", TEXT = "string | Uint8Array";

/** The type of the value for each kind of option; `never` where only `null` is possible. */
const OF_KIND: Readonly<Record<string, string>> = {
  long: NUMBER,
  values: "number | boolean",
  off_t: NUMBER,
  string: TEXT,
  slist: `readonly (${TEXT})[]`,
  blob: "Uint8Array | ArrayBuffer",
  cbptr: "unknown",
  object: "never",
};

/** The types of the options whose value is an object. */
const OBJECTS: Readonly<Record<string, string>> = {
  POSTFIELDS: `${TEXT} | ArrayBuffer`,
  COPYPOSTFIELDS: `${TEXT} | ArrayBuffer`,
  PRIVATE: "unknown",
  STDERR: `${TEXT} | number`,
  SHARE: "Share",
  CURLU: "CurlUrl",
  MIMEPOST: "Mime",
  HTTPPOST: "readonly HttpPostPart[]",
  STREAM_DEPENDS: "E",
  STREAM_DEPENDS_E: "E",
  PIPELINING_SERVER_BL: "readonly string[]",
  PIPELINING_SITE_BL: "readonly string[]",
};

/** The type of an info of each kind. */
const INFO_OF_KIND: Readonly<Record<string, string>> = {
  string: "string | null",
  long: "number",
  double: "number",
  off_t: "number",
  socket: "number",
  slist: "string[]",
  certinfo: "string[][]",
  tlssession: "TlsSessionInfo | null",
  pointer: "unknown",
};

/** Functions that libcurl no longer calls, and that curlew does not take. */
const NEVER_CALLED = /^CONV_/;

/** An interface: its file, and how its members are made from the rows. */
interface Sheet {
  readonly file: string;
  readonly imports: string;
  /** The name with its type parameters, and its doc comment. */
  readonly name: string;
  readonly says: string;
  readonly prefix: string;
  readonly words: Words;
  readonly rows: (tables: TypedTables) => TypedTable;
  /** The text after the name of a member. */
  readonly member: (name: string, row: TypedRow) => string;
}

function valueType(callbacks: string, name: string, { kind }: TypedRow): string {
  if (kind === "function") {
    return NEVER_CALLED.test(name) ? "null" : `${callbacks}["${name}"] | null`;
  }
  const type = OBJECTS[name] ?? OF_KIND[kind] ?? fail(`no type for ${name}, ${kind}`);
  if (type === "never") return "null";
  return type === "unknown" ? type : `${type} | null`;
}

const SHEETS: readonly Sheet[] = [
  {
    file: "src/handles/easy/types/options.ts",
    imports: `import type { HttpPostPart } from "../../mime/httppost.ts";
import type { Mime } from "../../mime/mime.ts";
import type { Share } from "../../share.ts";
import type { CurlUrl } from "../../url.ts";
import type { EasyCallbackTypes } from "./callbacks.ts";\n`,
    name: "EasyOptionTypes<E>",
    says: "The options of `curl_easy_setopt` by curl's name, without `CURLOPT_`; `E` is `Easy`. " +
      "`null` unsets.",
    prefix: "CURLOPT_",
    words: easyWords,
    rows: ({ easyOptions }) => easyOptions,
    member: (name, row) => `?: ${valueType("EasyCallbackTypes<E>", name, row)}`,
  },
  {
    file: "src/handles/easy/types/infos.ts",
    imports: `import type { TlsSessionInfo } from "../../core/info.ts";\n`,
    name: "InfoTypes",
    says: "The infos of `curl_easy_getinfo` by curl's name, without `CURLINFO_`.",
    prefix: "CURLINFO_",
    words: infoWords,
    rows: ({ infos }) => infos,
    member: (name, { kind }) => `: ${INFO_OF_KIND[kind] ?? fail(`no type for ${name}, ${kind}`)}`,
  },
  {
    file: "src/handles/multi/option_types.ts",
    imports: `import type { MultiCallbackTypes } from "./callback_types.ts";\n`,
    name: "MultiOptionTypes<M>",
    says: "The options of `curl_multi_setopt` by curl's name, without `CURLMOPT_`; `M` is " +
      "`Multi`. `null` unsets.",
    prefix: "CURLMOPT_",
    words: multiWords,
    rows: ({ multiOptions }) => multiOptions,
    member: (name, row) => `: ${valueType("MultiCallbackTypes<M>", name, row)}`,
  },
  {
    file: "src/handles/core/share_option_types.ts",
    imports: "",
    name: "ShareOptionTypes",
    says: "The options of `curl_share_setopt` by curl's name, without `CURLSHOPT_`.",
    prefix: "CURLSHOPT_",
    words: shareWords,
    // curlew needs no locks: a Share belongs to one thread
    rows: ({ shareOptions: { SHARE, UNSHARE } }) => ({ SHARE: SHARE!, UNSHARE: UNSHARE! }),
    member: () => ": number",
  },
];

const WORDS = "ffi/curl/generator/words/, and run `npm run generate` without a path";

/** The text of each file, by its path from the root of the project; `first` is its heading. */
export function typeFiles(first: string, tables: TypedTables): Record<string, string> {
  return Object.fromEntries(SHEETS.map((sheet) => {
    const { file, imports, name, says } = sheet;
    const members = membersOf(sheet, sheet.rows(tables), Object.keys(tables.flags));
    const head = imports && `${imports}\n`;
    return [file, `${first}${head}/** ${says} */\nexport interface ${name} {\n${members}}\n`];
  }));
}

function membersOf(sheet: Sheet, rows: TypedTable, flags: readonly string[]): string {
  for (const name of Object.keys(sheet.words)) {
    if (rows[name] === undefined) fail(`words for ${sheet.prefix}${name}, which is in no table`);
  }
  return Object.entries(rows).map(([name, row]) => {
    const lines = docLines(sheet, name, row, flags).map((line) => `   * ${line}`.trimEnd() + "\n")
      .join("");
    return `  /**\n${lines}   */\n  readonly ${name}${sheet.member(name, row)};\n`;
  }).join("");
}

function docLines(sheet: Sheet, name: string, row: TypedRow, flags: readonly string[]): string[] {
  const { prefix, words } = sheet, { aliasOf } = row;
  const page = `https://curl.se/libcurl/c/${prefix}${aliasOf ?? name}.html`;
  const entry: Entry = aliasOf !== undefined
    ? `The older name of ${aliasOf}.`
    : words[name] ?? fail(`no words for ${prefix}${name}: write them in ${WORDS}`);
  const [says, pattern] = typeof entry === "string" ? [entry] : entry;
  const constants = pattern ? flags.filter((flag) => pattern.test(flag)) : [];
  if (pattern && constants.length === 0) fail(`no constants for ${prefix}${name}`);
  const paragraphs = [
    says,
    ...(pattern ? [`Constants: ${constants.join(", ")}.`] : []),
    `Since libcurl ${versionText(row.since)}: {@link ${page}}`,
    ...(row.deprecated ? [`@deprecated since libcurl ${versionText(row.deprecated)}`] : []),
  ];
  return paragraphs.flatMap((text, i) => i === 0 ? wrapped(text) : ["", ...wrapped(text)]);
}

const WIDTH = 95; // the line width of 100 without the ` * ` in front

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function versionText(version: number): string {
  return [version >> 16, version >> 8 & 0xff, version & 0xff].join(".");
}

// Writes docs/api/options.md: each option and info with what it takes or gives, from the tables.
// A runtime runs it, since Node.js takes no TypeScript: `node tools/run.mjs bun tools/docs/options.ts`.
import { writeFileSync } from "node:fs";
import { infos } from "../../ffi/curl/infos.ts";
import { easyOptions, multiOptions, shareOptions } from "../../ffi/curl/options.ts";
import { versionText } from "../../ffi/mod.ts";
import { callbackKind } from "../../src/handles/callbacks/kinds.ts";

interface Row {
  readonly id: number;
  readonly kind: string;
  readonly since: number;
  readonly deprecated?: number;
  readonly aliasOf?: string;
}

/** What a kind of option takes. */
const TAKES: Readonly<Record<string, string>> = {
  long: "number, boolean",
  values: "number: flags or one of several",
  off_t: "number, bigint",
  string: "string, bytes",
  slist: "array of strings",
  blob: "bytes",
  cbptr: "any value, for a callback",
  object: "an object",
  function: "a function",
};

/** What an info gives. */
const GIVES: Readonly<Record<string, string>> = {
  string: "string or `null`",
  long: "number",
  double: "number, in seconds where it is a time",
  off_t: "number, in µs where it is a time",
  socket: "a descriptor, -1 for none",
  slist: "array of strings",
  certinfo: "array of lines for each certificate",
  tlssession: "[TlsSessionInfo](curlew/interfaces/TlsSessionInfo.md) or `null`",
  pointer: "what was set",
};

const page = (prefix: string, name: string) =>
  `[\`${name}\`](https://curl.se/libcurl/c/${prefix}_${name}.html)`;

/** A table of markdown for one of the tables; `typeOf` describes a value. */
function table(
  prefix: string,
  rows: Readonly<Record<string, Row>>,
  typeOf: (name: string, row: Row) => string,
): string {
  const lines = Object.entries(rows).map(([name, row]) => {
    const { since, deprecated, aliasOf } = row;
    const known = aliasOf ? `\`${name}\`` : page(prefix, name);
    const notes = [
      aliasOf && `now ${page(prefix, aliasOf)}`,
      deprecated && !aliasOf && `deprecated since ${versionText(deprecated)}`,
    ].filter(Boolean);
    return `| ${known} | ${typeOf(name, row)} | ${versionText(since)} | ${notes.join("; ")} |`;
  });
  return lines.join("\n");
}

/** A callback's type stands in an interface, under the option's name. */
function callback(interfaceName: string, name: string): string {
  const anchor = name.toLowerCase().replaceAll("_", "-");
  return `[a function](curlew/interfaces/${interfaceName}.md#${anchor})`;
}

function ofEasy(name: string, { id, kind }: Row): string {
  if (kind === "function" && !callbackKind(id)) return "nothing: newer libcurls have no use for it";
  return kind === "function" ? callback("EasyCallbacks", name) : TAKES[kind] ?? kind;
}

function ofMulti(name: string, { kind }: Row): string {
  return kind === "function" ? callback("MultiCallbacks", name) : TAKES[kind] ?? kind;
}

const text = `# Options and infos

Every option and info that curlew has a type for, with the first libcurl that knows it. Names lead to
curl's own pages, which say what each one does. \`null\` restores the default. An option that is newer
than this table is taken too where the loaded libcurl has it.

## Options of an easy handle

For \`easy.setOpt(name, value)\`, \`easy.setOpts({ … })\`, and \`curl: { … }\` of \`fetch\`.

| Option | Takes | Since | Note |
| --- | --- | --- | --- |
${table("CURLOPT", easyOptions, ofEasy)}

## Infos of an easy handle

For \`easy.getInfo(name)\`.

| Info | Gives | Since | Note |
| --- | --- | --- | --- |
${table("CURLINFO", infos, (_name, { kind }) => GIVES[kind] ?? kind)}

## Options of a multi handle

For \`multi.setOpt(name, value)\`.

| Option | Takes | Since | Note |
| --- | --- | --- | --- |
${table("CURLMOPT", multiOptions, ofMulti)}

## Options of a share handle

For \`share.setOpt(name, value)\`, which has \`SHARE\` and \`UNSHARE\`; locks are not needed.

| Option | Takes | Since | Note |
| --- | --- | --- | --- |
${table("CURLSHOPT", shareOptions, (_name, { kind }) => TAKES[kind] ?? kind)}
`;
writeFileSync(new URL("../../docs/api/options.md", import.meta.url), text);

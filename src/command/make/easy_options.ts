/**
 * Converts a transfer to options of an easy handle.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import type { Group, Value } from "../read/group.ts";
import { bytesOf, hasRawBytes } from "../shell/words.ts";
import type { Name } from "../table/effect.ts";
import type { GroupBody } from "./body.ts";
import type { Planned } from "./transfers.ts";

/** The values of easy options by name. */
export type OptionValues = Partial<
  Record<Name, number | string | Uint8Array<ArrayBuffer> | readonly (string | Uint8Array)[]>
>;

/** The same values with the types of `Easy.setOpts`, which has all names except the newest. */
export const asEasyOptions = (options: OptionValues): EasyOptions =>
  options as unknown as EasyOptions;

/** The default of `--max-redirs` in curl's tool. */
const REDIRECTS = 50;

/** The options of a group that have the same meaning for `fetch` and for an easy handle. */
export function commonOptions(group: Group, scheme: string): OptionValues {
  const options: OptionValues = {};
  for (const [name, value] of group.options) options[name] = optionValue(value);
  if (group.cookies.length > 0) {
    options.COOKIE = group.cookies.reduce((all, one) =>
      `${all};${/^[ \t]/.test(one) ? "" : " "}${one}`
    );
  }
  const lastFile = group.cookieFiles.at(-1);
  if (lastFile !== undefined) options.COOKIEFILE = lastFile;
  const netrc = netrcOf(group);
  if (netrc !== null) options.NETRC = netrc;
  const proxyAuth = proxyAuthOf(group);
  if (proxyAuth !== null) options.PROXYAUTH = proxyAuth;
  addTls(group, options);
  if ((scheme === "scp" || scheme === "sftp") && typeof options.SSLKEY === "string") {
    options.SSH_PRIVATE_KEYFILE = options.SSLKEY;
  }
  return options;
}

/** The value for libcurl: texts that are not UTF-8 become bytes. */
function optionValue(value: Value): number | string | readonly (string | Uint8Array)[] {
  if (typeof value !== "object") return value;
  return value.map((text) => hasRawBytes(text) ? bytesOf(text) : text);
}

function netrcOf(group: Group): number | null {
  if (group.is("netrc-optional")) return flags.CURL_NETRC_OPTIONAL;
  return group.is("netrc") || group.options.has("NETRC_FILE") ? flags.CURL_NETRC_REQUIRED : null;
}

const PROXY_AUTH = [
  ["proxy-anyauth", flags.CURLAUTH_ANY],
  ["proxy-negotiate", flags.CURLAUTH_NEGOTIATE],
  ["proxy-ntlm", flags.CURLAUTH_NTLM],
  ["proxy-digest", flags.CURLAUTH_DIGEST],
  ["proxy-basic", flags.CURLAUTH_BASIC],
] as const;

/** The first of the methods of proxy authentication that the group sets. */
function proxyAuthOf(group: Group): number | null {
  return PROXY_AUTH.find(([name]) => group.is(name))?.[1] ?? null;
}

const LEAST = [0, 4, 5, 6, 7], MOST = [0, 4, 5, 6, 7].map((version) => version << 16);

function addTls(group: Group, options: OptionValues): void {
  const { min, max } = group.tls;
  if (min !== 0 || max !== 0) {
    // the highest allowed version may be below libcurl's default for the lowest
    const least = min === 0 && max !== 0 && max < 3 ? max : min;
    options.SSLVERSION = (LEAST[least] as number) | (MOST[max] as number);
  }
  const capath = group.tool.get("capath"), crlfile = group.tool.get("crlfile");
  if (typeof capath === "string") options.PROXY_CAPATH ??= capath;
  if (typeof crlfile === "string") options.PROXY_CRLFILE ??= crlfile;
}

/** The lines of HTTPHEADER: those of the command, and those that `--json` adds. */
export function headerLinesOf(group: Group): string[] {
  const lines = [...(group.options.get("HTTPHEADER") as readonly string[] | undefined ?? [])];
  if (!group.data.some(({ isJson }) => isJson)) return lines;
  for (const name of ["Content-Type", "Accept"]) {
    const isThere = lines.some((line) => new RegExp(`^${name}[:;]`, "i").test(line));
    if (!isThere) lines.push(`${name}: application/json`);
  }
  return lines;
}

/** All options of a transfer except MIMEPOST and those that read an upload. */
export function easyOptionsOf(planned: Planned, body: GroupBody, userAgent?: string): EasyOptions {
  const { group, scheme, url, upload } = planned;
  const options: OptionValues = { URL: url, ...commonOptions(group, scheme) };
  const lines = headerLinesOf(group);
  if (lines.length > 0) options.HTTPHEADER = optionValue(lines) as readonly string[];
  if (userAgent !== undefined) options.USERAGENT ??= userAgent;
  const isHead = group.kind === "HEAD";
  if (isHead) options.NOBODY = 1;
  if (upload !== null) options.UPLOAD = 1;
  else if (body.kind === "data") options.POSTFIELDS = body.data;
  const from = group.tool.get("continue-at");
  if (typeof from === "number" && from > 0) options.RESUME_FROM_LARGE = from;
  if (isHead || group.is("remote-time")) options.FILETIME = 1;
  if (options.FOLLOWLOCATION) options.MAXREDIRS ??= REDIRECTS;
  if (group.tool.get("fail") === "fail") options.FAILONERROR = 1;
  if (group.tool.has("write-out")) options.CERTINFO = 1;
  return asEasyOptions(options);
}

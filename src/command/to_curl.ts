/**
 * `toCurl`: converts a request to a curl command.
 *
 * @module
 */

import type { FetchBody } from "../http/request_body/source.ts";
import { readJar } from "../http/cookies/jars.ts";
import { readCurlOptions, withOptions } from "../http/request/curl_options.ts";
import { bodyLength, checkNoBody } from "../http/request/framing.ts";
import { hasHeader } from "../http/request/headers.ts";
import {
  type FetchInit,
  type InitMembers,
  planHead,
  readInit,
  type RequestPlan,
  withBody,
} from "../http/request/plan.ts";
import { isHttp } from "../http/request/url.ts";
import { syncBodySource } from "../http/request_body/source.ts";
import { asksForPart } from "../http/transfer/configure.ts";
import { isInstance } from "../untrusted.ts";
import { check, checkedMember, Kinds, WRITE } from "./arguments.ts";
import { quoted } from "./shell/quote.ts";
import { textOf } from "./shell/words.ts";
import { splitNewer } from "./table/newer.ts";
import { type BodyWords, bodyWords } from "./write/body_words.ts";
import { type Argument, open, optionWords, type Pending } from "./write/option_words.ts";
import { redactHeader, redactUrl } from "../redact.ts";

/** The options of {@linkcode toCurl}. */
export interface ToCurlOptions {
  /** Whether possible secrets are replaced by `REDACTED`; true unless given. */
  readonly redact?: boolean;
}

/**
 * Converts the request of `fetch(input, init)` to a curl command for bash, zsh and similar shells.
 *
 * With `redact`, the default, `REDACTED` replaces the user and password of URLs and options, the
 * values of queries, bodies, cookies and of all headers that are not known to be harmless; names,
 * paths and hosts are kept.
 *
 * curl sends what `fetch` would send, with the present cookies of the jar in `init.cookies`. The
 * User-Agent differs, unless you set it: it names the program that sends. Members that have no
 * meaning outside this process are left out: `agent`, `signal`, callbacks, `integrity`,
 * `maxBodySize`, `maxHeaders`, `retryUnsafe`, SHARE. A stream or a Blob without a name becomes
 * standard input, a File becomes its name.
 *
 * @throws {TypeError} for an argument of the wrong kind, and for arguments that `fetch` refuses;
 * for options in `init.curl` without an option of curl, such as SSLCERT_BLOB; for a body or a
 * field's name that no argument can express.
 *
 * @example
 * ```ts
 * import { toCurl } from "curlew/command";
 *
 * const init = { method: "POST", body: "secret", headers: { Authorization: "Bearer secret" } };
 * console.log(toCurl("https://example.com/?page=2", init));
 * console.log(toCurl("https://example.com/?page=2", init, { redact: false }));
 * ```
 */
export function toCurl(
  input: string | URL | Request,
  init: FetchInit = {},
  options: ToCurlOptions = {},
): string {
  if (init !== null) check(WRITE, "init", Kinds.object, init);
  check(WRITE, "the options", Kinds.object, options);
  const members = readInit(init);
  const redact = checkedMember(WRITE, options, "redact", Kinds.boolean) ?? true;
  const request = typeof input !== "string" && isInstance(input, Request) ? input : null;
  const given = members.body === undefined ? request?.body ?? null : members.body;
  const plan = planOf(input, members, given);
  const words = commandWords(withCookies(plan, members.cookies), given);
  return `curl ${words.map(({ text, shown }) => quoted(redact ? shown : text)).join(" ")}`;
}

/**
 * The plan of the request, checked as `fetch` does. A body that is read asynchronously is not read.
 */
function planOf(
  input: string | URL | Request,
  members: InitMembers,
  given: FetchBody | null,
): RequestPlan {
  const { known, newer } = splitNewer(members.curl);
  const curl = withOptions(readCurlOptions(known), newer);
  const head = planHead(input, { ...members, curl: undefined });
  const plan: RequestPlan = { ...head, curl, jar: readJar(members.cookies, curl) };
  if (!isHttp(plan.url)) {
    throw new TypeError("Cannot write the curl command: expected a URL of http or https");
  }
  if (given === null) checkNoBody(plan.headers);
  else if (plan.method === "GET" || plan.method === "HEAD") {
    throw new TypeError(`Cannot write the curl command: a ${plan.method} request has no body`);
  } else if (isInstance(given, Blob)) bodyLength(plan.headers, given.size, plan.curl);
  const source = given === null ? null : syncBodySource(given);
  return source ? withBody(plan, source) : plan;
}

/** The plan with the cookies that the jar would send, before the given ones. */
function withCookies(plan: RequestPlan, jar: InitMembers["cookies"]): RequestPlan {
  const cookies = jar?.getAll(plan.url).map(({ name, value }) => `${name}=${value}`) ?? [];
  if (cookies.length === 0) return plan;
  if (hasHeader(plan.headers, "cookie")) { // curl ignores -b then; libcurl does not ignore a jar
    return { ...plan, headers: [...plan.headers, ["Cookie", cookies.join("; ")]] };
  }
  const bytes = Uint8Array.from(cookies.join("; "), (unit) => unit.charCodeAt(0));
  const own = plan.curl.get("COOKIE");
  const after = typeof own === "string" && own !== "" ? `; ${own}` : "";
  return { ...plan, curl: new Map(plan.curl).set("COOKIE", textOf(bytes) + after) };
}

function commandWords(plan: RequestPlan, given: FetchBody | null): Argument[] {
  const body = given === null ? null : bodyWords(given);
  const pending: Pending = new Map(plan.curl);
  return [
    ...urlWords(plan.url),
    ...methodWords(plan.method, body),
    ...headerWords(plan, body),
    ...redirectWords(plan.redirect),
    ...timeWords(plan),
    ...decodingWords(pending),
    ...agentWords(pending),
    ...optionWords(pending),
    ...(body?.words ?? emptyBody(plan.method)),
  ];
}

function urlWords(url: URL): Argument[] {
  const { href } = url, text = href.split("#")[0] as string;
  // the brackets of an IPv6 address are not a pattern
  const isPattern = /[[\]{}]/.test(text.replace(url.host, ""));
  return [{ text, shown: redactUrl(text) }, ...(isPattern ? [open("-g")] : [])];
}

/** Whether a method has a body even where none is given. */
const isPosted = (method: string) => method === "POST" || method === "PUT";

function methodWords(method: string, body: BodyWords | null): Argument[] {
  if (method === "HEAD") return [open("-I")];
  const implied = body ? body.implies : isPosted(method) ? "POST" : "GET";
  return method === implied ? [] : [open("-X"), open(method)];
}

/** The arguments for an empty body, as `fetch` sends it. */
function emptyBody(method: string): Argument[] {
  return isPosted(method) ? [open("--data-raw"), open("")] : [];
}

function headerWords(plan: RequestPlan, body: BodyWords | null): Argument[] {
  const headers = [...plan.headers];
  const has = (name: string) => hasHeader(headers, name);
  if (body?.type && !has("content-type")) headers.push(["Content-Type", body.type]);
  if (asksForPart(plan)) headers.push(["Accept-Encoding", "identity"]);
  if (plan.referrer !== "" && !has("referer")) headers.push(["Referer", plan.referrer]);
  const isSent = body ? !body.isForm : isPosted(plan.method);
  if (isSent && !has("content-type")) headers.push(["Content-Type", null]);
  if (body?.isLarge && !has("expect")) headers.push(["Expect", null]);
  return headers.flatMap(([name, value]) => [open("-H"), headerLine(name, value)]);
}

function headerLine(name: string, value: string | null): Argument {
  if (value === null) return open(`${name}:`);
  if (value === "") return open(`${name};`);
  const bytes = Uint8Array.from(value, (unit) => unit.charCodeAt(0));
  return { text: `${name}: ${textOf(bytes)}`, shown: `${name}: ${textOf(shown(name, value))}` };
}

function shown(name: string, value: string): Uint8Array {
  return Uint8Array.from(redactHeader(name, value), (unit) => unit.charCodeAt(0));
}

function redirectWords(redirect: RequestPlan["redirect"]): Argument[] {
  if (redirect === "manual") return [];
  return redirect === "follow" ? [open("-L")] : [open("-L"), open("--max-redirs"), open("0")];
}

function timeWords({ timeout, connectTimeout }: RequestPlan): Argument[] {
  const words: Argument[] = [];
  if (timeout > 0) words.push(open("-m"), open(secondsOf(timeout)));
  if (connectTimeout !== undefined) {
    words.push(open("--connect-timeout"), open(secondsOf(connectTimeout)));
  }
  return words;
}

const secondsOf = (ms: number) => `${Math.ceil(ms) / 1000}`;

/** The arguments for decoding: `fetch` decodes by default, curl only with an option. */
function decodingWords(pending: Pending): Argument[] {
  const encodings = pending.get("ACCEPT_ENCODING");
  if (pending.has("ACCEPT_ENCODING") && encodings !== "" && encodings !== null) return [];
  pending.delete("ACCEPT_ENCODING");
  return encodings === null ? [] : [open("--compressed")];
}

/** The arguments that remove the User-Agent: `-A ""`. */
function agentWords(pending: Pending): Argument[] {
  if (pending.get("USERAGENT") !== null) return [];
  pending.delete("USERAGENT");
  return [open("-A"), open("")];
}

/**
 * Converts a transfer to the `init` of `fetch`.
 *
 * @module
 */

import type { FetchCurlOptions, FetchInit } from "../../http/request/plan.ts";
import { asksForPart } from "../../http/transfer/configure.ts";
import { dictionary } from "../../members.ts";
import { trimmed } from "../../trim.ts";
import type { Group } from "../read/group.ts";
import { bytesOf } from "../shell/words.ts";
import type { Name } from "../table/effect.ts";
import type { CurlFormPart } from "../types.ts";
import type { GroupBody } from "./body.ts";
import { asEasyOptions, commonOptions, headerLinesOf, type OptionValues } from "./easy_options.ts";
import { fileNameOf, multipart, type ReadPart, typeOf } from "./multipart.ts";
import type { Planned } from "./transfers.ts";
import { isInstance } from "../../untrusted.ts";

/** A header, `null` to remove one that is sent by default. */
export type HeaderPair = readonly [name: string, value: string | null];

/** Options that have a member of their own in `init`, or no meaning for `fetch`. */
const ELSEWHERE: ReadonlySet<Name> = new Set<Name>([
  "ACCEPT_ENCODING",
  "CONNECTTIMEOUT_MS",
  "CUSTOMREQUEST",
  "DEFAULT_PROTOCOL",
  "FOLLOWLOCATION",
  "HTTPHEADER",
  "MAXREDIRS",
  "SUPPRESS_CONNECT_HEADERS",
  "TIMEOUT_MS",
]);

/** The media type of a request body: of a URL-encoded form by curl, and of a string by `fetch`. */
const FORM_TYPE = "application/x-www-form-urlencoded", TEXT_TYPE = "text/plain;charset=UTF-8";

/** The `init` of a transfer. `read` returns the bytes of a file that is sent. */
export function fetchInitOf(
  planned: Planned,
  body: GroupBody,
  read: ReadPart,
  userAgent?: string,
): FetchInit {
  const { group, upload } = planned, { options } = group;
  const sent = withoutPrototype(sentBody(planned, body, read)), headers = headersOf(group, sent);
  const method = methodOf(group, body, upload);
  const redirect = redirectOf(group);
  const timeout = options.get("TIMEOUT_MS"), connectTimeout = options.get("CONNECTTIMEOUT_MS");
  const curl = curlOf(planned, headers, userAgent);
  const isEmptyPost = sent !== null && sent.body === "" && isTypeless(headers) &&
    (method === "POST" || method === "PUT");
  const kept = isEmptyPost ? headers.filter(([name]) => !isType(name)) : headers;
  return {
    ...(method === "GET" ? {} : { method }),
    ...(kept.length === 0 ? {} : { headers: kept }),
    ...(sent === null || isEmptyPost ? {} : { body: sent.body }),
    ...(redirect === "follow" ? {} : { redirect }),
    ...(typeof timeout === "number" && timeout > 0 ? { timeout } : {}),
    ...(typeof connectTimeout === "number" ? { connectTimeout } : {}),
    ...(Object.keys(curl).length === 0 ? {} : { curl }),
  };
}

function redirectOf({ options }: Group): "follow" | "error" | "manual" {
  if (!options.get("FOLLOWLOCATION")) return "manual";
  return options.get("MAXREDIRS") === 0 ? "error" : "follow";
}

function methodOf({ kind, options }: Group, body: GroupBody, upload: string | null): string {
  const own = options.get("CUSTOMREQUEST");
  if (typeof own === "string") return own;
  if (kind === "HEAD") return "HEAD";
  return upload !== null ? "PUT" : body.kind === "none" ? "GET" : "POST";
}

function curlOf(
  { group, scheme, upload }: Planned,
  headers: readonly HeaderPair[],
  userAgent: string | undefined,
): FetchCurlOptions {
  const curl: Partial<Record<Name, OptionValues[Name] | null>> = {};
  // curl decodes a response only with this option
  if (!group.options.has("ACCEPT_ENCODING")) curl.ACCEPT_ENCODING = null;
  for (const [name, value] of Object.entries(commonOptions(group, scheme))) {
    if (!ELSEWHERE.has(name as Name)) curl[name as Name] = value;
  }
  if (userAgent !== undefined) curl.USERAGENT ??= userAgent;
  const from = group.tool.get("continue-at");
  if (typeof from === "number" && from > 0 && upload === null) curl.RESUME_FROM_LARGE = from;
  const options = asEasyOptions(curl as OptionValues);
  // curl asks for encodings with a Range too, unlike fetch
  const isPart = asksForPart({ headers, curl: new Map(Object.entries(options)) });
  return isPart ? { ...options, ACCEPT_ENCODING: "" } : options;
}

interface SentBody {
  readonly body: string | Uint8Array<ArrayBuffer> | FormData;
  /** The media type that curl sends, `null` for none. */
  readonly type: string | null;
  /** Whether that type is sent whatever the headers are, because it has the boundary. */
  readonly isTyped?: boolean;
  /** The range of a file that is sent. */
  readonly range?: string;
}

const withoutPrototype = (sent: SentBody | null) => sent && dictionary(sent);

function sentBody({ group, upload }: Planned, body: GroupBody, read: ReadPart): SentBody | null {
  if (upload !== null) return uploadBody(group, new Uint8Array(read(upload)));
  if (body.kind === "data") return { body: body.data, type: FORM_TYPE };
  if (body.kind === "none") return null;
  if (isPlainForm(group, body.parts)) return { body: formDataOf(body.parts, read), type: null };
  const kind = ownType(group) ?? "multipart/form-data";
  const isEscaped = group.options.get("MIME_OPTIONS") === 1;
  const written = multipart(body.parts, read, { kind, isEscaped });
  return { body: written.bytes, type: written.type, isTyped: true };
}

/** The media type in the headers of the command. */
function ownType(group: Group): string | null {
  return headerLinesOf(group).flatMap(headerPair).find(([name]) => isType(name))?.[1] ?? null;
}

/** The whole file, or the rest after the part that the server has already. */
function uploadBody({ tool }: Group, bytes: Uint8Array<ArrayBuffer>): SentBody {
  const from = tool.get("continue-at");
  if (typeof from !== "number" || from === 0) return { body: bytes, type: null };
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  return { body: bytes.slice(from), type: null, range };
}

function formDataOf(parts: readonly CurlFormPart[], read: ReadPart): FormData {
  const form = new FormData();
  for (const part of parts) {
    const { name = "", data = "" } = part, filename = fileNameOf(part);
    if (filename === null) form.append(name, data as string);
    else {
      const bytes = part.file === undefined ? data : new Uint8Array(read(part.file));
      const type = typeOf(part) ?? "";
      form.append(name, new File([bytes], filename, { type }));
    }
  }
  return form;
}

/** Whether a `FormData` can represent the whole form. */
export function isPlainForm(group: Group, parts: readonly CurlFormPart[]): boolean {
  return !group.options.has("MIME_OPTIONS") && ownType(group) === null && parts.every(isPlainField);
}

/** Whether a `FormData` sends a field exactly as libcurl does. */
function isPlainField(part: CurlFormPart): boolean {
  const { name, data, encoder, headers, parts } = part, filename = fileNameOf(part);
  if (name === undefined || encoder !== undefined || headers || parts) return false;
  if (filename !== null) {
    // a File has a type in lower case, and Bun adds a charset to text types
    const type = typeOf(part);
    return type !== null && !/[A-Z]|^text\//.test(type);
  }
  const isText = typeof data === "string" && !/[\r\n]/.test(data);
  return isText && part.type === undefined && !/[\r\n]/.test(name);
}

const isType = (name: string) => name.toLowerCase() === "content-type";
/** Whether the headers remove the type and set no other. */
function isTypeless(headers: readonly HeaderPair[]): boolean {
  const types = headers.filter(([name]) => isType(name));
  return types.length > 0 && types.every(([, value]) => value === null);
}

/**
 * The headers, with the body's type as curl sends it, and without those that `fetch` adds itself.
 */
function headersOf(group: Group, sent: SentBody | null): HeaderPair[] {
  const pairs = headerLinesOf(group).flatMap(headerPair);
  if (sent === null) return pairs;
  const hasOwn = pairs.some(([name]) => isType(name));
  if (sent.range !== undefined) pairs.push(["Content-Range", sent.range]);
  if (!hasOwn && sent.type !== null) pairs.push(["Content-Type", sent.type]);
  else if (sent.isTyped) {
    return pairs.map(([name, value]) => [name, isType(name) ? sent.type : value]);
  }
  const last = pairs.at(-1), isText = typeof sent.body === "string";
  if (isText && last && isType(last[0]) && last[1] === TEXT_TYPE) pairs.pop();
  const isNone = isInstance(sent.body, Uint8Array) && isTypeless(pairs);
  return pairs.filter(([name, value]) => {
    const isAdded = (isNone && isType(name)) || name.toLowerCase() === "expect";
    return value !== null || !isAdded;
  });
}

/** The header of a line of HTTPHEADER. libcurl ignores a line that is not a header. */
function headerPair(line: string): HeaderPair[] {
  const [, name = "", sign = "", rest = ""] = /^([^:;]*)([:;])([^]*)$/.exec(line) ?? [];
  const value = trimmed(rest, "\t\n\r ");
  if (name === "") return [];
  if (sign === ";") return value === "" ? [[name, ""]] : [];
  return [[name, value === "" ? null : byteString(value)]];
}

/** A string with one character for each byte, as `fetch` takes it. */
function byteString(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  return Array.from(bytesOf(text), (byte) => String.fromCharCode(byte)).join("");
}

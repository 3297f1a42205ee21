/**
 * Makes the HAR entry of a transfer.
 *
 * @module
 */

import { redactAnswer, REDACTED, redactHeader, redactUrl } from "../../redact.ts";
import { messageOf } from "../../untrusted.ts";
import type { Watch } from "../watch.ts";
import { bodyText, sentBody } from "./body.ts";
import { type Head, readHead, sentCookies, setCookies, valueOf } from "./head.ts";
import { sumOf, timingsOf } from "./timings.ts";
import type { HarEntry, HarPair, HarPostData, HarRequest, HarResponse } from "./types.ts";
import type { Wire } from "./wire.ts";

/** The options of an entry. */
export interface EntryOptions {
  /** The largest number of bytes of a body in the entry. */
  readonly content: number;
  readonly redact: boolean;
}

/** The entry of a transfer that has just ended: its handle still has the infos. */
export function entryOf(watch: Watch, wire: Wire, options: EntryOptions): HarEntry {
  const { startTime, state, attempt, trail, request, info } = watch;
  const timings = timingsOf(watch, wire);
  const connection = info?.primaryIp ? `${info.connectionId ?? info.localPort}` : null;
  return {
    startedDateTime: new Date(performance.timeOrigin + startTime).toISOString(),
    time: sumOf(timings),
    request: requestOf(watch, wire, options),
    response: responseOf(watch, wire, options),
    cache: {},
    timings,
    ...(info?.primaryIp ? { serverIPAddress: info.primaryIp } : {}),
    ...(connection === null ? {} : { connection, _connectionId: connection }),
    _resourceType: "fetch",
    _reused: info?.reused ?? false,
    ...(info?.primaryPort ? { _serverPort: info.primaryPort } : {}),
    _state: state,
    _call: trail?.call ?? null,
    _attempt: attempt,
    _redirects: request?.redirects ?? 0,
  };
}

function requestOf(watch: Watch, wire: Wire, { content, redact }: EntryOptions): HarRequest {
  const head = readHead(wire.request), url = redact ? redactUrl(watch.fullUrl) : watch.fullUrl;
  const [, version = ""] = / (HTTP\/[\d.]+)$/.exec(head.line) ?? [];
  const { size } = wire.sent, type = valueOf(head.fields, "content-type");
  const isChunked = /\bchunked\b/i.test(valueOf(head.fields, "transfer-encoding"));
  return {
    method: watch.method ?? "",
    url,
    httpVersion: version,
    cookies: sentCookies(head.fields, redact),
    headers: shown(head, redact ? redactHeader : null),
    queryString: queryOf(watch.fullUrl, redact),
    ...(content > 0 && size > 0 ? { postData: postData(wire, type, isChunked) } : {}),
    headersSize: head.size || -1,
    bodySize: watch.info?.bytesOut ?? size,
  };
}

function postData({ sent }: Wire, mimeType: string, isChunked: boolean): HarPostData {
  const { text, isBase64, comment } = sentBody(sent, isChunked);
  return {
    mimeType,
    text,
    ...(isBase64 ? { _encoding: "base64" } : {}),
    ...(comment === undefined ? {} : { comment }),
  };
}

type Redact = (name: string, value: string) => string;

function shown({ fields }: Head, redact: Redact | null): readonly HarPair[] {
  if (!redact) return fields;
  return fields.map(({ name, value }) => ({ name, value: redact(name, value) }));
}

function queryOf(url: string, redact: boolean): HarPair[] {
  if (!URL.canParse(url)) return [];
  return [...new URL(url).searchParams].map(([name, value]) => ({
    name: redact && value === "" ? REDACTED : name, // a query of one word is a value
    value: redact && value !== "" ? REDACTED : value,
  }));
}

function responseOf(watch: Watch, wire: Wire, options: EntryOptions): HarResponse {
  const { redact } = options, head = readHead(wire.response), { info, error } = watch;
  const [, version = "", text = ""] = /^(HTTP\/[\d.]+) \d+ ?(.*)$/.exec(head.line) ?? [];
  const location = valueOf(head.fields, "location");
  return {
    status: watch.status ?? 0,
    statusText: text,
    httpVersion: version,
    cookies: setCookies(head.fields, redact),
    headers: shown(head, redact ? redactAnswer : null),
    content: contentOf(watch, wire, head, options),
    redirectURL: redact ? redactUrl(location) : location,
    headersSize: head.size || -1,
    bodySize: info?.bytesIn ?? -1,
    ...(error === undefined ? {} : { _error: messageOf(error) }),
  };
}

function contentOf(
  { info }: Watch,
  { received }: Wire,
  { fields }: Head,
  { content }: EntryOptions,
): HarResponse["content"] {
  const mimeType = valueOf(fields, "content-type") || "x-unknown", sent = info?.bytesIn ?? 0;
  // a file that libcurl writes itself is not recorded
  const size = received.size || sent, saved = size - sent;
  const base = { size, ...(saved === 0 ? {} : { compression: saved }), mimeType };
  if (content === 0 || received.size === 0) return base;
  const { text, isBase64, comment } = bodyText(received.bytes, received.size);
  return {
    ...base,
    text,
    ...(isBase64 ? { encoding: "base64" } : {}),
    ...(comment === undefined ? {} : { comment }),
  };
}

/**
 * Resuming: whether the bytes of an earlier attempt and those of a response are of the same file:
 * {@link https://www.rfc-editor.org/rfc/rfc9110#name-range-requests RFC 9110}.
 *
 * @module
 */

import type { HeaderEntry } from "../request/headers.ts";

/** The record of the remote file that a partial file belongs to. */
export interface PartialFileRecord {
  /** The final URL, without query. */
  readonly url: string;
  /**
   * A value that changes when the file does: a strong ETag, a Last-Modified, or a modification
   * time.
   */
  readonly validator: string;
  /** The size of the whole file, `null` if unknown. */
  readonly size: number | null;
}

/** The point to resume at: the first `from` bytes of the recorded file are there already. */
export interface ResumePoint {
  readonly from: number;
  readonly record: PartialFileRecord;
}

/** The judgement of a response to a download that may have requested the rest of a file. */
export type Verdict =
  | {
    readonly kind: "whole";
    readonly record: PartialFileRecord | null;
    readonly total: number | null;
  }
  | { readonly kind: "rest"; readonly total: number | null }
  /** The partial file is complete already. */
  | { readonly kind: "complete" }
  /** The partial file cannot be continued: request the whole file. */
  | { readonly kind: "restart" }
  | { readonly kind: "refused" };

/** The parts of a response that decide the judgement. */
export interface Reply {
  readonly status: number;
  /** The value of a header; `name` is in lower case. */
  get(name: string): string | null;
}

/** The headers that request the rest, if the file has not changed. */
export function rangeHeaders({ from, record }: ResumePoint): HeaderEntry[] {
  return [["Range", `bytes=${from}-`], ["If-Range", record.validator]];
}

/** The URL for a record: without the query, as signatures in it differ between attempts. */
export function recordUrl(url: URL): string {
  const { origin, protocol, host, pathname } = url;
  return `${origin === "null" ? `${protocol}//${host}` : origin}${pathname}`;
}

/** Judges the final response. `asksForPart`: the caller has asked for a range. */
export function judge(
  reply: Reply,
  url: URL,
  rest: ResumePoint | null,
  asksForPart = false,
): Verdict {
  const { status } = reply;
  if (status === 206 && rest) return judgeRest(reply, url, rest);
  if (status === 206 && !asksForPart) return { kind: "refused" };
  if (status === 416 && rest) return { kind: isComplete(reply, rest) ? "complete" : "restart" };
  if (status < 200 || status > 299) return { kind: "refused" };
  const total = contentLength(reply);
  return { kind: "whole", record: recordOf(reply, url, total), total };
}

function judgeRest(reply: Reply, url: URL, { from, record }: ResumePoint): Verdict {
  const range = contentRange(reply);
  if (!range || range.first !== from || recordUrl(url) !== record.url) return { kind: "restart" };
  const { total } = range;
  if (total !== null && record.size !== null && total !== record.size) return { kind: "restart" };
  // some servers ignore If-Range
  if (isOther(reply, record)) return { kind: "restart" };
  return { kind: "rest", total: total ?? record.size };
}

function isComplete(reply: Reply, { from, record }: ResumePoint): boolean {
  const match = /^bytes \*\/(\d+)$/.exec(reply.get("content-range") ?? "");
  return record.size === from && Number(match?.[1]) === from && !isOther(reply, record);
}

/** Whether the response has a validator of the same kind with another value. */
function isOther(reply: Reply, { validator }: PartialFileRecord): boolean {
  const current = reply.get(validator.startsWith('"') ? "etag" : "last-modified");
  return current !== null && current !== validator;
}

function recordOf(reply: Reply, url: URL, size: number | null): PartialFileRecord | null {
  const validator = strongValidator(reply);
  if (validator === null || reply.status !== 200) return null;
  if (reply.get("accept-ranges")?.toLowerCase() === "none") return null;
  return { url: recordUrl(url), validator, size };
}

/**
 * A validator that changes with every change of the file. A date is one only if it is at least a
 * second old: before, the file could change again within the same second.
 */
function strongValidator(reply: Reply): string | null {
  const etag = reply.get("etag");
  if (etag !== null && /^"[\x21\x23-\x7e]*"$/.test(etag)) return etag;
  const modified = reply.get("last-modified"), date = reply.get("date");
  if (modified === null || date === null) return null;
  return Date.parse(date) - Date.parse(modified) >= 1000 ? modified : null;
}

function contentLength(reply: Reply): number | null {
  if (reply.get("transfer-encoding") !== null) return null;
  return /^\d+$/.test(reply.get("content-length") ?? "")
    ? Number(reply.get("content-length"))
    : null;
}

function contentRange(reply: Reply): { first: number; total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(reply.get("content-range") ?? "");
  return match && { first: Number(match[1]), total: match[2] === "*" ? null : Number(match[2]) };
}

/**
 * Bodies that were announced and not sent. A request with `Expect: 100-continue` waits before it
 * sends its body; a server that answers without asking for the body still takes the bytes that
 * follow for it, as many as were announced (RFC 9110, 10.1.1). libcurl keeps such a connection after
 * a success, and repeats the request on it after a 417, so that the next request with its
 * credentials would be the body.
 *
 * The rule: an HTTP/1 connection on which the final answer comes before the first byte of an
 * announced body, or a 417 before the last, is used for nothing else. libcurl closes it itself after
 * the other errors, and completes the body in all other cases. Seen on 7.88.1 and 8.14.1; the
 * sources of 7.74.0 and 8.22.0 decide in the same way, so all versions get the remedy.
 *
 * @module
 */

import { latin1 } from "../../../ffi/c_text.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { bytesAt } from "../../../ffi/memory.ts";
import { library, type Pointer } from "../../../ffi/mod.ts";
import type { EasySettings } from "../core/easy_settings.ts";
import type { EasyState } from "../core/easy_state.ts";
import { readInfo } from "../core/info.ts";

/** A bit of `reuseRisks`: the request in flight may wait for a 100, so its heads are examined. */
export const MAY_WAIT_FOR_100 = 0x200;
/** A bit of `reuseRisks`: the last final head came before the body was sent. */
export const BODY_UNSENT = 0x400;

const HTTP = flags.CURLPROTO_HTTP | flags.CURLPROTO_HTTPS;
const EXPECTATION_FAILED = 417;

/** The value of FORBID_REUSE for libcurl. */
export function reuseNumber(settings: EasySettings): number {
  const { reuseForbidden, leavesUnread, reuseRisks, forbidReuse } = settings;
  return reuseForbidden || leavesUnread || (reuseRisks & BODY_UNSENT) !== 0 ? 1 : forbidReuse;
}

/**
 * Examines a header line of a transfer with {@linkcode MAY_WAIT_FOR_100}. FORBID_REUSE is set at the
 * status line: libcurl reads it when the answer is over, or before it repeats the request.
 */
export function noteStatusLine(state: EasyState, line: Pointer, length: number): void {
  // other protocols have lines of answers too
  if (length === 0 || !((readInfo(state, infos.PROTOCOL) as number) & HTTP)) return;
  const status = finalStatus(latin1(bytesAt(line, length)));
  if (status === null) return;
  const { settings } = state, isUnsent = status !== "multiplexed" && leavesUnsent(state, status);
  if (isUnsent === ((settings.reuseRisks & BODY_UNSENT) !== 0)) return;
  settings.reuseRisks ^= BODY_UNSENT;
  const { long } = library().symbols.curl_easy_setopt;
  long(state.pointer, easyOptions.FORBID_REUSE.id, reuseNumber(settings));
}

/**
 * The status code of a status line that is not interim, "multiplexed" for one of HTTP/2 or 3, whose
 * streams have frames of their own; `null` for any other line. A line without a colon may be one of
 * HTTP200ALIASES.
 */
function finalStatus(line: string): number | "multiplexed" | null {
  if (/^HTTP\/[23](?:\.\d)? /i.test(line)) return "multiplexed";
  if (!/^HTTP\//i.test(line) && (line.includes(":") || /^\s/.test(line))) return null;
  const status = Number(/^\S+\s+(\d{3})/.exec(line)?.[1] ?? 200);
  return status < 200 ? null : status;
}

/** Whether the server may wait for bytes of the body that libcurl will not send. */
function leavesUnsent(state: EasyState, status: number): boolean {
  const announced = readInfo(state, infos.CONTENT_LENGTH_UPLOAD_T) as number; // -1: in chunks
  const sent = readInfo(state, infos.SIZE_UPLOAD_T) as number;
  if (announced === 0) return false;
  return sent === 0 || (status === EXPECTATION_FAILED && sent !== announced);
}

/**
 * The announced length of an upload over HTTP, which libcurl before 8.7 does not enforce
 * (`ignoresPromisedLength`): it sends all that a READFUNCTION gives, and waits for a response where
 * READFUNCTION gives less.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasyState } from "../core/easy_state.ts";
import { readInfo } from "../core/info.ts";

const HTTP = flags.CURLPROTO_HTTP | flags.CURLPROTO_HTTPS;

/** How many bytes a READFUNCTION may still give; `Infinity` where no length was announced. */
export function promisedRest(state: EasyState): number {
  if (!oddities().ignoresPromisedLength || state.settings.resumesAt !== 0) return Infinity;
  const promised = readInfo(state, infos.CONTENT_LENGTH_UPLOAD_T) as number;
  if (promised < 0 || !((readInfo(state, infos.PROTOCOL) as number) & HTTP)) return Infinity;
  return Math.max(promised - state.run.bytesRead, 0);
}

/** The error of a READFUNCTION that ends too early: the one that libcurl has since 8.7. */
export function shortBody({ run }: EasyState, rest: number): CurlEasyError {
  return new CurlEasyError(
    Code.READ_ERROR,
    `The READFUNCTION gave only ${run.bytesRead} of ${run.bytesRead + rest} bytes`,
  );
}

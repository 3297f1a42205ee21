/**
 * The HTTP version of a transfer's connection.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { getInfo } from "../handles/easy/infos.ts";

const { CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1 } = flags;

/** Whether the connection is known to carry one transfer at a time. */
export function isHttp1(easy: EasyState): boolean {
  const version = getInfo(easy, "HTTP_VERSION");
  return version === CURL_HTTP_VERSION_1_0 || version === CURL_HTTP_VERSION_1_1;
}

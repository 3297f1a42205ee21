/**
 * What the version of HTTP says of a transfer's connection.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import type { Easy } from "../handles/easy/easy.ts";

const { CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1 } = flags;

/** Whether it is known to carry one transfer at a time. */
export function isHttp1(easy: Easy): boolean {
  const version = easy.getInfo("HTTP_VERSION");
  return version === CURL_HTTP_VERSION_1_0 || version === CURL_HTTP_VERSION_1_1;
}

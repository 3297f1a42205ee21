/**
 * The options that curlew sets on every new easy handle.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasyState } from "../core/easy_state.ts";
import { INITIAL_BUFFERSIZE } from "../core/receive_settings.ts";
import { setOwnReadFunction } from "./functions.ts";

/**
 * The numbers that a new handle starts with: no signals, no waiting for the resolver's thread, and
 * a receive buffer of 63 KiB. The buffer needs a quarter of the system calls of libcurl's default
 * of 16 KiB, and takes no more time for small responses. It is no larger, since one buffer of
 * deflate must not unpack to more than libcurl keeps for a paused transfer: `decoding.ts`.
 */
const INITIAL: ReadonlyMap<number, number> = new Map([
  [easyOptions.BUFFERSIZE.id, INITIAL_BUFFERSIZE],
  [easyOptions.NOSIGNAL.id, 1],
  [easyOptions.QUICK_EXIT.id, 1],
]);

/**
 * The same for NSS, without ALPN, which avoids the crashes of `nssCrashesAfterAlpn`. HTTP/2 over
 * TLS then needs SSL_ENABLE_ALPN.
 */
const INITIAL_WITH_NSS: ReadonlyMap<number, number> = new Map([
  ...INITIAL,
  [easyOptions.SSL_ENABLE_ALPN.id, 0],
]);

let initial: ReadonlyMap<number, number> | undefined;

const initialNumbers = () =>
  initial ??= oddities().nssCrashesAfterAlpn ? INITIAL_WITH_NSS : INITIAL;

/** The number that curlew sets for an option of a new handle; `undefined` where it sets none. */
export function initialNumber(id: number): number | undefined {
  return initialNumbers().get(id);
}

/** Sets the options of a new handle, or of one that was reset. */
export function setInitialOptions(state: EasyState): void {
  const { curl_easy_setopt } = library().symbols;
  // QUICK_EXIT is unknown before 7.87, which is no error here
  for (const [id, value] of initialNumbers()) curl_easy_setopt.long(state.pointer, id, value);
  setOwnReadFunction(state);
  setErrorBuffer(state);
}

/**
 * Sets ERRORBUFFER to the handle's own buffer. A duplicate begins with the buffer of the original.
 */
export function setErrorBuffer(state: EasyState): void {
  const { pointer } = library().symbols.curl_easy_setopt;
  pointer(state.pointer, easyOptions.ERRORBUFFER.id, state.resources.errorBuffer);
}

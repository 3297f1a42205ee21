/**
 * The options that every easy handle starts with.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasyState } from "../core/easy_state.ts";
import { setOwnReadFunction } from "./functions.ts";

/**
 * What every handle is born with: no signals, no waiting for the resolver's thread, and a buffer
 * for receiving that takes a quarter of libcurl's own 16 KiB's system calls, and no more time
 * where little comes. It is no larger, since what deflate unpacks of it has to be less than libcurl
 * keeps of a paused transfer: `decoding.ts`.
 */
const BIRTH: ReadonlyMap<number, number> = new Map([
  [easyOptions.BUFFERSIZE.id, 63 * 1024],
  [easyOptions.NOSIGNAL.id, 1],
  [easyOptions.QUICK_EXIT.id, 1],
]);

/**
 * Without ALPN there is no HTTP/2 over TLS unless somebody asks for it, and none of the crashes of
 * `nssCrashesAfterAlpn`.
 */
const NSS_BIRTH: ReadonlyMap<number, number> = new Map([
  ...BIRTH,
  [easyOptions.SSL_ENABLE_ALPN.id, 0],
]);

let birth: ReadonlyMap<number, number> | undefined;

const birthOptions = () => birth ??= oddities().nssCrashesAfterAlpn ? NSS_BIRTH : BIRTH;

/** The BUFFERSIZE of a new handle, in bytes. */
export const BIRTH_BUFFERSIZE: number = BIRTH.get(easyOptions.BUFFERSIZE.id) as number;

/** The number that a new handle starts with, where curlew and not libcurl chose it. */
export function birthDefault(id: number): number | undefined {
  return birthOptions().get(id);
}

/** Sets the options that a new handle, or one that was reset, starts with. */
export function setBirthOptions(state: EasyState): void {
  const { curl_easy_setopt } = library().symbols;
  // QUICK_EXIT is unknown before 7.87, which is no error here
  for (const [id, value] of birthOptions()) curl_easy_setopt.long(state.pointer, id, value);
  state.settings.bufferSize = BIRTH_BUFFERSIZE;
  setOwnReadFunction(state);
  setErrorBuffer(state);
}

/** Gives the handle, which may be a copy, its own place for error texts. */
export function setErrorBuffer(state: EasyState): void {
  const { pointer } = library().symbols.curl_easy_setopt;
  pointer(state.pointer, easyOptions.ERRORBUFFER.id, state.resources.errorBuffer);
}

/**
 * The options that may be set while a handle is in use: while a blocking call runs, from
 * `addHandle` until `infoRead` has reported the end, and inside its callbacks.
 *
 * libcurl would free a string, blob, list or handle while it uses it, and may read most numbers
 * again at any point. So the only options that may be set are those whose value never leaves JS,
 * functions, for which libcurl always has curlew's native one, and the numbers below.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { closing } from "../core/close_hook.ts";
import type { EasyState } from "../core/easy_state.ts";
import type { Option } from "./option_table.ts";

/**
 * The numbers that may be set while a transfer runs. In every libcurl from 7.74 to 8.21 setting one
 * is a plain assignment, and libcurl reads it wherever it uses it: no buffer, list or connection
 * depends on the number.
 */
const LIMITS = [
  // time limits
  ...["TIMEOUT", "TIMEOUT_MS", "CONNECTTIMEOUT", "CONNECTTIMEOUT_MS", "ACCEPTTIMEOUT_MS"],
  ...["SERVER_RESPONSE_TIMEOUT", "SERVER_RESPONSE_TIMEOUT_MS", "EXPECT_100_TIMEOUT_MS"],
  ...["HAPPY_EYEBALLS_TIMEOUT_MS", "UPKEEP_INTERVAL_MS", "FTP_RESPONSE_TIMEOUT"],
  // speed
  ...["LOW_SPEED_LIMIT", "LOW_SPEED_TIME", "MAX_RECV_SPEED_LARGE", "MAX_SEND_SPEED_LARGE"],
] as const satisfies readonly (keyof typeof easyOptions)[];

const NUMBERS = [
  ...LIMITS,
  // reports about the transfer
  ...["NOPROGRESS", "VERBOSE"],
  // limits
  ...["MAXFILESIZE", "MAXFILESIZE_LARGE", "MAXREDIRS"],
  // the next request of the transfer
  ...["FOLLOWLOCATION", "UNRESTRICTED_AUTH", "POSTREDIR"],
  // reuse of connections
  ...["FORBID_REUSE", "FRESH_CONNECT", "MAXAGE_CONN", "MAXLIFETIME_CONN", "DNS_CACHE_TIMEOUT"],
  // the share of its HTTP/2 connection
  ...["STREAM_WEIGHT"],
] as const satisfies readonly (keyof typeof easyOptions)[];

const ids = (names: readonly (keyof typeof easyOptions)[]): ReadonlySet<number> =>
  new Set(names.map((name) => easyOptions[name].id));

/** The numbers that may be set while a handle is in use. */
export const NUMBERS_IN_USE: ReadonlySet<number> = ids(NUMBERS);

/**
 * The numbers whose change an event loop must learn of: a new limit, or permission for redirects,
 * which may lead to another protocol. libcurl sets no timeout for these before it is called.
 */
export const LIMITS_IN_USE: ReadonlySet<number> = ids([...LIMITS, "FOLLOWLOCATION"]);

/** The options that change data which handles may share. */
const SHARED: ReadonlySet<number> = new Set([
  easyOptions.COOKIEFILE.id,
  easyOptions.COOKIEJAR.id,
  easyOptions.COOKIELIST.id,
  easyOptions.HSTS.id,
  easyOptions.HSTS_CTRL.id,
  easyOptions.HSTSREADFUNCTION.id,
  easyOptions.HSTSWRITEFUNCTION.id,
  easyOptions.SHARE.id,
]);

/**
 * The options that libcurl reads when it removes a handle from a multi: with CONNECT_ONLY it closes
 * the last connection of the handle, even one that another handle uses by now, and SHARE decides
 * which cache it is in.
 */
const UNTIL_REMOVED: ReadonlySet<number> = ids(["CONNECT_ONLY", "SHARE"]);

/** Whether an option may be set while the handle is in use. */
export function mayBeSetInUse({ id, kind, name }: Option): boolean {
  switch (kind) {
    case "function":
    case "cbptr":
      return true;
    case "object":
      return name === "PRIVATE";
    default:
      return NUMBERS_IN_USE.has(id);
  }
}

/**
 * Throws where an option may not be set now: CURLE_RECURSIVE_API_CALL inside a callback,
 * CURLE_BAD_FUNCTION_ARGUMENT while the handle is in a multi.
 */
export function refuseInUse(state: EasyState, option: Option): void {
  const reachesShared = SHARED.has(option.id);
  if (reachesShared && (state.inHstsCallback || (state.sharedData?.depth ?? 0) > 0)) {
    throw new CurlEasyError(
      Code.RECURSIVE_API_CALL,
      `Cannot set ${option.name}: called from a callback of a handle that uses the same data`,
    );
  }
  if (state.multi && !state.isInUse && UNTIL_REMOVED.has(option.id)) {
    throw new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      `Cannot set ${option.name} before the easy handle is removed from its multi handle`,
    );
  }
  if (!state.isInUse || mayBeSetInUse(option)) return;
  const what = `Cannot set ${option.name} while the easy handle is in use: only ` +
    `functions, their data and numbers that libcurl copies may be set then`;
  if (state.depth > 0 || closing.depth > 0) throw new CurlEasyError(Code.RECURSIVE_API_CALL, what);
  throw new CurlEasyError(Code.BAD_FUNCTION_ARGUMENT, what);
}

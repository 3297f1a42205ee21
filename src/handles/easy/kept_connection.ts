/**
 * The connection that a transfer leaves open: whether others may use it, and its end where libcurl
 * would use it for the next blocking transfer although it has unread bytes.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { endConnection, hasUnread, socketCookie } from "../../../ffi/libc.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasyState } from "../core/easy_state.ts";
import { handleSide } from "../core/handle_registry.ts";
import { getInfo } from "./infos.ts";

const { CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1, CURL_LOCK_DATA_CONNECT } = flags;
const HTTP1: readonly number[] = [CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1];

/**
 * Whether the connection of a transfer carries one transfer at a time, and no bytes but its
 * response: HTTP/1. `null` where it is not known yet. False for FTP: libcurl may use its connection
 * in a transfer without naming the socket, so a connection in use looks like an idle one.
 */
export function carriesOneTransfer(easy: EasyState): boolean | null {
  if (easy.settings.connectOnly) return false; // unsolicited bytes are for the user
  const scheme = getInfo(easy, "SCHEME");
  if (scheme === null) return null;
  if (!/^https?$/i.test(scheme)) return false;
  // an HTTP/2 status line may be false, but not where libcurl was told to use HTTP/1 only
  if (HTTP1.includes(easy.settings.httpVersion)) return true;
  const spoken = getInfo(easy, "HTTP_VERSION");
  return spoken === 0 ? null : HTTP1.includes(spoken);
}

/** Whether the connections of a handle are those of a Share, which other handles use as well. */
export function sharesConnections({ share }: EasyState): boolean {
  const side = share === undefined ? undefined : handleSide(easyOptions.SHARE.id, share);
  return side?.shares?.(CURL_LOCK_DATA_CONNECT) ?? false;
}

/** Whether libcurl uses a kept connection that has unread bytes. */
export function reusesUnread(): boolean {
  const loaded = oddities();
  return loaded.reusesUnread || loaded.trustsRecentlyUsed;
}

/**
 * A blocking transfer is over: records the socket of its connection, unless other handles may use
 * it.
 */
export function noteKept(state: EasyState): void {
  if (!reusesUnread()) return;
  const fd = getInfo(state, "ACTIVESOCKET");
  if (fd < 0) return;
  const isOwn = !sharesConnections(state) && carriesOneTransfer(state);
  const cookie = isOwn ? socketCookie(fd) : null;
  if (cookie === null) state.keptSockets.delete(fd);
  else state.keptSockets.set(fd, cookie);
}

/**
 * A blocking transfer begins: closes kept connections with unread bytes, which no other transfer of
 * the handle can be reading.
 */
export function endUnreadKept({ keptSockets }: EasyState): void {
  for (const [fd, cookie] of keptSockets) {
    // libcurl may have closed the socket, and the system given its number to another
    if (socketCookie(fd) !== cookie) keptSockets.delete(fd);
    else if (hasUnread(fd)) endConnection(fd);
  }
}

/**
 * The protocol of a transfer: what it speaks now, which options, a redirect or a proxy may have
 * made another one than its URL says.
 *
 * @module
 */

import type { EasyState } from "../handles/core/easy_state.ts";
import { getInfo } from "../handles/easy/infos.ts";

const HTTP = /^(?:http|ws)s?$/i;

/** Whether the URL and the options leave a transfer nothing but HTTP. */
export function isSurelyHttp({ settings }: EasyState): boolean {
  return settings.ftpOrigin === null && !settings.followsRedirects;
}

/** Whether a transfer speaks HTTP, or WebSocket. Before it has a connection its URL tells. */
export function isHttp(easy: EasyState): boolean {
  const scheme = getInfo(easy, "SCHEME");
  return scheme === null ? easy.settings.ftpOrigin === null : HTTP.test(scheme);
}

/** Whether a transfer speaks HTTP without TLS. */
export function isPlainHttp(easy: EasyState): boolean {
  return getInfo(easy, "SCHEME")?.toLowerCase() === "http";
}

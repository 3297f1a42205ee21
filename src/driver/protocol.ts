/**
 * The protocol that a transfer uses now. Options, a redirect or a proxy may have made it another
 * one than the scheme of its URL.
 *
 * @module
 */

import type { EasyState } from "../handles/core/easy_state.ts";
import { getInfo } from "../handles/easy/infos.ts";

const HTTP = /^(?:http|ws)s?$/i;

/** Whether the URL and the options allow a transfer no other protocol than HTTP. */
export function isSurelyHttp({ settings }: EasyState): boolean {
  return settings.ftpOrigin === null && !settings.followsRedirects;
}

/** Whether a transfer uses HTTP or WebSocket. Before it has a connection its URL decides. */
export function isHttp(easy: EasyState): boolean {
  const scheme = getInfo(easy, "SCHEME");
  return scheme === null ? easy.settings.ftpOrigin === null : HTTP.test(scheme);
}

/** Whether a transfer uses HTTP without TLS. */
export function isPlainHttp(easy: EasyState): boolean {
  return getInfo(easy, "SCHEME")?.toLowerCase() === "http";
}

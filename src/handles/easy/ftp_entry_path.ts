/**
 * The info FTP_ENTRY_PATH. libcurl's string belongs to the connection of the handle's last login,
 * and dangles once another handle closes that connection. So curlew reads the path once, at the end
 * of the first transfer by FTP, and keeps a copy.
 *
 * @module
 */

import { infos } from "../../../ffi/curl/infos.ts";
import { Code } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { readInfo } from "../core/info.ts";

/** Reads the path at the end of a transfer. `code` is the result of the transfer. */
export function saveEntryPath(state: EasyState, code: number): void {
  if (state.settings.ftpOrigin === null || state.ftpEntryPath !== undefined) return;
  if (code !== Code.OK || !/^ftp/i.test(String(readInfo(state, infos.SCHEME)))) return;
  state.ftpEntryPath = readInfo(state, infos.FTP_ENTRY_PATH) as string | null;
}

/** Records a new URL, "" for a CURLU, and invalidates the path where the server differs. */
export function updateFtpOrigin(state: EasyState, url: unknown): void {
  const { settings } = state, text = typeof url === "string" ? url : "";
  const origin = /^https?:/i.test(text) ? null : /^(\w+:\/\/)?[^/]*/.exec(text)?.[0] ?? null;
  if (origin !== settings.ftpOrigin && state.ftpEntryPath !== undefined) state.ftpEntryPath = null;
  settings.ftpOrigin = origin;
}

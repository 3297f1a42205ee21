/**
 * The callbacks around a socket's life. The driver's watcher hears of each before or after the
 * user's own function, which it never replaces.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { closeOnExec, libc } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { type CallbackKind, dispatch } from "./dispatch.ts";
import type { SocketAddress } from "./structs.ts";
import { easyTokens } from "../core/easy_state.ts";

/** The native SOCKOPTFUNCTION. */
export function onSockopt(
  kind: CallbackKind,
): (token: number, fd: number, purpose: number) => number {
  return (token, fd, purpose) => {
    const watcher = easyTokens.get(token)?.watcher;
    if (watcher) {
      // libcurl before 8 lets a child process inherit its sockets
      closeOnExec(fd);
      // what it has accepted, by FTP's active mode, it closes without CLOSESOCKETFUNCTION
      if (purpose === flags.CURLSOCKTYPE_ACCEPT) watcher.closing(fd);
      else watcher.opened(fd);
    }
    return dispatch(token, kind, 1, (fn, data) => fn(data, fd, purpose));
  };
}

const BAD_SOCKET = flags.CURL_SOCKET_BAD;
const SOCK_CLOEXEC = native.os === "linux" ? 0x80000 : 0;

/** The native OPENSOCKETFUNCTION: where the user's function gives no socket, curlew opens one. */
export function onOpenSocket(
  kind: CallbackKind,
  token: number,
  purpose: number,
  address: SocketAddress,
): number {
  const open = () => libc.socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (!easyTokens.get(token)?.settings.functions.has(kind.id)) return open();
  const fd = dispatch(token, kind, BAD_SOCKET, (fn, data) => fn(data, purpose, address) ?? open());
  // libcurl takes any other negative number for a socket, and since 8.9 reads before its table
  return (fd | 0) < 0 ? BAD_SOCKET : fd;
}

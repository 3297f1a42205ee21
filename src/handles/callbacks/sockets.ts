/**
 * The callbacks around a socket's life. The driver's watcher hears of each before or after the
 * user's own function, which it never replaces.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { closeOnExec, libc, socketCookie, socketKind } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { toInt } from "../base/callback_results.ts";
import { easyTokens } from "../core/easy_state.ts";
import { type CallbackKind, dispatch } from "./dispatch.ts";
import type { SocketAddress } from "./structs.ts";

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
    return dispatch(token, kind, (fn, data) => fn(data, fd, purpose));
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
  return dispatch(token, kind, (fn, data) => {
    const given = fn(data, purpose, address);
    return given === undefined || given === null ? open() : newSocket(toInt(given, kind.name));
  });
}

/** The sockets that users have given, by number: to tell one that is given twice. */
const given = new Map<number, string>();

/**
 * Checks the descriptor that a user gives. libcurl would close any other one, such as the runtime's
 * own, when the connection ends; two connections on one socket would get each other's bytes.
 */
function newSocket(fd: number): number {
  // libcurl takes any other negative number for a socket, and since 8.9 reads before its table
  if ((fd | 0) !== fd || fd < 0) return BAD_SOCKET;
  const kind = socketKind(fd);
  if (kind !== "socket") {
    const what = kind === "listening" ? "a listening socket" : "no open socket";
    throw new TypeError(`The OPENSOCKETFUNCTION returned ${fd}, which is ${what}`);
  }
  const cookie = socketCookie(fd);
  if (cookie === null) return fd;
  if (given.get(fd) === cookie) {
    throw new TypeError(`The OPENSOCKETFUNCTION returned ${fd}, which it has returned before`);
  }
  given.set(fd, cookie);
  return fd;
}

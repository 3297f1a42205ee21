/**
 * The native SOCKOPTFUNCTION and OPENSOCKETFUNCTION. A driver's watcher is called beside the user's
 * own functions, never instead of them.
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

/** Makes the native SOCKOPTFUNCTION. */
export function onSockopt(
  kind: CallbackKind,
): (token: number, fd: number, purpose: number) => number {
  return (token, fd, purpose) => {
    const watcher = easyTokens.get(token)?.watcher;
    if (watcher) {
      // with libcurl before 8 a child process inherits the sockets
      closeOnExec(fd);
      // libcurl closes a socket accepted in FTP's active mode without CLOSESOCKETFUNCTION
      if (purpose === flags.CURLSOCKTYPE_ACCEPT) watcher.closing(fd);
      else watcher.opened(fd);
    }
    return dispatch(token, kind, (fn, data) => fn(data, fd, purpose));
  };
}

const BAD_SOCKET = flags.CURL_SOCKET_BAD;
const SOCK_CLOEXEC = native.os === "linux" ? 0x80000 : 0;

/** The native OPENSOCKETFUNCTION. curlew opens a socket where the user's function returns none. */
export function onOpenSocket(
  kind: CallbackKind,
  token: number,
  purpose: number,
  address: SocketAddress,
): number {
  const open = () => libc.socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (!easyTokens.get(token)?.settings.functions.has(kind.id)) return open();
  return dispatch(token, kind, (fn, data) => {
    const returned = fn(data, purpose, address);
    return returned === undefined || returned === null
      ? open()
      : checkReturnedSocket(toInt(returned, kind.name));
  });
}

/** The cookies of the returned sockets, by number, to detect one that is returned twice. */
const returnedSockets = new Map<number, string>();

/**
 * Checks a descriptor that the user's function returns: it must be a new socket. libcurl closes it
 * with the connection, whatever it is, even a descriptor of the runtime; two connections on one
 * socket would get each other's bytes.
 */
function checkReturnedSocket(fd: number): number {
  // libcurl takes any other negative number for a socket, and since 8.9 reads before its table then
  if ((fd | 0) !== fd || fd < 0) return BAD_SOCKET;
  const kind = socketKind(fd);
  if (kind !== "socket") {
    const what = kind === "listening" ? "a listening socket" : "no open socket";
    throw new TypeError(`The OPENSOCKETFUNCTION returned ${fd}, which is ${what}`);
  }
  const cookie = socketCookie(fd);
  if (cookie === null) return fd;
  if (returnedSockets.get(fd) === cookie) {
    throw new TypeError(`The OPENSOCKETFUNCTION returned ${fd}, which it has returned before`);
  }
  returnedSockets.set(fd, cookie);
  return fd;
}

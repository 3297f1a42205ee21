/**
 * `MultiCallbackTypes`: the callbacks of a multi handle, as functions of JavaScript.
 *
 * @module
 */

import type { Easy } from "../easy/easy.ts";
import type { PushHeaders } from "./push.ts";

/** The callback options of a multi handle; `M` is `Multi`. */
export interface MultiCallbackTypes<M> {
  /**
   * Gets the events to wait for on a socket: {@link
   * https://curl.se/libcurl/c/CURLMOPT_SOCKETFUNCTION.html}. `what` is a `CURL_POLL_*`, `easy` is
   * `null` for a handle internal to libcurl, `clientData` is SOCKETDATA, `socketData` the value
   * that `assign` has set for the fd. The result -1 aborts all transfers.
   */
  SOCKETFUNCTION: (
    easy: Easy | null,
    fd: number,
    what: number,
    clientData: unknown,
    socketData: unknown,
  ) => number | void;
  /**
   * Gets the time until `socketAction(CURL_SOCKET_TIMEOUT, 0)` is to be called: {@link
   * https://curl.se/libcurl/c/CURLMOPT_TIMERFUNCTION.html}. A `timeoutMs` of -1 means never, 0
   * means soon, but not inside this callback. The result -1 aborts all transfers.
   */
  TIMERFUNCTION: (multi: M, timeoutMs: number, clientData: unknown) => number | void;
  /**
   * Accepts or denies a stream that the server pushes: {@link
   * https://curl.se/libcurl/c/CURLMOPT_PUSHFUNCTION.html}. Returns `CURL_PUSH_OK`, `_DENY` or
   * `_ERROROUT`. `easy` is the new handle, already added; it belongs to the user after
   * `CURL_PUSH_OK`. An exception denies the push, and so does `CURL_PUSH_OK` with libcurl 7.88 and
   * 8.0, which would crash.
   */
  PUSHFUNCTION: (
    parent: Easy | null,
    easy: Easy,
    numHeaders: number,
    headers: PushHeaders,
    clientData: unknown,
  ) => number | void;
  /**
   * Gets the notifications that `notifyEnable` has enabled: {@link
   * https://curl.se/libcurl/c/CURLMOPT_NOTIFYFUNCTION.html}.
   */
  NOTIFYFUNCTION: (
    multi: M,
    notification: number,
    easy: Easy | null,
    clientData: unknown,
  ) => void | undefined; // so that an async function is a type error
}

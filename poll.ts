/**
 * `Poller`: waits for descriptors without blocking, for programs that drive a {@linkcode Multi} by
 * an event loop of their own. Programs without an event loop use an {@linkcode Agent}.
 *
 * @example
 * ```ts
 * import { constants, Easy, Multi } from "curlew";
 * import { Poller } from "curlew/poll";
 *
 * using multi = new Multi(), poller = new Poller(), easy = new Easy();
 * let deadline = Infinity;
 * multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => {
 *   if (what === constants.CURL_POLL_REMOVE) poller.delete(fd);
 *   else poller.set(fd, what);
 * });
 * multi.setOpt("TIMERFUNCTION", (_multi, timeoutMs) => {
 *   deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
 * });
 * easy.setOpts({ URL: "https://example.com/", WRITEFUNCTION: (bytes) => bytes.length });
 * multi.addHandle(easy);
 * while (multi.infoRead() === null) {
 *   const timeout = Math.max(deadline - performance.now(), 0);
 *   for (const { fd, events } of await poller.wait({ timeout })) multi.socketAction(fd, events);
 *   if (performance.now() < deadline) continue;
 *   deadline = Infinity;
 *   multi.socketAction(constants.CURL_SOCKET_TIMEOUT, 0);
 * }
 * console.log(easy.getInfo("RESPONSE_CODE"));
 * ```
 *
 * @module
 */

export { Poller, type PollerEvent } from "./src/driver/own_loop/poller.ts";
export type { PollerWaitOptions } from "./src/driver/own_loop/wait_options.ts";
export { CurlMultiError } from "./src/errors.ts";

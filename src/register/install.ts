/**
 * Replaces the runtime's own `fetch` and `WebSocket` by curlew's.
 *
 * @module
 */

import { versionInfo } from "../version.ts";
import { readDefaults } from "./defaults.ts";
import { makeFetch } from "./fetch.ts";
import { makeWebSocket } from "./web_socket.ts";

/** The global object, as far as it is changed. */
export type Globals = Pick<typeof globalThis, "fetch" | "WebSocket">;

/**
 * Replaces `fetch`, and `WebSocket` where the loaded libcurl has it. Throws `TypeError` for a wrong
 * `CURLEW_FETCH`, and `CurlLoadError` where there is no libcurl.
 */
export function install(globals: Globals): void {
  const defaults = readDefaults(), { protocols } = versionInfo();
  const replace = (name: keyof Globals, value: unknown) =>
    Object.defineProperty(globals, name, {
      value,
      configurable: true,
      enumerable: name === "fetch",
      writable: true,
    });
  replace("fetch", makeFetch(globals.fetch, defaults));
  if (protocols.includes("wss")) replace("WebSocket", makeWebSocket(defaults));
}

/**
 * Puts curlew in the place of the runtime's own `fetch` and `WebSocket`.
 *
 * @module
 */

import { versionInfo } from "../version.ts";
import { readDefaults } from "./defaults.ts";
import { makeFetch } from "./fetch.ts";
import { makeWebSocket } from "./web_socket.ts";

/** What a program finds on its global object. */
export type Globals = Pick<typeof globalThis, "fetch" | "WebSocket">;

/**
 * Replaces `fetch`, and `WebSocket` where the loaded libcurl has it. Throws `TypeError` for a
 * `CURLEW_FETCH` that is wrong, and `CurlLoadError` where there is no libcurl.
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

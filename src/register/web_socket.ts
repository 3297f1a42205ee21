/**
 * The `WebSocket` by which `curlew/register` replaces the runtime's own.
 *
 * @module
 */

import { CurlWebSocket, type CurlWebSocketInit } from "../http/websocket/websocket.ts";
import { member } from "../members.ts";
import type { Defaults } from "./defaults.ts";

type Protocols = string | Iterable<string>;

/** The options that Bun accepts instead of the protocols. */
interface RuntimeOptions {
  readonly protocols?: Protocols;
  readonly protocol?: string;
  readonly headers?: CurlWebSocketInit["headers"];
}

const isOptions = (value: unknown): value is RuntimeOptions =>
  typeof value === "object" && value !== null && !Array.isArray(value) &&
  !(Symbol.iterator in value);

/** Makes the class, which accepts headers as Bun's own does. */
export function makeWebSocket(defaults: Defaults): typeof CurlWebSocket {
  const { connectTimeout, curl } = defaults;
  const base: CurlWebSocketInit = {
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...(curl === undefined ? {} : { curl }),
  };
  return class WebSocket extends CurlWebSocket {
    constructor(url: string | URL, given: Protocols | RuntimeOptions = [], init = base) {
      const options = isOptions(given) ? given : null;
      const headers = options ? member(options, "headers") : undefined;
      const protocols = options
        ? member(options, "protocols") ?? member(options, "protocol") ?? []
        : given as Protocols;
      super(url, protocols, headers === undefined ? init : { ...init, headers });
    }
  };
}

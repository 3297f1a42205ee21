/**
 * The opening handshake of a WebSocket: its arguments, its request, and the check of the response.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { library } from "../../../ffi/mod.ts";
import { CurlLoadError } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import type { Share } from "../../handles/share.ts";
import { requireWebSocket } from "../../handles/easy/websocket.ts";
import { oddities } from "../../libcurl_versions.ts";
import { base64 } from "../bytes.ts";
import { cookieOption, headersWithOneCookie } from "../request/cookie_header.ts";
import { attachJar } from "../cookies/jars.ts";
import { setUrl, userAgent } from "../transfer/configure.ts";
import { type CurlOptions, setCurlOptions } from "../request/curl_options.ts";
import { hasHeader, type HeaderEntry, headerLines, isToken } from "../request/headers.ts";

/** The checked arguments of a `CurlWebSocket`. */
export interface WebSocketPlan {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly headers: readonly HeaderEntry[];
  readonly curl: CurlOptions;
  /** The share handle of the caller's jar, `null` for no jar. */
  readonly jar: Share | null;
  /** The time limit in ms, 0 for none. */
  readonly connectTimeout: number;
  readonly maxMessageSize: number;
}

/** Throws `CurlLoadError` if this libcurl has no usable WebSocket. */
export function requireLibrary(): void {
  if (oddities().alwaysAnswersPings) {
    const { version, path } = library();
    throw new CurlLoadError(
      `Cannot make a CurlWebSocket: it needs libcurl 8.14 or newer with WebSocket, ` +
        `"${path}" is ${version}`,
    );
  }
  requireWebSocket("make a CurlWebSocket");
}

const SCHEMES: Readonly<Record<string, string>> = { "http:": "ws:", "https:": "wss:" };

/** Reads the URL; `http:` becomes `ws:`. Throws a "SyntaxError" `DOMException`. */
export function readWebSocketUrl(input: string | URL): URL {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    throw syntaxError("expected a URL");
  }
  // a new URL: not every runtime allows the `protocol` setter to change http to ws
  const scheme = SCHEMES[url.protocol];
  if (scheme) url = new URL(scheme + url.href.slice(url.protocol.length));
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw syntaxError(`expected a URL of ws, wss, http or https, got one of ${url.protocol}`);
  }
  if (url.href.includes("#")) throw syntaxError("a URL of a WebSocket has no fragment");
  return url;
}

/** Reads the subprotocols. Throws a "SyntaxError" `DOMException`. */
export function readProtocols(protocols: string | Iterable<string>): string[] {
  const all = typeof protocols === "string" ? [protocols] : Array.from(protocols, String);
  const names = new Set(all.map((name) => name.toLowerCase()));
  if (names.size < all.length) throw syntaxError("a subprotocol is given twice");
  for (const name of all) {
    if (!isToken(name)) throw syntaxError(`"${name}" is not the name of a subprotocol`);
  }
  return all;
}

function syntaxError(why: string): DOMException {
  return new DOMException(`Cannot make a CurlWebSocket: ${why}`, "SyntaxError");
}

/** Headers that the handshake sets itself. */
const HANDSHAKE_HEADERS = new Set(["connection", "upgrade", "content-length", "transfer-encoding"]);

/** Checks the caller's headers. Throws `TypeError` for one that the handshake sets itself. */
export function checkHandshakeHeaders(headers: readonly HeaderEntry[]): readonly HeaderEntry[] {
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    if (!HANDSHAKE_HEADERS.has(lower) && !lower.startsWith("sec-websocket-")) continue;
    throw new TypeError(`Cannot set the header "${name}" of a WebSocket: it is its own`);
  }
  return headers;
}

/** Sets the options of the handshake. Returns its Sec-WebSocket-Key. */
export function configureHandshake(easy: Easy, plan: WebSocketPlan): string {
  const key = base64(crypto.getRandomValues(new Uint8Array(16)));
  setUrl(easy, plan.url);
  easy.setOpts({
    CONNECT_ONLY: 2,
    WS_OPTIONS: flags.CURLWS_NOAUTOPONG,
    PROTOCOLS_STR: "ws,wss",
    HTTPPROXYTUNNEL: 1,
    SUPPRESS_CONNECT_HEADERS: 1,
    TIMEOUT_MS: Math.ceil(plan.connectTimeout),
    USERAGENT: userAgent(),
  });
  setCurlOptions(easy, plan.curl);
  if (plan.jar) attachJar(easy, plan.jar);
  const cookie = cookieOption(plan);
  if (cookie !== undefined) easy.setOpt("COOKIE", cookie);
  easy.setOpt("WRITEFUNCTION", (bytes) => bytes.length); // discards the body of an error response
  const own: HeaderEntry[] = [["Sec-WebSocket-Key", key]];
  if (plan.protocols.length > 0) own.push(["Sec-WebSocket-Protocol", plan.protocols.join(", ")]);
  easy.setOpt("HTTPHEADER", headerLines([...headersWithOneCookie(plan), ...own]));
  return key;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Checks the response, which libcurl does not do: {@link
 * https://websockets.spec.whatwg.org/#concept-websocket-establish}.
 *
 * @returns the subprotocol, empty for none.
 * @throws {Error} that says why the response is not accepted.
 */
export async function checkResponse(
  easy: Easy,
  plan: WebSocketPlan,
  key: string,
): Promise<string> {
  const headers = easy.headers({ origin: flags.CURLH_HEADER | flags.CURLH_1XX })
    .map(({ name, value }): HeaderEntry => [name, value]);
  const values = (wanted: string) =>
    headers.flatMap(([name, value]) => name.toLowerCase() === wanted ? [value ?? ""] : []);
  const status = easy.getInfo("RESPONSE_CODE");
  if (status !== 101) throw refusedError(`the status is ${status}`);
  const tokens = (name: string) => values(name).join(",").toLowerCase().split(/[\s,]+/);
  if (!tokens("upgrade").includes("websocket")) throw refusedError("no Upgrade to websocket");
  if (!tokens("connection").includes("upgrade")) throw refusedError("no Connection with upgrade");
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  const expected = base64(new Uint8Array(digest));
  if (values("sec-websocket-accept").join() !== expected) {
    throw refusedError("Sec-WebSocket-Accept is not the answer to the key");
  }
  if (hasHeader(headers, "sec-websocket-extensions")) {
    throw refusedError("it has extensions that were not requested");
  }
  return readProtocol(values("sec-websocket-protocol"), plan.protocols);
}

function readProtocol(answered: readonly string[], offered: readonly string[]): string {
  const [protocol = ""] = answered;
  if (answered.length > 1 || (protocol !== "" && !offered.includes(protocol))) {
    throw refusedError(`the subprotocol "${answered.join(", ")}" was not offered`);
  }
  if (protocol === "" && offered.length > 0) {
    throw refusedError("it chose none of the subprotocols");
  }
  return protocol;
}

function refusedError(why: string): Error {
  return new Error(`The server refused the WebSocket: ${why}`);
}

/**
 * How a WebSocket begins: its URL, the request, and whether the answer is one to it.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { library } from "../../../ffi/mod.ts";
import { CurlLoadError } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import { requireWebSocket } from "../../handles/easy/websocket.ts";
import { oddities } from "../../libcurl_versions.ts";
import { setUrl, userAgent } from "../transfer/configure.ts";
import { checkCurlOptions } from "../request/curl_options.ts";
import { hasHeader, type HeaderEntry, headerLines } from "../request/headers.ts";

/** What a connection is made with. */
export interface WebSocketPlan {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly headers: readonly HeaderEntry[];
  readonly curl: EasyOptions;
  /** In ms, 0 for any time. */
  readonly connectTimeout: number;
  readonly maxMessageSize: number;
}

const EVENTS = "the events of the socket", NO_BODY = "nothing: the handshake has no body";
const GET = "nothing: the handshake is a GET";
const NO_REDIRECT = "nothing: a WebSocket is not redirected";

/** What a WebSocket sets itself, or cannot do with, and what to use instead. */
const REFUSED = new Map(Object.entries({
  URL: "the first argument",
  CURLU: "the first argument",
  CONNECT_ONLY: "an Easy of your own",
  WS_OPTIONS: "an Easy of your own",
  WRITEFUNCTION: EVENTS,
  WRITEDATA: EVENTS,
  HEADERFUNCTION: EVENTS,
  HEADERDATA: EVENTS,
  HEADER: EVENTS,
  READFUNCTION: "send()",
  READDATA: "send()",
  SEEKFUNCTION: "send()",
  SEEKDATA: "send()",
  IOCTLFUNCTION: "send()",
  IOCTLDATA: "send()",
  POSTFIELDS: NO_BODY,
  COPYPOSTFIELDS: NO_BODY,
  POSTFIELDSIZE: NO_BODY,
  POSTFIELDSIZE_LARGE: NO_BODY,
  INFILESIZE: NO_BODY,
  INFILESIZE_LARGE: NO_BODY,
  MIMEPOST: NO_BODY,
  HTTPPOST: NO_BODY,
  UPLOAD: NO_BODY,
  POST: GET,
  PUT: GET,
  HTTPGET: GET,
  NOBODY: GET,
  CUSTOMREQUEST: GET,
  HTTP_VERSION: "nothing: the handshake is HTTP/1.1",
  HTTPHEADER: "init.headers",
  HTTPPROXYTUNNEL: "nothing: a proxy is always asked for a tunnel",
  FOLLOWLOCATION: NO_REDIRECT,
  MAXREDIRS: NO_REDIRECT,
  TIMEOUT: "init.connectTimeout",
  TIMEOUT_MS: "init.connectTimeout",
  CONNECTTIMEOUT: "init.connectTimeout",
  CONNECTTIMEOUT_MS: "init.connectTimeout",
  PROTOCOLS: "the first argument",
  PROTOCOLS_STR: "the first argument",
  PRIVATE: "a variable",
  ERRORBUFFER: "the error",
  FAILONERROR: "the error",
}));

/** The options that are set; throws `TypeError` for one that would break the connection. */
export function checkOptions(options: EasyOptions): EasyOptions {
  return checkCurlOptions(options, REFUSED, "CurlWebSocket");
}

/** Throws `CurlLoadError` where this libcurl cannot do it. */
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

/** Reads the URL; `http:` stands for `ws:`. Throws a "SyntaxError" `DOMException`. */
export function readUrl(input: string | URL): URL {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    throw syntaxError("expected a URL");
  }
  // the scheme of a URL object cannot be set from one of these to another everywhere
  const scheme = SCHEMES[url.protocol];
  if (scheme) url = new URL(scheme + url.href.slice(url.protocol.length));
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw syntaxError(`expected a URL of ws, wss, http or https, got one of ${url.protocol}`);
  }
  if (url.href.includes("#")) throw syntaxError("a URL of a WebSocket has no fragment");
  return url;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Reads the subprotocols. Throws a "SyntaxError" `DOMException`. */
export function readProtocols(protocols: string | Iterable<string>): string[] {
  const all = typeof protocols === "string" ? [protocols] : Array.from(protocols, String);
  if (new Set(all).size < all.length) throw syntaxError("a subprotocol is given twice");
  for (const name of all) {
    if (!TOKEN.test(name)) throw syntaxError(`"${name}" is no name of a subprotocol`);
  }
  return all;
}

function syntaxError(why: string): DOMException {
  return new DOMException(`Cannot make a CurlWebSocket: ${why}`, "SyntaxError");
}

/** The headers of the handshake itself. */
const OWN = new Set(["connection", "upgrade", "content-length", "transfer-encoding"]);

/** Throws `TypeError` for a header that is not the caller's to set. */
export function checkHeaders(headers: readonly HeaderEntry[]): readonly HeaderEntry[] {
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    if (!OWN.has(lower) && !lower.startsWith("sec-websocket-")) continue;
    throw new TypeError(`Cannot set the header "${name}" of a WebSocket: it is its own`);
  }
  return headers;
}

/** Makes the request of the plan; returns the key that the answer has to know. */
export function configure(easy: Easy, plan: WebSocketPlan): string {
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
    ...plan.curl,
    // the body of a refusal
    WRITEFUNCTION: (bytes) => bytes.length,
  });
  const own: HeaderEntry[] = [["Sec-WebSocket-Key", key]];
  if (plan.protocols.length > 0) own.push(["Sec-WebSocket-Protocol", plan.protocols.join(", ")]);
  easy.setOpt("HTTPHEADER", headerLines([...plan.headers, ...own]));
  return key;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Checks the answer, as libcurl does not: {@link
 * https://websockets.spec.whatwg.org/#concept-websocket-establish}.
 *
 * @returns the subprotocol, empty for none.
 * @throws {Error} which says what is wrong with it.
 */
export async function readAnswer(
  easy: Easy,
  plan: WebSocketPlan,
  key: string,
): Promise<string> {
  const headers = easy.headers({ origin: flags.CURLH_HEADER | flags.CURLH_1XX })
    .map(({ name, value }): HeaderEntry => [name, value]);
  const values = (wanted: string) =>
    headers.flatMap(([name, value]) => name.toLowerCase() === wanted ? [value ?? ""] : []);
  const status = easy.getInfo("RESPONSE_CODE");
  if (status !== 101) throw refusal(`the status is ${status}`);
  const tokens = (name: string) => values(name).join(",").toLowerCase().split(/[\s,]+/);
  if (!tokens("upgrade").includes("websocket")) throw refusal("no Upgrade to websocket");
  if (!tokens("connection").includes("upgrade")) throw refusal("no Connection with upgrade");
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  const expected = base64(new Uint8Array(digest));
  if (values("sec-websocket-accept").join() !== expected) {
    throw refusal("Sec-WebSocket-Accept is not the answer to the key");
  }
  if (hasHeader(headers, "sec-websocket-extensions")) {
    throw refusal("it has extensions that nobody asked for");
  }
  return readProtocol(values("sec-websocket-protocol"), plan.protocols);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function readProtocol(answered: readonly string[], offered: readonly string[]): string {
  const [protocol = ""] = answered;
  if (answered.length > 1 || (protocol !== "" && !offered.includes(protocol))) {
    throw refusal(`the subprotocol "${answered.join(", ")}" was not offered`);
  }
  if (protocol === "" && offered.length > 0) throw refusal("it chose none of the subprotocols");
  return protocol;
}

function refusal(why: string): Error {
  return new Error(`The server refused the WebSocket: ${why}`);
}

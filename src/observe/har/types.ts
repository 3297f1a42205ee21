/**
 * HAR 1.2: {@link http://www.softwareishard.com/blog/har-12-spec/}. Members whose name begins with
 * `_` are curlew's own, as the format allows.
 *
 * @module
 */

/** A name and its value: a header or a parameter. */
export interface HarPair {
  /** The name as it was sent. */
  readonly name: string;
  /** The value, or `REDACTED`. */
  readonly value: string;
}

/** A cookie that was sent or set. */
export interface HarCookie extends HarPair {
  /** The attribute Path. */
  readonly path?: string;
  /** The attribute Domain. */
  readonly domain?: string;
  /** The expiry time, in ISO 8601. */
  readonly expires?: string;
  /** Whether the cookie has the attribute HttpOnly. */
  readonly httpOnly?: boolean;
  /** Whether the cookie has the attribute Secure. */
  readonly secure?: boolean;
  /** The attribute SameSite. */
  readonly sameSite?: string;
}

/** A request. */
export interface HarRequest {
  /** The method, `""` where the protocol has none. */
  readonly method: string;
  /** The absolute URL. */
  readonly url: string;
  /** The version, such as `HTTP/1.1`, as in the head. */
  readonly httpVersion: string;
  /** The cookies of the header Cookie. */
  readonly cookies: readonly HarCookie[];
  /** The headers, as libcurl has sent them. */
  readonly headers: readonly HarPair[];
  /** The parameters of the query. */
  readonly queryString: readonly HarPair[];
  /** The body, with the option `content`. */
  readonly postData?: HarPostData;
  /** Bytes of the head, -1 if unknown. */
  readonly headersSize: number;
  /** The number of bytes of the body that were sent. */
  readonly bodySize: number;
}

/** The body of a request, up to the limit of `content`. */
export interface HarPostData {
  /** The header Content-Type. */
  readonly mimeType: string;
  /** The body. */
  readonly text: string;
  /** `"base64"` where the body is not text. */
  readonly _encoding?: string;
  /** What is missing of the body. */
  readonly comment?: string;
}

/** A response. A transfer without a response has the status 0. */
export interface HarResponse {
  /** The status. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** The version, such as `HTTP/1.1`, as in the head. */
  readonly httpVersion: string;
  /** The cookies of the headers Set-Cookie. */
  readonly cookies: readonly HarCookie[];
  /** The headers, and the trailers after them. */
  readonly headers: readonly HarPair[];
  /** The body. */
  readonly content: HarContent;
  /** The header Location. */
  readonly redirectURL: string;
  /** Bytes of the head, -1 if unknown. */
  readonly headersSize: number;
  /** Bytes of the body before decoding, -1 if unknown. */
  readonly bodySize: number;
  /** The error of a failed transfer, in the member that Chrome uses. */
  readonly _error?: string;
}

/** The body of a response, decoded, up to the limit of `content`. */
export interface HarContent {
  /** Bytes of the decoded body. */
  readonly size: number;
  /** The number of bytes that decoding has added. */
  readonly compression?: number;
  /** The header Content-Type, `x-unknown` without it. */
  readonly mimeType: string;
  /** The body, with the option `content`. */
  readonly text?: string;
  /** `"base64"` where the body is not text. */
  readonly encoding?: string;
  /** What is missing of the body. */
  readonly comment?: string;
}

/** The phases in ms, -1 for a phase that the transfer did not have. `connect` includes `ssl`. */
export interface HarTimings {
  /** Waiting for a connection, or for libcurl to begin. */
  readonly blocked: number;
  /** The name lookup. */
  readonly dns: number;
  /** Connecting, with TLS. */
  readonly connect: number;
  /** The TLS handshake. */
  readonly ssl: number;
  /** Sending the request. */
  readonly send: number;
  /** Waiting for the response. */
  readonly wait: number;
  /** Receiving the response. */
  readonly receive: number;
}

/** One transfer. */
export interface HarEntry {
  /** The start, in ISO 8601. */
  readonly startedDateTime: string;
  /** The duration in ms: the sum of the phases. */
  readonly time: number;
  /** The request. */
  readonly request: HarRequest;
  /** The response. */
  readonly response: HarResponse;
  /** Empty: there is no cache. */
  readonly cache: Readonly<Record<string, never>>;
  /** The phases. */
  readonly timings: HarTimings;
  /** The address of the server, or of the proxy. */
  readonly serverIPAddress?: string;
  /** libcurl's id of the connection, before 8.2 the local port. */
  readonly connection?: string;
  /** The same id, in the member that Chrome reads. */
  readonly _connectionId?: string;
  /** The kind of request, for Chrome. */
  readonly _resourceType: "fetch";
  /** Whether a kept connection was used. */
  readonly _reused: boolean;
  /** The port of that address. */
  readonly _serverPort?: number;
  /** The state at the end: `ObservedTransfer.state`. */
  readonly _state: string;
  /** The number of the call that made the transfer, `null` for none. */
  readonly _call: number | null;
  /** The number of earlier attempts of the call. */
  readonly _attempt: number;
  /** The number of redirects that were followed before. */
  readonly _redirects: number;
}

/** An HTTP archive. */
export interface Har {
  /** The log. */
  readonly log: HarLog;
}

/** The log of an archive. */
export interface HarLog {
  /** The version of the format. */
  readonly version: "1.2";
  /** The program that made the archive. */
  readonly creator: { readonly name: string; readonly version: string };
  /** Empty: there are no pages. */
  readonly pages: readonly never[];
  /** The transfers, in the order of their ends. */
  readonly entries: readonly HarEntry[];
}

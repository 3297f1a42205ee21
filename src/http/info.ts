/**
 * What a transfer was like.
 *
 * @module
 */

import { infos } from "../../ffi/curl/infos.ts";
import { library } from "../../ffi/mod.ts";
import type { Easy } from "../handles/easy.ts";
import type { HeadCollector } from "./head.ts";

/** See {@linkcode transferInfo}. Times are milliseconds from the start of the last request. */
export interface TransferInfo {
  /** Until the name was resolved. */
  readonly nameLookup: number;
  /** Until the connection stood. */
  readonly connect: number;
  /** Until TLS stood, 0 where there is none. */
  readonly tls: number;
  /** Until the first byte came. */
  readonly firstByte: number;
  /** Until the end, or until now. */
  readonly total: number;
  /** How many redirects were followed. */
  readonly redirects: number;
  /** The address of the other side: of the proxy, where there is one. */
  readonly primaryIp: string | null;
  /** Its port. */
  readonly primaryPort: number;
  /** The address of this side. */
  readonly localIp: string | null;
  /** Its port. */
  readonly localPort: number;
  /** `"1.0"`, `"1.1"`, `"2"`, `"3"`, or `null` before the head. */
  readonly httpVersion: string | null;
  /** Bytes of the body as they came, before decoding. */
  readonly bytesIn: number;
  /** Bytes of the body that were sent; a chunked one counts with its framing. */
  readonly bytesOut: number;
  /** Bytes of the body received per second. */
  readonly speedIn: number;
  /** Bytes of the body sent per second. */
  readonly speedOut: number;
  /** libcurl's number of the connection, `null` before 8.2. */
  readonly connectionId: number | null;
  /** Whether the connection was there already. */
  readonly reused: boolean;
  /** The server's certificates as lines `name:value`, where CERTINFO is set. */
  readonly certificates: readonly (readonly string[])[];
  /** The headers after the body, in the order of the wire. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

const VERSIONS: Readonly<Record<number, string>> = { 1: "1.0", 2: "1.1", 3: "2", 30: "3" };

/** What an info is read from. */
interface InfoTransfer {
  readonly easy: Easy;
  readonly head: HeadCollector;
}

/** Reads what libcurl tells of a handle now. */
export function readInfo(transfer: InfoTransfer, redirects: number): TransferInfo {
  const { easy, head } = transfer;
  const tls = ms(easy, "APPCONNECT_TIME_T");
  return {
    nameLookup: ms(easy, "NAMELOOKUP_TIME_T"),
    connect: ms(easy, "CONNECT_TIME_T"),
    tls,
    firstByte: ms(easy, "STARTTRANSFER_TIME_T"),
    total: ms(easy, "TOTAL_TIME_T"),
    redirects,
    primaryIp: easy.getInfo("PRIMARY_IP") || null,
    primaryPort: easy.getInfo("PRIMARY_PORT"),
    localIp: easy.getInfo("LOCAL_IP") || null,
    localPort: easy.getInfo("LOCAL_PORT"),
    httpVersion: VERSIONS[easy.getInfo("HTTP_VERSION")] ?? null,
    bytesIn: easy.getInfo("SIZE_DOWNLOAD_T"),
    bytesOut: easy.getInfo("SIZE_UPLOAD_T"),
    speedIn: easy.getInfo("SPEED_DOWNLOAD_T"),
    speedOut: easy.getInfo("SPEED_UPLOAD_T"),
    connectionId: library().versionNum >= infos.CONN_ID.since ? easy.getInfo("CONN_ID") : null,
    reused: easy.getInfo("NUM_CONNECTS") === 0,
    certificates: easy.getInfo("CERTINFO"),
    trailers: head.trailers,
  };
}

function ms(
  easy: Easy,
  info:
    | "APPCONNECT_TIME_T"
    | "NAMELOOKUP_TIME_T"
    | "CONNECT_TIME_T"
    | "STARTTRANSFER_TIME_T"
    | "TOTAL_TIME_T",
): number {
  return easy.getInfo(info) / 1000;
}

/** The infos of responses, by the object that the caller has. */
const sources = new WeakMap<Response, () => TransferInfo>();

/** Says where the info of a response comes from. */
export function setInfoSource(response: Response, source: () => TransferInfo): void {
  sources.set(response, source);
}

/**
 * What the transfer behind a response was like: live until the body has ended, then fixed.
 *
 * @throws {TypeError} for a response that is not curlew's.
 *
 * @example
 * ```ts
 * import { fetch, transferInfo } from "curlew";
 *
 * const response = await fetch("https://example.com/");
 * await response.arrayBuffer();
 * const { primaryIp, firstByte, httpVersion } = transferInfo(response);
 * console.log(primaryIp, firstByte, httpVersion);
 * ```
 */
export function transferInfo(response: Response): TransferInfo {
  const source = sources.get(response);
  if (!source) throw new TypeError("Cannot tell of the response: it is not one of curlew's fetch");
  return source();
}

const PHASES = [
  ["name lookup", "nameLookup"],
  ["connect", "connect"],
  ["TLS", "tls"],
  ["first byte", "firstByte"],
  ["total", "total"],
] as const;

/**
 * Draws the phases of a transfer as a waterfall of text.
 *
 * @param width how many columns the bars may take, 40 unless given.
 *
 * @example
 * ```ts
 * import { fetch, formatTimings, transferInfo } from "curlew";
 *
 * const response = await fetch("https://example.com/");
 * await response.arrayBuffer();
 * console.log(formatTimings(transferInfo(response)));
 * ```
 */
export function formatTimings(info: TransferInfo, width = 40): string {
  const scale = info.total > 0 ? width / info.total : 0;
  let begin = 0;
  const rows: string[] = [];
  for (const [label, key] of PHASES) {
    const end = info[key];
    if (end === 0 && key !== "total") continue; // a kept connection has no such phase
    const from = key === "total" ? begin : Math.min(begin, end);
    const indent = Math.round(from * scale);
    const bar = "█".repeat(Math.max(1, Math.round((end - from) * scale)));
    const took = `${(end - from).toFixed(1)} ms`;
    const name = key === "total" ? "content" : label;
    rows.push(`${name.padEnd(12)}${took.padStart(12)}  ${" ".repeat(indent)}${bar}`.trimEnd());
    begin = Math.max(begin, end);
  }
  rows.push(`${"total".padEnd(12)}${`${info.total.toFixed(1)} ms`.padStart(12)}`);
  return rows.join("\n");
}

/**
 * `TransferInfo`: times, addresses, sizes and other data about a transfer.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { readInfo } from "../../handles/core/info.ts";
import { type Easy, stateOf } from "../../handles/easy/easy.ts";
import { InfoBatch } from "../../handles/easy/info_batch.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { isKnown } from "../../libcurl_versions.ts";
import type { HeadCollector } from "./head.ts";
import type { RequestPlan } from "../request/plan.ts";

/** Data about a transfer. Times are milliseconds from the start of the last request. */
export interface TransferInfo {
  /** When the name was resolved. */
  readonly nameLookup: number;
  /** When the connection was established. */
  readonly connect: number;
  /** When the TLS handshake was done, 0 without TLS. */
  readonly tls: number;
  /** When the first byte arrived. */
  readonly firstByte: number;
  /** When the transfer ended; until then the time so far. */
  readonly total: number;
  /** The number of redirects that were followed. */
  readonly redirects: number;
  /** The remote IP address: that of the proxy if there is one. */
  readonly primaryIp: string | null;
  /** The remote port. */
  readonly primaryPort: number;
  /** The local IP address. */
  readonly localIp: string | null;
  /** The local port. */
  readonly localPort: number;
  /** `"1.0"`, `"1.1"`, `"2"`, `"3"`, or `null` before the head. */
  readonly httpVersion: string | null;
  /** Bytes of the response body received, before decoding. */
  readonly bytesIn: number;
  /** Bytes of the request body sent; a chunked one counts with its framing. */
  readonly bytesOut: number;
  /** Bytes of the response body received per second. */
  readonly speedIn: number;
  /** Bytes of the request body sent per second. */
  readonly speedOut: number;
  /** libcurl's id of the connection, `null` before 8.2. */
  readonly connectionId: number | null;
  /** Whether a kept connection was used. */
  readonly reused: boolean;
  /** The server's certificates, each as lines `name:value`; empty unless CERTINFO is set. */
  readonly certificates: readonly (readonly string[])[];
  /** The trailers (headers after the body), in the order received. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

const VERSIONS: Readonly<Record<number, string>> = {
  [flags.CURL_HTTP_VERSION_1_0]: "1.0",
  [flags.CURL_HTTP_VERSION_1_1]: "1.1",
  [flags.CURL_HTTP_VERSION_2]: "2",
  [flags.CURL_HTTP_VERSION_3]: "3",
};

/** The transfer that an info is read from. */
interface InfoTransfer {
  readonly easy: Easy;
  readonly head: Pick<HeadCollector, "trailers">;
  readonly plan: Pick<RequestPlan, "curl">;
}

const NUMBERS = [
  "NAMELOOKUP_TIME_T",
  "CONNECT_TIME_T",
  "APPCONNECT_TIME_T",
  "STARTTRANSFER_TIME_T",
  "TOTAL_TIME_T",
  "PRIMARY_PORT",
  "LOCAL_PORT",
  "HTTP_VERSION",
  "SIZE_DOWNLOAD_T",
  "SIZE_UPLOAD_T",
  "SPEED_DOWNLOAD_T",
  "SPEED_UPLOAD_T",
  "NUM_CONNECTS",
] as const;
const NUM_CONNECTS = NUMBERS.indexOf("NUM_CONNECTS");

type Name = (typeof NUMBERS)[number] | "CONN_ID";

let batch: InfoBatch<Name> | undefined;

function numbers(): InfoBatch<Name> {
  return batch ??= new InfoBatch<Name>(
    isKnown(infos.CONN_ID) ? [...NUMBERS, "CONN_ID"] : NUMBERS,
  );
}

/**
 * The state of a transfer at one time. The numbers are read from the handle together, and become a
 * `TransferInfo` on demand.
 */
export class InfoSnapshot {
  readonly #numbers: readonly number[];
  readonly #primaryIp: string | null;
  readonly #localIp: string | null;
  readonly #certificates: readonly (readonly string[])[];
  readonly #head: Pick<HeadCollector, "trailers">;
  readonly #redirects: number;
  #info: TransferInfo | null = null;

  /** Takes the state from the handle. */
  constructor({ easy, head, plan }: InfoTransfer, redirects: number) {
    const state = stateOf(easy);
    this.#numbers = numbers().take(easy);
    this.#primaryIp = readInfo(state, infos.PRIMARY_IP) as string | null;
    this.#localIp = readInfo(state, infos.LOCAL_IP) as string | null;
    this.#certificates = plan.curl.has("CERTINFO") ? getInfo(state, "CERTINFO") : [];
    this.#head = head;
    this.#redirects = redirects;
  }

  /** Whether the transfer opened a connection instead of using a kept one. */
  get madeConnection(): boolean {
    return this.#numbers[NUM_CONNECTS] !== 0;
  }

  /** The info, the same frozen object each time. */
  get info(): TransferInfo {
    return this.#info ??= Object.freeze(this.#read());
  }

  #read(): TransferInfo {
    const found = numbers().read(this.#numbers);
    return {
      nameLookup: found.NAMELOOKUP_TIME_T / 1000,
      connect: found.CONNECT_TIME_T / 1000,
      tls: found.APPCONNECT_TIME_T / 1000,
      firstByte: found.STARTTRANSFER_TIME_T / 1000,
      total: found.TOTAL_TIME_T / 1000,
      redirects: this.#redirects,
      primaryIp: this.#primaryIp || null,
      primaryPort: found.PRIMARY_PORT,
      localIp: this.#localIp || null,
      localPort: found.LOCAL_PORT,
      httpVersion: VERSIONS[found.HTTP_VERSION] ?? null,
      bytesIn: found.SIZE_DOWNLOAD_T,
      bytesOut: found.SIZE_UPLOAD_T,
      speedIn: found.SPEED_DOWNLOAD_T,
      speedOut: found.SPEED_UPLOAD_T,
      connectionId: found.CONN_ID ?? null,
      reused: !this.madeConnection,
      certificates: this.#certificates,
      trailers: this.#head.trailers,
    };
  }
}

const PHASES = [
  ["name lookup", "nameLookup"],
  ["connect", "connect"],
  ["TLS", "tls"],
  ["first byte", "firstByte"],
  ["total", "total"],
] as const;

/**
 * Draws the phases of a transfer as a waterfall chart of text.
 *
 * @param width the columns of the bars, 40 unless given.
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

/**
 * `-w`: {@link https://curl.se/docs/manpage.html#-w}.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { closeSync } from "node:fs";
import type { Easy } from "../../handles/easy/easy.ts";
import type { InfoName } from "../../handles/easy/infos.ts";
import { CurlEasyError, CurlUrlError } from "../../errors.ts";
import { CurlUrl, type UrlPart } from "../../handles/url.ts";
import { versionInfo } from "../../version.ts";
import { type Io, print, writeAll } from "../io.ts";
import type { Messages } from "./messages.ts";

/** The result of a transfer. */
export interface Finished {
  readonly easy: Easy;
  readonly url: string;
  readonly urlNumber: number;
  readonly code: number;
  /** The message of the error, "" for none. */
  readonly message: string;
  readonly path: string | null;
  readonly headers: number;
  readonly retries: number;
}

type Text = string | number | null;
type Variable = (finished: Finished) => Text;

/** An info as text, `null` where the loaded libcurl does not know it. */
function info(easy: Easy, name: InfoName): Text {
  try {
    return easy.getInfo(name) as Text;
  } catch (error) {
    if (error instanceof CurlEasyError) return null;
    throw error;
  }
}

const plain = (name: InfoName): Variable => ({ easy }) => info(easy, name);
/** A time in microseconds, printed in seconds. */
const time = (name: InfoName): Variable => ({ easy }) => {
  const us = info(easy, name);
  return us === null ? null : (Number(us) / 1e6).toFixed(6);
};
const status = (name: InfoName): Variable => ({ easy }) =>
  String(info(easy, name) ?? 0).padStart(3, "0");

const HTTP_VERSIONS: Readonly<Record<number, string>> = {
  0: "0",
  1: "1",
  2: "1.1",
  3: "2",
  30: "3",
};

function part(url: string | null, name: UrlPart): Text {
  try {
    using parsed = new CurlUrl(url ?? "", GUESS_SCHEME | NON_SUPPORT_SCHEME);
    return parsed.get(name, DEFAULT_PORT);
  } catch (error) {
    if (error instanceof CurlUrlError) return null;
    throw error;
  }
}

const GUESS_SCHEME = 1 << 9, NON_SUPPORT_SCHEME = 1 << 3, DEFAULT_PORT = 1;

const PARTS: readonly UrlPart[] = [
  "SCHEME",
  "USER",
  "PASSWORD",
  "OPTIONS",
  "HOST",
  "PORT",
  "PATH",
  "QUERY",
  "FRAGMENT",
  "ZONEID",
];

/** The variables of `%{…}`. */
export const variables: Readonly<Record<string, Variable>> = dictionary({
  certs: ({ easy }) =>
    easy.getInfo("CERTINFO").flat().map((line) => `${line.replace(/^cert:/i, "").trimEnd()}\n`)
      .join(""),
  conn_id: plain("CONN_ID"),
  content_type: plain("CONTENT_TYPE"),
  errormsg: ({ message }) => message === "" ? null : message,
  exitcode: ({ code }) => code,
  filename_effective: ({ path }) => path,
  ftp_entry_path: plain("FTP_ENTRY_PATH"),
  http_code: status("RESPONSE_CODE"),
  http_connect: status("HTTP_CONNECTCODE"),
  http_version: ({ easy }) => HTTP_VERSIONS[Number(info(easy, "HTTP_VERSION"))] ?? null,
  local_ip: plain("LOCAL_IP"),
  local_port: plain("LOCAL_PORT"),
  method: plain("EFFECTIVE_METHOD"),
  num_certs: ({ easy }) => easy.getInfo("CERTINFO").length,
  num_connects: plain("NUM_CONNECTS"),
  num_headers: ({ headers }) => headers,
  num_redirects: plain("REDIRECT_COUNT"),
  num_retries: ({ retries }) => retries,
  proxy_ssl_verify_result: plain("PROXY_SSL_VERIFYRESULT"),
  proxy_used: plain("USED_PROXY"),
  redirect_url: plain("REDIRECT_URL"),
  referer: plain("REFERER"),
  remote_ip: plain("PRIMARY_IP"),
  remote_port: plain("PRIMARY_PORT"),
  response_code: status("RESPONSE_CODE"),
  scheme: ({ easy }) => String(info(easy, "SCHEME") ?? "").toLowerCase() || null,
  size_delivered: plain("SIZE_DELIVERED"),
  size_download: plain("SIZE_DOWNLOAD_T"),
  size_header: plain("HEADER_SIZE"),
  size_request: plain("REQUEST_SIZE"),
  size_upload: plain("SIZE_UPLOAD_T"),
  speed_download: plain("SPEED_DOWNLOAD_T"),
  speed_upload: plain("SPEED_UPLOAD_T"),
  ssl_verify_result: plain("SSL_VERIFYRESULT"),
  time_appconnect: time("APPCONNECT_TIME_T"),
  time_connect: time("CONNECT_TIME_T"),
  time_namelookup: time("NAMELOOKUP_TIME_T"),
  time_posttransfer: time("POSTTRANSFER_TIME_T"),
  time_pretransfer: time("PRETRANSFER_TIME_T"),
  time_queue: time("QUEUE_TIME_T"),
  time_redirect: time("REDIRECT_TIME_T"),
  time_starttransfer: time("STARTTRANSFER_TIME_T"),
  time_total: time("TOTAL_TIME_T"),
  tls_earlydata: plain("EARLYDATA_SENT_T"),
  url: ({ url }) => url,
  url_effective: plain("EFFECTIVE_URL"),
  urlnum: ({ urlNumber }) => urlNumber,
  xfer_id: plain("XFER_ID"),
  ...Object.fromEntries(PARTS.flatMap((name) => {
    const lower = name.toLowerCase();
    const ofEffective: Variable = ({ easy }) => part(easy.getInfo("EFFECTIVE_URL"), name);
    return [
      [`url.${lower}`, ({ url }: Finished) => part(url, name)],
      [`urle.${lower}`, ofEffective],
    ];
  })),
});

const ESCAPES: Readonly<Record<string, string>> = dictionary({ r: "\r", n: "\n", t: "\t" });

/** Prints the format of `-w` for a transfer. */
export class WriteOut {
  readonly #io: Io;
  readonly #messages: Messages;
  readonly #finished: Finished;
  #write: (text: string) => void;
  #file = -1;

  constructor(io: Io, messages: Messages, finished: Finished) {
    this.#io = io;
    this.#messages = messages;
    this.#finished = finished;
    this.#write = (text) => print(io, text);
  }

  run(format: string): void {
    const tokens = format.matchAll(
      /%%|%\{([^}]*)\}|%(header|time|output)\{((?:[^}\\]|\\[^])*)\}|\\([^])|[^%\\]+|[^]/g,
    );
    for (const [whole, name, kind, value, escape] of tokens) {
      if (name === "onerror" && this.#finished.code === 0) break;
      if (whole === "%%") this.#write("%");
      else if (name !== undefined) this.#variable(name);
      else if (kind !== undefined) this.#other(kind, value as string);
      else if (escape !== undefined) this.#write(ESCAPES[escape] ?? whole);
      else this.#write(whole);
    }
    this.#close();
  }

  #variable(name: string): void {
    if (name === "onerror") return;
    if (name === "stdout") this.#redirect((text) => print(this.#io, text));
    else if (name === "stderr") this.#redirect((text) => this.#messages.write(text));
    else if (name === "json") this.#write(this.#json());
    else if (name === "header_json") this.#write(this.#headerJson());
    else if (Object.hasOwn(variables, name)) {
      this.#write(String(variables[name]?.(this.#finished) ?? ""));
    } else this.#messages.write(`curl: unknown --write-out variable: '${name}'\n`);
  }

  #redirect(write: (text: string) => void): void {
    this.#close();
    this.#write = write;
  }

  #close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  #other(kind: string, value: string): void {
    if (kind === "header") this.#write(this.#header(value));
    else if (kind === "time") this.#write(timeText(value, new Date()));
    else {
      const isAppended = value.startsWith(">>");
      this.#close();
      this.#file = this.#messages.open(isAppended ? value.slice(2) : value, isAppended ? "a" : "w");
      const file = this.#file;
      if (file >= 0) this.#write = (text) => writeAll(file, new TextEncoder().encode(text));
    }
  }

  /** The first header of that name, or all of them with a separator. */
  #header(text: string): string {
    const [, name = "", separator] = /^([^:]*)(?::all:([^]*))?$/.exec(text) ?? [];
    const { easy } = this.#finished, wanted = name.toLowerCase();
    const found = easy.headers({ request: -1 }).filter((one) => one.name.toLowerCase() === wanted);
    if (separator === undefined) return found[0]?.value ?? "";
    const between = separator.replace(
      /\\([^])/g,
      (whole, unit: string) => unit === "}" ? unit : ESCAPES[unit] ?? whole,
    );
    return found.map(({ value }) => value).join(between);
  }

  #json(): string {
    const values = Object.keys(variables).sort().map((name) => {
      const value = variables[name]?.(this.#finished) ?? null;
      const isNumber = typeof value === "number" || name.startsWith("time_");
      const isStatus = name === "http_code" || name === "response_code" || name === "http_connect";
      return `"${name}":${isStatus ? Number(value) : isNumber ? value : JSON.stringify(value)}`;
    });
    return `{${values.join(",")},"curl_version":${
      JSON.stringify(`libcurl/${versionInfo().version}`)
    }}`;
  }

  #headerJson(): string {
    const all = new Map<string, string[]>();
    for (const { name, value } of this.#finished.easy.headers()) {
      const key = name.toLowerCase();
      all.set(key, [...(all.get(key) ?? []), value]);
    }
    const lines = [...all].map(([name, values]) =>
      `${JSON.stringify(name)}:${JSON.stringify(values)}`
    );
    return `{${lines.join(",\n")}\n}`;
  }
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const two = (value: number) => String(value).padStart(2, "0");

/** A time in UTC, formatted as by `strftime`. */
export function timeText(format: string, now: Date): string {
  const day = DAYS[now.getUTCDay()] as string, month = MONTHS[now.getUTCMonth()] as string;
  const date = `${now.getUTCFullYear()}-${two(now.getUTCMonth() + 1)}-${two(now.getUTCDate())}`;
  const clock = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
  const fields: Readonly<Record<string, string>> = dictionary({
    "%": "%",
    a: day.slice(0, 3),
    A: day,
    b: month.slice(0, 3),
    B: month,
    c: `${day.slice(0, 3)} ${month.slice(0, 3)} ${
      String(now.getUTCDate()).padStart(2)
    } ${clock} ${now.getUTCFullYear()}`,
    d: two(now.getUTCDate()),
    D: `${two(now.getUTCMonth() + 1)}/${two(now.getUTCDate())}/${two(now.getUTCFullYear() % 100)}`,
    e: String(now.getUTCDate()).padStart(2),
    f: String(now.getUTCMilliseconds() * 1000).padStart(6, "0"),
    F: date,
    H: two(now.getUTCHours()),
    I: two(now.getUTCHours() % 12 || 12),
    j: String(Math.floor((+now - Date.UTC(now.getUTCFullYear(), 0, 1)) / 86_400_000) + 1)
      .padStart(3, "0"),
    m: two(now.getUTCMonth() + 1),
    M: two(now.getUTCMinutes()),
    n: "\n",
    p: now.getUTCHours() < 12 ? "AM" : "PM",
    R: clock.slice(0, 5),
    s: String(Math.floor(+now / 1000)),
    S: two(now.getUTCSeconds()),
    t: "\t",
    T: clock,
    u: String(now.getUTCDay() || 7),
    w: String(now.getUTCDay()),
    y: two(now.getUTCFullYear() % 100),
    Y: String(now.getUTCFullYear()),
    z: "+0000",
    Z: "UTC",
  });
  return format.replace(/%([^])/g, (whole, unit: string) => fields[unit] ?? whole);
}

/**
 * Random requests for `fetch` that a curl command can express, and the parts of two requests that
 * must be equal. Vitest is not imported here, since a child process uses it too.
 */
import { parseCurl, toCurl } from "../../command.ts";
import type { FetchInit } from "../../src/http/request/plan.ts";
import { planRequestSync, readInit } from "../../src/http/request/plan.ts";
import { httpHeaderLines } from "../../src/http/transfer/configure.ts";
import type { OptionRow } from "../../src/command/table/effect.ts";
import { splitNewer } from "../../src/command/table/newer.ts";
import { rows } from "../../src/command/table/rows.ts";
import { flags } from "../../ffi/curl/flags.ts";
import type { Random } from "../fuzz/random.ts";

/** A request. */
export interface FetchRequest {
  readonly input: string | URL;
  readonly init: FetchInit;
}

/** A text in all secrets, which a redacted command must not contain. */
export const SECRET = "zq9zq";

type Options = Record<string, unknown>;

const UNITS = [
  ...["a", "Z", "0", " ", "'", '"', "\\", "$", "`", "!", "#", "&", "|", ";", "<", ">", "(", ")"],
  ...["{", "}", "[", "]", "*", "?", "%", "^", "=", "@", ",", ":", "/", "~", "\n", "\r\n", "\t"],
  ...["é", "ß", "漢", "😀", "\u0085", "\u007f", "\u0001", "%20", "$HOME", "\\n", "--", "-d"],
];
// deno-lint-ignore no-control-regex
const SAFE = UNITS.filter((unit) => !/[\r\n\u0001\u007f\u0085]/.test(unit));

const text = (random: Random, units: readonly string[] = UNITS, most = 10) =>
  Array.from({ length: random.below(most) }, () => random.pick(units)).join("");
const word = (random: Random) => `w${random.below(1000)}${text(random, SAFE, 6)}`;
const secret = (random: Random) => SECRET + text(random, SAFE, 6);

function url(random: Random): string {
  const user = random.chance(15) ? `${SECRET}:${SECRET}@` : "";
  const host = random.pick(["example.com", "EXAMPLE.org", "[::1]", "127.0.0.1", "bücher.example"]);
  const port = random.chance(30) ? `:${1 + random.below(65535)}` : "";
  const path = random.chance(70) ? `/${encode(text(random))}` : "";
  const query = random.chance(50)
    ? `?${random.pick(["a", "b[]", "{c}"])}=${SECRET}${encode(text(random))}`
    : "";
  const more = query !== "" && random.chance(30) ? `&${SECRET}` : "";
  const fragment = random.chance(15) ? `#${SECRET}` : "";
  return `${
    random.pick(["http", "https"])
  }://${user}${host}${port}${path}${query}${more}${fragment}`;
}

/** Encodes only the characters that a URL cannot contain. */
const encode = (part: string) => part.replace(/[#?%&]/g, encodeURIComponent);

const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "QUERY",
];
const HARMLESS = ["Accept", "accept-language", "Content-Type", "Cache-Control", "Range", "TE"];
const NAMES = ["Authorization", "Cookie", "X-Token", "x-api-KEY", "X-Other", "Proxy-Authorization"];

function headers(random: Random): [string, string | null][] {
  return Array.from({ length: random.below(5) }, () => {
    const isHarmless = random.chance(40);
    const name = random.pick(isHarmless ? HARMLESS : NAMES);
    if (random.chance(10)) return [name, null];
    if (random.chance(10)) return [name, ""];
    const value = isHarmless ? headerText(random) : SECRET + headerText(random);
    return [name, value.trim() === "" ? "x" : value];
  });
}

/** A text with one byte for each character, without line ends, and without blanks around it. */
function headerText(random: Random): string {
  const units = SAFE.filter((unit) => /^[\x20-\xff]*$/.test(unit));
  const latin1 = Array.from(
    { length: random.below(8) },
    () => random.chance(20) ? String.fromCharCode(0x80 + random.below(128)) : random.pick(units),
  );
  return latin1.join("").trim();
}

function body(random: Random): NonNullable<FetchInit["body"]> {
  switch (random.below(5)) {
    case 0:
      return Uint8Array.from({ length: random.below(40) }, () => 1 + random.below(255));
    case 1:
      return new URLSearchParams([["a", secret(random)], [text(random), SECRET]]);
    case 2:
      return form(random);
    case 3:
      return SECRET + "x".repeat(random.below(500) === 0 ? 400_000 : 10);
    default:
      return random.chance(10) ? "" : secret(random) + text(random, UNITS, 30);
  }
}

function form(random: Random): FormData {
  const made = new FormData();
  const count = 1 + random.below(4);
  for (let i = 0; i < count; i++) {
    const name = `f${i}${text(random, SAFE, 5).replaceAll("=", "")}`;
    made.append(name, secret(random) + text(random, SAFE, 8));
  }
  return made;
}

/** Options that fetch has a member for, or that conflict with another option of the list. */
const ELSEWHERE = new Set([
  "ACCEPT_ENCODING",
  "CONNECTTIMEOUT_MS",
  "CUSTOMREQUEST",
  "FOLLOWLOCATION",
  "HTTPHEADER",
  "MAXREDIRS",
  "MIME_OPTIONS",
  "NETRC_FILE",
  "SUPPRESS_CONNECT_HEADERS",
  "TIMEOUT_MS",
]);
/** Options that fetch refuses with a body. */
const CONVERSIONS = ["CRLF", "TRANSFERTEXT"];
/** Rows that can be written without a function of their own. */
const PLAIN = Object.entries(rows).filter(([, row]) =>
  row.does === undefined && row.aliasOf === undefined &&
  (row.set ?? row.on ?? row.off ?? row.bits ?? row.list) !== undefined &&
  !Object.keys({ ...row.on, ...Object.fromEntries((row.set ?? []).map((name) => [name, 0])) })
    .concat(row.bits?.[0] ?? [])
    .some((name) => ELSEWHERE.has(name))
);
/** Options whose values are checked when they are read. */
const CHECKED: Readonly<Record<string, (random: Random) => unknown>> = {
  PROXY: (random) => `http://${SECRET}:${SECRET}@p.test:${1 + random.below(9)}`,
  PRE_PROXY: () => `socks5://${SECRET}@p.test`,
  DOH_URL: () => `https://doh.test/?a=${SECRET}`,
  REQUEST_TARGET: () => `/x?y=${SECRET}`,
  HTTPSIG_ALGORITHM: () => 1,
  SSLKEY: (random) => random.chance(50) ? "k.pem" : `pkcs11:object=a;pin-value=${SECRET}`,
  PROXY_SSLKEY: () => "k.pem",
};

function rowOptions(random: Random, row: OptionRow): Options {
  if (row.list) {
    const item = () => row.secret ? secret(random) : word(random);
    return { [row.list]: Array.from({ length: 1 + random.below(3) }, item) };
  }
  if (row.bits) return { [row.bits[0]]: row.bits[1] };
  if (!row.set) return { ...(row.on ?? row.off) };
  const value = valueOf(random, row);
  return { ...row.on, ...Object.fromEntries(row.set.map((name) => [name, value])) };
}

function valueOf(random: Random, { set = [], as, takes, secret: isSecret }: OptionRow): unknown {
  const own = CHECKED[set[0] ?? ""];
  if (own) return own(random);
  if (typeof as === "object") return random.pick(Object.values(as));
  if (as === "octal") return random.below(0o777);
  if (as === "limit" || as === "size" || takes === "count") return random.below(100_000);
  if (takes === "seconds") return 1 + random.below(100_000);
  return isSecret ? secret(random) : word(random);
}

/** Options with functions of their own. */
const SPECIAL: readonly ((random: Random) => Options)[] = [
  (random) => ({ PROXYHEADER: [`X-Proxy: ${secret(random)}`.trimEnd(), "Accept:", "X-Empty;"] }),
  () => ({ ACCEPT_ENCODING: null }),
  () => ({ USERAGENT: null }),
  (random) => ({ SSLVERSION: random.pick([4, 5, 6]) | random.pick([0, 6 << 16, 7 << 16]) }),
  (random) => ({ NETRC: 2, ...(random.chance(50) ? { NETRC_FILE: word(random) } : {}) }),
  (random) => ({ NETRC: 1, ...(random.chance(50) ? { NETRC_FILE: word(random) } : {}) }),
  (random) => ({ PROXYAUTH: random.pick([1, 2, 4, 8, flags.CURLAUTH_ANY]) }),
  () => ({ HTTPAUTH: flags.CURLAUTH_ANY }),
  () => ({ USERPWD: `${SECRET}:${SECRET}` }),
  (random) => ({ COOKIE: `a=${secret(random)}` }),
  (random) => ({ COOKIEFILE: word(random).replaceAll("=", "") }),
  (random) => ({ SSLCERT: word(random) }),
  (random) => ({ PROXY_SSLCERT: word(random) }),
  (random) => ({ TIMECONDITION: 1 + random.below(3), TIMEVALUE_LARGE: random.below(4e9) }),
  (random) => ({ RANGE: `${random.below(9)}-` }),
  (random) => ({ LOCALPORT: 1 + random.below(9), LOCALPORTRANGE: 2 + random.below(9) }),
  (random) => ({ REFERER: `http://r.test/?q=${SECRET}${word(random).replace(/[;#]/g, "")}` }),
  () => ({ QUOTE: [SECRET], PREQUOTE: [SECRET, SECRET], POSTQUOTE: [SECRET] }),
  () => ({ PROTOCOLS_STR: "http,https" }),
  () => ({ LOW_SPEED_LIMIT: 5, LOW_SPEED_TIME: 6 }),
  (random) => {
    const path = word(random);
    return { CAPATH: path, PROXY_CAPATH: path };
  },
  (random) => ({ UPLOAD_FLAGS: 1 + random.below(31) }),
  () => ({ PROXYTYPE: flags.CURLPROXY_HTTPS2, PROXY: "p.test" }),
];

function curlOptions(random: Random): Options {
  const options: Options = {};
  const count = random.chance(50) ? 0 : random.below(7);
  for (let i = 0; i < count; i++) {
    const more = random.chance(40)
      ? random.pick(SPECIAL)(random)
      : rowOptions(random, random.pick(PLAIN)[1]);
    const isNew = Object.keys(more).every((name) => !(name in options));
    // of two sockets, two proxies and two methods of authentication only one can be used
    if (isNew && !clashes({ ...options, ...more })) Object.assign(options, more);
  }
  return options;
}

function clashes(options: Options): boolean {
  const both = (...names: string[]) => names.every((name) => name in options);
  return both("UNIX_SOCKET_PATH", "ABSTRACT_UNIX_SOCKET") ||
    // the kind of a proxy is written with its address
    ("PROXYTYPE" in options && !("PROXY" in options)) ||
    ("AWS_SIGV4" in options && options["HTTPAUTH"] !== flags.CURLAUTH_AWS_SIGV4) ||
    ("XOAUTH2_BEARER" in options && options["HTTPAUTH"] !== flags.CURLAUTH_BEARER) ||
    (options["HTTPAUTH"] === flags.CURLAUTH_AWS_SIGV4 && !("AWS_SIGV4" in options)) ||
    (options["HTTPAUTH"] === flags.CURLAUTH_BEARER && !("XOAUTH2_BEARER" in options));
}

/** A random request that `fetch` accepts. */
export function randomRequest(random: Random): FetchRequest {
  const method = random.pick(METHODS), isBodyless = method === "GET" || method === "HEAD";
  const options = curlOptions(random), own = headers(random), address = url(random);
  if ("AWS_SIGV4" in options) delete options["PATH_AS_IS"];
  const init: Options = {};
  if (method !== "GET" || random.chance(10)) init["method"] = method;
  if (own.length > 0) init["headers"] = headersAs(random, own);
  if (!isBodyless && random.chance(70)) init["body"] = body(random);
  if (init["body"] instanceof FormData) {
    init["headers"] = own.filter(([name]) => name !== "Content-Type");
  }
  // a POST or PUT without a body is read as one with an empty body
  if (init["body"] !== undefined || method === "POST" || method === "PUT") {
    for (const name of CONVERSIONS) delete options[name];
  }
  if (typeof init["body"] === "string" && random.chance(5)) {
    const length = new TextEncoder().encode(init["body"]).length;
    init["headers"] = [...own, ["content-length", `${length}`]];
  }
  if (random.chance(40)) init["redirect"] = random.pick(["follow", "manual", "error"]);
  if (random.chance(20)) init["timeout"] = random.below(100_000);
  if (random.chance(20)) init["connectTimeout"] = random.below(100_000);
  if (random.chance(10)) init["referrer"] = `http://r.test/${SECRET.slice(0, 0)}a`;
  if (Object.keys(options).length > 0) init["curl"] = options;
  return { input: random.chance(20) ? new URL(address) : address, init };
}

function headersAs(random: Random, pairs: [string, string | null][]): FetchInit["headers"] {
  const isPlain = pairs.every(([, value]) => value !== null);
  if (random.chance(80) || !isPlain) return pairs;
  const plain = pairs as [string, string][];
  return random.chance(50) ? new Headers(plain) : Object.fromEntries(plain);
}

/** The parts of two requests that must be equal. */
export function normal({ input, init }: FetchRequest): object {
  const isForm = init.body instanceof FormData;
  const { known, newer } = splitNewer(init.curl);
  const plan = planRequestSync(
    input as string,
    readInit({ ...init, ...(isForm ? { body: null } : {}), curl: known }),
  );
  const lines = httpHeaderLines(plan).map((line) =>
    typeof line === "string" ? line : String.fromCharCode(...line)
  );
  const isRemoval = (line: string) => /^[^:]*:$/.test(line);
  const isTypeless = (line: string) => isForm && /^content-type:/i.test(line);
  return {
    method: plan.method,
    url: plan.url.href.split("#")[0],
    lines: lines.filter((line) => !isRemoval(line) && !isTypeless(line)),
    without: [...new Set(lines.filter(isRemoval).map((line) => line.toLowerCase()))]
      // without a body the Expect header has no effect
      .filter((line) => !isTypeless(line) && line !== "expect:").sort(),
    body: isForm ? [...init.body as FormData] : plan.body?.bytes ? [...plan.body.bytes].join() : "",
    redirect: plan.redirect,
    timeout: plan.timeout,
    connectTimeout: plan.connectTimeout,
    curl: optionsOf(Object.fromEntries([...plan.curl, ...newer])),
  };
}

/**
 * The options in a fixed order, without defaults, with one text for any User-Agent, and with an
 * empty password for a user without one.
 */
function optionsOf(curl: Options): object {
  const entries = Object.entries(curl).filter(([name, value]) =>
    !(name === "ACCEPT_ENCODING" && value === "") && !(name === "PROXYTYPE" && value === 0)
  );
  const written = entries.map(([name, value]) =>
    name === "USERAGENT" && value === null
      ? [name, ""]
      : name.endsWith("USERPWD") && !`${value}`.includes(":")
      ? [name, `${value}:`]
      : [name, value]
  );
  return Object.fromEntries(written.sort(([a], [b]) => String(a) < String(b) ? -1 : 1));
}

/** Whether two values are equal. */
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Converts a request to a command and back. Returns the error, `null` for none. */
export function roundTrip(request: FetchRequest): string | null {
  const { input, init } = request;
  const text = toCurl(input, init, { redact: false });
  const read = parseCurl(text), again: FetchRequest = { input: read.url, init: read.init };
  const before = normal(request), after = normal(again);
  if (!same(before, after)) {
    return `${text}\n  ${JSON.stringify(before)}\n  ${JSON.stringify(after)}`;
  }
  const second = parseCurl(toCurl(read.url, read.init, { redact: false }));
  const isForm = read.init.body instanceof FormData;
  if (!isForm && !same(plain(second.init), plain(read.init))) {
    return `${text}\n  not the same the second time: ${JSON.stringify(second.init)}`;
  }
  const redacted = toCurl(input, init);
  if (redacted.includes(SECRET)) return `${redacted}\n  has a secret in it`;
  parseCurl(redacted);
  return null;
}

const plain = (init: FetchInit) => ({
  ...init,
  body: init.body instanceof Uint8Array ? [...init.body] : init.body,
  curl: optionsOf(init.curl as Options ?? {}),
});

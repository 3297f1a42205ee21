/** Options with values, valid ones and invalid ones. */
import { easyOptions, multiOptions, type OptionRow } from "../../ffi/curl/options.ts";
import { libcurl } from "../versions.ts";
import { callback } from "./callbacks.ts";
import { perhapsEvil } from "./evil.ts";
import { type Any, odd, oddBytes, oddString } from "./odd.ts";
import { anyPlace, anyUrl } from "./places.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export type Setting = readonly [label: string, name: Any, value: Any];

/** Options with which libcurl crashes where HTTP/2 is not safe to negotiate: see SECURITY.md. */
const NEGOTIATING = /^(SSL_ENABLE_ALPN|DOH_URL)$/;
const EASY: readonly [string, OptionRow][] = Object.entries(easyOptions)
  .filter(([name]) => libcurl.negotiates.holds || !NEGOTIATING.test(name));
const MULTI: readonly [string, OptionRow][] = Object.entries(multiOptions);

/** Options that make a transfer do something. */
const TELLING = [
  "WRITEFUNCTION",
  "HEADERFUNCTION",
  "READFUNCTION",
  "XFERINFOFUNCTION",
  "DEBUGFUNCTION",
  "SOCKOPTFUNCTION",
  "OPENSOCKETFUNCTION",
  "CLOSESOCKETFUNCTION",
  "SEEKFUNCTION",
  "PREREQFUNCTION",
  "TRAILERFUNCTION",
  "RESOLVER_START_FUNCTION",
  "HSTSREADFUNCTION",
  "HSTSWRITEFUNCTION",
  "SSL_CTX_FUNCTION",
  "CHUNK_BGN_FUNCTION",
  "FNMATCH_FUNCTION",
  "VERBOSE",
  "NOPROGRESS",
  "UPLOAD",
  "POST",
  "POSTFIELDS",
  "MIMEPOST",
  "HTTPPOST",
  "HTTPHEADER",
  "SHARE",
  "CURLU",
  "STREAM_DEPENDS",
  "HSTS_CTRL",
  "COOKIEFILE",
  "COOKIEJAR",
  "COOKIELIST",
  "ALTSVC",
  "ALTSVC_CTRL",
  "FOLLOWLOCATION",
  "CONNECT_ONLY",
  "HTTP_VERSION",
  "SSL_VERIFYPEER",
  "SSL_VERIFYHOST",
  "WILDCARDMATCH",
  "PROXY",
  "RESOLVE",
  "STDERR",
  "PRIVATE",
  "POSTFIELDSIZE",
  "RESUME_FROM_LARGE",
  "MAX_RECV_SPEED_LARGE",
  "BUFFERSIZE",
  "CERTINFO",
  "FORBID_REUSE",
  "FRESH_CONNECT",
  "MIME_OPTIONS",
  "HTTPAUTH",
  "USERPWD",
];

const PLACES = /URL$|PROXY$|INTERFACE|FTPPORT|DNS_|CONNECT_TO|RESOLVE$|HAPROXY|UNIX_SOCKET/;
/** Options whose value 0 sets no limit: a transfer that does not end then is no defect. */
const ENDLESS = /^(TIMEOUT|TIMEOUT_MS)$/;

function objectFor(name: string, world: World, random: Random): Any {
  switch (name) {
    case "SHARE":
      return random.pick(world.shares);
    case "CURLU":
      return random.pick(world.urls);
    case "MIMEPOST":
      return random.pick(world.mimes);
    case "STREAM_DEPENDS":
    case "STREAM_DEPENDS_E":
      return random.pick(world.easies);
    case "STDERR":
      return "stderr.txt";
    case "HTTPPOST":
      return perhapsEvil(world, random, [
        perhapsEvil(world, random, { name: "a", contents: "b" }),
        { name: "f", contents: perhapsEvil(world, random, oddBytes(random)[1]) },
      ]);
    default:
      return random.chance(50) ? "a=b&c=d" : perhapsEvil(world, random, oddBytes(random)[1]);
  }
}

/** A value of the right kind. */
function fitting(name: string, { kind }: OptionRow, world: World, random: Random): Any {
  if (random.chance(10)) return null;
  switch (kind) {
    case "long":
    case "values":
      return ENDLESS.test(name)
        ? 1 + random.below(2)
        : random.below(random.chance(80) ? 4 : 70_000);
    case "off_t":
      return random.chance(50) ? random.below(100) : BigInt(random.below(1_000_000));
    case "string":
      if (name === "URL") return anyUrl(world, random);
      return PLACES.test(name) ? anyPlace(world, random) : oddString(random)[1];
    case "slist": {
      const list = random.pick([["a: b"], ["A;", "B:"], [], ["127.0.0.1:1:127.0.0.1"], ["NOOP"]]);
      return perhapsEvil(world, random, list);
    }
    case "blob":
      return perhapsEvil(world, random, oddBytes(random)[1]);
    case "function":
      return callback(world, name, random);
    case "cbptr":
      // a file in place of a function; never a descriptor of other code
      return random.chance(70) ? { name } : random.pick(["data.txt", "no/such", new Uint8Array(3)]);
    case "object":
      return objectFor(name, world, random);
  }
}

const mayTake = (name: string, value: unknown): boolean => {
  if (ENDLESS.test(name)) return typeof value === "number" && !(value >= 0);
  return !(PLACES.test(name) && typeof value === "string");
};

function setting(rows: readonly [string, OptionRow][], world: World, random: Random): Setting {
  const [name, row] = random.pick(rows);
  if (random.chance(50)) return [`${name} fitting`, name, fitting(name, row, world, random)];
  const [label, value] = odd(random);
  if (!mayTake(name, value)) return [`${name} null`, name, row.kind === "long" ? NaN : null];
  // libcurl's number of the option may stand for its name
  return [`${name} ${label}`, random.chance(10) ? row.id : name, value];
}

const TELLING_ROWS = EASY.filter(([name]) => TELLING.includes(name));

/** Draws an option of an easy handle, with a value. */
export function easySetting(world: World, random: Random): Setting {
  const roll = random.below(100);
  if (roll < 40) return setting(EASY, world, random);
  if (roll < 65) return setting(TELLING_ROWS, world, random);
  if (roll < 95) {
    const [name, row] = random.pick(TELLING_ROWS);
    return [`${name} fitting`, name, fitting(name, row, world, random)];
  }
  const [label, name] = odd(random);
  return [`odd option ${label}`, name, odd(random)[1]];
}

/** Draws an option of a multi handle, with a value. */
export function multiSetting(world: World, random: Random): Setting {
  if (random.chance(90)) return setting(MULTI, world, random);
  const [label, name] = odd(random);
  return [`odd option ${label}`, name, odd(random)[1]];
}

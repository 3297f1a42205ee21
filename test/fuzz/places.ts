/** URLs: the suite's own servers, files, and ports that nothing listens on. */
import process from "node:process";
import { NUMBERS } from "./odd.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const PATHS = [
  "/small",
  "/bytes/100000",
  "/bytes/3000000",
  "/chunked/50000",
  "/echo",
  "/sink",
  "/upload",
  "/hold",
  "/delay/5",
  "/slow/50/5",
  "/stream/20/2",
  "/reset",
  "/truncated",
  "/close",
  "/redirect/3",
  "/redirect/60",
  "/headers?n=200",
  "/early-hints",
  "/trailers",
  "/status/204",
  "/status/304",
  "/status/500",
  "/gzip",
  "/cookies/set?a=b",
  "/basic/a/b",
  "/digest/a/b",
  "/ntlm",
  "/push/3",
  "/dns-query",
  "/nowhere",
  "/garbage",
  "/bad-chunk",
  "/cut-chunk",
  "/two-lengths",
  "/endless-headers",
  "/half-status",
  "/reset-now",
  "/until-close",
];

/** Hosts that are addresses: a name would be sent to a DNS server. */
const NO_HOSTS = [
  "",
  "a\0b",
  "\ud800",
  "x".repeat(1 << 20),
  "%n%s",
  "http://",
  "http://127.0.0.1:99999/",
];

/** A URL that an HTTP client may be given. */
export function webUrl(world: World, random: Random): string {
  const { http, https, h2, h2c, raw } = world.ports;
  const path = random.pick(PATHS), roll = random.below(100);
  if (roll < 50) return `http://127.0.0.1:${http}${path}`;
  if (roll < 60) return `http://localhost:${http}${path}`;
  if (roll < 68) return `https://127.0.0.1:${https || http}${path}`;
  if (roll < 76) return `https://127.0.0.1:${h2 || http}${path}`;
  if (roll < 80) return `http://127.0.0.1:${h2c}${path}`;
  if (roll < 88) return `http://127.0.0.1:${raw}${path}`;
  if (roll < 94) return "http://127.0.0.1:1/refused";
  return `http://user:secret@127.0.0.1:${http}${path}`;
}

/** Any URL for this machine, valid or not. */
export function anyUrl(world: World, random: Random): string {
  const here = `${process.cwd()}/file.txt`; // an upload to it would write the file
  const { ftp, silent, echo, ws, http } = world.ports, roll = random.below(100);
  if (roll < 60) return webUrl(world, random);
  if (roll < 68) {
    return `ftp://127.0.0.1:${ftp}/${random.pick(["", "*", "hello.txt", "big.bin", "dir/*.txt"])}`;
  }
  if (roll < 74) return `file://${random.pick([here, "/dev/null", "/"])}`;
  if (roll < 78) return `http://127.0.0.1:${silent}/`;
  if (roll < 82) return `telnet://127.0.0.1:${echo}/`;
  if (roll < 86) return `ws://127.0.0.1:${ws}/echo`;
  if (roll < 92) {
    const scheme = [
      "dict",
      "gopher",
      "imap",
      "pop3",
      "smtp",
      "mqtt",
      "rtsp",
      "ldap",
      "tftp",
      "smb",
    ];
    return `${random.pick(scheme)}://127.0.0.1:${random.pick([1, http])}/`;
  }
  return random.pick(NO_HOSTS);
}

/** A value for an option that names a host or a path: never another machine or another folder. */
export function anyPlace(world: World, random: Random): string {
  const { http, proxy, socks, silent } = world.ports;
  return random.pick([
    `http://127.0.0.1:${proxy || http}`,
    `socks5h://127.0.0.1:${socks || 1}`,
    `socks4a://127.0.0.1:${socks || 1}`,
    `127.0.0.1:${silent}`,
    "127.0.0.1:1",
    "127.0.0.1",
    "::1",
    "a\0b",
    "\ud800",
    "",
    "x".repeat(1 << 20),
    `${random.pick(NUMBERS)}:`,
  ]);
}

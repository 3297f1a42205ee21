import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { easyOptions } from "../../ffi/curl/options.ts";
import { CurlEasyError, Easy, versionInfo } from "../../mod.ts";
import { CurlCommandError, parseCurl } from "../../command.ts";
import type { OptionRow } from "../../src/command/table/effect.ts";
import { nameOfLetter, nearestName, spelled } from "../../src/command/table/lookup.ts";
import { splitNewer } from "../../src/command/table/newer.ts";
import { rows } from "../../src/command/table/rows.ts";
import { readCurlOptions } from "../../src/http/request/curl_options.ts";
import { temporaryFolder } from "../handles/temporary_files.ts";

const CURL = "/usr/bin/curl";
const entries: readonly (readonly [string, OptionRow])[] = Object.entries(rows);

/** Options that curl 8.0 and later brought, from its own documents, by version. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  "8.1.0": ["proxy-http2"],
  "8.2.0": ["ca-native", "haproxy-clientip", "proxy-ca-native", "trace-ids"],
  "8.3.0": ["trace-config", "variable"],
  "8.4.0": ["ipfs-gateway"],
  "8.8.0": ["ech"],
  "8.9.0": ["ip-tos", "keepalive-cnt", "mptcp", "vlan-priority"],
  "8.10.0": ["dump-ca-embed", "skip-existing"],
  "8.11.0": ["tls-earlydata"],
  "8.12.0": ["ssl-sessions"],
  "8.13.0": ["upload-flags"],
  "8.14.0": ["sigalgs"],
  "8.16.0": ["follow", "out-null", "parallel-max-host"],
  "8.17.0": ["knownhosts"],
  "8.21.0": ["proxy-http3"],
  "8.22.0": ["httpsig-algo", "httpsig-headers", "httpsig-key", "httpsig-keyid"],
};
/** Names that curl takes and does not list. */
const UNLISTED = ["eprt", "epsv", "ftp-ssl", "ftp-ssl-reqd", "krb4"];

test("every newer option of curl has a row, with its version", () => {
  for (const [version, names] of Object.entries(NEWER)) {
    for (const name of names) expect([name, rows[name]?.since]).toEqual([name, version]);
  }
  const newer = entries.filter(([, { since }]) => since.startsWith("8.")).map(([name]) => name);
  expect(newer.sort()).toEqual(Object.values(NEWER).flat().sort());
});

interface Listed {
  readonly name: string;
  readonly letter: string | undefined;
  readonly hasValue: boolean;
}

/** What `curl --help all` lists. */
function listed(): Listed[] {
  const { stdout } = spawnSync(CURL, ["--help", "all"], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const found = /^\s*(?:-(.),)?\s*--([a-z0-9.-]+)( <[^>]*>)?/.exec(line);
    return found
      ? [{ name: found[2] as string, letter: found[1], hasValue: found[3] !== undefined }]
      : [];
  });
}

test.skipIf(!existsSync(CURL))("the rows are those of curl, if it is here, and more", () => {
  const known = listed();
  expect(known.length).toBeGreaterThan(200);
  const own = new Set<string>();
  for (const { name, letter, hasValue } of known) {
    const plain = name.startsWith("no-") && name in rows === false ? name.slice(3) : name;
    const row = rows[plain];
    expect(row, name).toBeDefined();
    own.add(plain);
    if (letter !== undefined) {
      expect([plain, row?.aliasOf], name).toContain(nameOfLetter(letter));
    }
    const takesValue = row?.takes !== "nothing" && row?.takes !== "switch";
    if (hasValue) expect([name, takesValue]).toEqual([name, true]);
  }
  const [, major = "0", minor = "0"] = /curl (\d+)\.(\d+)/.exec(
    spawnSync(CURL, ["--version"], { encoding: "utf8" }).stdout,
  ) ?? [];
  const here = Number(major) * 1000 + Number(minor);
  const missing = entries.filter(([name, { since }]) => {
    const [first = 0, second = 0] = since.split(".").map(Number);
    return !own.has(name) && first * 1000 + second <= here && !UNLISTED.includes(name) &&
      name !== "show-headers"; // which was called --include
  });
  expect(missing.map(([name]) => name)).toEqual([]);
});

test("every row says what it does, or why nothing", () => {
  const kinds: (keyof OptionRow)[] = ["set", "drop", "on", "off", "bits", "list", "tool", "global"];
  for (const [name, row] of entries) {
    const does = ["does", "met", ...kinds].some((kind) => row[kind as "does"] !== undefined);
    expect([name, does !== (row.none !== undefined)]).toEqual([name, true]);
    if (row.none !== undefined) expect(row.none.length, name).toBeGreaterThan(15);
    if (row.aliasOf !== undefined) expect(rows[row.aliasOf], name).toBeDefined();
    const named = [...row.set ?? [], ...Object.keys(row.on ?? {}), ...Object.keys(row.off ?? {})];
    for (const option of [...named, ...(row.list ? [row.list] : []), ...(row.bits ?? [])]) {
      if (typeof option === "number" || option.startsWith("HTTPSIG_")) continue;
      expect(Object.keys(easyOptions), name).toContain(option);
    }
  }
});

test("no two options have the same letter, but for names of the same option", () => {
  const letters = new Map<string, string>();
  for (const [name, { letter, aliasOf }] of entries) {
    if (letter === undefined || aliasOf !== undefined) continue;
    expect([name, letters.get(letter)]).toEqual([name, undefined]);
    letters.set(letter, name);
  }
});

/** What libcurl says of an option that it knows, and this build cannot do. */
const LACKING = [
  "CURLE_UNKNOWN_OPTION",
  "CURLE_NOT_BUILT_IN",
  "CURLE_SSL_ENGINE_INITFAILED", // there is no such engine
  "CURLE_SSL_ENGINE_NOTFOUND",
  "CURLE_UNSUPPORTED_PROTOCOL", // HTTP/3
];
/** Values that an older libcurl takes for wrong ones. */
const WRONG_HERE: Readonly<Record<string, string>> = {
  "proxy-http3": "libcurl knows that kind of proxy from 8.21 on",
  "proxy-tlsauthtype": "libcurl 7.88 compares it the wrong way round",
};

const files = temporaryFolder();

/** A value that an option takes. */
const VALUES: Readonly<Record<string, string>> = {
  // written when the handle is closed
  "alt-svc": files.newFile(),
  "cookie-jar": files.newFile(),
  "hsts": files.newFile(),
  "config": "/dev/null",
  "continue-at": "5",
  "cookie": "a=b",
  "create-file-mode": "0644",
  "delegation": "none",
  "ech": "grease",
  "engine": "dynamic",
  "form": "a=b",
  "form-string": "a=b",
  "ftp-method": "nocwd",
  "ftp-ssl-ccc-mode": "active",
  "hostpubmd5": "0123456789abcdef0123456789abcdef",
  "httpsig-algo": "ed25519",
  "ip-tos": "CE",
  "limit-rate": "1M",
  "local-port": "4000-4010",
  "max-filesize": "10k",
  "max-redirs": "5",
  "proto": "=https",
  "proto-default": "https",
  "proto-redir": "=https",
  "rate": "10/s",
  "time-cond": "20040911",
  "tls-max": "1.3",
  "tlsauthtype": "SRP",
  "proxy-tlsauthtype": "SRP",
  "upload-file": "/dev/null",
  "upload-flags": "seen,-draft",
  "url": "http://other.test/",
  "variable": "name=content",
  "vlan-priority": "1",
};

/** The arguments of a command with that option. */
function sample(name: string, { takes }: OptionRow): string[] {
  if (takes === "nothing") return [`--${name}`];
  if (takes === "switch") return [spelled(name)];
  const byKind = takes === "count" || takes === "seconds" ? "5" : "text";
  return [`--${name}`, VALUES[name] ?? byKind];
}

const ACTIONS = ["help", "manual", "version"];
const readFile = () => new TextEncoder().encode("");

test.for(entries.filter(([name]) => !ACTIONS.includes(name)))(
  "--%s is read, and what it sets is taken by fetch and by an Easy",
  ([name, row]) => {
    const before = name === "next" ? ["http://first.test/"] : [];
    const args = [...before, ...sample(name, row), "http://x.test/"];
    const { init, easy, notes } = parseCurl(args, { readFile });
    // fetch refuses what it has a place of its own for
    expect(() => readCurlOptions(splitNewer(init.curl).known)).not.toThrow();
    if (row.none !== undefined) expect(notes.map(({ reason }) => reason)).toContain(row.none);
    using handle = new Easy();
    try {
      handle.setOpts(easy);
    } catch (error) {
      // the loaded library may lack it
      if (!(error instanceof CurlEasyError)) throw error;
      const isWrong = error.codeName === "CURLE_BAD_FUNCTION_ARGUMENT";
      if (!(name in WRONG_HERE && isWrong)) {
        expect(LACKING, `${name}: ${error.message}`).toContain(error.codeName);
      }
    }
  },
);

test.for(ACTIONS)("--%s is no transfer", (name) => {
  expect(() => parseCurl([`--${name}`])).toThrow(CurlCommandError);
});

test.for(entries.filter(([, { takes }]) => takes === "switch"))(
  "--%s and what takes it back leave nothing behind",
  ([name]) => {
    const plain = parseCurl(["http://x.test/"], { readFile });
    const back = DEFAULT_ON.has(name)
      ? [`--no-${name}`, `--${name}`]
      : [`--${name}`, `--no-${name}`];
    if (ACTIONS.includes(name)) return;
    const both = parseCurl([...back, "http://x.test/"], { readFile });
    expect({ init: both.init, easy: both.easy }).toEqual({ init: plain.init, easy: plain.easy });
  },
);

const DEFAULT_ON = new Set(
  entries.filter(([name]) => spelled(name).startsWith("--no-")).map(([name]) => name),
);

test.for(
  [
    ["hedaer", "header"],
    ["conect-timeout", "connect-timeout"],
    ["datta", "data"],
    ["user-agnet", "user-agent"],
    ["compress", "compressed"],
    ["locaton", "location"],
    ["proxy-usr", "proxy-user"],
    ["insecur", "insecure"],
  ] as const,
)("the nearest to --%s is --%s", ([written, meant]) => {
  expect(nearestName(written)).toBe(meant);
  expect(() => parseCurl([`--${written}`])).toThrow(`the nearest is --${meant}`);
});

test("the versions of the table are not older than the library's floor in form", () => {
  for (const [name, { since }] of entries) expect(since, name).toMatch(/^\d+\.\d+(?:\.\d+)?$/);
  expect(versionInfo().versionNum).toBeGreaterThan(0);
});

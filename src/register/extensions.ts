/**
 * Converts the runtimes' own extensions of `fetch` to options of libcurl.
 *
 * @module
 */

import type { EasyOptions } from "../handles/easy/easy.ts";
import { shown } from "../http/shown.ts";
import { member } from "../members.ts";
import { isInstance } from "../untrusted.ts";

/** The extensions of Bun's `fetch`, and Deno's `client`. */
export interface RuntimeInit extends RequestInit {
  readonly proxy?: unknown;
  readonly tls?: unknown;
  readonly unix?: unknown;
  readonly decompress?: unknown;
  readonly verbose?: unknown;
  readonly client?: unknown;
}

type Options = Record<string, unknown>;

function refused(name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`Cannot fetch: ${name} must be ${expected}, got ${shown(got)}`);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function text(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (isInstance(value, URL)) return value.href;
  throw refused(name, "a string", value);
}

function setProxy(options: Options, given: unknown): void {
  if (!isObject(given) || isInstance(given, URL)) {
    options["PROXY"] = text("proxy", given);
    return;
  }
  const { url, headers } = {
    url: member(given as Options, "url"),
    headers: member(given as Options, "headers"),
  };
  options["PROXY"] = text("proxy.url", url);
  if (headers === undefined || headers === null) return;
  const all = new Headers(headers as Record<string, string>);
  options["PROXYHEADER"] = [...all].map(([name, value]) => `${name}: ${value}`);
}

/** PEM or DER from any type that Bun accepts: text, bytes, a `Bun.file()`, or an array of these. */
async function pem(name: string, value: unknown): Promise<Uint8Array<ArrayBuffer>> {
  if (Array.isArray(value)) {
    const parts = await Promise.all(value.map((part, i) => pem(`${name}[${i}]`, part)));
    return new Uint8Array(await new Blob(parts.flatMap((part) => [part, "\n"])).arrayBuffer());
  }
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (isInstance(value, Blob)) return new Uint8Array(await value.arrayBuffer());
  if (isInstance(value, ArrayBuffer)) return new Uint8Array(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return new Uint8Array(buffer, byteOffset, byteLength).slice() as Uint8Array<ArrayBuffer>;
  }
  throw refused(name, "PEM as a string, bytes, a Blob or an array of these", value);
}

/** The option of libcurl for each member of `tls`. */
const BLOBS = { ca: "CAINFO_BLOB", cert: "SSLCERT_BLOB", key: "SSLKEY_BLOB" } as const;
/** Members that libcurl has no option for, with the reason. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  checkServerIdentity: "libcurl compares the names itself; use curl.PINNEDPUBLICKEY for one key",
  secureContext: "libcurl makes the context; give ca, cert and key",
  pfx: 'give cert and key, or curl.SSLCERT_BLOB with curl.SSLCERTTYPE "P12"',
};

async function setTls(options: Options, given: unknown, host: string): Promise<void> {
  if (!isObject(given)) throw refused("tls", "an object", given);
  const tls = given as Options;
  for (const [name, why] of Object.entries(IMPOSSIBLE)) {
    if (member(tls, name) === undefined) continue;
    throw new TypeError(`Cannot fetch: tls.${name} is not possible: ${why}`);
  }
  for (const [name, option] of Object.entries(BLOBS)) {
    const value = member(tls, name);
    if (value !== undefined && value !== null) options[option] = await pem(`tls.${name}`, value);
  }
  const passphrase = member(tls, "passphrase"), ciphers = member(tls, "ciphers");
  if (passphrase !== undefined) options["KEYPASSWD"] = text("tls.passphrase", passphrase);
  if (ciphers !== undefined) options["SSL_CIPHER_LIST"] = text("tls.ciphers", ciphers);
  if (member(tls, "rejectUnauthorized") === false) {
    options["SSL_VERIFYPEER"] = options["SSL_VERIFYHOST"] = 0;
  }
  const serverName = member(tls, "serverName") ?? member(tls, "servername");
  if (serverName === undefined || serverName === "" || serverName === host) return;
  throw new TypeError(
    `Cannot fetch: tls.serverName "${String(serverName)}" is not the URL's host, which libcurl ` +
      "sends; put the name into the URL, and the address into curl.CONNECT_TO",
  );
}

/** The options of libcurl for the runtime's extensions in `init`. Throws `TypeError`. */
export async function optionsOf(init: RuntimeInit, host: string): Promise<EasyOptions> {
  const options: Options = {};
  const proxy = member(init, "proxy"), tls = member(init, "tls"), unix = member(init, "unix");
  if (proxy !== undefined && proxy !== null) setProxy(options, proxy);
  if (tls !== undefined && tls !== null) await setTls(options, tls, host);
  if (unix !== undefined && unix !== null) options["UNIX_SOCKET_PATH"] = text("unix", unix);
  if (member(init, "decompress") === false) options["HTTP_CONTENT_DECODING"] = 0;
  const verbose = member(init, "verbose");
  if (verbose !== undefined && verbose !== false) options["VERBOSE"] = 1;
  return options as EasyOptions;
}

/** Whether `init` has any of these members. */
export function hasExtensions(init: RuntimeInit): boolean {
  const names = ["proxy", "tls", "unix", "decompress", "verbose"] as const;
  return names.some((name) => member(init, name) !== undefined);
}

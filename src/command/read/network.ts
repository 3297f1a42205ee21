/**
 * The options about the network: proxies, TLS, protocols and ports.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import { CommandCode, CurlCommandError } from "../command_error.ts";
import { textOf } from "../shell/words.ts";
import type { Name } from "../table/effect.ts";
import { fail, type Given } from "./reading.ts";
import { ports } from "./values.ts";

/** `-x`: the scheme of the proxy decides its kind. */
export function proxy({ group, value }: Given): void {
  group.options.set("PROXY", value.text);
  const type = group.options.get("PROXYTYPE");
  const isKept = type === flags.CURLPROXY_HTTPS2 || type === flags.CURLPROXY_HTTPS3;
  if (!isKept) group.options.delete("PROXYTYPE");
}

/** `-E` and `--proxy-cert`: a file, and its passphrase after a colon. */
export function cert({ group, name, value }: Given): void {
  const prefix = name === "cert" ? "" : "PROXY_", { text } = value;
  if (text === "") fail(value, 0, "the path of a certificate");
  const [, file = "", password = ""] = /^pkcs11:/i.test(text)
    ? ["", text]
    : /^((?:[^:\\]|\\[^]|\\$)*)(?::([^]*))?$/.exec(text) ?? [];
  group.options.set(`${prefix}SSLCERT` as Name, file.replace(/\\([\\:])/g, "$1"));
  if (password !== "") group.options.set(`${prefix}KEYPASSWD` as Name, password);
}

/** `--capath`: it applies to the proxy too, unless an option for the proxy is set. */
export function proxyCapath({ group, value }: Given): void {
  group.tool.set("capath", value.text);
}

/** `--crlfile`, which applies to the proxy in the same way. */
export function proxyCrlfile({ group, value }: Given): void {
  group.tool.set("crlfile", value.text);
}

const VERSIONS: Readonly<Record<string, number>> = dictionary({
  "tlsv1": 1,
  "tlsv1.0": 1,
  "tlsv1.1": 2,
  "tlsv1.2": 3,
  "tlsv1.3": 4,
  "default": 0,
  "1.0": 1,
  "1.1": 2,
  "1.2": 3,
  "1.3": 4,
});

/** `--tlsv1.2` and its variants, and `--tls-max`. */
export function tlsVersion({ group, name, value, place }: Given): void {
  const { tls } = group;
  if (name !== "tls-max") tls.min = VERSIONS[name] as number;
  else if (Object.hasOwn(VERSIONS, value.text) && !value.text.startsWith("t")) {
    tls.max = VERSIONS[value.text] as number;
  } else fail(value, 0, "one of default, 1.0, 1.1, 1.2, 1.3");
  if (tls.max !== 0 && tls.max < tls.min) {
    throw new CurlCommandError(place, "a TLS version that is not below the least one");
  }
}

/** `--local-port`. */
export function localPort({ group, value }: Given): void {
  const [first, many] = ports(value);
  group.options.set("LOCALPORT", first);
  if (many > 1) group.options.set("LOCALPORTRANGE", many);
  else group.options.delete("LOCALPORTRANGE");
}

const KNOWN = new Set(
  ("dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt mqtts pop3 pop3s " +
    "rtmp rtmpe rtmps rtmpt rtmpte rtmpts rtsp scp sftp smb smbs smtp smtps telnet tftp ws wss")
    .split(" "),
);

/** `--proto` and `--proto-redir`: words with `+`, `-` or `=`, from left to right. */
export function protocols({ reading, group, name, value }: Given): void {
  const all = reading.sources.protocols;
  let allowed = new Set(name === "proto" ? all : ["http", "https", "ftp", "ftps"]), at = 0;
  for (const part of value.text.split(",")) {
    const sign = /^[=+-]/.exec(part)?.[0] ?? "+", word = part.replace(/^[=+-]/, "").toLowerCase();
    const words = word === "all" ? all : [word];
    if (part !== "" && word !== "all" && !KNOWN.has(word)) {
      fail(value, at, "a protocol of curl, with +, - or = before it");
    }
    if (sign === "=") allowed = new Set();
    for (const one of part === "" ? [] : words) {
      if (sign === "-") allowed.delete(one);
      else allowed.add(one);
    }
    at += part.length + 1;
  }
  if (allowed.size === 0) fail(value, 0, "at least one protocol");
  const option = name === "proto" ? "PROTOCOLS_STR" : "REDIR_PROTOCOLS_STR";
  group.options.set(option, [...allowed].sort().join(","));
}

/** `--proto-default`. */
export function protoDefault({ group, value }: Given): void {
  if (!KNOWN.has(value.text.toLowerCase())) {
    const code = CommandCode.UNSUPPORTED_PROTOCOL;
    throw new CurlCommandError(value.placeOf(0), "a protocol of curl", "", code);
  }
  group.options.set("DEFAULT_PROTOCOL", value.text);
}

/** `--ech`, whose value may name a file. */
export function ech({ reading, group, value, place }: Given): void {
  const { text } = value;
  if (text === "") fail(value, 0, "a word about ECH");
  const file = /^ecl:@(.*)$/is.exec(text)?.[1];
  const read = file && textOf(reading.bytes(file, place)).replace(/[\r\n\0]/g, "");
  group.options.set("ECH", read === undefined ? text : `ecl:${read}`);
}

/** `--engine`; the value `list` prints the engines. */
export function engine({ reading, group, value }: Given): void {
  if (value.text === "") fail(value, 0, "the name of an engine");
  if (value.text === "list") reading.action = { name: "engines", value: "" };
  else group.options.set("SSLENGINE", value.text);
}

/** `--hostpubmd5`. */
export function md5({ group, value }: Given): void {
  if (value.text.length !== 32) fail(value, 0, "32 hexadecimal digits");
  group.options.set("SSH_HOST_PUBLIC_KEY_MD5", value.text);
}

/** `--httpsig-key`, whose value names a file after an `@`. */
export function httpsigKey({ reading, group, value, place }: Given): void {
  const { text } = value, isFile = text.startsWith("@");
  const key = isFile ? textOf(reading.bytes(text.slice(1), place)).replace(/[\r\n\0]/g, "") : text;
  if (key === "") fail(value, 0, "a key");
  group.options.set("HTTPSIG_KEY", key);
}

/** `-Y` and `-y`: each sets the default of the other. */
export function lowSpeed({ group }: Given): void {
  if (!group.options.get("LOW_SPEED_LIMIT")) group.options.set("LOW_SPEED_LIMIT", 1);
  if (!group.options.get("LOW_SPEED_TIME")) group.options.set("LOW_SPEED_TIME", 30);
}

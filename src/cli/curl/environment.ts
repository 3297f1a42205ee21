/**
 * The environment variables that curl's tool reads.
 *
 * @module
 */

import { existsSync } from "node:fs";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import type { Io } from "../io.ts";

/** Options from the environment, where the options of a handle do not set them. */
export function environmentOptions({ env }: Io, own: EasyOptions): EasyOptions {
  const { CURL_CA_BUNDLE: bundle, SSL_CERT_DIR: folder, SSL_CERT_FILE: file } = env;
  const isSaid = own.CAINFO !== undefined || own.CAPATH !== undefined;
  const cainfo = isSaid ? undefined : bundle || file, home = env["HOME"];
  const hosts = home ? `${home}/.ssh/known_hosts` : "";
  const isChecked = own.SSL_VERIFYPEER !== 0 && hosts !== "" && existsSync(hosts);
  return {
    ...(cainfo ? { CAINFO: cainfo } : {}),
    ...(!isSaid && !bundle && folder ? { CAPATH: folder } : {}),
    ...(isChecked ? { SSH_KNOWNHOSTS: hosts } : {}),
  };
}

const PLACES: readonly (readonly [variable: string, path: string])[] = [
  ["CURL_HOME", "/.curlrc"],
  ["XDG_CONFIG_HOME", "/curlrc"],
  ["HOME", "/.curlrc"],
  ["CURL_HOME", "/.config/curlrc"],
  ["HOME", "/.config/curlrc"],
];

/** The configuration file that curl reads by default, `null` for none. */
export function configPath({ env }: Io): string | null {
  for (const [variable, path] of PLACES) {
    const folder = env[variable];
    if (folder && existsSync(folder + path)) return folder + path;
  }
  return null;
}

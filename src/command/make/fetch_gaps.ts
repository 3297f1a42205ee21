/**
 * What `fetch` does otherwise than curl would.
 *
 * @module
 */

import { type FetchInit, planHead, planRequestSync, readInit } from "../../http/request/plan.ts";
import type { CurlPlace } from "../command_error.ts";
import type { Group } from "../read/group.ts";
import type { Name, OptionRow } from "../table/effect.ts";
import { findRow } from "../table/lookup.ts";
import { splitNewer } from "../table/newer.ts";
import { schemeOf } from "./address.ts";
import type { Planned } from "./transfers.ts";
import { isInstance } from "../../untrusted.ts";

/** Something that `init` cannot say. */
export interface Gap {
  readonly option: string;
  readonly place: CurlPlace;
  readonly reason: string;
  /** Whether the request is another one, and not only what is made of the answer. */
  readonly isSent: boolean;
}

type Check = (planned: Planned) => boolean;

const has = (name: Name): Check => ({ group }) => group.options.has(name);
const methodOf = ({ group }: Planned) => group.options.get("CUSTOMREQUEST");

/** Methods that `fetch` writes in capitals. */
const NORMALIZED = /^(?:delete|get|head|options|post|put)$/i;

/** By the option that it is about: when it is so, and why. */
const CHECKS: readonly (readonly [option: string, check: Check, reason: string])[] = [
  [
    "url",
    ({ scheme }) => !/^https?$/.test(scheme),
    "fetch speaks http and https of curl's protocols",
  ],
  ["url", isRewritten, "fetch takes the URL as the WHATWG parser writes it"],
  [
    "request",
    (planned) => {
      const method = `${methodOf(planned) ?? ""}`;
      return NORMALIZED.test(method) && method !== method.toUpperCase();
    },
    "fetch writes this method in capitals",
  ],
  [
    "request",
    (planned) => planned.group.kind === "HEAD" && methodOf(planned) !== undefined,
    "-I with another method waits for a body here",
  ],
  [
    "request",
    (planned) => methodOf(planned) !== undefined && has("FOLLOWLOCATION")(planned),
    "fetch changes the method by redirects as the standard says",
  ],
  ["referer", has("AUTOREFERER"), "fetch does not name the URL that redirected"],
  ["cookie", ({ group }) => group.cookieFiles.length > 1, "init.curl has room for one file"],
];

/** Whether the standard's parser changes what curl would send of a URL. */
function isRewritten({ url }: Planned): boolean {
  if (!/^https?$/.test(schemeOf(url))) return false;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return true;
  }
  const written = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? "";
  const path = written.startsWith("/") ? written : `/${written}`;
  return `${parsed.pathname}${parsed.search}` !== path.replace(/\?$/, "");
}

/** Which options have an effect: one that was taken back has none. */
function isLive(row: OptionRow, { options }: Group): boolean {
  const names = [...row.set ?? [], ...Object.keys(row.on ?? {}), ...(row.bits ?? []).slice(0, 1)];
  return names.length === 0 || names.some((name) => options.has(name as Name));
}

/** Which option it is that a message of `fetch` is about. */
const REFUSED: readonly (readonly [about: RegExp, option: string])[] = [
  [/method|(?:GET|HEAD) request/, "request"],
  [/PROXYHEADER/, "proxy-header"],
  [/header|Content-Length|Transfer-Encoding/, "header"],
  [/CRLF/, "crlf"],
  [/TRANSFERTEXT/, "use-ascii"],
];

/** What `fetch` refuses of its arguments, `null` for nothing. */
function refusalOf(url: string, init: FetchInit): string | null {
  try {
    const members = readInit({ ...init, curl: splitNewer(init.curl).known });
    if (isInstance(init.body, FormData)) planHead(url, members);
    else planRequestSync(url, members);
    return null;
  } catch (error) {
    if (!isInstance(error, TypeError)) throw error;
    return error.message;
  }
}

/** The gap of a transfer whose `init` is refused. */
function refusedGap({ group, place, url }: Planned, init: FetchInit): Gap[] {
  const reason = refusalOf(url, init);
  if (reason === null) return [];
  const name = REFUSED.find(([about]) => about.test(reason))?.[1] ?? "url";
  const at = group.places.get(name) ?? place;
  return [{ option: `--${name}`, place: at, reason, isSent: true }];
}

/**
 * All gaps of a transfer, of which `init` has been made; `null` where that of another transfer of
 * the group has been looked at.
 */
export function gapsOf(planned: Planned, init: FetchInit | null): Gap[] {
  const { group, scheme } = planned;
  const found: Gap[] = init && /^https?$/.test(scheme) ? refusedGap(planned, init) : [];
  const at = (name: string) => group.places.get(name) ?? planned.place;
  for (const [name, place] of group.places) {
    const row = findRow(name) as OptionRow;
    const isAllowed = name === "max-redirs" && group.options.get("MAXREDIRS") === 0;
    if (row.fetch === undefined || isAllowed || !isLive(row, group)) continue;
    const isSent = row.tool === undefined && row.does !== "fail";
    found.push({ option: `--${name}`, place, reason: row.fetch, isSent });
  }
  for (const [name, check, reason] of CHECKS) {
    if (check(planned)) found.push({ option: `--${name}`, place: at(name), reason, isSent: true });
  }
  return found;
}

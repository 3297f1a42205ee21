/**
 * The differences between `fetch` with the `init` of a transfer, and curl.
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

/** A difference: an option that `init` cannot express. */
export interface Gap {
  readonly option: string;
  readonly place: CurlPlace;
  readonly reason: string;
  /** Whether the request differs, and not only what is done with the response. */
  readonly isSent: boolean;
}

type Check = (planned: Planned) => boolean;

const has = (name: Name): Check => ({ group }) => group.options.has(name);
const methodOf = ({ group }: Planned) => group.options.get("CUSTOMREQUEST");

/** Methods that `fetch` converts to upper case. */
const NORMALIZED = /^(?:delete|get|head|options|post|put)$/i;

/** For an option: the condition under which there is a difference, and its description. */
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

/** Whether the standard's parser changes a part of a URL that curl would send unchanged. */
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

/** Whether an option has an effect: later options may have undone it. */
function isLive(row: OptionRow, { options }: Group): boolean {
  const names = [...row.set ?? [], ...Object.keys(row.on ?? {}), ...(row.bits ?? []).slice(0, 1)];
  return names.length === 0 || names.some((name) => options.has(name as Name));
}

/** The option that a message of `fetch` is about. */
const REFUSED: readonly (readonly [about: RegExp, option: string])[] = [
  [/method|(?:GET|HEAD) request/, "request"],
  [/PROXYHEADER/, "proxy-header"],
  [/header|Content-Length|Transfer-Encoding/, "header"],
  [/CRLF/, "crlf"],
  [/TRANSFERTEXT/, "use-ascii"],
];

/** The error of `fetch` for these arguments, `null` for none. */
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

/** The difference for a transfer whose `init` is refused. */
function refusedGap({ group, place, url }: Planned, init: FetchInit): Gap[] {
  const reason = refusalOf(url, init);
  if (reason === null) return [];
  const name = REFUSED.find(([about]) => about.test(reason))?.[1] ?? "url";
  const at = group.places.get(name) ?? place;
  return [{ option: `--${name}`, place: at, reason, isSent: true }];
}

/**
 * All differences of a transfer and its `init`; `null` for `init` where another transfer of the
 * group was already checked.
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

/**
 * Referrer policies, which decide how much of the referrer a request sends: {@link
 * https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer}.
 *
 * @module
 */

import { bareUrl, isHttp } from "./url.ts";
import { typeError } from "../errors.ts";

/** How much of the referrer another URL may see. `""` is `"strict-origin-when-cross-origin"`. */
export type ReferrerPolicy =
  | ""
  | "no-referrer"
  | "no-referrer-when-downgrade"
  | "origin"
  | "origin-when-cross-origin"
  | "same-origin"
  | "strict-origin"
  | "strict-origin-when-cross-origin"
  | "unsafe-url";

type Part = "none" | "origin" | "all";

/** The part that each policy sends to the same origin, another origin, and a less secure one. */
const POLICIES: Readonly<Record<ReferrerPolicy, readonly [same: Part, other: Part, less: Part]>> = {
  "": ["all", "origin", "none"],
  "no-referrer": ["none", "none", "none"],
  "no-referrer-when-downgrade": ["all", "all", "none"],
  "origin": ["origin", "origin", "origin"],
  "origin-when-cross-origin": ["all", "origin", "origin"],
  "same-origin": ["all", "none", "none"],
  "strict-origin": ["origin", "origin", "none"],
  "strict-origin-when-cross-origin": ["all", "origin", "none"],
  "unsafe-url": ["all", "all", "all"],
};

/** A longer referrer is reduced to its origin. */
const MAX_CHARACTERS = 4096;

const isPolicy = (text: string): text is ReferrerPolicy => Object.hasOwn(POLICIES, text);

/** Reads `init.referrerPolicy`. Throws `TypeError` for an unknown policy. */
export function readPolicy(policy: string): ReferrerPolicy {
  if (isPolicy(policy)) return policy;
  throw typeError(`Cannot fetch: unknown referrer policy "${policy}"`);
}

/** The last known policy in a Referrer-Policy header, `null` if there is none. */
export function policyOf(header: string | null): ReferrerPolicy | null {
  const names = (header ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.filter(isPolicy).findLast((name) => name !== "") ?? null;
}

/** The Referer of a request to `url`, `""` for none. */
export function referrerFor(referrer: string, policy: ReferrerPolicy, url: URL): string {
  if (referrer === "" || !URL.canParse(referrer)) return "";
  const from = new URL(referrer);
  if (!isHttp(from)) return "";
  const [same, other, less] = POLICIES[policy];
  const isLess = isTrustworthy(from) && !isTrustworthy(url);
  const part = from.origin === url.origin ? same : isLess ? less : other;
  if (part === "none") return "";
  const all = bareUrl(from);
  return part === "all" && all.length <= MAX_CHARACTERS ? all : `${from.origin}/`;
}

/** {@link https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy} */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === "https:" ||
    /^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost\.?)$/.test(hostname);
}

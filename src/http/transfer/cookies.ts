/**
 * Cookies of no domain, such as COOKIELIST's `Set-Cookie: a=1`. libcurl sends one to any host;
 * here it is for the origin that it was given for.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { RequestPlan } from "../request/plan.ts";

/** Has a handle that goes to another origin forget them. In a Share they are the Share's. */
export function forgetLooseCookies(easy: Easy, { curl }: RequestPlan): void {
  if ("SHARE" in curl || !("COOKIEFILE" in curl)) return;
  const bound = easy.getInfo("COOKIELIST"); // which lists no other
  easy.setOpt("COOKIELIST", "ALL");
  for (const cookie of bound) easy.setOpt("COOKIELIST", cookie);
}

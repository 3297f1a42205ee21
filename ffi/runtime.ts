/**
 * Selects the adapter of the runtime: `bun.ts` or `deno.ts`.
 *
 * @module
 */

import { native as bun } from "./bun.ts";
import { native as deno } from "./deno.ts";
import type { Native } from "./native.ts";

function pick(): Native {
  if ("Bun" in globalThis) return bun;
  if ("Deno" in globalThis) return deno;
  throw new Error("Cannot use curlew: it runs on Deno and on Bun, and this is neither");
}

/** The operations of this runtime. */
export const native: Native = pick();

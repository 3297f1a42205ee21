/**
 * Picks the adapter of the runtime that this module runs in.
 *
 * @module
 */

import type { Native } from "./native.ts";

async function pick(): Promise<Native> {
  if ("Bun" in globalThis) return (await import("./bun.ts")).native;
  if ("Deno" in globalThis) return (await import("./deno.ts")).native;
  throw new Error("Cannot use curlew: it runs on Deno and on Bun, and this is neither");
}

/** The operations of this runtime. */
export const native: Native = await pick();

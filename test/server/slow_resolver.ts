import { buildPreload } from "./preload.ts";

let built: Promise<string | null> | undefined;

/**
 * The shared object for a child's LD_PRELOAD, null where there is no C compiler:
 * `3000.slow.test` resolves to 127.0.0.1 after 3000 ms, `3000.fail.test` fails after them.
 */
export function buildSlowResolver(): Promise<string | null> {
  return built ??= buildPreload(new URL("./slow_resolver.c", import.meta.url));
}

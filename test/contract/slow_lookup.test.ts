// Why every easy is born with QUICK_EXIT = 1: libcurl's resolver is a thread that it joins.
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { Struct } from "../../ffi/memory.ts";
import type { NonNullPointer } from "../../ffi/native.ts";
import { runChild } from "../server/child.ts";
import { buildSlowResolver } from "../server/slow_resolver.ts";
import { curl, isLinux, versionNum } from "./support.ts";

const QUICK_EXIT_SINCE = 0x075700; // 7.87
const RESOLVER_POOL_SINCE = 0x081400; // 8.20 looks names up in a pool of its own

interface Measured {
  readonly ended: number;
  readonly code: number | null;
  readonly remove: number;
  readonly easyCleanup: number;
  readonly multiCleanup: number;
}

/** libcurl looks names up by getaddrinfo() in a thread, not by c-ares, and not by blocking. */
function hasThreadedResolver(): boolean {
  const info = curl.curl_version_info(9) as NonNullPointer; // int features @32, const char *ares @72
  const fields = new Struct(info, 80);
  return (fields.i32(32) & 1 << 7) !== 0 && fields.string(72) === null;
}

let preload: string | null;
beforeAll(async () => {
  preload = await buildSlowResolver();
});

async function measure(mode: string, quickExit: string): Promise<Measured> {
  const child = fileURLToPath(new URL("./children/slow_lookup.ts", import.meta.url));
  const args = [mode, quickExit];
  const done = await runChild(child, { args, env: { LD_PRELOAD: preload as string } });
  expect(done, done.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(done.stdout) as Measured;
}

const why = !isLinux
  ? " (Linux only: LD_PRELOAD)"
  : !hasThreadedResolver()
  ? " (needs libcurl's threaded resolver)"
  : "";
const skipped = why !== "";
const tooOld = versionNum < QUICK_EXIT_SINCE;

test.skipIf(skipped || tooOld)(
  `with QUICK_EXIT an abort during a slow lookup blocks nobody (libcurl 7.87 on)${why}`,
  { concurrent: true },
  async ({ skip }) => {
    if (!preload) return skip("needs a C compiler");
    const done = await measure("abort", "1");
    expect(done.remove).toBeLessThan(100);
    expect(done.easyCleanup).toBeLessThan(100);
    expect(done.multiCleanup).toBeLessThan(100);
  },
);

test.skipIf(skipped || tooOld)(
  `with QUICK_EXIT a timeout during a slow lookup comes in time (libcurl 7.87 on)${why}`,
  { concurrent: true },
  async ({ skip }) => {
    if (!preload) return skip("needs a C compiler");
    const done = await measure("timeout", "1");
    expect(done.code).toBe(28);
    expect(done.ended).toBeGreaterThanOrEqual(290);
    expect(done.ended).toBeLessThan(1000);
    expect(done.remove).toBeLessThan(100);
  },
);

test.skipIf(skipped || tooOld)(
  `a lookup that QUICK_EXIT left behind ends without harm (libcurl 7.87 on)${why}`,
  { concurrent: true },
  async ({ skip }) => {
    if (!preload) return skip("needs a C compiler");
    expect((await measure("survive", "1")).remove).toBeLessThan(100);
  },
);

// Documentation of what happens without it, for the libraries where that was measured.
const repaired = versionNum >= RESOLVER_POOL_SINCE;

test.skipIf(skipped || repaired)(
  `without QUICK_EXIT an abort waits for the lookup to end (libcurl before 8.20)${why}`,
  { concurrent: true },
  async ({ skip }) => {
    if (!preload) return skip("needs a C compiler");
    const done = await measure("abort", tooOld ? "default" : "0");
    expect(done.ended + done.remove).toBeGreaterThan(2500);
  },
);

test.skipIf(skipped || repaired)(
  `without QUICK_EXIT a timeout waits for the lookup to end (libcurl before 8.20)${why}`,
  { concurrent: true },
  async ({ skip }) => {
    if (!preload) return skip("needs a C compiler");
    const done = await measure("timeout", tooOld ? "default" : "0");
    expect(done.code).toBe(28);
    expect(done.ended).toBeGreaterThan(2500);
  },
);

// Arguments that run code while they are read: each call reads them once, before a pointer is taken.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { CHECKED_MALLOC } from "../checked_malloc.ts";

test(
  "whatever an access to an argument does, nothing crashes, leaks, or throws what is no error of curl",
  async () => {
    const child = await runChild(
      fileURLToPath(new URL("../children/evil_arguments.ts", import.meta.url).href),
      {
        timeoutMs: 60_000,
        env: CHECKED_MALLOC,
      },
    );
    expect(child, child.stderr.slice(-3000)).toMatchObject({ code: 0, signal: null });
    const { attempts, wrong, before, after, readers } = JSON.parse(child.stdout);
    expect(wrong).toEqual([]);
    expect(after).toEqual({ ...before, callbacks: after.callbacks });
    expect(readers).toBe(0);
    expect(attempts).toBeGreaterThan(500);
  },
  70_000,
);

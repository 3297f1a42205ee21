/**
 * The environment of a child process whose heap glibc checks at each call, and overwrites when it
 * is freed.
 */
import { existsSync } from "node:fs";
import process from "node:process";

// since glibc 2.34 the checks are a library of their own, which works with the system's glibc only
const system = ["x86_64", "aarch64"]
  .map((machine) => `/lib/${machine}-linux-gnu/libc_malloc_debug.so.0`).find(existsSync);
const library = process.env["CURLEW_RUNTIMES"] ? undefined : system;

export const CHECKED_MALLOC: Readonly<Record<string, string>> = {
  ...(library && { LD_PRELOAD: library }),
  GLIBC_TUNABLES: "glibc.malloc.check=3:glibc.malloc.perturb=165",
};

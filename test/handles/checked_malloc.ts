/** The environment of a child whose memory glibc checks at each call, and fills once it is freed. */
import { existsSync } from "node:fs";
import process from "node:process";

// checking is a library of its own since glibc 2.34, and fits no other glibc than the system's
const system = ["x86_64", "aarch64"]
  .map((machine) => `/lib/${machine}-linux-gnu/libc_malloc_debug.so.0`).find(existsSync);
const library = process.env["CURLEW_RUNTIMES"] ? undefined : system;

export const CHECKED_MALLOC: Readonly<Record<string, string>> = {
  ...(library && { LD_PRELOAD: library }),
  GLIBC_TUNABLES: "glibc.malloc.check=3:glibc.malloc.perturb=165",
};

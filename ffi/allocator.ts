/**
 * Finds the process's own `malloc` and `free`. A preloaded library, such as tcmalloc or glibc's
 * `libc_malloc_debug`, replaces them for libcurl, for the runtime and for the C library itself, but
 * a search in the C library still finds those of the C library.
 *
 * These must not be called beside the others: both allocators extend the heap by `sbrk`, each under
 * a lock of its own, and `sbrk` is not safe for threads. So this thread and one of the runtime may
 * get the same memory ("malloc(): corrupted top size").
 *
 * @module
 */

import type { CFunction, Pointer, Signature } from "./native.ts";
import { native } from "./runtime.ts";

const LOADER = {
  dlopen: { args: ["buffer", "i32"], result: "pointer", seldom: true },
  dlsym: { args: ["pointer", "buffer"], result: "pointer", seldom: true },
  dlvsym: { args: ["pointer", "buffer", "buffer"], result: "pointer", seldom: true },
} as const;

const RTLD_LAZY = 1;

/** The version of glibc's first symbols, by architecture. */
const FIRST_VERSION: Readonly<Record<string, string>> = {
  x86_64: "GLIBC_2.2.5",
  aarch64: "GLIBC_2.17",
};

const cstr = (text: string) => new TextEncoder().encode(text + "\0");

/** A function of the loader, which before glibc 2.34 is in libdl; `null` where there is none. */
function loaderFunction<N extends keyof typeof LOADER>(
  path: string,
  name: N,
): CFunction<(typeof LOADER)[N]> | null {
  for (const file of [path, "libdl.so.2"]) {
    try {
      const found = native.open(file, { call: { symbol: name, ...LOADER[name] } }).call;
      if (found) return found as CFunction<(typeof LOADER)[N]>;
    } catch {
      // there is no libdl
    }
  }
  return null;
}

/** The addresses of a function. */
interface Addresses {
  /** That in the C library. */
  readonly own: Pointer;
  /** The first in the process, by `dlsym` and by `dlvsym`. */
  readonly first: readonly Pointer[];
}

type Search = (name: string) => Addresses;

/**
 * Makes a search for functions of the C library at `path`; `null` on other systems than Linux. It
 * searches the process twice: only `dlsym` finds a symbol without a version, which tcmalloc has, and
 * only `dlvsym` one whose version is not the default of its name, which `libc_malloc_debug` has.
 */
function findSearch(path: string): Search | null {
  if (native.os !== "linux") return null;
  const library = loaderFunction(path, "dlopen")?.(cstr(path), RTLD_LAZY) ?? null;
  const dlsym = loaderFunction(path, "dlsym"), dlvsym = loaderFunction(path, "dlvsym");
  if (library === null || !dlsym) return null;
  const version = FIRST_VERSION[native.arch];
  const versioned = (name: string) =>
    dlvsym && version ? dlvsym(null, cstr(name), cstr(version)) : null;
  return (name) => ({
    own: dlsym(library, cstr(name)),
    first: [dlsym(null, cstr(name)), versioned(name)],
  });
}

let search: Search | null | undefined;

/**
 * The function that replaces `name` of the C library at `path` in this process; `null` where none
 * does.
 */
export function replacement<const S extends Signature>(
  path: string,
  name: "malloc" | "free",
  signature: S,
): CFunction<S> | null {
  if (search === undefined) search = findSearch(path);
  if (!search) return null;
  const { own, first } = search(name);
  const isOther = (at: Pointer) => at !== null && native.address(at) !== native.address(own);
  const found = first.find(isOther) ?? null;
  return found && native.at(found, signature);
}

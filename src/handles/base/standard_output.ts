/**
 * C's standard output, which libcurl writes a body to where there is no WRITEFUNCTION.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { cString, Struct } from "../../../ffi/memory.ts";
import { native, type Pointer } from "../../../ffi/mod.ts";

/** The `FILE *`, NULL where the system does not tell. */
export function standardOutput(): Pointer {
  const variable = libc.dlsym(null, cString(native.os === "darwin" ? "__stdoutp" : "stdout"));
  return variable === null ? null : new Struct(variable, 8).pointer(0);
}

/**
 * C's standard output, to which libcurl writes a body where no WRITEFUNCTION is set.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { cString, Struct } from "../../../ffi/memory.ts";
import { native, type Pointer } from "../../../ffi/mod.ts";

/** The `FILE *` of the C library, NULL where it has no such symbol. */
export function standardOutput(): Pointer {
  const variable = libc.dlsym(null, cString(native.os === "darwin" ? "__stdoutp" : "stdout"));
  return variable === null ? null : new Struct(variable, 8).pointer(0);
}

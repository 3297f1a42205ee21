/**
 * The raw interface: every libcurl function under its C name, and the few operations on C memory
 * that calls need. A wrong pointer here ends the process; `Easy` and `Multi` are the safe
 * interface.
 *
 * @example
 * ```ts
 * import { library, native } from "curlew/ffi";
 * const { symbols } = library();
 * console.log(native.string(symbols.curl_version()));
 * ```
 *
 * @module
 */

export { CurlError, CurlLoadError } from "./error.ts";
export {
  configure,
  type ConfigureOptions,
  type CurlSymbols,
  type Library,
  library,
  MINIMUM_VERSION,
  versionText,
} from "./load.ts";
export type {
  Bytes,
  CallbackFunction,
  CFunction,
  CType,
  FdWatch,
  Native,
  NativeCallback,
  NonNullPointer,
  Pointer,
  Signature,
  Signatures,
  Symbols,
  WorkerWait,
} from "./native.ts";
export { native } from "./runtime.ts";
export { functions, variadics } from "./curl/functions.ts";

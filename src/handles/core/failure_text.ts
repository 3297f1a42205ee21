/**
 * The text of a failed call: libcurl's own, completed where libcurl leaves the cause out.
 *
 * @module
 */

import { easyCodes } from "../../../ffi/curl/codes.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { descriptorShortage, errnoText } from "../../../ffi/libc.ts";
import { result } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";

/** Codes of calls that need a descriptor; libcurl does not say when the system has none left. */
const NEEDS_DESCRIPTOR: ReadonlySet<number> = new Set([
  easyCodes.CURLE_COULDNT_RESOLVE_PROXY.code,
  easyCodes.CURLE_COULDNT_RESOLVE_HOST.code,
  easyCodes.CURLE_COULDNT_CONNECT.code,
  easyCodes.CURLE_FILE_COULDNT_READ_FILE.code,
  easyCodes.CURLE_SSL_CACERT_BADFILE.code,
]);

/** The parts of a handle that the text of a failure is read from. */
export interface Failing {
  /** `CURL *`, NULL once freed, and its error buffer with it. */
  readonly pointer: Pointer;
  /** `CURLOPT_ERRORBUFFER`. */
  readonly errorBuffer: NonNullPointer;
}

/** The text of a failure, "" where libcurl has only the text of the code. */
export function failureText(code: number, handle: Failing, unixSocket: string | null): string {
  const shortage = NEEDS_DESCRIPTOR.has(code) ? descriptorShortage() : null;
  if (shortage) return `Cannot open another descriptor: ${shortage}`;
  const text = handle.pointer && native.string(handle.errorBuffer) || "";
  if (unixSocket === null || code !== easyCodes.CURLE_COULDNT_CONNECT.code) return text;
  // libcurl names the host of the URL, which it has not tried to connect to
  return `Cannot connect to the unix socket ${unixSocket}${reasonOf(handle)}`;
}

/** The system's error of the attempt to connect, where libcurl knows it. */
function reasonOf({ pointer }: Failing): string {
  if (pointer === null) return "";
  result.clear();
  library().symbols.curl_easy_getinfo.out(pointer, infos.OS_ERRNO.id, result.i32);
  const errno = result.i32[0] ?? 0;
  return errno === 0 ? "" : `: ${errnoText(errno)}`;
}

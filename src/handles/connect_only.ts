/**
 * What CONNECT_ONLY needs.
 *
 * @module
 */

import { easyOptions } from "../../ffi/curl/options.ts";
import { library, type NonNullPointer } from "../../ffi/mod.ts";
import type { EasyState } from "./easy_state.ts";

const nothing = new Uint8Array(new ArrayBuffer(1)), sent = new Int32Array(new ArrayBuffer(8));

/**
 * Has libcurl know that the new connection is in use. Before the first send or receive it counts
 * as idle, and some versions, such as 7.74 and 8.14, close one whose server speaks first as soon
 * as another transfer begins. To send nothing attaches it to its handle, whatever the call returns.
 */
export function holdConnection(state: EasyState): void {
  library().symbols.curl_easy_send(state.pointer, nothing, 0, sent);
  state.resources.clearError();
}

/**
 * Has libcurl take a handle out of a multi, and gives its code. It goes by the CONNECT_ONLY of now.
 * With it libcurl closes the handle's last connection, even one that was made without, is back in
 * the cache, and serves another transfer, which would go on with what is freed. Without it the
 * connection stays, though nobody can use it, and counts for `maxConnections` for ever.
 */
export function takeOut(multi: NonNullPointer, easy: EasyState): number {
  const { pointer, connectOnly, connected } = easy, { symbols } = library();
  const { id } = easyOptions.CONNECT_ONLY, isFalse = connected !== (connectOnly !== 0);
  if (isFalse) symbols.curl_easy_setopt.long(pointer, id, connected ? 1 : 0);
  const code = symbols.curl_multi_remove_handle(multi, pointer);
  if (isFalse) symbols.curl_easy_setopt.long(pointer, id, connectOnly);
  return code;
}

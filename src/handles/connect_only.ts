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
 * Has libcurl take a handle out of a multi, and gives its code. With CONNECT_ONLY it closes the
 * handle's last connection then, even one that was made without, is back in the cache, and serves
 * another transfer by now, which would go on with what is freed.
 */
export function takeOut(multi: NonNullPointer, easy: EasyState): number {
  const { pointer, connectOnly } = easy, { symbols } = library();
  const isOthers = connectOnly !== 0 && !easy.connected, { id } = easyOptions.CONNECT_ONLY;
  if (isOthers) symbols.curl_easy_setopt.long(pointer, id, 0);
  const code = symbols.curl_multi_remove_handle(multi, pointer);
  if (isOthers) symbols.curl_easy_setopt.long(pointer, id, connectOnly);
  return code;
}

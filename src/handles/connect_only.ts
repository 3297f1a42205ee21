/**
 * What CONNECT_ONLY needs.
 *
 * @module
 */

import { library } from "../../ffi/mod.ts";
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
  state.connected = true;
}

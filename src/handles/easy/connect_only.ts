/**
 * The connection that a CONNECT_ONLY transfer leaves open for its handle.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasyState } from "../core/easy_state.ts";

const nothing = new Uint8Array(new ArrayBuffer(1)), sent = new Int32Array(new ArrayBuffer(8));

/**
 * Marks a new connection as in use for libcurl. Before the first send or receive the connection
 * counts as idle, and some versions, such as 7.74 and 8.14, close one whose server speaks first as
 * soon as another transfer begins. Sending no byte attaches the connection to its handle, whatever
 * the call returns.
 */
export function markConnectionUsed(state: EasyState): void {
  library().symbols.curl_easy_send(state.pointer, nothing, 0, sent);
  state.resources.clearError();
  state.run.connected = true;
}

/**
 * Throws for a handle whose connection libcurl would not find (`losesConnectOnlyAfterPerform`). The
 * handle could not send; and the connection, which nobody could use or close, would count for
 * `maxConnections` as long as the peer keeps it open.
 */
export function refuseLostConnection({ performed, settings }: EasyState): void {
  if (!performed || !settings.connectOnly || !oddities().losesConnectOnlyAfterPerform) return;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    "Cannot add the easy handle: with libcurl before 8.7 one that has run perform() does not find " +
      "its connection of CONNECT_ONLY in a multi handle: duplicate it",
  );
}

/**
 * The invariants of the handles of this thread while no callback is on the stack, checked with
 * CURLEW_DEBUG. Each check yields its violations, one sentence each.
 *
 * @module
 */

import { live } from "../../ffi/memory.ts";
import { native } from "../../ffi/mod.ts";
import { closing } from "./core/close_hook.ts";
import { type Easy, stateOf } from "./easy/easy.ts";
import { easyCount, easyTokens } from "./core/easy_state.ts";
import { type Multi, multiCount, multiStateOf } from "./multi/multi.ts";
import { buffersInUse } from "./base/callback_buffers.ts";

/** More native callbacks than kinds of callbacks: there is one for each kind and thread. */
const MOST_CALLBACKS = 64;

/** The violations that the counters of this thread show. */
export function* brokenCounts(): Generator<string, void, undefined> {
  const { blocks, lists, callbacks } = live;
  for (const [name, count] of Object.entries({ ...live, multis: multiCount.open })) {
    if (count < 0) yield `${count} ${name} are alive (of ${blocks} blocks, ${lists} lists)`;
  }
  if (callbacks > MOST_CALLBACKS) yield `${callbacks} native callbacks: not one for each kind`;
  if (easyTokens.size !== easyCount.open) {
    yield `${easyTokens.size} tokens for ${easyCount.open} easy handles`;
  }
  if (closing.depth !== 0) yield `CLOSESOCKETFUNCTION ended ${closing.depth} times too seldom`;
  if (buffersInUse() !== 0) yield `${buffersInUse()} buffers of callbacks were not given back`;
}

/** The violations that a multi handle and the easy handles in it show. */
export function* brokenMulti(multi: Multi): Generator<string, void, undefined> {
  const easies = multi.getHandles();
  for (const easy of easies) yield* brokenEasy(easy, multi);
  const state = multiStateOf(multi);
  if (easies.length !== state.easies.size) {
    yield `${state.easies.size} handles are added, ${easies.length} of them alive`;
  }
  if (state.depth !== 0) yield `the multi is ${state.depth} callbacks deep outside of any`;
  const { bound, size } = state.assigned;
  if (bound !== size) yield `the fd table has ${size} values for ${bound} descriptors`;
}

function* brokenEasy(easy: Easy, multi: Multi): Generator<string, void, undefined> {
  const state = stateOf(easy), { pointer } = state.resources;
  if (pointer === null) yield "an added easy handle is closed";
  else if (state.multi === null) yield "an added easy handle knows no multi";
  else if (state.multi !== multiStateOf(multi)) {
    yield "an added easy handle belongs to another multi";
  } else if (multiStateOf(multi).easies.get(native.address(pointer)) !== state) {
    yield "an easy handle is added under another's address";
  }
  if (!state.pinned) yield "an added easy handle is not kept alive";
  else if (easyTokens.get(state.resources.token) !== state) {
    yield "the token of an added easy handle leads elsewhere";
  }
  if (state.depth !== 0) yield `an easy handle is ${state.depth} callbacks deep outside of any`;
}

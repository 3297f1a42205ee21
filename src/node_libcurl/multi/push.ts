/**
 * PUSHFUNCTION, which accepts or denies pushed streams.
 *
 * @module
 */

import type { Easy as CoreEasy } from "../../handles/easy/easy.ts";
import type { MultiCallbacks } from "../../handles/multi/multi.ts";
import { oddities } from "../../libcurl_versions.ts";
import { type Easy, wrapPushed } from "../easy/easy.ts";
import { innerOf } from "../easy/inner.ts";
import { CurlPush } from "../enums/callbacks.ts";
import type { Http2PushFrameHeaders } from "../types/values.ts";
import { warn } from "../warn.ts";

/** A PUSHFUNCTION of the user. */
export type PushFunction = (
  parent: Easy,
  duplicatedHandle: Easy,
  pushFrameHeaders: Http2PushFrameHeaders,
) => CurlPush;

/**
 * The core's PUSHFUNCTION. It denies the push where the user's function throws or returns no
 * number.
 *
 * @param easyOf returns the handle of this room for a handle of the core.
 * @param call calls the user's function.
 * @param accepted called with a handle before it is accepted.
 */
export function pushFunction(
  easyOf: (core: CoreEasy | null) => Easy | undefined,
  call: (...args: Parameters<PushFunction>) => unknown,
  accepted: (easy: Easy) => void,
): MultiCallbacks["PUSHFUNCTION"] {
  return (parentCore, core, numberOfHeaders, headers) => {
    const parent = easyOf(parentCore);
    if (!parent) return CurlPush.Deny;
    const easy = wrapPushed(core, parent);
    const frame: Http2PushFrameHeaders = {
      getByName: (name) => headers.byName(name),
      getByIndex: (index) => headers.byNumber(index),
      numberOfHeaders,
    };
    try {
      const answer = call(parent, easy, frame);
      if (typeof answer !== "number") return deny(easy);
      if ((answer | 0) !== CurlPush.Ok) return deny(easy, answer | 0);
      if (oddities().crashesOnAcceptedPush) throw new Error("this libcurl would crash by it");
      accepted(easy);
      return CurlPush.Ok;
    } catch (error) {
      warn("A push was denied", error);
      return deny(easy);
    }
  };
}

/** Denies a push. libcurl frees the pushed handle itself. */
function deny(easy: Easy, answer: number = CurlPush.Deny): number {
  innerOf(easy)!.forget();
  return answer;
}

/**
 * How one handle is the value of another's option: a share, a URL, a MIME tree, another easy.
 *
 * @module
 */

import type { Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "./easy_state.ts";
import type { SharedData } from "./shared_data.ts";
import type { Owned } from "../base/owned.ts";

/** The C side of a JS object. */
export interface HandleSide {
  /** NULL where the object is closed. */
  readonly pointer: Pointer;
  /** The same as what an easy owns beside the object, where that may be closed first. */
  readonly owned?: Owned | null;
  /** Told that an easy uses it, and again when that easy's hooks change. */
  used?(state: EasyState): void;
  /** What a share has for all handles that use it. */
  readonly data?: SharedData;
  /** Whether a share has that `CURL_LOCK_DATA_*`. */
  shares?(data: number): boolean;
}

type Finder = (value: object) => HandleSide | undefined;

const finders = new Map<number, Finder>();

/** Says which objects those options take. */
export function registerHandle(options: readonly number[], find: Finder): void {
  for (const option of options) finders.set(option, find);
}

/** The C side of that option's value; `undefined` where it is of another class or closed. */
export function handleSide(option: number, value: unknown): HandleSide | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const side = finders.get(option)?.(value);
  return side && side.pointer !== null ? side : undefined;
}

/**
 * Finds the C handle of an object that is the value of an easy option: a `Share`, a `CurlUrl` or
 * another `Easy`. Their classes register themselves, so that this folder need not import them.
 *
 * @module
 */

import type { Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "./easy_state.ts";
import type { SharedData } from "./shared_data.ts";
import type { Owned } from "../base/owned.ts";

/** The C side of such an object. */
export interface HandleSide {
  /** The C handle, NULL where the object is closed. */
  readonly pointer: Pointer;
  /** The same handle with a reference count, where the object may be closed before the easy. */
  readonly owned?: Owned | null;
  /** Called when an easy begins to use the object, and whenever its CLOSESOCKETFUNCTION changes. */
  onUse?(state: EasyState): void;
  /** The data of a `Share`, one object for all handles that use it. */
  readonly data?: SharedData;
  /** Whether a `Share` shares that `CURL_LOCK_DATA_*`. */
  shares?(data: number): boolean;
}

type Finder = (value: object) => HandleSide | undefined;

const finders = new Map<number, Finder>();

/** Registers the function that finds the C handle for the objects that these options take. */
export function registerHandle(options: readonly number[], find: Finder): void {
  for (const option of options) finders.set(option, find);
}

/** The C side of an option's value; `undefined` for an object of another class or a closed one. */
export function handleSide(option: number, value: unknown): HandleSide | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const side = finders.get(option)?.(value);
  return side && side.pointer !== null ? side : undefined;
}

/**
 * POSTFIELDS and its size, which may be set in either order. As in libcurl a size stays until
 * another is set; but libcurl never gets a size larger than the bytes, because it would send the
 * memory after them.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { utf8 } from "../../../ffi/memory.ts";
import { badValue, bytes } from "../base/arguments.ts";
import type { EasyState } from "../core/easy_state.ts";
import type { Option } from "./option_table.ts";

const { POSTFIELDS, POSTFIELDSIZE, POSTFIELDSIZE_LARGE } = easyOptions;

/** Whether an option is one of the two that set the size. */
export function isPostSize(id: number): boolean {
  return id === POSTFIELDSIZE.id || id === POSTFIELDSIZE_LARGE.id;
}

/** The value of POSTFIELDS as bytes. */
export function postBytes({ name }: Option, value: unknown): Uint8Array<ArrayBuffer> {
  return typeof value === "string" ? utf8(value) : bytes(name, value);
}

/**
 * The size for libcurl when the user sets one. Throws where it is larger than POSTFIELDS, unless a
 * transfer has begun with these bytes: then it is meant for the next bytes.
 */
export function postSizeFor(
  { settings, resources }: EasyState,
  option: Option,
  given: number | bigint,
): number {
  const size = Number(given), data = resources.owned.get(POSTFIELDS.id);
  const isTooLarge = data !== undefined && size > data.size;
  if (size < -1 || (isTooLarge && !settings.postFieldsUsed)) {
    const most = data ? `${data.size}, the size of POSTFIELDS` : "the size of POSTFIELDS";
    throw badValue(option.name, `-1 to ${most}`, given);
  }
  settings.postSize = size === -1 ? null : size;
  settings.postSizeUsed = false;
  // with -1 libcurl would search for a NUL
  return data && (isTooLarge || size === -1) ? data.size : size;
}

/**
 * The size for libcurl when the user sets or removes POSTFIELDS. Throws where a size was set that
 * is larger than the bytes, unless it was meant for the bytes before.
 */
export function sizeOfPostFields(
  { settings }: EasyState,
  option: Option,
  data: Uint8Array | null,
): number {
  const { postSize, postSizeUsed } = settings;
  if (data !== null && postSize !== null && postSize > data.length) {
    if (!postSizeUsed) {
      throw badValue(option.name, `${postSize} bytes, which POSTFIELDSIZE says`, data.length);
    }
    settings.postSize = null;
  }
  settings.postFieldsUsed = false;
  return settings.postSize ?? data?.length ?? -1;
}

/**
 * The request body of a group of options.
 *
 * @module
 */

import { CommandCode, CurlCommandError, type CurlPlace } from "../command_error.ts";
import { joinedPieces } from "../read/data.ts";
import type { Group } from "../read/group.ts";
import type { Reading } from "../read/reading.ts";
import { hasRawBytes, textOf } from "../shell/words.ts";
import type { CurlFormPart } from "../types.ts";

/** The body of a request. */
export type GroupBody =
  | { readonly kind: "none" }
  | { readonly kind: "data"; readonly data: string | Uint8Array<ArrayBuffer> }
  | { readonly kind: "form"; readonly parts: readonly CurlFormPart[] };

/** The body that all transfers of a group send, apart from uploads. */
export function bodyOf(group: Group, reading: Reading): GroupBody {
  if (group.form) return { kind: "form", parts: group.form.root.parts };
  if (group.data.length === 0 || group.is("get")) return { kind: "none" };
  const bytes = joinedPieces(group.data, reading), text = textOf(bytes);
  return { kind: "data", data: hasRawBytes(text) ? bytes : text };
}

/** Does the same, after a check that no other option sets the method. */
export function checkedBody(group: Group, reading: Reading, place: CurlPlace): GroupBody {
  const isData = group.data.length > 0 && !group.is("get");
  if (isData) group.choose("data", place);
  if (group.tool.has("continue-at") && (isData || group.form)) {
    const code = CommandCode.FAILED_INIT;
    throw new CurlCommandError(place, "either --continue-at or a body", "both", code);
  }
  return bodyOf(group, reading);
}

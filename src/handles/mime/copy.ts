/**
 * Copies MIMEPOST, and an HTTPPOST with files, when an easy handle is duplicated.
 *
 * A tree with files is made again from its parts. Any other tree libcurl copies, with the tokens of
 * its readers. The copy must have tokens of its own, so these are set in the tree while libcurl
 * copies.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { isInstance } from "../../untrusted.ts";
import type { EasyState } from "../core/easy_state.ts";
import { filePlacesOf, Mime, type ReaderPart, readerPartsOf, rebuild, setMime } from "./mime.ts";
import { endReader, type PartReader, setReader } from "./part_reader.ts";
import { Owned } from "../base/owned.ts";

const MIMEPOST = easyOptions.MIMEPOST.id, HTTPPOST = easyOptions.HTTPPOST.id;

/** The tree of a duplicate, which libcurl has made and frees with the handle. */
class MimeCopy {
  readonly readers: readonly PartReader[];

  constructor(readers: readonly PartReader[]) {
    this.readers = readers;
  }
}

/**
 * Prepares the duplication of an easy handle. The returned function must be called after the
 * duplication, with the copy or `null`.
 */
export function prepareReaders(state: EasyState): (copy: EasyState | null) => void {
  const { uses } = state.settings, option = uses.has(HTTPPOST) ? HTTPPOST : MIMEPOST;
  const mime = uses.get(option);
  const again = isInstance(mime, Mime) ? madeAgain(state, mime, option) : null;
  if (again) {
    return (copy) => {
      using tree = again;
      if (copy) setMime(copy, tree, option);
    };
  }
  if (isInstance(mime, MimeCopy) && mime.readers.length > 0) {
    throw refused("it is a duplicate itself, whose MIMEPOST has a reader");
  }
  const parts = isInstance(mime, Mime) ? readerPartsOf(mime) : [];
  if (parts.length > 0 && state.pinned) throw refused("a transfer reads its MIMEPOST");
  const host = { easyToken: 0 };
  const copies = parts.map(({ part, reader }) => {
    const copy = reader.renewed(host);
    setReader(part, copy);
    return copy;
  });
  return (copy) => {
    for (const part of parts) renewReader(part);
    if (copy && mime) attachReaders(copy, host, copies, option);
    else for (const { token } of copies) endReader(token);
  };
}

/**
 * A tree with files that is made again, `null` where it has none or that is not possible. It must
 * not be set where a later option has set another method.
 */
function madeAgain({ settings }: EasyState, mime: Mime, option: number): Mime | null {
  if (filePlacesOf(mime).length === 0 || settings.bodyOption !== option) return null;
  try {
    return rebuild(mime);
  } catch {
    return null;
  }
}

function refused(why: string): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot duplicate the easy handle: ${why}`,
  );
}

/**
 * Sets a new reader for a part of the original. libcurl then takes the part for unread and will not
 * rewind it, so the reader begins at the start itself.
 */
function renewReader(place: ReaderPart): void {
  const { part, reader, tree } = place;
  place.reader = reader.renewed(reader.host);
  tree.replaceReader(reader.token, place.reader.token);
  setReader(part, place.reader);
  endReader(reader.token);
}

function attachReaders(
  copy: EasyState,
  host: { easyToken: number },
  readers: readonly PartReader[],
  option: number,
): void {
  host.easyToken = copy.resources.token;
  copy.settings.uses.set(option, new MimeCopy(readers));
  copy.resources.everHadMime = true;
  const tokens = readers.map(({ token }) => token);
  const end = () => tokens.forEach(endReader);
  copy.own(option, new Owned(copy.pointer, end));
}

/**
 * Removes the tree that libcurl has copied to a pushed handle: a pushed stream has no request body.
 */
export function dropMime(state: EasyState, parent: EasyState): void {
  const options = [MIMEPOST, HTTPPOST].filter((option) => parent.settings.uses.has(option));
  if (options.length === 0) return;
  for (const option of options) state.settings.uses.delete(option);
  library().symbols.curl_easy_setopt.pointer(state.pointer, MIMEPOST, null);
}

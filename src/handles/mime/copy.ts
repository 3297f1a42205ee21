/**
 * Copies MIMEPOST when an easy handle is duplicated. libcurl copies the tree, with the tokens of
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
import { Mime, type ReaderPart, readerPartsOf, setReader } from "./mime.ts";
import { endReader, Reader } from "./reader.ts";
import { Owned } from "../base/owned.ts";

const MIMEPOST = easyOptions.MIMEPOST.id;

/** The tree of a duplicate, which libcurl has made and frees with the handle. */
class MimeCopy {
  readonly readers: readonly Reader[];

  constructor(readers: readonly Reader[]) {
    this.readers = readers;
  }
}

/**
 * Prepares the duplication of an easy handle. The returned function must be called after the
 * duplication, with the copy or `null`.
 */
export function prepareReaders(state: EasyState): (copy: EasyState | null) => void {
  const mime = state.settings.uses.get(MIMEPOST);
  if (isInstance(mime, MimeCopy) && mime.readers.length > 0) {
    throw refused("it is a duplicate itself, whose MIMEPOST has a reader");
  }
  const parts = isInstance(mime, Mime) ? readerPartsOf(mime) : [];
  if (parts.length > 0 && state.pinned) throw refused("a transfer reads its MIMEPOST");
  const host = { easyToken: 0 };
  const copies = parts.map(({ part, reader }) => {
    const copy = new Reader(reader.source, host, true);
    setReader(part, copy);
    return copy;
  });
  return (copy) => {
    for (const part of parts) renewReader(part);
    if (copy && mime) attachReaders(copy, host, copies);
    else for (const { token } of copies) endReader(token);
  };
}

function refused(why: string): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot duplicate the easy handle: ${why}`,
  );
}

/**
 * Sets a new reader for a part of the original. libcurl then takes the part for unread and will not
 * rewind it, so the reader is `stale`: if bytes were read before, it seeks to the start itself.
 */
function renewReader(place: ReaderPart): void {
  const { part, reader, tree } = place;
  place.reader = new Reader(reader.source, reader.host, true);
  tree.replaceReader(reader.token, place.reader.token);
  setReader(part, place.reader);
  endReader(reader.token);
}

function attachReaders(
  copy: EasyState,
  host: { easyToken: number },
  readers: readonly Reader[],
): void {
  host.easyToken = copy.resources.token;
  copy.settings.uses.set(MIMEPOST, new MimeCopy(readers));
  copy.resources.everHadMime = true;
  const tokens = readers.map(({ token }) => token);
  const end = () => tokens.forEach(endReader);
  copy.own(MIMEPOST, new Owned(copy.pointer, end));
}

/**
 * Removes the tree that libcurl has copied to a pushed handle: a pushed stream has no request body.
 */
export function dropMime(state: EasyState, parent: EasyState): void {
  if (!parent.settings.uses.has(MIMEPOST)) return;
  state.settings.uses.delete(MIMEPOST);
  library().symbols.curl_easy_setopt.pointer(state.pointer, MIMEPOST, null);
}

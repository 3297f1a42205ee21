/**
 * What becomes of MIMEPOST when an easy is duplicated. libcurl copies the tree, with the tokens of
 * its readers. A copy gets tokens of its own: for the moment of the copy they stand in the tree.
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

/** A tree that libcurl made for a duplicate, and frees with it. */
class MimeCopy {
  readonly readers: readonly Reader[];

  constructor(readers: readonly Reader[]) {
    this.readers = readers;
  }
}

/** Prepares a copy of the easy; what it gives is to be called with the copy, or `null`. */
export function lendReaders(state: EasyState): (copy: EasyState | null) => void {
  const mime = state.settings.uses.get(MIMEPOST);
  if (isInstance(mime, MimeCopy) && mime.readers.length > 0) {
    throw refused("it is a duplicate itself, whose MIMEPOST has a reader");
  }
  const parts = isInstance(mime, Mime) ? readerPartsOf(mime) : [];
  if (parts.length > 0 && state.pinned) throw refused("a transfer reads its MIMEPOST");
  const host = { easyToken: 0 };
  const lent = parts.map(({ part, reader }) => {
    const copy = new Reader(reader.source, host, true);
    setReader(part, copy);
    return copy;
  });
  return (copy) => {
    for (const part of parts) takeBack(part);
    if (copy && mime) inherit(copy, host, lent);
    else for (const { token } of lent) endReader(token);
  };
}

function refused(why: string): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot duplicate the easy handle: ${why}`,
  );
}

/** The part is a new one for libcurl now, so its reader may have to go back by itself. */
function takeBack(place: ReaderPart): void {
  const { part, reader, tree } = place;
  place.reader = new Reader(reader.source, reader.host, true);
  tree.replaceReader(reader.token, place.reader.token);
  setReader(part, place.reader);
  endReader(reader.token);
}

function inherit(copy: EasyState, host: { easyToken: number }, readers: readonly Reader[]): void {
  host.easyToken = copy.resources.token;
  copy.settings.uses.set(MIMEPOST, new MimeCopy(readers));
  copy.resources.everHadMime = true;
  const tokens = readers.map(({ token }) => token);
  const end = () => tokens.forEach(endReader);
  copy.own(MIMEPOST, new Owned(copy.pointer, end));
}

/** Takes the tree that libcurl copied to a pushed handle away: a pushed stream sends nothing. */
export function dropMime(state: EasyState, parent: EasyState): void {
  if (!parent.settings.uses.has(MIMEPOST)) return;
  state.settings.uses.delete(MIMEPOST);
  library().symbols.curl_easy_setopt.pointer(state.pointer, MIMEPOST, null);
}

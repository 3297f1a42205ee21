/**
 * Memory and files that libcurl reads after the call that named them. Each has one owner, or
 * several where a handle was duplicated.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { allocateBytes, cString, type CText, live, release } from "../../../ffi/memory.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";

/** Something that C may still read, given back when its last owner lets go. */
export class Owned {
  readonly pointer: Pointer;
  /** How many bytes are there, where it is a copy of bytes. */
  readonly size: number;
  readonly #free: (pointer: NonNullPointer) => void;
  #owners = 1;

  /** Takes charge of a pointer. */
  constructor(pointer: Pointer, free: (pointer: NonNullPointer) => void, size = 0) {
    this.pointer = pointer;
    this.size = size;
    this.#free = free;
  }

  /** One owner more. */
  retain(): this {
    this.#owners++;
    return this;
  }

  /** One owner less. */
  release(): void {
    if (--this.#owners === 0 && this.pointer !== null) this.#free(this.pointer);
  }
}

/** A copy of bytes. */
export function ownBytes(bytes: Uint8Array<ArrayBuffer>): Owned {
  return new Owned(allocateBytes(bytes), release, bytes.length);
}

/** A `struct curl_slist` with those lines; they hold no NUL. */
export function ownList(lines: readonly CText[]): Owned {
  return new Owned(makeList(lines), freeList);
}

/** Builds a `struct curl_slist`, NULL for no lines. */
export function makeList(lines: readonly CText[]): Pointer {
  const { curl_slist_append, curl_slist_free_all } = library().symbols;
  let list: Pointer = null;
  for (const line of lines) {
    const longer = curl_slist_append(list, cString(line));
    if (longer === null) {
      curl_slist_free_all(list);
      throw new RangeError("Cannot allocate a list");
    }
    list = longer;
  }
  if (list !== null) live.lists++;
  return list;
}

/** Frees what {@linkcode makeList} built. */
function freeList(list: NonNullPointer): void {
  live.lists--;
  library().symbols.curl_slist_free_all(list);
}

/** A file opened for appending, as a `FILE *`; `null` where it cannot be opened. */
export function ownFile(path: CText): Owned | null {
  const mode = new Uint8Array([0x61, 0]); // "a"
  const file = libc.fopen(cString(path), mode);
  return file === null ? null : new Owned(file, (pointer) => libc.fclose(pointer));
}

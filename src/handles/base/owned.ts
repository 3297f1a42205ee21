/**
 * Memory that libcurl reads after the call that passed it, with a reference count: a duplicated
 * handle shares the memory of the original.
 *
 * @module
 */

import { allocateBytes, cString, type CText, live, release, Struct } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";

/** A C pointer with a reference count. The pointer is freed when the count becomes 0. */
export class Owned {
  readonly pointer: Pointer;
  /** The length of a copy of bytes, else 0. */
  readonly size: number;
  readonly #free: (pointer: NonNullPointer) => void;
  #owners = 1;

  /** Takes ownership of `pointer`, with a count of 1. */
  constructor(pointer: Pointer, free: (pointer: NonNullPointer) => void, size = 0) {
    this.pointer = pointer;
    this.size = size;
    this.#free = free;
  }

  /** Adds one to the count. */
  retain(): this {
    this.#owners++;
    return this;
  }

  /** Subtracts one from the count; `free` runs at 0. */
  release(): void {
    if (--this.#owners === 0 && this.pointer !== null) this.#free(this.pointer);
  }
}

/** A copy of bytes in C memory. */
export function ownBytes(bytes: Uint8Array<ArrayBuffer>): Owned {
  return new Owned(allocateBytes(bytes), release, bytes.length);
}

/**
 * Below this size {@linkcode lendBytes} copies: an engine may keep small buffers in its heap, where
 * it moves them.
 */
const LEAST_LENT = 16 * 1024;

/**
 * Bytes that C reads in place. Until the release nobody may change them or transfer their buffer.
 */
export function lendBytes(bytes: Uint8Array<ArrayBuffer>): Owned {
  if (bytes.length < LEAST_LENT) return ownBytes(bytes);
  const lent = new Set([bytes]);
  live.blocks++;
  const free = () => {
    live.blocks--;
    lent.clear();
  };
  return new Owned(native.addressOf(bytes), free, bytes.length);
}

/** A `struct curl_slist` of lines that contain no NUL. */
export function ownList(lines: readonly CText[]): Owned {
  return new Owned(makeList(lines), freeList);
}

// struct curl_slist: char *data @0; struct curl_slist *next @8
const NODE_SIZE = 16, NEXT = 8;

/** Builds a `struct curl_slist`, NULL for no lines. The caller must free it. */
export function makeList(lines: readonly CText[]): Pointer {
  const { curl_slist_append, curl_slist_free_all } = library().symbols;
  let list: Pointer = null, last: Pointer = null;
  for (const line of lines) {
    // libcurl walks from the given node to the end
    const appended = curl_slist_append(last, cString(line));
    if (appended === null) {
      curl_slist_free_all(list);
      throw new RangeError("Cannot allocate a list");
    }
    if (last === null) list = last = appended;
    else last = new Struct(last, NODE_SIZE).pointer(NEXT);
  }
  if (list !== null) live.lists++;
  return list;
}

/** Frees a list of {@linkcode makeList}. */
function freeList(list: NonNullPointer): void {
  live.lists--;
  library().symbols.curl_slist_free_all(list);
}

/**
 * The ownership of a `curl_mime`, by a reference count. Its owners are the `Mime` that made it and
 * each easy handle whose MIMEPOST it is, or, once it is part of another tree, that tree. A tree
 * never refers to objects of the user, so that they can be collected.
 *
 * @module
 */

import { library, type Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "../core/easy_state.ts";
import { endReader } from "./part_reader.ts";
import { Owned } from "../base/owned.ts";

/** How many trees are alive on this thread. */
export const mimeCount: { open: number } = { open: 0 };

/** The C side of a `Mime`. */
export class MimeTree {
  /** `curl_mime *`, NULL once freed. */
  pointer: Pointer;
  /**
   * Whether a transfer may have read the tree: then libcurl can send it again only on the same
   * handle.
   */
  sent = false;
  /** The tree that this one is part of, and is freed with. */
  parent: MimeTree | null = null;
  readonly #children: MimeTree[] = [];
  /** The tokens of its readers. */
  readonly #tokens: number[] = [];
  #easyToken = 0;
  #owners = 1;
  #attachments = 0;

  /** Takes ownership of a `curl_mime *`, with a count of 1. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    mimeCount.open++;
  }

  /** How many levels of trees there are below this one, itself included. */
  get height(): number {
    return 1 + Math.max(0, ...this.#children.map(({ height }) => height));
  }

  /** How many levels of trees there are above this one, itself included. */
  get depth(): number {
    return 1 + (this.parent?.depth ?? 0);
  }

  /** The outermost tree that this one is part of, or the tree itself. */
  get root(): MimeTree {
    return this.parent?.root ?? this;
  }

  /** The token of the easy handle whose MIMEPOST the tree is, 0 for none. */
  get easyToken(): number {
    return this.root.#easyToken;
  }

  /** Makes an easy handle an owner. The tree is released with the result. */
  attach(state: EasyState): Owned {
    this.#easyToken = state.resources.token;
    state.resources.currentMime = this;
    this.#owners++;
    this.#attachments++;
    return new Owned(this.pointer, () => {
      if (--this.#attachments === 0) this.#easyToken = 0;
      this.release();
    });
  }

  /** Takes ownership of another tree, as a part of this one, until this one is freed. */
  adopt(child: MimeTree): void {
    child.parent = this;
    this.#children.push(child);
  }

  /** Adds a reader, which ends with the tree. */
  addReader(token: number): void {
    this.#tokens.push(token);
  }

  /** Replaces the token of a reader. */
  replaceReader(token: number, by: number): void {
    this.#tokens[this.#tokens.indexOf(token)] = by;
  }

  /** Subtracts one from the count; at 0 the tree is freed. */
  release(): void {
    if (--this.#owners > 0 || this.pointer === null) return;
    library().symbols.curl_mime_free(this.pointer);
    this.#markFreed();
  }

  /** Marks the tree and its subtrees as freed, and ends their readers. */
  #markFreed(): void {
    this.pointer = null;
    mimeCount.open--;
    for (const child of this.#children) child.#markFreed();
    for (const token of this.#tokens) endReader(token);
  }
}

/**
 * Who owns a `curl_mime`: the `Mime` that made it and each easy that is set to send it, or, once
 * it is part of another, that other. It never refers to JS objects of the user, so that what is
 * forgotten can be collected.
 *
 * @module
 */

import { library, type Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "../core/easy_state.ts";
import { endReader } from "./reader.ts";
import { Owned } from "../base/owned.ts";

/** How many trees are alive on this thread. */
export const mimeCount: { open: number } = { open: 0 };

/** The C side of a `Mime`. */
export class MimeTree {
  /** `curl_mime *`, NULL once freed. */
  pointer: Pointer;
  /** Whether a transfer may have read it: then libcurl can send it again from where it is only. */
  sent = false;
  /** The tree that it is part of, and goes with. */
  parent: MimeTree | null = null;
  readonly #children: MimeTree[] = [];
  /** Those of its readers. */
  readonly #tokens: number[] = [];
  #easyToken = 0;
  #holders = 1;
  #attachments = 0;

  /** Takes charge of a `curl_mime *`. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    mimeCount.open++;
  }

  /** The tree that this one is in the end part of. */
  get root(): MimeTree {
    return this.parent?.root ?? this;
  }

  /** The easy that is set to send it, 0 for none. */
  get easyToken(): number {
    return this.root.#easyToken;
  }

  /** Makes an easy one more owner. */
  attach(state: EasyState): Owned {
    this.#easyToken = state.resources.token;
    state.resources.currentMime = this;
    this.#holders++;
    this.#attachments++;
    return new Owned(this.pointer, () => {
      if (--this.#attachments === 0) this.#easyToken = 0;
      this.release();
    });
  }

  /** Takes another as a part of this one, for good. */
  adopt(child: MimeTree): void {
    child.parent = this;
    this.#children.push(child);
  }

  /** Is the one to end that reader. */
  addReader(token: number): void {
    this.#tokens.push(token);
  }

  /** The reader with that token was replaced by another. */
  replaceReader(token: number, by: number): void {
    this.#tokens[this.#tokens.indexOf(token)] = by;
  }

  /** One owner less. */
  release(): void {
    if (--this.#holders > 0 || this.pointer === null) return;
    library().symbols.curl_mime_free(this.pointer);
    this.#abandon();
  }

  #abandon(): void {
    this.pointer = null;
    mimeCount.open--;
    for (const child of this.#children) child.#abandon();
    for (const token of this.#tokens) endReader(token);
  }
}

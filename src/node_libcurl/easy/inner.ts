/**
 * The internal state of an `Easy` of this room.
 *
 * @module
 */

import type { Fifo } from "../../fifo.ts";
import { disown } from "../../handles/base/callback_results.ts";
import type { Easy as CoreEasy } from "../../handles/easy/easy.ts";
import type { Mime } from "../../handles/mime/mime.ts";
import { type CurlMime, insideOf } from "../mime/mime.ts";
import { buildMime } from "../mime/build.ts";
import type { CurlHstsCacheEntry } from "../types/values.ts";

/** A function of the user. */
// deno-lint-ignore no-explicit-any -- each option has its own parameters, checked by setOpt's types
export type AnyFunction = (...args: any[]) => unknown;

/** The multi handle of an easy handle: the number of its callbacks that are on the stack. */
export interface Host {
  depth: number;
}

const inners = new WeakMap<object, Inner>();

/** The internal state of a handle, `undefined` for any other value. */
export function innerOf(easy: unknown): Inner | undefined {
  return typeof easy === "object" && easy !== null ? inners.get(easy) : undefined;
}

/** The internal state of one handle. */
export class Inner {
  /** The `Easy`, which callbacks get as `this`. */
  readonly easy: object;
  readonly core: CoreEasy;
  /** The functions that options were set to, by the options' names. */
  readonly functions: Map<string, AnyFunction> = new Map();
  /** The `CurlPause` bits of the paused directions. */
  pauseFlags = 0;
  /** The multi handle that the handle is in. */
  host: Host | null = null;
  /** READDATA: a descriptor that uploads read from, -1 for none. */
  readFd = -1;
  /** The offset of the next read from `readFd`, -1 for the file's current position. */
  readOffset = -1;
  /** The entries that an HSTSREADFUNCTION has returned and libcurl has not taken yet. */
  hstsEntries: Fifo<CurlHstsCacheEntry> | null = null;
  /** The text of the last failure, from the core or from libcurl. */
  detail = "";
  #depth = 0;
  #mime: CurlMime | null = null;
  /** The core's MIME tree in MIMEPOST, and the revision of the parts that it was built from. */
  #built: Mime | null = null;
  #revision = -1;

  /** Registers the state of a handle. */
  constructor(easy: object, core: CoreEasy) {
    this.easy = easy;
    this.core = core;
    inners.set(easy, this);
  }

  /** Whether a callback of the handle is on the stack. */
  get isInCallback(): boolean {
    return this.#depth > 0;
  }

  /** Calls a function of the user inside a callback of libcurl. */
  call(fn: AnyFunction, ...args: unknown[]): unknown {
    const { host } = this;
    this.#depth++;
    if (host) host.depth++;
    try {
      const result = fn.apply(this.easy, args);
      disown(result); // no callback may be asynchronous: a promise fails the transfer
      return result;
    } finally {
      this.#depth--;
      if (host) host.depth--;
    }
  }

  /** The parts in MIMEPOST. */
  get mime(): CurlMime | null {
    return this.#mime;
  }

  /** Sets MIMEPOST. Throws the core's error for the parts. */
  setMime(mime: CurlMime | null): void {
    if (mime === null) this.#setBuilt(null);
    else this.#build(mime);
    this.inheritMime(mime);
  }

  /** Records the parts only: for a copy of a handle, for which libcurl has copied the parts. */
  inheritMime(mime: CurlMime | null): void {
    if (mime) insideOf(mime).hold();
    if (this.#mime) insideOf(this.#mime).release();
    this.#mime = mime;
  }

  /** Prepares a transfer. Throws the core's error for the parts of MIMEPOST. */
  begin(): void {
    this.detail = "";
    this.pauseFlags = 0;
    if (this.#mime && insideOf(this.#mime).revision !== this.#revision) this.#build(this.#mime);
  }

  #build(mime: CurlMime): void {
    const { revision } = insideOf(mime);
    this.#setBuilt(buildMime(mime, this));
    this.#revision = revision;
  }

  #setBuilt(mime: Mime | null): void {
    try {
      this.core.setOpt("MIMEPOST", mime);
    } catch (error) {
      mime?.close();
      throw error;
    }
    this.#built?.close();
    this.#built = mime;
    this.#revision = -1;
  }

  /** Drops the values of options, after a reset or a close. */
  forget(): void {
    this.functions.clear();
    this.hstsEntries = null;
    this.readFd = this.readOffset = -1;
    this.pauseFlags = 0;
    this.#built?.close();
    this.#built = null;
    this.#revision = -1;
    this.inheritMime(null);
  }
}

/**
 * What stands behind an `Easy`, in two parts: {@linkcode EasyResources} is what must be freed,
 * {@linkcode EasyState} what callbacks need. The first never refers to the second, so that a
 * handle that nobody holds can be collected and freed.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { libc } from "../../../ffi/libc.ts";
import { allocate, release } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { Owned } from "../base/owned.ts";
import { TokenTable } from "../base/tokens.ts";
import { type CloseHook, closing, type SocketWatcher } from "./close_hook.ts";
import { EasySettings } from "./easy_settings.ts";
import type { SharedData } from "./shared_data.ts";
import { TransferRun } from "./transfer_run.ts";

/** The easies that a callback may be for, by token. */
export const easyTokens: TokenTable<EasyState> = new TokenTable();

const HTTPHEADER = easyOptions.HTTPHEADER.id;

/** How many easy handles are open on this thread. */
export const easyCount: { open: number } = { open: 0 };

/** The C side of an easy handle. */
export class EasyResources {
  /** `CURL *`, NULL once freed. */
  pointer: Pointer;
  /** The number of that address: to ask for it takes Deno 0.1 µs. */
  readonly address: number;
  readonly token: number = easyTokens.take();
  readonly errorBuffer: NonNullPointer = allocate(flags.CURL_ERROR_SIZE);
  /** What libcurl still reads, by the number of the option that named it. */
  readonly owned: Map<number, Owned> = new Map();
  /** What it may still read until the transfer is over. */
  readonly retired: Owned[] = [];
  /** MIMEPOST. */
  currentMime: { sent: boolean } | null = null;
  /**
   * MIMEPOST was set. From then on libcurl's mail code may keep a raw pointer to HTTPHEADER, so
   * the lists of that option live until the handle is reset or freed: `mailHeaderLists`.
   */
  everHadMime = false;
  readonly mailHeaderLists: Set<Owned> = new Set();
  /** CLOSESOCKETFUNCTION, which may outlive the handle. */
  closeHook: CloseHook | null = null;
  /**
   * Earlier CLOSESOCKETFUNCTIONs. Open connections still hold copies, so their tokens stay valid
   * until the handle is freed.
   */
  readonly #oldHooks: CloseHook[] = [];
  readonly #errorStart: Uint8Array;

  /** Takes charge of a `CURL *`. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    this.address = native.address(pointer);
    this.#errorStart = native.view(this.errorBuffer, 1);
    this.clearError();
    easyCount.open++;
  }

  /** Forgets the text of an earlier error; some calls leave it there. */
  clearError(): void {
    this.#errorStart[0] = 0;
  }

  /** Puts another hook, which it owns from now on, in the place of the one before. */
  replaceHook(hook: CloseHook | null): void {
    const old = this.closeHook;
    this.closeHook = hook;
    if (old?.used) this.#oldHooks.push(old);
    else old?.release();
  }

  /** Frees what options owned before the transfer that ended now. */
  freeRetired(): void {
    for (const owned of this.retired.splice(0)) owned.release();
  }

  /** Frees all that options own. */
  freeOptionMemory(): void {
    this.freeRetired();
    for (const owned of new Set([...this.owned.values(), ...this.mailHeaderLists])) owned.release();
    this.owned.clear();
    this.mailHeaderLists.clear();
    this.everHadMime = false;
    this.currentMime = null;
  }

  /** Frees the handle and then what it read. */
  free(): void {
    const { pointer } = this;
    if (pointer === null) return;
    this.pointer = null; // first: callbacks that it still makes find it closed
    library().symbols.curl_easy_cleanup(pointer);
    this.freeAllButHandle();
  }

  /** Frees everything but the `CURL *`, which libcurl frees, or has freed. */
  freeAllButHandle(): void {
    this.pointer = null;
    this.freeOptionMemory();
    this.replaceHook(null);
    for (const hook of this.#oldHooks.splice(0)) hook.release();
    release(this.errorBuffer);
    easyTokens.release(this.token);
    easyCount.open--;
  }
}

/** The public object of a handle, an `Easy`, as far as the inside knows it. */
export interface EasyFace {
  /** Whether the handle is closed. */
  readonly closed: boolean;
  /** Pauses and unpauses: `CURLPAUSE_*`. */
  pause(flags: number): void;
  /** Reads an info. */
  getInfo(info: string | number): unknown;
}

/** The multi handle that an easy is added to, as far as the easy needs it. */
export interface EasyHost {
  /** How many callbacks of it, or of an easy in it, are on the stack. */
  depth: number;
  /** The driver, where there is one. */
  readonly observer: TransferObserver | null;
  /** Keeps a hook until the cache of this multi is gone. */
  keepHook(hook: CloseHook): void;
  /** What its callbacks threw, or that one returned -1, unless that is for a call on the stack. */
  takeFailure(): { readonly thrown: { readonly value: unknown } | null } | null;
  /** Takes an easy out. */
  remove(easy: EasyState): void;
}

/** What whoever receives the body of a transfer knows of it. */
export interface BodyReceiver {
  /** The values of Content-Encoding, joined by commas; empty where there is none. */
  readonly contentEncoding: string;
  /** Bytes that were unpacked are taken as they come: there is a limit at which the body ends. */
  readonly takesAll: boolean;
}

/** Whoever drives the transfers of a multi, as far as an easy tells it. */
export interface TransferObserver {
  /** Whether a transfer that is about to receive bytes has to wait with them. */
  mustWait(easy: EasyState, bytes: number): boolean;
  /** A transfer was paused or unpaused, of which libcurl's timeout may come. */
  touched(): void;
  /** A transfer waits for the application from now on, or no longer. */
  paused(easy: EasyState, paused: boolean): void;
  /** A transfer is to be paused as soon as libcurl has returned. */
  pauseDue(easy: EasyState): void;
  /** A transfer that is about to be resumed is to go on when it is its turn. */
  queue(easy: EasyState): void;
  /** A call outside of the driver's turns has failed and ended a transfer, of which libcurl may not tell. */
  failed(easy: EasyState, error: CurlEasyError): void;
}

/**
 * The JS side of an easy handle, by lifetime: what its options said, what is known of its current
 * transfer, and what stays as long as the handle does.
 */
export class EasyState {
  readonly resources: EasyResources;
  /** What options said; `reset()` makes a new one. */
  settings: EasySettings = new EasySettings();
  /** The current transfer, or the last one. */
  run: TransferRun = new TransferRun();
  /** SHARE, which `reset()` keeps and a duplicate does not get. */
  share: unknown = undefined;
  /** What the handle has in common with others by its SHARE. */
  sharedData: SharedData | null = null;
  /** The multi that the handle is added to. */
  multi: EasyHost | null = null;
  /** How many callbacks of the handle are on the stack. */
  depth = 0;
  /** HSTSREADFUNCTION or HSTSWRITEFUNCTION is on the stack. */
  readingHsts = false;
  /** The driver that is told of the sockets; its SOCKOPTFUNCTION goes with `reset()`. */
  watcher: SocketWatcher | null = null;
  /** Asks whoever receives the body, where that is not the user's own WRITEFUNCTION. */
  receiver: (() => BodyReceiver | null) | null = null;
  /** Where `send` has libcurl read from. */
  sendBlock: Uint8Array<ArrayBuffer> | null = null;
  /** `perform()` was called, so that libcurl keeps a multi handle of its own for this handle. */
  performed = false;
  /** The handle must not upload again: {@linkcode markTrailed}. */
  trailed = false;
  /** What STREAM_DEPENDS or STREAM_DEPENDS_E was set to, which is for once and for good. */
  dependsOn: unknown = null;
  /** The handle depends on another's stream, or another's stream on its own. */
  inStreamTree = false;
  /** FTP_ENTRY_PATH after the first transfer by FTP, `undefined` before it. */
  ftpEntryPath: string | null | undefined = undefined;

  #easy: EasyFace | null = null;
  readonly #weak: WeakRef<EasyFace>;
  #pins = 0;

  /** Makes the state of `easy`. */
  constructor(easy: EasyFace, resources: EasyResources) {
    this.resources = resources;
    this.#weak = new WeakRef(easy);
  }

  /** The `CURL *`. Throws CURLE_BAD_FUNCTION_ARGUMENT where the handle is closed. */
  get pointer(): NonNullPointer {
    const { pointer } = this.resources;
    if (pointer === null) {
      throw new CurlEasyError(
        Code.BAD_FUNCTION_ARGUMENT,
        "Cannot use the easy handle: it is closed",
      );
    }
    return pointer;
  }

  /** Its CLOSESOCKETFUNCTION, which may outlive it. */
  get closeHook(): CloseHook | null {
    return this.resources.closeHook;
  }

  /** Whether a call or a multi handle keeps it alive. */
  get pinned(): boolean {
    return this.#pins > 0;
  }

  /**
   * A call runs, a callback of the handle is on the stack, or the handle is in a multi and not over:
   * CONNECT_ONLY, whose connection is in use on, is never over there.
   */
  get isInUse(): boolean {
    if (this.depth > 0) return true;
    return this.#pins > 0 && (!this.run.endReported || this.run.connected);
  }

  /** The public object, as long as anyone can ask for it. */
  get easy(): EasyFace | null {
    return this.#easy ?? this.#weak.deref() ?? null;
  }

  /**
   * Keeps the handle alive and its token valid, until {@linkcode unpin} was called as often.
   * Whoever has the `Easy` says so, since a weak reference is slow to follow.
   */
  pin(easy: EasyFace | null = this.#weak.deref() ?? null): void {
    const hook = this.resources.closeHook;
    if (hook) hook.used = true;
    if (this.#pins++ > 0) return;
    this.run = new TransferRun();
    this.#easy = easy;
    easyTokens.root(this.resources.token, this);
  }

  /** A transfer begins: libcurl may read what it is to send. */
  sends(): void {
    const { everHadMime, currentMime, owned, mailHeaderLists } = this.resources;
    if (!everHadMime) return;
    if (currentMime) currentMime.sent = true;
    const headers = owned.get(HTTPHEADER);
    if (headers) mailHeaderLists.add(headers);
  }

  /** Ends one {@linkcode pin}. */
  unpin(): void {
    if (--this.#pins > 0) return;
    this.#easy = null;
    easyTokens.unroot(this.resources.token);
    if (this.resources.retired.length > 0) this.resources.freeRetired();
  }

  /**
   * Makes an option own something. What it owned before is freed, or kept until the transfer
   * is over where one may still read it.
   */
  own(option: number, owned: Owned | null): void {
    const old = this.resources.owned.get(option);
    if (owned) this.resources.owned.set(option, owned);
    else this.resources.owned.delete(option);
    const { everHadMime, mailHeaderLists } = this.resources;
    if (owned && option === HTTPHEADER && everHadMime && this.#pins > 0) mailHeaderLists.add(owned);
    if (!old || mailHeaderLists.has(old)) return;
    if (this.#pins > 0) this.resources.retired.push(old);
    else old.release();
  }

  /** A callback begins: calls that libcurl forbids in there are refused until it ends. */
  enter(): void {
    this.depth++;
    if (this.multi) this.multi.depth++;
    if (this.sharedData) this.sharedData.depth++;
  }

  /** The callback ends. */
  leave(): void {
    this.depth--;
    if (this.multi) this.multi.depth--;
    if (this.sharedData) this.sharedData.depth--;
  }

  /** The `CURLPAUSE_*` bits of what is paused. */
  get paused(): number {
    return this.run.paused;
  }

  set paused(bits: number) {
    const changed = (bits === 0) !== (this.run.paused === 0);
    this.run.paused = bits;
    if (changed && this.easy) this.multi?.observer?.paused(this, bits !== 0);
  }

  /** Keeps what a callback threw for the caller; the first counts. */
  threw(value: unknown): void {
    this.run.thrown ??= { value };
  }

  /** A blocking transfer without a WRITEFUNCTION wrote to C's standard output, which has a buffer. */
  flushOutput(): void {
    const { WRITEFUNCTION, WRITEDATA } = easyOptions;
    if (this.settings.functions.has(WRITEFUNCTION.id)) return;
    if (this.multi?.observer || this.resources.owned.has(WRITEDATA.id)) return;
    libc.fflush(null);
  }

  /**
   * The handle sends trailers now. Where libcurl does not forget that (`remembersTrailers`), the
   * next chunked upload of the handle, which may be that of a redirect, must not be made. Throws
   * where nothing could stop that upload.
   */
  markTrailed(): void {
    this.trailed = oddities().remembersTrailers;
    if (!this.trailed || this.#readsInJs()) return;
    throw new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      "Cannot send trailers: with libcurl before 8.7 only after a body from a READFUNCTION",
    );
  }

  #readsInJs(): boolean {
    const { READFUNCTION, POSTFIELDS, MIMEPOST, HTTPPOST } = easyOptions;
    const others = [POSTFIELDS, MIMEPOST, HTTPPOST];
    return this.settings.functions.has(READFUNCTION.id) &&
      !others.some(({ id }) => this.resources.owned.has(id));
  }

  /** The error for a handle that is to upload again after it has sent trailers. */
  trailedError(): CurlEasyError {
    return new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      "Cannot use the easy handle again: with libcurl before 8.7 one that has sent trailers " +
        "is good for that transfer only",
    );
  }

  /** Throws CURLE_RECURSIVE_API_CALL where the call may not be made now. */
  refuseInCallback(call: string): void {
    const inOwn = this.depth > 0 || (this.multi && this.multi.depth > 0) || closing.depth > 0;
    if (!inOwn && (this.sharedData?.depth ?? 0) === 0) return;
    const whose = inOwn ? "" : " of a handle with the same Share";
    throw new CurlEasyError(
      Code.RECURSIVE_API_CALL,
      `Cannot ${call}: called from a callback${whose}`,
    );
  }

  /**
   * The error of a finished call, with libcurl's own words and what a callback threw, or `null`
   * where the call succeeded. Forgets the exception.
   */
  takeError(code: number): CurlEasyError | null {
    const { thrown } = this.run;
    this.run.thrown = null;
    if (code === Code.OK && !thrown) return null;
    const { pointer, errorBuffer } = this.resources;
    const words = (pointer && native.string(errorBuffer)) ?? ""; // freed with the handle
    return new CurlEasyError(
      code || Code.ABORTED_BY_CALLBACK,
      words || (code === Code.OK ? "A callback failed" : undefined),
      thrown ? { cause: thrown.value } : undefined,
    );
  }
}

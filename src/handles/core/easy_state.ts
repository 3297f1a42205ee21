/**
 * What stands behind an `Easy`, in two parts: {@linkcode EasyResources} is what must be freed,
 * {@linkcode EasyState} what callbacks need. The first never refers to the second, so that a
 * handle that nobody holds can be collected and freed.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { libc } from "../../../ffi/libc.ts";
import { allocate, release } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import type { Owned } from "../base/owned.ts";
import { TokenTable } from "../base/tokens.ts";
import { type CloseHook, closing, type SocketWatcher } from "./close_hook.ts";
import { newGuard, type ReuseGuard } from "./reuse_guard.ts";

/** The easies that a callback may be for, by token. */
export const easyTokens: TokenTable<EasyState> = new TokenTable();

const CURL_ERROR_SIZE = 256;
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
  readonly errorBuffer: NonNullPointer = allocate(CURL_ERROR_SIZE);
  /** What libcurl still reads, by the number of the option that named it. */
  readonly owned: Map<number, Owned> = new Map();
  /** What it may still read until the transfer is over. */
  readonly retired: Owned[] = [];
  /** Whether it was set to send a MIME tree, for which a mail keeps a pointer to HTTPHEADER. */
  hadMime = false;
  /** The lists that it may point to. */
  readonly kept: Set<Owned> = new Set();
  /** That tree. */
  mime: { sent: boolean } | null = null;
  /** Its CLOSESOCKETFUNCTION, which may outlive it. */
  closeHook: CloseHook | null = null;
  /** Those before it, which connections that the handle keeps may still have. */
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
  buryRetired(): void {
    for (const owned of this.retired.splice(0)) owned.release();
  }

  /** Frees all that options own. */
  disown(): void {
    this.buryRetired();
    for (const owned of new Set([...this.owned.values(), ...this.kept])) owned.release();
    this.owned.clear();
    this.kept.clear();
    this.hadMime = false;
    this.mime = null;
  }

  /** Frees the handle and then what it read. */
  free(): void {
    const { pointer } = this;
    if (pointer === null) return;
    this.pointer = null; // first: callbacks that it still makes find it closed
    library().symbols.curl_easy_cleanup(pointer);
    this.abandon();
  }

  /** Frees everything but the handle, which is libcurl's to free. */
  abandon(): void {
    this.pointer = null;
    this.disown();
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

/** Whoever drives the transfers of a multi, as far as an easy tells it. */
export interface TransferObserver {
  /** Whether a transfer that is about to receive bytes has to wait with them. */
  mustWait(easy: EasyState, bytes: number): boolean;
  /** A transfer was paused or unpaused, of which libcurl's timeout may come. */
  touched(): void;
  /** A transfer waits for the application from now on, or no longer. */
  paused(easy: EasyState, paused: boolean): void;
}

/** The JS side of an easy handle: its callbacks, where it is in use, what a callback threw. */
export class EasyState {
  readonly resources: EasyResources;
  /** The callbacks, by option number. */
  readonly functions: Map<number, AnyFunction> = new Map();
  /** The values of the `*DATA` options, by option number. */
  readonly data: Map<number, unknown> = new Map();
  /** The value of PRIVATE, which never leaves JS. */
  privateValue: unknown = null;
  /** JS objects whose C side this handle uses, by option number. */
  readonly uses: Map<number, unknown> = new Map();
  /** The multi that it is added to. */
  multi: EasyHost | null = null;
  /** Whether it has come to its end in there. */
  told = false;
  /** Whether libcurl has let go of it then: see {@linkcode endDead}. */
  ended = false;
  /** Whether its HSTSREADFUNCTION or HSTSWRITEFUNCTION is on the stack. */
  readingHsts = false;
  /** The server, where its URL may be one of FTP, and what FTP_ENTRY_PATH was there. */
  readonly ftp: { origin: string | null; read: boolean; entryPath: string | null } = {
    origin: null,
    read: false,
    entryPath: null,
  };
  /** Whether it may not upload again, since it has sent trailers: see {@linkcode markTrailed}. */
  trailed = false;
  /** Whether it depends on another's stream, or another's on its own. */
  inStreamTree = false;
  /** The driver's view of its sockets. */
  watcher: SocketWatcher | null = null;
  /** How many of its callbacks are on the stack. */
  depth = 0;
  /** Whether its connection is to stay after the transfer, as CONNECT_ONLY says. */
  connectOnly = false;
  /** Whether it has blocked, so that libcurl keeps a multi handle for it, `reset()` included. */
  performed = false;
  /** Whether it has a file of HSTS. */
  hstsFile = false;
  /** Whether that transfer is over, and its connection kept: CONNECT_ONLY may have changed since. */
  connected = false;
  /** Whether it is paused until the driver gives it its turn; the user does not see that. */
  held = false;
  /** Whether MAX_RECV_SPEED_LARGE or MAX_SEND_SPEED_LARGE was set. */
  rateLimited = false;
  /** Whether the user has set BUFFERSIZE. */
  ownBuffer = false;
  /** HTTP_VERSION. */
  httpVersion = 0;
  /** How many bytes it has received since its last turn. */
  burst = 0;
  /** TIMEOUT_MS, or TIMEOUT: the later counts. 0 is none. */
  timeoutMs = 0;
  /** Whether the reader of a part has paused it. */
  readerPaused = false;
  /** Whether it may speak LDAP, and what follows from that. */
  readonly reuse: ReuseGuard = newGuard();
  #paused = 0;

  #easy: EasyFace | null = null;
  readonly #weak: WeakRef<EasyFace>;
  #pins = 0;
  #thrown: { readonly value: unknown } | null = null;
  /** How many bytes its progress callback was told of last. */
  moved = 0;
  /** Whether it is to be aborted when bytes move. */
  stops = false;

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
    this.#thrown = null; // of a transfer whose end nobody asked for
    this.moved = 0;
    this.stops = false;
    this.#easy = easy;
    easyTokens.root(this.resources.token, this);
  }

  /** A transfer begins: libcurl may read what it is to send. */
  sends(): void {
    const { hadMime, mime, owned, kept } = this.resources;
    if (!hadMime) return;
    if (mime) mime.sent = true;
    const headers = owned.get(HTTPHEADER);
    if (headers) kept.add(headers);
  }

  /** Ends one {@linkcode pin}. */
  unpin(): void {
    if (--this.#pins > 0) return;
    this.#easy = null;
    easyTokens.unroot(this.resources.token);
    if (this.resources.retired.length > 0) this.resources.buryRetired();
  }

  /**
   * Makes an option own something. What it owned before is freed, or kept until the transfer
   * is over where one may still read it.
   */
  own(option: number, owned: Owned | null): void {
    const old = this.resources.owned.get(option);
    if (owned) this.resources.owned.set(option, owned);
    else this.resources.owned.delete(option);
    const { hadMime, kept } = this.resources;
    if (owned && option === HTTPHEADER && hadMime && this.#pins > 0) kept.add(owned);
    if (!old || kept.has(old)) return;
    if (this.#pins > 0) this.resources.retired.push(old);
    else old.release();
  }

  /** A callback begins: calls that libcurl forbids in there are refused until it ends. */
  enter(): void {
    this.depth++;
    if (this.multi) this.multi.depth++;
  }

  /** The callback ends. */
  leave(): void {
    this.depth--;
    if (this.multi) this.multi.depth--;
  }

  /** The `CURLPAUSE_*` bits of what is paused. */
  get paused(): number {
    return this.#paused;
  }

  set paused(bits: number) {
    const changed = (bits === 0) !== (this.#paused === 0);
    this.#paused = bits;
    if (changed && this.easy) this.multi?.observer?.paused(this, bits !== 0);
  }

  /** Keeps what a callback threw for the caller; the first counts. */
  threw(value: unknown): void {
    this.#thrown ??= { value };
  }

  /** Without a WRITEFUNCTION the body went to C's own standard output, which has a buffer. */
  flushOutput(): void {
    const { WRITEFUNCTION, WRITEDATA } = easyOptions;
    if (this.functions.has(WRITEFUNCTION.id) || this.resources.owned.has(WRITEDATA.id)) return;
    libc.fflush(null);
  }

  /**
   * It sends trailers now. Where libcurl does not forget that (`remembersTrailers`), the next
   * chunked upload of the handle, which may be that of a redirect, must not be made. Throws where
   * nothing could stop that upload.
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
    return this.functions.has(READFUNCTION.id) &&
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
    if (this.depth > 0 || (this.multi && this.multi.depth > 0) || closing.depth > 0) {
      throw new CurlEasyError(Code.RECURSIVE_API_CALL, `Cannot ${call}: called from a callback`);
    }
  }

  /**
   * The error of a finished call, with libcurl's own words and what a callback threw, or `null`
   * where the call succeeded. Forgets the exception.
   */
  takeError(code: number): CurlEasyError | null {
    const thrown = this.#thrown;
    this.#thrown = null;
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

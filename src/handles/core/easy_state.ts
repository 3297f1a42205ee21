/**
 * The internals of an `Easy`, in two parts: {@linkcode EasyResources} has what must be freed,
 * {@linkcode EasyState} has what callbacks need. The resources never refer to the state, so that an
 * unreachable handle can be garbage-collected and its resources freed.
 *
 * The folder `core/` knows the state of an easy handle and the lifetimes of its parts. It does not
 * know the class `Easy`, how an option is set, or what a callback gets; a multi handle, a share and
 * a driver are interfaces here.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { libc } from "../../../ffi/libc.ts";
import { allocate, release } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError, withoutCredentials } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { LineBlock } from "../base/line_block.ts";
import type { Owned } from "../base/owned.ts";
import { TokenTable } from "../base/tokens.ts";
import { type CloseHook, closing, type SocketWatcher } from "./close_hook.ts";
import { EasySettings } from "./easy_settings.ts";
import { failureText } from "./failure_text.ts";
import type { SharedData } from "./shared_data.ts";
import { TransferRun } from "./transfer_run.ts";

/** The easy handles in use, by token: callbacks find their handle here. */
export const easyTokens: TokenTable<EasyState> = new TokenTable();

const HTTPHEADER = easyOptions.HTTPHEADER.id;

/** How many easy handles are open on this thread. */
export const easyCount: { open: number } = { open: 0 };

/** The C side of an easy handle. */
export class EasyResources {
  /** `CURL *`, NULL once freed. */
  pointer: Pointer;
  /** The address of `pointer` as a number, which takes Deno 0.1 µs to find. */
  readonly address: number;
  readonly token: number = easyTokens.take();
  readonly errorBuffer: NonNullPointer = allocate(flags.CURL_ERROR_SIZE);
  /** The memory that libcurl reads for each option, by option number. */
  readonly owned: Map<number, Owned> = new Map();
  /** Replaced memory that libcurl may read until the transfer is over. */
  readonly retired: Owned[] = [];
  /** The tree that is the value of MIMEPOST. */
  currentMime: { sent: boolean } | null = null;
  /**
   * MIMEPOST was set. Since then libcurl's mail code may keep a raw pointer to HTTPHEADER, so the
   * lists of that option stay in `mailHeaderLists` until the handle is reset or freed.
   */
  everHadMime = false;
  readonly mailHeaderLists: Set<Owned> = new Set();
  /** The header lines of the head that is being received, where curlew itself collects them. */
  lines: LineBlock | null = null;
  /** The current CLOSESOCKETFUNCTION, which may outlive the handle. */
  closeHook: CloseHook | null = null;
  /**
   * Earlier CLOSESOCKETFUNCTIONs. Open connections still hold copies, so their tokens stay valid
   * until the handle is freed.
   */
  readonly #oldHooks: CloseHook[] = [];
  readonly #errorStart: Uint8Array;

  /** Takes ownership of a `CURL *`. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    this.address = native.address(pointer);
    this.#errorStart = native.view(this.errorBuffer, 1);
    this.clearError();
    easyCount.open++;
  }

  /** Clears the error text, which some calls of libcurl leave unchanged. */
  clearError(): void {
    this.#errorStart[0] = 0;
  }

  /** Replaces the CLOSESOCKETFUNCTION, and takes ownership of the new one. */
  replaceHook(hook: CloseHook | null): void {
    const old = this.closeHook;
    this.closeHook = hook;
    if (old?.used) this.#oldHooks.push(old);
    else old?.release();
  }

  /** Drops the header lines. */
  dropLines(): void {
    this.lines?.giveBack();
    this.lines = null;
  }

  /** Frees the memory that was replaced while the transfer ran. */
  freeRetired(): void {
    for (const owned of this.retired.splice(0)) owned.release();
  }

  /** Frees the memory of all options. */
  freeOptionMemory(): void {
    this.freeRetired();
    for (const owned of new Set([...this.owned.values(), ...this.mailHeaderLists])) owned.release();
    this.owned.clear();
    this.mailHeaderLists.clear();
    this.everHadMime = false;
    this.currentMime = null;
  }

  /** Frees the handle, and then the memory that libcurl read for it. */
  free(): void {
    const { pointer } = this;
    if (pointer === null) return;
    this.pointer = null; // before the call, so that its callbacks find the handle closed
    library().symbols.curl_easy_cleanup(pointer);
    this.freeAllButHandle();
  }

  /** Frees everything but the `CURL *`, which libcurl frees or has freed. */
  freeAllButHandle(): void {
    this.pointer = null;
    this.freeOptionMemory();
    this.replaceHook(null);
    for (const hook of this.#oldHooks.splice(0)) hook.release();
    release(this.errorBuffer);
    this.dropLines();
    easyTokens.release(this.token);
    easyCount.open--;
  }
}

/** The public object of a handle, an `Easy`, as far as this folder needs it. */
export interface EasyFace {
  /** Whether the handle is closed. */
  readonly closed: boolean;
  /** Pauses and unpauses by `CURLPAUSE_*` bits. */
  pause(flags: number): void;
  /** Reads an info. */
  getInfo(info: string | number): unknown;
}

/** The multi handle that an easy handle is added to, as far as the easy needs it. */
export interface EasyHost {
  /** How many callbacks of the multi and of its easy handles are on the stack. */
  depth: number;
  /** The driver of the multi, `null` where the user drives it. */
  readonly observer: TransferObserver | null;
  /**
   * Adds a reference to a hook that is held as long as the connection cache of this multi exists.
   */
  keepHook(hook: CloseHook): void;
  /**
   * Takes the failure of the multi's callbacks: one threw or returned -1. `null` where there is
   * none, or where it belongs to a call further down the stack.
   */
  takeFailure(): { readonly thrown: { readonly value: unknown } | null } | null;
  /** Removes an easy handle from the multi. */
  remove(easy: EasyState): void;
}

/** What the receiver of a body knows about the body. */
export interface BodyReceiver {
  /** The values of Content-Encoding, joined by commas; empty where there is none. */
  readonly contentEncoding: string;
  /** Whether the receiver takes unpacked bytes without a pause, because a limit ends its body. */
  readonly takesAll: boolean;
}

/**
 * Receives a copy of what a transfer sends and receives. Runs inside libcurl's callbacks, and must
 * not throw.
 */
export interface TransferTap {
  /** What libcurl traces; `type` is a C `curl_infotype`, `CURLINFO_*`. */
  trace(type: number, bytes: TappedBytes): void;
  /** Bytes of the body, decoded, which the handle's WRITEFUNCTION has taken. */
  body(bytes: TappedBytes): void;
}

/** Bytes in libcurl's buffer, valid until the callback returns. */
export interface TappedBytes {
  /** How many bytes there are. */
  readonly length: number;
  /** Fills `target` with the bytes from offset `from` on, of which there must be enough. */
  copyTo(target: Uint8Array<ArrayBuffer>, from?: number): void;
}

/** The driver of a multi's transfers, as far as easy handles need it. */
export interface TransferObserver {
  /**
   * Whether a transfer has to pause before it receives these bytes, so that others can continue.
   */
  mustWait(easy: EasyState, bytes: number): boolean;
  /** Whether libcurl reads from a socket in the call in progress. */
  isReceiving(): boolean;
  /** Called after a transfer was paused or unpaused, which may change libcurl's timeout. */
  touched(easy: EasyState): void;
  /** Called after an option was set that libcurl reads only at its next call: `LIMITS_IN_USE`. */
  limitChanged(easy: EasyState): void;
  /** Called when other directions of a transfer are paused than before: `EasyState.paused`. */
  paused(easy: EasyState): void;
  /** Has a transfer paused as soon as libcurl has returned. */
  pauseDue(easy: EasyState): void;
  /** Has a transfer that is about to be resumed wait for those before it. */
  queue(easy: EasyState): void;
  /**
   * A call outside the driver's turns has ended a transfer by an error, which libcurl may not
   * report.
   */
  failed(easy: EasyState, error: CurlEasyError): void;
}

/**
 * The state of an easy handle, in three parts by lifetime: the settings of its options, the state
 * of its current transfer, and the state that lasts as long as the handle.
 */
export class EasyState {
  readonly resources: EasyResources;
  /** The values of the options; `reset()` makes a new object. */
  settings: EasySettings = new EasySettings();
  /** The state of the current transfer, or of the last one. */
  run: TransferRun = new TransferRun();
  /** The value of SHARE, which `reset()` keeps and a duplicate does not get. */
  share: unknown = undefined;
  /** The data of SHARE, one object for all handles that use it. */
  sharedData: SharedData | null = null;
  /** The multi that the handle is added to. */
  multi: EasyHost | null = null;
  /** How many callbacks of the handle are on the stack. */
  depth = 0;
  /** HSTSREADFUNCTION or HSTSWRITEFUNCTION is on the stack. */
  inHstsCallback = false;
  /** Whether DEBUGFUNCTION is on the stack. libcurl does not call it for events inside it. */
  inDebugCallback = false;
  /** Observes the sockets of the handle. `reset()` removes the watcher with its SOCKOPTFUNCTION. */
  watcher: SocketWatcher | null = null;
  /** Returns the receiver of the body, where that is not the user's own WRITEFUNCTION. */
  receiver: (() => BodyReceiver | null) | null = null;
  /** The taps that receive what is sent and received: `tap.ts`. */
  taps: readonly TransferTap[] | null = null;
  /** The buffer that libcurl reads in `send` and `wsSend`. */
  sendBlock: Uint8Array<ArrayBuffer> | null = null;
  /** `perform()` was called, so libcurl keeps an internal multi handle for this handle. */
  performed = false;
  /** The sockets that blocking transfers have left open, by fd, each with its identity. */
  readonly keptSockets: Map<number, string> = new Map();
  /** The next transfer must use a connection that no other transfer uses, before or after it. */
  alone = false;
  /** The token of the multi whose name cache has the addresses of RESOLVE, 0 for none. */
  resolvedIn = 0;
  /** Whether the handle must not upload again: {@linkcode markTrailersSent}. */
  trailersSent = false;
  /** The value of STREAM_DEPENDS or STREAM_DEPENDS_E, which can be set only once. */
  dependsOn: unknown = null;
  /** Whether the stream of this handle depends on another one, or another one on this. */
  inStreamTree = false;
  /** FTP_ENTRY_PATH of the first transfer by FTP, `undefined` before its end. */
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

  /** The current CLOSESOCKETFUNCTION, which may outlive the handle. */
  get closeHook(): CloseHook | null {
    return this.resources.closeHook;
  }

  /** Whether a call or a multi handle keeps the state alive. */
  get pinned(): boolean {
    return this.#pins > 0;
  }

  /**
   * Whether the handle is in use: a call runs, a callback of the handle is on the stack, or the
   * handle is in a multi and its transfer has not ended. With CONNECT_ONLY the connection stays in
   * use, so there the handle is in use until it is removed.
   */
  get isInUse(): boolean {
    if (this.depth > 0) return true;
    return this.#pins > 0 && (!this.run.endReported || this.run.connected);
  }

  /** The public object, `null` once it was garbage-collected. */
  get easy(): EasyFace | null {
    return this.#easy ?? this.#weak.deref() ?? null;
  }

  /**
   * Keeps the handle alive and its token valid until {@linkcode unpin} was called as often. A
   * caller that has the `Easy` passes it, since dereferencing a weak reference is slow.
   */
  pin(easy: EasyFace | null = this.#weak.deref() ?? null): void {
    const hook = this.resources.closeHook;
    if (hook) hook.used = true;
    if (this.#pins++ > 0) return;
    this.run = new TransferRun();
    this.resources.dropLines(); // of a head that was cut off
    this.#easy = easy;
    easyTokens.root(this.resources.token, this);
  }

  /** Records that a transfer begins: libcurl may read MIMEPOST and HTTPHEADER from now on. */
  markSending(): void {
    this.settings.postSizeUsed = this.settings.postFieldsUsed = true;
    const { everHadMime, currentMime, owned, mailHeaderLists } = this.resources;
    if (!everHadMime) return;
    if (currentMime) currentMime.sent = true;
    const headers = owned.get(HTTPHEADER);
    if (headers) mailHeaderLists.add(headers);
  }

  /** Ends one {@linkcode pin}. The last one frees the memory that options owned before. */
  unpin(): void {
    if (--this.#pins > 0) return;
    this.#easy = null;
    easyTokens.unroot(this.resources.token);
    if (this.resources.retired.length > 0) this.resources.freeRetired();
  }

  /**
   * Sets the memory that an option owns. The old memory is freed, or, while a transfer may read it,
   * kept until the transfer is over.
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

  /** Records that a callback begins: until it ends, calls that libcurl forbids inside it throw. */
  enterCallback(): void {
    this.depth++;
    if (this.multi) this.multi.depth++;
    if (this.sharedData) this.sharedData.depth++;
  }

  /** Records that the callback ends. */
  leaveCallback(): void {
    this.depth--;
    if (this.multi) this.multi.depth--;
    if (this.sharedData) this.sharedData.depth--;
  }

  /** The `CURLPAUSE_*` bits that the user's callbacks and calls have paused. */
  get paused(): number {
    return this.run.paused;
  }

  set paused(bits: number) {
    const isChanged = bits !== this.run.paused;
    this.run.paused = bits;
    if (isChanged && this.easy) this.multi?.observer?.paused(this);
  }

  /** Records what a callback threw, for the caller of libcurl. Only the first exception counts. */
  recordThrown(value: unknown): void {
    this.run.thrown ??= { value };
  }

  /**
   * Flushes C's standard output, where a transfer without WRITEFUNCTION and driver writes to it.
   */
  flushOutput(): void {
    const { WRITEFUNCTION, WRITEDATA } = easyOptions;
    if (this.settings.functions.has(WRITEFUNCTION.id)) return;
    if (this.multi?.observer || this.resources.owned.has(WRITEDATA.id)) return;
    libc.fflush(null);
  }

  /**
   * Records that the handle sends trailers. With the oddity `remembersTrailers` the handle must not
   * make another chunked upload, not even that of a redirect. Throws where curlew could not prevent
   * such an upload, because the body does not come from a READFUNCTION.
   */
  markTrailersSent(): void {
    this.trailersSent = oddities().remembersTrailers;
    if (!this.trailersSent || this.#readsInJs()) return;
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

  /** The error for an upload of a handle that has sent trailers. */
  trailersSentError(): CurlEasyError {
    return new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      "Cannot use the easy handle again: with libcurl before 8.7 one that has sent trailers " +
        "is good for that transfer only",
    );
  }

  /** Throws CURLE_RECURSIVE_API_CALL inside a callback of this handle or of a related one. */
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
   * Takes the error of a finished call, with libcurl's own text and what a callback threw as its
   * cause; `null` where the call succeeded. The exception is cleared.
   */
  takeError(code: number): CurlEasyError | null {
    const { thrown, ownError } = this.run;
    this.run.thrown = this.run.ownError = null;
    if (code === Code.OK && !thrown) return null;
    if (code === Code.ABORTED_BY_CALLBACK && !thrown && ownError) return ownError;
    const text = failureText(code, this.resources, this.settings.unixSocket);
    return new CurlEasyError(
      code || Code.ABORTED_BY_CALLBACK,
      withoutCredentials(text) || (code === Code.OK ? "A callback failed" : undefined),
      thrown ? { cause: thrown.value } : undefined,
    );
  }
}

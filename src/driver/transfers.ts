/**
 * The transfers in flight of one multi handle.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import { TombstoneMap } from "../handles/base/tombstone_map.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import type { Easy } from "../handles/easy/easy.ts";
import { onAbort } from "../signals.ts";

const { CURLPAUSE_RECV } = flags;

/**
 * Called at the end of a transfer: exactly one of the methods, once. They must not throw: they run
 * inside the agent's turn.
 */
export interface TransferOutcome {
  /** The transfer has succeeded. */
  resolve(easy: Easy): void;
  /** The transfer has failed, or was aborted. */
  reject(reason: unknown): void;
  /**
   * The request of `fetch` that the transfer is made for, which a {@linkcode TransferWatcher}
   * reads.
   */
  readonly request?: object | null;
}

/** Watches the transfers of an agent. Its methods must not throw. */
export interface TransferWatcher {
  /** Called before a transfer is started. The returned outcome is called instead of `outcome`. */
  watch(easy: Easy, outcome: TransferOutcome, signal: AbortSignal | null): WatchedOutcome;
}

/** The outcome of a transfer that is watched. */
export interface WatchedOutcome extends TransferOutcome {
  /** The transfer was started, synchronously in the call that asked for it. */
  started(): void;
}

/** A transfer in flight. */
export class ActiveTransfer {
  readonly easy: EasyState;
  /** The number of transfers of its multi handle that had begun, this one included. */
  readonly number: number;
  /** When the transfer began, on the clock of `performance.now()`. */
  readonly started: number = performance.now();
  /** The `CURLPAUSE_*` bits of the directions that are paused until the application resumes them. */
  paused = 0;
  /** Whether a limit was changed after the transfer had begun. */
  limitChanged = false;
  /**
   * PRETRANSFER_TIME_T when the transfer left a connection: the value grows with the next
   * connection.
   */
  leftPretransfer = -1;
  /**
   * The reason of an abort inside a callback: the handle is removed after the callback has
   * returned.
   */
  aborted: { readonly reason: unknown } | null = null;
  /** The error of a call outside a turn that has ended the transfer. */
  failure: { readonly error: unknown } | null = null;
  readonly #outcome: TransferOutcome;
  #unlisten: (() => void) | null = null;

  /** Only for {@linkcode ActiveTransfers.add}. */
  constructor(easy: EasyState, number: number, outcome: TransferOutcome) {
    this.easy = easy;
    this.number = number;
    this.#outcome = outcome;
  }

  /** Listens to a signal until the transfer is settled. */
  listen(signal: AbortSignal, listener: () => void): void {
    this.#unlisten = onAbort(signal, listener);
  }

  /** The transfer has succeeded, unless it was aborted or has failed before. */
  resolve(easy: Easy): void {
    if (this.aborted || this.failure) return this.reject(null);
    this.#unlisten?.();
    this.#outcome.resolve(easy);
  }

  /** The transfer has failed. The reason of an abort is reported first, then the first failure. */
  reject(reason: unknown): void {
    this.#unlisten?.();
    const { aborted, failure } = this;
    this.#outcome.reject(aborted ? aborted.reason : failure ? failure.error : reason);
  }
}

/** The transfers in flight, by the address of their handle. */
export class ActiveTransfers {
  readonly #transfers = new TombstoneMap<ActiveTransfer>();
  /**
   * The transfers for which libcurl may have to be called without an event. Which kind each one is,
   * is decided when it matters: a redirect or an option may change it.
   */
  readonly watchlist: Set<ActiveTransfer> = new Set();
  #paused = 0;
  #receivePaused = 0;
  #begun = 0;
  #known = 0;

  /** How many transfers have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** libcurl was called, and has processed all transfers that had begun. */
  called(): void {
    this.#known = this.#begun;
  }

  /** Whether libcurl has processed all transfers. */
  get allKnown(): boolean {
    return this.#known === this.#begun;
  }

  /**
   * Whether libcurl has processed a transfer. Until then the infos of its handle are those of the
   * handle's last transfer.
   */
  isKnown(transfer: ActiveTransfer): boolean {
    return transfer.number <= this.#known;
  }

  /** How many transfers are in flight. */
  get size(): number {
    return this.#transfers.size;
  }

  /** How many are not paused at all. */
  get runnable(): number {
    return this.#transfers.size - this.#paused;
  }

  /**
   * How many can continue without the application: those that may receive something, also where
   * their upload has nothing to send.
   */
  get receiving(): number {
    return this.#transfers.size - this.#receivePaused;
  }

  /** Adds a transfer that has begun. */
  add(easy: EasyState, outcome: TransferOutcome): ActiveTransfer {
    const transfer = new ActiveTransfer(easy, ++this.#begun, outcome);
    this.#transfers.set(easy.resources.address, transfer);
    return transfer;
  }

  /** The transfer of a handle. */
  find(easy: EasyState): ActiveTransfer | undefined {
    return this.#transfers.get(easy.resources.address);
  }

  /** The transfer of the handle with that address. */
  findAt(address: number): ActiveTransfer | undefined {
    return this.#transfers.get(address);
  }

  /** The transfers, in no order. */
  [Symbol.iterator](): Iterator<ActiveTransfer> {
    return this.#transfers[Symbol.iterator]();
  }

  /** The transfer of a handle was paused or unpaused. */
  pause(easy: EasyState): void {
    const transfer = this.find(easy);
    if (transfer) this.#setPaused(transfer, easy.paused);
  }

  #setPaused(transfer: ActiveTransfer, bits: number): void {
    const before = transfer.paused;
    this.#paused += Number(bits !== 0) - Number(before !== 0);
    this.#receivePaused += Number((bits & CURLPAUSE_RECV) !== 0) -
      Number((before & CURLPAUSE_RECV) !== 0);
    transfer.paused = bits;
  }

  /** Removes a transfer, which is over. Returns false where it was removed before. */
  take(transfer: ActiveTransfer): boolean {
    const { easy } = transfer;
    if (this.find(easy) !== transfer) return false;
    if (transfer.paused !== 0) this.#setPaused(transfer, 0);
    if (this.watchlist.size > 0) this.watchlist.delete(transfer);
    return this.#transfers.delete(easy.resources.address);
  }

  /** Removes all transfers. */
  takeAll(): ActiveTransfer[] {
    const transfers = [...this.#transfers];
    this.#transfers.clear();
    this.watchlist.clear();
    this.#paused = this.#receivePaused = 0;
    return transfers;
  }
}

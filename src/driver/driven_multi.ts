/**
 * A multi handle that a loop drives, and all that has the lifetime of that handle: its transfers,
 * its sockets in the poller, the waits for sockets, and the remedies for libcurl's oddities. This
 * class does the work of a turn; the loop decides when.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";
import { native, type Pointer } from "../../ffi/mod.ts";
import { Code, CurlEasyError } from "../errors.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { markConnectionUsed } from "../handles/easy/connect_only.ts";
import { type Easy, isEasy, stateOf } from "../handles/easy/easy.ts";
import { getInfo } from "../handles/easy/infos.ts";
import { setOption } from "../handles/easy/options.ts";
import { reusesUnread } from "../handles/easy/kept_connection.ts";
import { type Message, type Multi, multiStateOf } from "../handles/multi/multi.ts";
import type { MultiObserver, MultiState } from "../handles/multi/state.ts";
import { oddities } from "../libcurl_versions.ts";
import { reasonOf } from "../signals.ts";
import { type AgentOptions, multiFor } from "./agent_options.ts";
import { EarlyAnswers, isAnswered } from "./early_answers.ts";
import type { Poller } from "./poller/poller.ts";
import { isSurelyHttp } from "./protocol.ts";
import { Farewells } from "./quirks/farewells.ts";
import { QuirkRemedies } from "./quirks/remedies.ts";
import { UnreadBytes } from "./quirks/unread_bytes.ts";
import { type SocketWaitOutcome, SocketWaits } from "./socket_waits.ts";
import { Sockets } from "./sockets.ts";
import { DuePauses } from "./timing/due_pauses.ts";
import { Fairness } from "./timing/fairness.ts";
import { QueuedTimeouts } from "./timing/queued_timeouts.ts";
import { RegularLooks } from "./timing/regular_looks.ts";
import { type ActiveTransfer, ActiveTransfers, type TransferOutcome } from "./transfers.ts";

const { CURL_SOCKET_TIMEOUT, CURLMNWC_CLEAR_CONNS } = flags;

/** The part of a loop that its multi handle calls. */
export interface Scheduler {
  /** Schedules a turn. */
  schedule(): void;
  /** Parks again, with the present sockets and deadline: these have changed outside a turn. */
  parkSoon(): void;
}

/** A multi handle with its transfers, sockets and waits. */
export class DrivenMulti {
  readonly multi: Multi;
  readonly sockets: Sockets;
  readonly waits: SocketWaits;
  readonly transfers: ActiveTransfers = new ActiveTransfers();
  readonly #duePauses = new DuePauses();
  readonly #farewells = new Farewells();
  readonly fairness: Fairness = new Fairness(this.#duePauses);
  readonly answers: EarlyAnswers;
  /** Whether libcurl reads from a socket in the call in progress. */
  #receiving = false;
  readonly timeouts: QueuedTimeouts;
  readonly looks: RegularLooks;
  readonly remedies: QuirkRemedies;
  readonly #state: MultiState;
  readonly #unread: UnreadBytes | null;
  readonly #options: AgentOptions;
  readonly #scheduler: Scheduler;
  #cacheSize: number;
  /** The transfers that failed in a call outside a turn; the next turn settles them. */
  readonly #failing: ActiveTransfer[] = [];

  /** Makes a multi handle with room for `cacheSize` idle connections. Throws as `Agent` does. */
  constructor(options: AgentOptions, cacheSize: number, poller: Poller, scheduler: Scheduler) {
    const schedule = () => scheduler.schedule();
    this.#options = options;
    this.#cacheSize = cacheSize;
    this.#scheduler = scheduler;
    this.timeouts = new QueuedTimeouts(this.transfers, schedule);
    this.looks = new RegularLooks(this.transfers.watchlist, schedule);
    this.remedies = new QuirkRemedies(
      () => this.#lookAtAll(),
      schedule,
      () => this.fairness.size > 0 || this.transfers.runnable < this.transfers.size,
    );
    this.sockets = new Sockets(poller, oddities().closesUnconnectedSilently);
    this.answers = new EarlyAnswers(this.sockets, schedule);
    this.waits = new SocketWaits(this.sockets, () => scheduler.parkSoon());
    this.multi = multiFor(options, cacheSize);
    this.#state = multiStateOf(this.multi);
    this.#state.observe(this.#observer());
    this.#unread = this.#endUnread();
  }

  #endUnread(): UnreadBytes | null {
    if (!reusesUnread()) return null;
    const { maxConnections, maxHostConnections } = this.#options;
    return new UnreadBytes({
      sockets: this.sockets,
      transfers: this.transfers,
      easies: this.#state.easies,
      isLimited: maxConnections !== undefined || maxHostConnections !== undefined,
      closeKept: () => this.#closeKept(),
    });
  }

  /** Has libcurl close all idle connections. */
  #closeKept(): void {
    this.#farewells.end();
    this.multi.setOpt("NETWORK_CHANGED", CURLMNWC_CLEAR_CONNS);
  }

  /** The number of idle connections that libcurl may keep. */
  get cacheSize(): number {
    return this.#cacheSize;
  }

  /** Whether a handle is added to the multi handle. */
  holds(easy: EasyState): boolean {
    return easy.multi === this.#state;
  }

  /** Whether no handle is added. */
  get isEmpty(): boolean {
    return this.#state.easies.size === 0;
  }

  /** Whether a callback of the multi handle, or of a handle in it, is on the stack. */
  get inCallback(): boolean {
    return this.#state.inCallback;
  }

  /** The observer of the multi handle's callbacks. It only records, and schedules a turn. */
  #observer(): MultiObserver {
    const { answers, sockets, transfers, remedies } = this, scheduler = this.#scheduler;
    const { nssClosesSockets } = oddities();
    return {
      socket: (fd, what, easy) => {
        remedies.socket(fd, what);
        sockets.socket(fd, what, easy);
        if (answers.size > 0) answers.socket(fd, what, this.#easyAt(easy));
        scheduler.schedule();
      },
      touched: (easy) => {
        remedies.touched();
        answers.touched(easy);
        scheduler.schedule();
      },
      opened: (fd) => {
        remedies.opened(fd);
        this.#farewells.closed(fd); // libcurl does not report each close
        // a socket whose end is not announced is not kept in the poller, so there is no record to
        // drop
        if (nssClosesSockets) sockets.closing(fd);
        else sockets.opened(fd);
      },
      closing: (fd) => {
        sockets.closing(fd);
        this.#farewells.closed(fd);
      },
      removed: (easy) => this.#removed(easy),
      limitChanged: (easy) => this.#limitChanged(easy),
      isReceiving: () => this.#receiving,
      mustWait: (easy, bytes) => {
        answers.touched(easy);
        return this.fairness.mustWait(easy, bytes);
      },
      paused: (easy) => {
        transfers.pause(easy);
        answers.touched(easy);
        if (easy.paused !== 0) remedies.stoppedReading(easy, transfers.size - 1);
        scheduler.schedule();
      },
      pauseDue: (easy) => this.#duePauses.add(easy),
      queue: (easy) => this.fairness.queue(easy),
      failed: (easy, error) => this.#failSoon(easy, error),
    };
  }

  #easyAt(pointer: Pointer): EasyState | null {
    return pointer && (this.#state.easies.get(native.address(pointer)) ?? null);
  }

  /** Starts a transfer. Throws the error of adding the handle. */
  start(easy: Easy, outcome: TransferOutcome, signal?: AbortSignal | null): void {
    this.#add(easy);
    this.#scheduler.schedule();
    const transfer = this.#enter(easy, outcome);
    if (signal) transfer.listen(signal, () => this.#abort(transfer, reasonOf(signal)));
  }

  /** Registers a transfer that libcurl adds itself, because the server pushes it. */
  expectPushed(easy: Easy, outcome: TransferOutcome): void {
    this.#enter(easy, outcome);
  }

  #enter(easy: Easy, outcome: TransferOutcome): ActiveTransfer {
    const state = stateOf(easy), transfer = this.transfers.add(state, outcome);
    this.timeouts.watch(transfer);
    this.#farewells.begins(state);
    if (state.settings.receive.finalHead) this.answers.watch(state);
    if (this.remedies.isSuspect(state) || !isSurelyHttp(state)) this.#watch(transfer);
    return transfer;
  }

  #watch(transfer: ActiveTransfer): void {
    this.transfers.watchlist.add(transfer);
    this.looks.watch();
  }

  /** A limit (a time, a speed) was changed on a handle that is in the multi handle. */
  #limitChanged(easy: EasyState): void {
    const transfer = this.transfers.find(easy);
    if (!transfer) return;
    transfer.limitChanged = true;
    this.#watch(transfer);
    this.looks.limitChanged();
    this.timeouts.watch(transfer);
  }

  #add(easy: Easy): void {
    const { share, maxCachedConnections } = this.#options;
    if (share && isEasy(easy)) {
      const state = stateOf(easy);
      if (state.share === undefined) setOption(state, "SHARE", share);
    }
    this.remedies.adding(() => this.multi.addHandle(easy));
    // the cache grows to the largest number of transfers, so that a burst leaves its connections
    // open
    if (maxCachedConnections === undefined && this.transfers.size >= this.#cacheSize) {
      this.multi.setOpt("MAXCONNECTS", this.#cacheSize *= 2);
    }
  }

  /** Starts a wait for the socket of a CONNECT_ONLY transfer. Throws where the handle has none. */
  wait(easy: Easy, direction: number, outcome: SocketWaitOutcome, signal?: AbortSignal): void {
    const state = isEasy(easy) ? stateOf(easy) : null;
    if (state?.multi !== this.#state || !state.run.connected) {
      throw new CurlEasyError(
        Code.BAD_FUNCTION_ARGUMENT,
        "Cannot wait for the easy handle: expected a CONNECT_ONLY one that this agent has connected",
      );
    }
    const fd = getInfo(state, "ACTIVESOCKET");
    if (fd < 0) throw new CurlEasyError(Code.RECV_ERROR, "The connection is gone");
    this.waits.start(state, fd, direction, outcome, signal);
  }

  #abort(transfer: ActiveTransfer, reason: unknown): void {
    transfer.aborted = { reason }; // this reason is reported, however the transfer ends until then
    if (this.inCallback) {
      // libcurl refuses to remove a handle inside a callback
      setImmediate(() => this.#abort(transfer, reason));
    } else if (this.transfers.take(transfer)) {
      this.#state.remove(transfer.easy);
      transfer.reject(reason);
      this.#scheduler.schedule();
    }
  }

  /**
   * A handle was removed. If its transfer is still in flight, the user has closed the handle, and
   * the transfer is rejected.
   */
  #removed(easy: EasyState): void {
    this.fairness.forget(easy);
    this.answers.forget(easy);
    this.#unread?.removed(easy);
    this.remedies.stoppedReading(easy, this.transfers.size);
    const transfer = this.transfers.find(easy);
    if (transfer) {
      this.transfers.take(transfer);
      transfer.reject(closedError());
    } else if (this.waits.has(easy)) this.waits.reject(easy, closedError());
    this.#scheduler.schedule(); // in any case: a queued transfer may get its connection now
  }

  /** Resumes the transfer that was paused for fairness first. */
  resumeNext(): void {
    this.#duePauses.make(); // also the pauses of calls outside a turn
    this.fairness.resumeNext();
    this.#duePauses.make();
  }

  /** libcurl's timeout in milliseconds, -1 for none. */
  timeout(): number {
    return this.remedies.timeout(this.multi.timeout());
  }

  /**
   * Calls libcurl for its timeout, which also starts the transfers that were added since the last
   * call.
   */
  runDue(): void {
    this.sockets.lookAtKept();
    this.remedies.beforeTimeout();
    this.#act(CURL_SOCKET_TIMEOUT, 0);
  }

  #act(fd: number, mask: number): void {
    this.multi.socketAction(fd, mask);
    this.transfers.called();
    this.#duePauses.make();
  }

  #lookAtAll(): void {
    this.multi.socketAll();
    this.transfers.called();
    this.#duePauses.make();
  }

  /** Serves the sockets that are ready, until `isOver`. Returns how many events there were. */
  serveSockets(isOver: () => boolean): number {
    const { remedies, sockets } = this;
    sockets.apply();
    const served = sockets.serve((fd, mask) => {
      remedies.beforeAction(fd);
      this.#receiving = (mask & flags.CURL_CSELECT_IN) !== 0;
      this.#act(fd, mask);
      this.#receiving = false;
      this.answers.served(fd);
    }, isOver);
    sockets.apply();
    return served;
  }

  /** Calls libcurl for all its sockets where a remedy needs it. Returns whether it did. */
  lookIfDue(): boolean {
    const isDue = this.looks.take();
    if (isDue) this.#lookAtAll();
    return this.remedies.lookIfDue() || isDue;
  }

  /** Settles the transfers that failed in a call outside a turn. Returns whether there were any. */
  settleFailed(): boolean {
    if (this.#failing.length === 0) return false;
    for (const transfer of this.#failing.splice(0)) this.#fail(transfer, null);
    return true;
  }

  /** Settles the transfers that libcurl has finished. Returns whether there were any. */
  settleFinished(): boolean {
    let any = this.settleFailed();
    for (let message = this.multi.infoRead(); message; message = this.multi.infoRead()) {
      any = true;
      this.#finish(message);
    }
    return any;
  }

  #finish({ easy, error: failure }: Message): void {
    const state = stateOf(easy), transfer = this.transfers.find(state);
    if (!transfer) return;
    this.transfers.take(transfer);
    const error = failure && isAnswered(state, failure) ? null : failure;
    const isEnded = this.#farewells.ended(state);
    // libcurl would use the connection again
    if (isEnded && oddities().trustsRecentlyUsed) this.#closeKept();
    // removing a CONNECT_ONLY handle would close its connection
    if (error || transfer.aborted || !state.settings.connectOnly) this.#state.remove(state);
    else markConnectionUsed(state);
    if (error) transfer.reject(error);
    else transfer.resolve(easy);
  }

  /**
   * Settles the transfers whose answer is complete while their upload is not. Returns whether there
   * were any.
   */
  settleAnswered(): boolean {
    return this.answers.end((easy, error) => {
      const transfer = this.transfers.find(easy);
      if (!transfer || !this.transfers.take(transfer)) return;
      const face = easy.easy as Easy; // the pin of the transfer keeps it
      this.#state.remove(easy);
      if (error) transfer.reject(error);
      else transfer.resolve(face);
    });
  }

  /**
   * Rejects the queued transfers whose TIMEOUT_MS is over and that libcurl has not ended itself.
   */
  failLate(): void {
    for (const transfer of this.timeouts.late()) {
      const { timeoutMs } = transfer.easy.settings;
      const text = `Operation timed out after ${timeoutMs} milliseconds`;
      this.#fail(transfer, new CurlEasyError(Code.OPERATION_TIMEDOUT, text));
    }
  }

  /** Rejects a transfer in the next round: a callback may be on the stack now. */
  #failSoon(easy: EasyState, error: CurlEasyError): void {
    const transfer = this.transfers.find(easy);
    if (!transfer || transfer.failure) return;
    transfer.failure = { error };
    this.#failing.push(transfer);
    this.#scheduler.schedule();
  }

  #fail(transfer: ActiveTransfer, error: unknown): void {
    if (!this.transfers.take(transfer)) return;
    this.#state.remove(transfer.easy);
    transfer.reject(error);
  }

  /**
   * Rejects all transfers and waits after an error of the multi interface: the state of the multi
   * handle is unknown then. Returns false where there were none.
   */
  rejectAll(reason: unknown): boolean {
    const transfers = this.transfers.takeAll(), any = transfers.length > 0 || this.waits.size > 0;
    for (const transfer of transfers) transfer.reject(reason);
    this.waits.rejectAll(reason);
    return any;
  }

  /** Removes and rejects all transfers, each with an error of its own, and rejects all waits. */
  removeAll(reason: () => CurlEasyError): void {
    this.waits.rejectAll(reason());
    for (const transfer of this.transfers.takeAll()) {
      this.#state.remove(transfer.easy);
      transfer.reject(reason());
    }
  }

  /** Closes the multi handle. Throws as `Multi.close` does. */
  close(): void {
    this.remedies.end();
    this.timeouts.end();
    this.looks.end();
    this.answers.stop();
    this.#farewells.end();
    this.multi.close();
  }
}

function closedError(): CurlEasyError {
  return new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The easy handle was closed");
}

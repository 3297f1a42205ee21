/**
 * `Multi` in node-libcurl's form: many transfers at once, driven by an agent.
 *
 * @module
 */

import {
  type Agent,
  agentOfOneMulti,
  expectPushed,
  multiOfAgent,
  performAtOnce,
} from "../../driver/agent.ts";
import { CurlEasyError as CoreError, CurlMultiError as CoreMultiError } from "../../errors.ts";
import type { Easy as CoreEasy } from "../../handles/easy/easy.ts";
import type { Multi as CoreMulti, MultiOptionName as CoreName } from "../../handles/multi/multi.ts";
import {
  callbackError,
  noteError,
  startError,
  thrownByUser,
  transferError,
} from "../easy/codes.ts";
import type { Easy } from "../easy/easy.ts";
import { type Host, type Inner, innerOf } from "../easy/inner.ts";
import { CurlCode, CurlMultiCode } from "../enums/codes.ts";
import type { CurlPipe } from "../enums/handles.ts";
import { type CurlEasyError, CurlMultiError } from "../errors.ts";
import { multiOption, type NamedOption } from "../tables.ts";
import { warn } from "../warn.ts";
import { type PushFunction, pushFunction } from "./push.ts";
import { isInstance } from "../../untrusted.ts";

/** The name of an option of a multi handle: curl's own, without `CURLMOPT_`. */
export type MultiOptionName =
  | "CHUNK_LENGTH_PENALTY_SIZE"
  | "CONTENT_LENGTH_PENALTY_SIZE"
  | "MAX_CONCURRENT_STREAMS"
  | "MAX_HOST_CONNECTIONS"
  | "MAX_PIPELINE_LENGTH"
  | "MAX_TOTAL_CONNECTIONS"
  | "MAXCONNECTS"
  | "NETWORK_CHANGED"
  | "PUSHFUNCTION";

/** The options of a multi handle, each by its name. */
export type MultiOption = { readonly [N in MultiOptionName]: N };

/** The options of the constructor of `Multi`. */
export interface MultiOptions {
  /** Without effect: the agent that drives the transfers does not need it. */
  shouldUseNotificationsApi?: boolean;
}

/** A function for `onMessage`. */
export type MessageListener = (error: Error, easyHandle: Easy, errorCode: CurlCode) => void;

/** An easy handle inside the multi handle. */
interface Entry {
  readonly easy: Easy;
  readonly controller: AbortController;
  /** Called once, when the transfer is over. The outcome includes the exception of a callback. */
  readonly settle: (outcome: Outcome) => void;
  isOver: boolean;
}

/** The outcome of a transfer. */
interface Outcome {
  readonly error: CurlEasyError | CurlMultiError | null;
  /** libcurl's code for the transfer. */
  readonly code: CurlCode;
}

/** Aborts a transfer with an error. Does nothing if the transfer is over. */
export let abortTransfer: (multi: Multi, easy: Easy, error: Error) => void;

const { CURLM_OK, CURLM_BAD_FUNCTION_ARGUMENT, CURLM_UNKNOWN_OPTION } = CurlMultiCode;

let ids = 0;

/**
 * A multi handle, which runs many transfers at once without blocking.
 *
 * @example
 * ```ts
 * import { Easy, Multi } from "curlew/node-libcurl";
 *
 * const multi = new Multi();
 * const easy = new Easy();
 * easy.setOpt("URL", "https://example.com/");
 * try {
 *   await multi.perform(easy);
 *   console.log(easy.getInfo("RESPONSE_CODE").data);
 * } catch (error) {
 *   console.log((error as Error).message);
 * }
 * multi.removeHandle(easy);
 * easy.close();
 * multi.close();
 * ```
 */
export class Multi {
  /** The number of this handle in its thread. */
  readonly id: number = ids++;
  readonly #host: Host = { depth: 0 };
  readonly #entries = new Map<Inner, Entry>();
  readonly #easyOf = new WeakMap<CoreEasy, Easy>();
  /**
   * The options that were set. They are set again when the agent replaces its multi handle after an
   * error of the multi interface.
   */
  readonly #options = new Map<CoreName, unknown>();
  #agent: Agent | null = null;
  #configured: CoreMulti | null = null;
  #listener: MessageListener | null = null;
  #isOpen = true;

  static {
    abortTransfer = (multi, easy, error) => {
      const entry = multi.#entries.get(innerOf(easy)!);
      if (entry && !entry.isOver) entry.controller.abort(error);
    };
  }

  /** Makes a handle. */
  constructor(_options: MultiOptions = {}) {}

  /** libcurl's text for a code. */
  static strError(errorCode: CurlMultiCode): string {
    if (typeof errorCode !== "number") {
      throw badArgument("Cannot name the error: expected a CurlMultiCode");
    }
    return new CoreMultiError(errorCode).message;
  }

  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_multi_setopt.html}.
   *
   * @returns `CURLM_UNKNOWN_OPTION` for an option that this libcurl does not have.
   * @throws {CurlMultiError} for a value of the wrong type.
   * @throws {TypeError} for an option that node-libcurl does not offer.
   */
  setOpt(option: "PIPELINING", value: CurlPipe): CurlMultiCode;
  /** Sets the function that accepts or denies pushed streams. */
  setOpt(option: "PUSHFUNCTION", value: PushFunction | null): CurlMultiCode;
  /** Sets any other option. */
  setOpt(option: Exclude<MultiOptionName, "PUSHFUNCTION">, value: number): CurlMultiCode;
  setOpt(option: string, value: unknown): CurlMultiCode {
    this.#open();
    const row = multiOption(option);
    return row ? this.#setOption(row, value) : CURLM_UNKNOWN_OPTION;
  }

  #setOption({ name, kind }: NamedOption, value: unknown): CurlMultiCode {
    if (kind === "cbptr" || (kind === "function" && name !== "PUSHFUNCTION")) {
      throw new TypeError(`Unsupported option ${name}: node-libcurl's interface does not have it`);
    }
    const expected = {
      function: ["null or a function", value === null || typeof value === "function"],
      object: ["an array of strings", value === null || isStrings(value)],
    }[kind as string] ?? ["an integer", typeof value === "number"];
    if (!expected[1]) throw badArgument(`Cannot set ${name}: expected ${expected[0]}`);
    const given = kind === "function" && value !== null
      ? this.#pushFunction(value as PushFunction)
      : typeof value === "number"
      ? value | 0
      : value;
    const multi = multiOfAgent(this.#drive());
    try {
      multi.setOpt(name as CoreName, given as never);
    } catch (error) {
      if (isInstance(error, CoreMultiError)) return error.code as CurlMultiCode;
      throw error;
    }
    this.#options.set(name as CoreName, given);
    return CURLM_OK;
  }

  #pushFunction(fn: PushFunction): ReturnType<typeof pushFunction> {
    return pushFunction(
      (core) => core ? this.#easyOf.get(core) : undefined,
      (parent, ...more) => innerOf(parent)!.call(() => fn.call(this, parent, ...more)),
      (easy) => {
        const inner = innerOf(easy)!, entry = this.#enter(easy, inner, this.#teller(easy));
        expectPushed(this.#drive(), inner.core, this.#waiting(inner, entry));
      },
    );
  }

  /** The agent, created at the first use. */
  #drive(): Agent {
    return this.#agent ??= agentOfOneMulti();
  }

  /**
   * Starts a transfer. The handle stays added until it is removed.
   *
   * @returns the handle, when the transfer is over.
   * @throws {CurlMultiError} synchronously, where the transfer cannot start.
   * @throws {CurlEasyError} for a transfer that failed; its `cause` is the exception of a callback.
   */
  perform(handle: Easy): Promise<Easy> {
    const { promise, resolve, reject } = Promise.withResolvers<Easy>();
    this.#begin(handle, ({ error }) => error ? reject(error) : resolve(handle));
    return promise;
  }

  /**
   * Starts a transfer, at whose end the function of `onMessage` is called.
   *
   * @deprecated {@linkcode perform} returns a promise.
   */
  addHandle(handle: Easy): CurlMultiCode {
    this.#begin(handle, this.#teller(handle));
    return CURLM_OK;
  }

  /**
   * Sets the function that is called at the end of each transfer of {@linkcode addHandle}.
   *
   * @deprecated {@linkcode perform} returns a promise.
   */
  onMessage(cb: MessageListener | null): this {
    if (cb !== null && typeof cb !== "function") {
      throw badArgument("Cannot listen to messages: expected a function, or null for none");
    }
    this.#listener = cb;
    return this;
  }

  #teller(handle: Easy): Entry["settle"] {
    return ({ error, code }) => {
      queueMicrotask(() => {
        const thrown = error !== null && "cause" in error ? error.cause : error;
        try {
          this.#listener?.call(this, thrown as Error, handle, code);
        } catch (failure) {
          warn("An onMessage function has failed", failure);
        }
      });
    };
  }

  #begin(handle: Easy, settle: Entry["settle"]): void {
    const inner = this.#checked(handle);
    if (inner.host) {
      throw new CurlMultiError(
        "Cannot add the handle: it is inside a Multi already",
        CurlMultiCode.CURLM_ADDED_ALREADY,
      );
    }
    const agent = this.#drive();
    try {
      inner.begin();
    } catch (error) {
      throw startError(inner, noteError(inner, error));
    }
    const entry = this.#enter(handle, inner, settle);
    try {
      const waiting = this.#waiting(inner, entry);
      performAtOnce(agent, inner.core, entry.controller.signal, waiting);
    } catch (error) {
      this.#leave(inner);
      throw this.#refusal(inner, error);
    }
    const multi = multiOfAgent(agent);
    if (multi === this.#configured) return;
    if (this.#configured !== null) {
      for (const [name, value] of this.#options) multi.setOpt(name, value as never);
    }
    this.#configured = multi;
  }

  #enter(easy: Easy, inner: Inner, settle: Entry["settle"]): Entry {
    const entry = { easy, settle, controller: new AbortController(), isOver: false };
    this.#entries.set(inner, entry);
    this.#easyOf.set(inner.core, easy);
    inner.host = this.#host;
    return entry;
  }

  #leave(inner: Inner): void {
    this.#entries.delete(inner);
    inner.host = null;
  }

  #waiting(inner: Inner, entry: Entry): { resolve(): void; reject(reason: unknown): void } {
    const end = (outcome: () => Outcome) => {
      if (entry.isOver) return; // the handle was removed
      entry.isOver = true;
      entry.settle(outcome());
    };
    return {
      resolve: () => end(() => ({ error: null, code: CurlCode.CURLE_OK })),
      reject: (reason) => end(() => outcomeOf(inner, reason)),
    };
  }

  #refusal(inner: Inner, error: unknown): unknown {
    if (isInstance(error, CoreMultiError)) {
      const code = error.code as CurlMultiCode;
      return new CurlMultiError(`Cannot add the handle: ${error.message}`, code);
    }
    return isInstance(error, CoreError) ? startError(inner, noteError(inner, error)) : error;
  }

  /**
   * Removes a handle, whether its transfer is over or not. No function is called for an unfinished
   * transfer.
   *
   * @throws {CurlMultiError} `CURLM_RECURSIVE_API_CALL` inside a callback of a handle.
   */
  removeHandle(handle: Easy): CurlMultiCode {
    const inner = this.#checked(handle);
    if (inner.host === null) return CURLM_OK;
    const entry = this.#entries.get(inner);
    if (!entry) {
      const code = CurlMultiCode.CURLM_BAD_EASY_HANDLE;
      throw new CurlMultiError("Cannot remove the handle: it is inside another Multi", code);
    }
    this.#refuseInCallback("remove the handle");
    const { isOver } = entry;
    entry.isOver = true;
    if (!isOver) entry.controller.abort();
    this.#leave(inner);
    return CURLM_OK;
  }

  /** The number of easy handles that are added. */
  getCount(): number {
    this.#open();
    return this.#entries.size;
  }

  /** Removes all easy handles, whose transfers fail, and frees the multi handle. */
  close(): void {
    this.#open();
    this.#refuseInCallback("close the Multi");
    this.#isOpen = false;
    void this.#agent?.close();
    for (const inner of [...this.#entries.keys()]) this.#leave(inner);
  }

  #refuseInCallback(what: string): void {
    if (this.#host.depth === 0) return;
    const code = CurlMultiCode.CURLM_RECURSIVE_API_CALL;
    throw new CurlMultiError(`Cannot ${what}: called from a callback of a handle`, code);
  }

  #open(): void {
    if (this.#isOpen) return;
    throw new CurlMultiError("The Multi is closed", CurlMultiCode.CURLM_BAD_HANDLE);
  }

  #checked(handle: Easy): Inner {
    this.#open();
    const inner = innerOf(handle);
    if (!inner) throw badArgument("Cannot use the handle: expected an Easy");
    if (!inner.core.closed) return inner;
    const code = CurlMultiCode.CURLM_BAD_EASY_HANDLE;
    throw new CurlMultiError("Cannot use the handle: it is closed", code);
  }
}

/** The outcome of a transfer that the core has rejected. */
function outcomeOf(inner: Inner, reason: unknown): Outcome {
  const thrown = thrownByUser(reason);
  if (thrown) return { error: callbackError(thrown.value), code: (reason as CoreError).code };
  if (isInstance(reason, CoreError)) {
    const code = noteError(inner, reason);
    return { error: transferError(inner, code), code };
  }
  if (isInstance(reason, CoreMultiError)) {
    const { message, code } = reason;
    return { error: new CurlMultiError(message, code), code: CurlCode.CURLE_FAILED_INIT };
  }
  const error = reason as CurlEasyError;
  return { error, code: error.code };
}

const isStrings = (value: unknown) =>
  Array.isArray(value) && value.every((text) => typeof text === "string");

function badArgument(message: string): CurlMultiError {
  return new CurlMultiError(message, CURLM_BAD_FUNCTION_ARGUMENT);
}

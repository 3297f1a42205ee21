/**
 * The transfers in flight of an agent.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import type { Easy } from "../handles/easy/easy.ts";
import { curluText } from "../handles/easy/forbid_reuse.ts";
import { getInfo } from "../handles/easy/infos.ts";
import { TombstoneMap } from "../handles/base/tombstone_map.ts";
import { onAbort } from "./agent_options.ts";

/** Who waits for a transfer. Told once, which it takes without an exception. */
export interface Waiting {
  /** It has succeeded. */
  resolve(easy: Easy): void;
  /** It has not. */
  reject(reason: unknown): void;
}

/** A transfer in flight. */
export class Job {
  readonly easy: EasyState;
  readonly mayBeLost: boolean;
  /** On the clock of `performance.now()`. */
  readonly started: number = performance.now();
  /** Whether it waits for the application. */
  paused = false;
  /** Why it ends, where it was aborted inside a callback and libcurl does not know yet. */
  aborted: { readonly reason: unknown } | null = null;
  readonly #waiting: Waiting;
  #unlisten: (() => void) | null = null;

  /** Made by {@linkcode Jobs.add}. */
  constructor(easy: EasyState, mayBeLost: boolean, waiting: Waiting) {
    this.easy = easy;
    this.mayBeLost = mayBeLost;
    this.#waiting = waiting;
  }

  /** Listens to a signal until the job is settled. */
  listen(signal: AbortSignal, listener: () => void): void {
    this.#unlisten = onAbort(signal, listener);
  }

  /** The transfer succeeded. */
  resolve(easy: Easy): void {
    this.#unlisten?.();
    if (this.aborted) this.#waiting.reject(this.aborted.reason);
    else this.#waiting.resolve(easy);
  }

  /** It did not. */
  reject(reason: unknown): void {
    this.#unlisten?.();
    this.#waiting.reject(this.aborted ? this.aborted.reason : reason);
  }
}

/** See the module. */
export class Jobs {
  readonly #jobs = new TombstoneMap<Job>();
  readonly #asksForLosable: boolean;
  #paused = 0;
  #losable = 0;

  /** `asksForLosable` says whether {@linkcode anyLosable} is of interest. */
  constructor(asksForLosable: boolean) {
    this.#asksForLosable = asksForLosable;
  }

  /** How many there are. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Whether libcurl may lose one of them. */
  get anyLosable(): boolean {
    return this.#losable > 0;
  }

  /** How many can go on without the application: a paused one waits for it. */
  get holding(): number {
    return this.#jobs.size - this.#paused;
  }

  /** A transfer is paused, or no longer. */
  pause(easy: EasyState, paused: boolean): void {
    const job = this.find(easy);
    if (!job || job.paused === paused) return;
    job.paused = paused;
    this.#paused += paused ? 1 : -1;
  }

  /** Takes a transfer in. */
  add(easy: EasyState, waiting: Waiting): Job {
    const job = new Job(easy, this.#asksForLosable && mayBeLost(easy), waiting);
    this.#jobs.set(easy.resources.address, job);
    if (job.mayBeLost) this.#losable++;
    return job;
  }

  /** The job of a handle. */
  find(easy: EasyState): Job | undefined {
    return this.#jobs.get(easy.resources.address);
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<Job> {
    return this.#jobs[Symbol.iterator]();
  }

  /** Takes a job out; false where it is out already. */
  take(job: Job): boolean {
    const { address } = job.easy.resources;
    if (this.#jobs.get(address) !== job) return false;
    this.pause(job.easy, false);
    if (job.mayBeLost) this.#losable--;
    return this.#jobs.delete(address);
  }

  /** Takes all out. */
  takeAll(): Job[] {
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    this.#paused = this.#losable = 0;
    return jobs;
  }
}

const { CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;
const H2C: readonly number[] = [CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE];

function mayBeLost(easy: EasyState): boolean {
  const { settings } = easy, { httpVersion } = settings;
  if (settings.rateLimited || settings.reuseForbidden) return true;
  const mayBeH2c = H2C.includes(httpVersion);
  if (settings.ftpOrigin === null && !mayBeH2c) return false; // an HTTP URL: to read it takes 0.3 µs
  const url = getInfo(easy, "EFFECTIVE_URL") || curluText(easy);
  return /^\s*ftps?[:.]/i.test(url) || (mayBeH2c && !/^\s*https:/i.test(url));
}

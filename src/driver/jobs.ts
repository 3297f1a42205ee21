/**
 * The transfers in flight of an agent.
 *
 * @module
 */

import type { Easy } from "../handles/easy.ts";

/** A transfer in flight. */
export class Job {
  readonly easy: Easy;
  readonly isFtp: boolean;
  /** Whether it waits for the application. */
  paused = false;
  /** Why it ends, where it was aborted inside a callback and libcurl does not know yet. */
  aborted: { readonly reason: unknown } | null = null;
  readonly #resolve: (easy: Easy) => void;
  readonly #reject: (reason: unknown) => void;
  #signal: AbortSignal | null = null;
  #listener: (() => void) | null = null;

  /** Made by {@linkcode Jobs.add}. */
  constructor(
    easy: Easy,
    isFtp: boolean,
    resolve: (easy: Easy) => void,
    reject: (reason: unknown) => void,
  ) {
    this.easy = easy;
    this.isFtp = isFtp;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Listens to a signal until the job is settled. */
  listen(signal: AbortSignal, listener: () => void): void {
    this.#signal = signal;
    this.#listener = listener;
    signal.addEventListener("abort", listener, { once: true });
  }

  /** The transfer succeeded. */
  resolve(easy: Easy): void {
    this.#unlisten();
    if (this.aborted) this.#reject(this.aborted.reason);
    else this.#resolve(easy);
  }

  /** It did not. */
  reject(reason: unknown): void {
    this.#unlisten();
    this.#reject(this.aborted ? this.aborted.reason : reason);
  }

  #unlisten(): void {
    if (this.#listener) this.#signal?.removeEventListener("abort", this.#listener);
    this.#signal = this.#listener = null;
  }
}

/** See the module. */
export class Jobs {
  readonly #jobs = new Map<Easy, Job>();
  readonly #asksForFtp: boolean;
  #paused = 0;
  #ftp = 0;

  /** `asksForFtp` says whether {@linkcode anyFtp} is of interest. */
  constructor(asksForFtp: boolean) {
    this.#asksForFtp = asksForFtp;
  }

  /** How many there are. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Whether one of them is FTP. */
  get anyFtp(): boolean {
    return this.#ftp > 0;
  }

  /** How many can go on without the application: a paused one waits for it. */
  get holding(): number {
    return this.#jobs.size - this.#paused;
  }

  /** A transfer is paused, or no longer. */
  pause(easy: Easy, paused: boolean): void {
    const job = this.#jobs.get(easy);
    if (!job || job.paused === paused) return;
    job.paused = paused;
    this.#paused += paused ? 1 : -1;
  }

  /** Takes a transfer in. */
  add(easy: Easy, resolve: (easy: Easy) => void, reject: (reason: unknown) => void): Job {
    const job = new Job(easy, this.#asksForFtp && isFtp(easy), resolve, reject);
    this.#jobs.set(easy, job);
    if (job.isFtp) this.#ftp++;
    return job;
  }

  /** The job of a handle. */
  find(easy: Easy): Job | undefined {
    return this.#jobs.get(easy);
  }

  /** Takes a job out; false where it is out already. */
  take(job: Job): boolean {
    if (this.#jobs.get(job.easy) !== job) return false;
    this.pause(job.easy, false);
    if (job.isFtp) this.#ftp--;
    return this.#jobs.delete(job.easy);
  }

  /** Takes all out. */
  takeAll(): Job[] {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#paused = this.#ftp = 0;
    return jobs;
  }
}

function isFtp(easy: Easy): boolean {
  return /^\s*ftps?[:.]/i.test(easy.getInfo("EFFECTIVE_URL") ?? "");
}

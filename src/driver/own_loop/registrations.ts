/**
 * The descriptors that a `Poller` watches. The system gives the number of a closed descriptor to
 * another file, so an event is reported only while the number still belongs to the file that was
 * registered.
 *
 * @module
 */

import { CurlMultiError, MultiCode } from "../../errors.ts";
import { createPoller } from "../poller/create.ts";
import { bitsToTell, type Poller } from "../poller/poller.ts";
import { isInstance } from "../../untrusted.ts";

/** One registration of a descriptor. A further `set` makes a new one. */
export interface Registration {
  readonly fd: number;
  readonly interest: number;
  readonly tag: number;
}

/** An event as the kernel has reported it, not yet confirmed. */
export interface Reported {
  readonly registration: Registration;
  readonly bits: number;
}

/** The registrations of one kernel poller, which is replaced where it reports a closed file. */
export class Registrations {
  #poller: Poller = createPoller();
  readonly #known = new Map<number, Registration>();
  #tag = 0;
  /** The kernel reports a file whose descriptor was closed, and would report it again and again. */
  #hasStale = false;
  readonly #replaced: (fd: number, old: number) => void;

  /**
   * Opens a kernel poller. `replaced` is called with the descriptor of its successor before the old
   * one is closed, and may throw.
   */
  constructor(replaced: (fd: number, old: number) => void) {
    this.#replaced = replaced;
  }

  /** The descriptor of the kernel poller. */
  get fd(): number {
    return this.#poller.fd;
  }

  /** How many descriptors are watched. */
  get size(): number {
    return this.#known.size;
  }

  /** Watches a descriptor. Throws `CurlMultiError` where the system refuses. */
  set(fd: number, interest: number): void {
    const tag = this.#tag = (this.#tag + 1) | 0;
    try {
      this.#poller.set(fd, interest, tag);
    } catch (error) {
      // only a descriptor that was closed meanwhile can be accepted once and refused later
      this.#known.delete(fd);
      throw isInstance(error, CurlMultiError) ? refusal(fd, error) : error;
    }
    this.#known.set(fd, { fd, interest, tag });
  }

  /** Stops watching a descriptor. */
  delete(fd: number): void {
    if (this.#known.delete(fd)) this.#poller.delete(fd);
  }

  /** The events at this moment. */
  report(): Reported[] {
    if (this.#hasStale) this.#replace();
    const poller = this.#poller, found: Reported[] = [];
    for (let i = 0, count = poller.ready(); i < count; i++) {
      const registration = this.#known.get(poller.fdAt(i));
      if (registration?.tag !== poller.tagAt(i)) this.#hasStale = true;
      else found.push({ registration, bits: bitsToTell(poller.maskAt(i), registration.interest) });
    }
    return found;
  }

  /**
   * Whether an event may be reported: its registration is the latest, and the file is still the
   * same.
   */
  confirm({ registration }: Reported): boolean {
    if (this.#known.get(registration.fd) !== registration) return false;
    if (this.#confirms(registration)) return true;
    this.#known.delete(registration.fd);
    this.#hasStale = true;
    return false;
  }

  #confirms({ fd, interest, tag }: Registration): boolean {
    return this.#poller.confirm(fd, interest, tag);
  }

  /**
   * Replaces the kernel poller. epoll keeps a closed file that another descriptor or process still
   * has open, and only closing the poller removes it.
   */
  #replace(): void {
    const old = this.#poller, next = createPoller();
    const present = [...this.#known.values()].filter((known) => this.#confirms(known));
    try {
      for (const { fd, interest, tag } of present) next.set(fd, interest, tag);
      this.#replaced(next.fd, old.fd);
    } catch (error) {
      next.close();
      throw error;
    }
    this.#known.clear();
    for (const registration of present) this.#known.set(registration.fd, registration);
    this.#poller = next;
    this.#hasStale = false;
    old.close();
  }

  /** Closes the kernel poller. */
  close(): void {
    this.#known.clear();
    this.#poller.close();
  }
}

function refusal(fd: number, cause: CurlMultiError): CurlMultiError {
  const remedy = cause.code === MultiCode.BAD_SOCKET
    ? "; expected an open socket, pipe or another descriptor that the system can poll"
    : "";
  const text = `Cannot watch descriptor ${fd}: ${cause.message}${remedy}`;
  return new CurlMultiError(cause.code, text, { cause });
}

/** What the tests of `Multi` share: a transfer, and an event loop written by hand on poll(2). No
 * vitest here: children use it too. */
import { libc } from "../../../ffi/libc.ts";
import {
  CurlMultiError,
  Easy,
  type EasyOptions,
  type Message,
  Multi,
  type MultiCallbacks,
  versionInfo,
} from "../../../mod.ts";
import { libcurl, Wakeups } from "../../versions.ts";

export const versionNum: number = versionInfo().versionNum;

export const POLL_IN = 1, POLL_OUT = 2, POLL_INOUT = 3, POLL_REMOVE = 4;
export const SOCKET_TIMEOUT = -1;

/**
 * What SOCKETFUNCTION is called with for a socket that a simple transfer connects, uses and closes.
 */
export const LIFE: readonly number[] = libcurl.announcesConnect.holds
  ? [POLL_OUT, POLL_IN, POLL_REMOVE]
  : [POLL_IN, POLL_REMOVE];
/** The first of them. */
export const FIRST: number = LIFE[0]!;
const SELECT_IN = 1, SELECT_OUT = 2, SELECT_ERR = 4;
const POLLIN = 1, POLLOUT = 4;

/** A transfer that ends within five seconds and counts its body. */
export class Transfer extends Easy {
  received = 0;

  constructor(url: string, options: EasyOptions = {}) {
    super();
    const WRITEFUNCTION = (bytes: Uint8Array) => {
      this.received += bytes.length;
      return bytes.length;
    };
    this.setOpts({ URL: url, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION, ...options });
  }
}

/** Which of the sockets are ready within `ms`: the `CURL_CSELECT_*` of each. */
export function pollSockets(sockets: ReadonlyMap<number, number>, ms: number): [number, number][] {
  // struct pollfd: int fd @0; short events @4; short revents @6
  const array = new DataView(new ArrayBuffer(8 * Math.max(sockets.size, 8)));
  let i = 0;
  for (const [fd, what] of sockets) {
    array.setInt32(8 * i, fd, true);
    array.setInt16(8 * i++ + 4, (what & POLL_IN && POLLIN) | (what & POLL_OUT && POLLOUT), true);
  }
  libc.poll(new Uint8Array(array.buffer), sockets.size, Math.ceil(ms));
  const ready: [number, number][] = [];
  for (i = 0; i < sockets.size; i++) {
    const events = array.getInt16(8 * i + 6, true);
    if (events === 0) continue;
    const failed = events & ~(POLLIN | POLLOUT) ? SELECT_ERR : 0;
    const mask = (events & POLLIN && SELECT_IN) | (events & POLLOUT && SELECT_OUT) | failed;
    ready.push([array.getInt32(8 * i, true), mask]);
  }
  return ready;
}

/** Blocks the thread: the servers are processes of their own. */
export function sleepSync(ms: number): void {
  pollSockets(new Map(), ms);
}

/** One call of SOCKETFUNCTION. */
export interface SocketCall {
  readonly easy: Easy | null;
  readonly fd: number;
  readonly what: number;
  readonly clientData: unknown;
  readonly socketData: unknown;
}

/** A multi, the calls of its callbacks, and an event loop on `socketAction`. */
export class Loop {
  readonly multi: Multi = new Multi();
  /** The events to wait for, by fd. */
  readonly sockets: Map<number, number> = new Map();
  /** The same for descriptors of libcurl's own threads, which no other member of this class has. */
  readonly wakeups: Wakeups = new Wakeups();
  readonly calls: SocketCall[] = [];
  readonly timeouts: number[] = [];
  readonly messages: Message[] = [];
  readonly #easies = new Set<Easy>();
  /** How often libcurl was called. */
  actions = 0;
  #deadline = Infinity;

  /** The functions run after the loop's own ones, and return the callbacks' results. */
  constructor(
    onSocket: (call: SocketCall) => number | void = () => {},
    onTimer: MultiCallbacks["TIMERFUNCTION"] = () => {},
  ) {
    this.multi.setOpt("SOCKETFUNCTION", (easy, fd, what, clientData, socketData) => {
      if (easy === null && this.wakeups.takes(fd, what)) return 0;
      const call = { easy, fd, what, clientData, socketData };
      this.calls.push(call);
      if (what === POLL_REMOVE) this.sockets.delete(fd);
      else this.sockets.set(fd, what);
      return onSocket(call);
    });
    this.multi.setOpt("TIMERFUNCTION", (multi, timeoutMs, clientData) => {
      this.timeouts.push(timeoutMs);
      this.#deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
      return onTimer(multi, timeoutMs, clientData);
    });
  }

  /** How `socketAction` is called; tests replace it to drive by the deprecated calls. */
  act = (fd: number, mask: number): number => this.multi.socketAction(fd, mask);

  add(...easies: Easy[]): this {
    for (const easy of easies) {
      this.#easies.add(easy);
      this.multi.addHandle(easy);
    }
    return this;
  }

  /** Makes the calls that are due now; waits at most `ms`. Returns whether there was one. */
  turn(ms = 50): boolean {
    const left = this.#deadline - performance.now();
    const all = new Map([...this.wakeups.watched, ...this.sockets]);
    const ready = pollSockets(all, Math.max(0, Math.min(ms, left)));
    const before = this.actions;
    if (this.#deadline <= performance.now()) {
      this.#deadline = Infinity;
      this.#act(SOCKET_TIMEOUT, 0);
    }
    for (const [fd, mask] of ready) {
      if (this.sockets.has(fd) || this.wakeups.watched.has(fd)) this.#act(fd, mask);
    }
    return this.actions > before;
  }

  #act(fd: number, mask: number): void {
    this.actions++;
    try {
      this.act(fd, mask);
    } finally {
      this.messages.push(...this.multi.messages());
    }
  }

  /** Repeats turns until `enough`, by default until there are as many messages as added handles. */
  run(enough: () => boolean = () => this.messages.length >= this.multi.getHandles().length): this {
    const end = performance.now() + 8000;
    while (!enough()) {
      if (performance.now() > end) throw new Error("the loop did not end in 8 s");
      this.turn();
    }
    return this;
  }

  /** The result of the transfer. */
  resultOf(easy: Easy): number | undefined {
    return this.messages.find((message) => message.easy === easy)?.result;
  }

  /** What SOCKETFUNCTION was called with for an fd, in order. */
  whats(fd: number): number[] {
    return this.calls.filter((call) => call.fd === fd).map(({ what }) => what);
  }

  /** Closes the multi and all easies that were ever added. */
  [Symbol.dispose](): void {
    this.multi.close();
    for (const easy of this.#easies) easy.close();
  }
}

/** The error that `call` throws, which must be a CurlMultiError. */
export function multiError(call: () => unknown): CurlMultiError {
  try {
    call();
  } catch (error) {
    if (error instanceof CurlMultiError) return error;
    throw error;
  }
  throw new Error("expected a CurlMultiError, but nothing was thrown");
}

/** The code of that error. */
export function multiCode(call: () => unknown): number {
  return multiError(call).code;
}

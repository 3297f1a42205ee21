/**
 * `ffi/` with the few helpers that a test of a transfer needs. Vitest is not imported here, since
 * child processes use it too.
 */
import { type CurlSymbols, library } from "../../ffi/load.ts";
import { check, epoll, epollLayout, libc } from "../../ffi/libc.ts";
import type {
  CallbackFunction,
  NativeCallback,
  NonNullPointer,
  Signature,
} from "../../ffi/native.ts";
import { native } from "../../ffi/runtime.ts";

const loaded = library();
/** libcurl's functions by their C names. */
export const curl: CurlSymbols = loaded.symbols;
export const versionNum: number = loaded.versionNum;
export const version: string = loaded.version;
export const isDeno: boolean = native.runtime === "deno";
export const isLinux: boolean = native.os === "linux";

/** The options that these tests set, by curl's name. */
export const OPT = {
  WRITEDATA: 10001,
  URL: 10002,
  INFILESIZE_LARGE: 30115,
  HEADERDATA: 10029,
  NOPROGRESS: 43,
  NOBODY: 44,
  UPLOAD: 46,
  XFERINFODATA: 10057,
  FORBID_REUSE: 75,
  HTTP_VERSION: 84,
  NOSIGNAL: 99,
  CONNECT_ONLY: 141,
  SOCKOPTDATA: 10149,
  TIMEOUT_MS: 155,
  QUICK_EXIT: 322,
  WRITEFUNCTION: 20011,
  READFUNCTION: 20012,
  HEADERFUNCTION: 20079,
  SOCKOPTFUNCTION: 20148,
  XFERINFOFUNCTION: 20219,
} as const;

/** `size_t (*)(char *, size_t, size_t, void *)`: counts and userdata are small, so `u32`. */
export const DATA = { args: ["pointer", "u32", "u32", "u32"], result: "u32" } as const;
/** `int (*)(void *clientp, curl_socket_t, curlsocktype)` */
export const SOCKOPT = { args: ["u32", "socket", "i32"], result: "i32" } as const;
/** `int (*)(void *clientp, curl_off_t dltotal, dlnow, ultotal, ulnow)` */
export const XFERINFO = { args: ["u32", "i64", "i64", "i64", "i64"], result: "i32" } as const;

const utf8 = new TextEncoder();

/** A NUL-terminated copy of a text. */
export function cstr(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text + "\0");
}

/** Waits on the runtime's own loop. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One easy handle and its callbacks, which must outlive it. */
export class Transfer {
  readonly easy: NonNullPointer = curl.curl_easy_init() as NonNullPointer;
  readonly #callbacks: NativeCallback[] = [];

  /** Makes a transfer that ends within five seconds and drops its body. */
  constructor(url: string) {
    this.set(OPT.URL, url).set(OPT.NOSIGNAL, 1).set(OPT.TIMEOUT_MS, 5000);
    if (versionNum >= 0x075700) this.set(OPT.QUICK_EXIT, 1);
    this.on(OPT.WRITEFUNCTION, DATA, (_at, size, count) => size * count);
  }

  /**
   * Sets an option: a number is passed as a `long` or, for an `off_t`, in the slot of a pointer.
   */
  set(option: number, value: number | string): this {
    const code = typeof value === "string"
      ? curl.curl_easy_setopt.buffer(this.easy, option, cstr(value))
      : curl.curl_easy_setopt[option < 10000 ? "long" : "off_t"](this.easy, option, value);
    if (code !== 0) throw new Error(`setopt ${option} failed with ${code}`);
    return this;
  }

  on<const S extends Signature>(option: number, signature: S, fn: CallbackFunction<S>): this {
    const made = native.callback(signature, fn);
    this.#callbacks.push(made);
    const code = curl.curl_easy_setopt.pointer(this.easy, option, made.pointer);
    if (code !== 0) throw new Error(`setopt ${option} failed with ${code}`);
    return this;
  }

  perform(): number {
    return curl.curl_easy_perform(this.easy);
  }

  [Symbol.dispose](): void {
    curl.curl_easy_cleanup(this.easy);
    for (const made of this.#callbacks) made.close();
  }
}

/** An epoll descriptor; `wait` returns the ready descriptors. */
export class Epoll {
  readonly fd: number = check("epoll_create1", libc.epoll_create1(epoll.CLOEXEC));
  readonly #layout = epollLayout(native.arch);
  readonly #one = new Int32Array(4);
  readonly #many = new Int32Array(4 * 64);

  set(op: number, fd: number, events: number = epoll.IN): number {
    this.#one[0] = events;
    this.#one[this.#layout.data] = fd;
    return libc.epoll_ctl(this.fd, op, fd, this.#one);
  }

  add(fd: number, events?: number): void {
    check("epoll_ctl", this.set(epoll.ADD, fd, events));
  }

  wait(ms: number): { fd: number; events: number }[] {
    const { words, data } = this.#layout;
    const count = libc.epoll_wait(this.fd, this.#many, 64, ms);
    return Array.from({ length: Math.max(count, 0) }, (_, i) => ({
      fd: this.#many[i * words + data] as number,
      events: this.#many[i * words] as number,
    }));
  }

  ready(ms = 0): number[] {
    return this.wait(ms).map(({ fd }) => fd);
  }

  [Symbol.dispose](): void {
    libc.close(this.fd);
  }
}

/** A descriptor that can be made readable or not. */
export class Signal {
  readonly fd: number = check("eventfd", libc.eventfd(0, 0x80800));
  readonly #word = new BigInt64Array([1n]);

  raise(): void {
    this.#word[0] = 1n;
    libc.write(this.fd, this.#word, 8);
  }

  lower(): void {
    libc.read(this.fd, this.#word, 8);
  }

  [Symbol.dispose](): void {
    libc.close(this.fd);
  }
}

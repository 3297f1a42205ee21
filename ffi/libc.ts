/**
 * The C library: memory, descriptors, epoll, kqueue, eventfd, and the struct layouts and numbers
 * that differ between systems and architectures.
 *
 * @module
 */

import { replacement } from "./allocator.ts";
import { bindLater } from "./lazy.ts";
import type { CFunction, CType, Pointer } from "./native.ts";
import { native } from "./runtime.ts";

const SIGNATURES = {
  malloc: { args: ["usize"], result: "pointer" },
  free: { args: ["pointer"], result: "void" },
  // one symbol for all directions; an address as a number can be calculated
  memcpy_in: { symbol: "memcpy", args: ["buffer", "pointer", "usize"], result: "void" },
  memcpy_at: { symbol: "memcpy", args: ["usize", "pointer", "usize"], result: "void" },
  memcpy_out: { symbol: "memcpy", args: ["pointer", "buffer", "usize"], result: "void" },
  // void *, size_t, int advice
  madvise: { args: ["usize", "usize", "i32"], result: "i32" },
  strlen: { args: ["pointer"], result: "usize" },
  strerror: { args: ["i32"], result: "pointer" },
  getpid: { args: [], result: "i32" },
  geteuid: { args: [], result: "i32" },
  // int close(int), dup(int); ssize_t read(int, void *, size_t), write(int, const void *, size_t)
  close: { args: ["i32"], result: "i32" },
  read: { args: ["i32", "buffer", "usize"], result: "i64" },
  read_to: { symbol: "read", args: ["i32", "pointer", "usize"], result: "i64" },
  write: { args: ["i32", "buffer", "usize"], result: "i64" },
  // int open(const char *, int flags, ...), called without a mode
  open: { args: ["buffer", "i32"], result: "i32" },
  // ssize_t pread(int, void *, size_t, off_t)
  pread: { args: ["i32", "pointer", "usize", "i64"], result: "i64" },
  // long syscall(long number, ...), with the arguments of statx(2): int, const char *, int flags,
  // unsigned mask, struct statx *
  statx: {
    symbol: "syscall",
    args: ["usize", "i32", "buffer", "i32", "u32", "buffer"],
    result: "i64",
    seldom: true,
  },
  // int stat(const char *, struct stat *), called on macOS only
  stat: { args: ["buffer", "buffer"], result: "i32", seldom: true },
  pipe: { args: ["buffer"], result: "i32" },
  socket: { args: ["i32", "i32", "i32"], result: "i32" },
  // int fd, int how
  shutdown: { args: ["i32", "i32"], result: "i32" },
  // int fd, void *, size_t, int flags
  recv: { args: ["i32", "buffer", "usize", "i32"], result: "i64" },
  // int fd, int level, int name, void *value, socklen_t *
  getsockopt: { args: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int fd, struct sockaddr *, socklen_t *
  getsockname: { args: ["i32", "buffer", "buffer"], result: "i32" },
  // struct pollfd *, nfds_t, int timeout
  poll: { args: ["buffer", "usize", "i32"], result: "i32" },
  poll_nonblocking: {
    symbol: "poll",
    args: ["pointer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  epoll_create1: { args: ["i32"], result: "i32", seldom: true },
  // int epfd, int op, int fd, struct epoll_event *
  epoll_ctl: { args: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { args: ["i32", "buffer", "i32", "i32"], result: "i32" },
  eventfd: { args: ["u32", "i32"], result: "i32", seldom: true },
  kqueue: { args: [], result: "i32", seldom: true },
  // int kq, const struct kevent *changes, int, struct kevent *events, int, const struct timespec *
  kevent: { args: ["i32", "buffer", "i32", "buffer", "i32", "buffer"], result: "i32" },
  // FILE *fopen(const char *, const char *), fdopen(int, const char *); int fclose(FILE *)
  fopen: { args: ["buffer", "buffer"], result: "pointer" },
  fdopen: { args: ["i32", "buffer"], result: "pointer" },
  fclose: { args: ["pointer"], result: "i32" },
  fflush: { args: ["pointer"], result: "i32" },
  // size_t fwrite(const void *, size_t, size_t, FILE *)
  fwrite: { args: ["pointer", "usize", "usize", "pointer"], result: "usize" },
  // int setvbuf(FILE *, char *buffer, int mode, size_t)
  setvbuf: { args: ["pointer", "pointer", "i32", "usize"], result: "i32" },
  ferror: { args: ["pointer"], result: "i32" },
  // off_t lseek(int, off_t, int origin)
  lseek: { args: ["i32", "i64", "i32"], result: "i64" },
  // int fileno(FILE *), ftruncate(int, off_t), flock(int, int)
  fileno: { args: ["pointer"], result: "i32" },
  ftruncate: { args: ["i32", "i64"], result: "i32" },
  flock: { args: ["i32", "i32"], result: "i32" },
  flockfile: { args: ["pointer"], result: "void" },
  funlockfile: { args: ["pointer"], result: "void" },
  // int category_mask, const char *locale, locale_t base
  newlocale: { args: ["i32", "buffer", "pointer"], result: "pointer", seldom: true },
  uselocale: { args: ["pointer"], result: "pointer", seldom: true },
  dlsym: { args: ["pointer", "buffer"], result: "pointer" },
  // int dladdr(const void *, Dl_info *)
  dladdr: { args: ["pointer", "buffer"], result: "i32" },
  // variadic in C, but called without a variadic argument
  ioctl: { args: ["i32", "usize"], result: "i32", seldom: true },
} as const;

const isApple = native.os === "darwin";

/** Whether C passes variadic arguments on the stack where fixed ones go into registers. */
export const variadicsOnStack: boolean = isApple && native.arch === "aarch64";

// int fcntl(int fd, int cmd, ...)
const FCNTL = { args: variadicArgs(["i32", "i32"], ["i32"]), result: "i32" } as const;

/**
 * The parameter types under which a variadic function is bound. Apple's arm64 ABI passes variadic
 * arguments on the stack. Eight integer arguments fill the registers, so a fixed prototype with
 * padding up to there passes the rest on the stack too.
 */
export function variadicArgs(
  fixed: readonly CType[],
  shape: readonly CType[],
  onStack: boolean = variadicsOnStack,
): CType[] {
  const padding = onStack ? 8 - fixed.length : 0;
  return [...fixed, ...new Array<CType>(padding).fill("usize"), ...shape];
}

/** Wraps a function so that each call gets the padding of {@linkcode variadicArgs}. */
export function padVariadic<F extends (...args: never[]) => unknown>(
  call: F,
  fixed: number,
  onStack: boolean = variadicsOnStack,
): F {
  if (!onStack) return call;
  const padding = new Array(8 - fixed).fill(0);
  const padded = call as unknown as (...args: unknown[]) => unknown;
  return ((...args: unknown[]) =>
    padded(...args.slice(0, fixed), ...padding, ...args.slice(fixed))) as unknown as F;
}

/** The name of the system's C library; musl can be opened by glibc's name. */
export const libcPath: string = {
  darwin: "/usr/lib/libSystem.B.dylib",
  windows: "msvcrt.dll",
}[native.os] ?? "libc.so.6";

type Bound = { readonly [K in keyof typeof SIGNATURES]: CFunction<(typeof SIGNATURES)[K]> };

type Name = keyof typeof SIGNATURES;

/** The library of functions that are in glibc's own only since 2.34. */
const ELSEWHERE: Readonly<Record<string, string>> = native.os === "linux"
  ? { dlsym: "libdl.so.2", dladdr: "libdl.so.2" }
  : {};

/** The symbol of `stat` with inodes of 64 bits, the only one on Apple's arm64. */
const RENAMED: Readonly<Record<string, string>> = isApple && native.arch === "x86_64"
  ? { stat: "stat$INODE64" }
  : {};

function bind(name: Name): () => unknown {
  const replaced = name === "malloc" || name === "free"
    ? replacement(libcPath, name, SIGNATURES[name])
    : null;
  if (replaced) return replaced as () => unknown;
  const signature = { call: { symbol: RENAMED[name] ?? name, ...SIGNATURES[name] } },
    elsewhere = ELSEWHERE[name];
  const open = (path: string) => native.open(path, signature).call as (() => unknown) | null;
  return open(libcPath) ?? (elsewhere ? open(elsewhere) : null) ?? (() => {
    throw new Error(`Cannot call ${name}(): ${libcPath} on ${native.runtime} does not have it`);
  });
}

function bindAll(): Bound {
  const symbols: Record<string, unknown> = {};
  for (const name of Object.keys(SIGNATURES) as Name[]) bindLater(symbols, name, () => bind(name));
  return symbols as Bound;
}

/** The functions of the C library. A function that the system lacks throws when it is called. */
export const libc: Bound = bindAll();

type Fcntl = (fd: number, cmd: number, arg: number) => number;

let boundFcntl: Fcntl | undefined;

const fcntl: Fcntl = (fd, cmd, arg) => {
  boundFcntl ??= padVariadic(native.open(libcPath, { fcntl: FCNTL }).fcntl as Fcntl, 2);
  return boundFcntl(fd, cmd, arg);
};

const LC_CTYPE_MASK = 1;

/**
 * Gives this thread a UTF-8 locale, which no runtime sets. libcurl has libidn2 convert host names
 * such as "münchen", and libidn2 takes their encoding from the locale.
 */
export function useUtf8(): void {
  if (native.os !== "linux") return;
  const locale = libc.newlocale(LC_CTYPE_MASK, new TextEncoder().encode("C.UTF-8\0"), null);
  if (locale !== null) libc.uselocale(locale);
}

const F_DUPFD_CLOEXEC = isApple ? 67 : 1030;
const FIOCLEX = isApple ? 0x20006601 : 0x5451;

/** The flags of `open(2)`: O_RDONLY, O_NONBLOCK and O_CLOEXEC. */
export const READ_NONBLOCKING: number = isApple ? 0x4 | 0x1000000 : 0x800 | 0x80000;

/** A new descriptor for the same file, closed on exec. Throws where the system has none left. */
export function duplicate(fd: number): number {
  return check("fcntl", fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/** Keeps child processes from inheriting a descriptor. Returns false where it is not open. */
export function closeOnExec(fd: number): boolean {
  return libc.ioctl(fd, FIOCLEX) === 0;
}

// <sys/socket.h>: SOL_SOCKET, SO_TYPE, SO_ACCEPTCONN; SO_COOKIE is Linux' own
const SOCKOPT = isApple
  ? { level: 0xffff, type: 0x1008, listens: 0x2, cookie: null }
  : { level: 1, type: 3, listens: 30, cookie: 57 };

const optionValue = new Uint8Array(new ArrayBuffer(8));
const optionWords = new Int32Array(optionValue.buffer);
const optionLength = new Uint32Array(new ArrayBuffer(4));

function socketOption(fd: number, name: number): boolean {
  optionWords.fill(0);
  optionLength[0] = optionValue.length;
  return libc.getsockopt(
    fd,
    SOCKOPT.level,
    name,
    optionValue,
    new Uint8Array(optionLength.buffer),
  ) === 0;
}

/** The kind of a descriptor: "none" where it is closed or no socket, "listening", or "socket". */
export function socketKind(fd: number): "none" | "listening" | "socket" {
  if (!socketOption(fd, SOCKOPT.type)) return "none";
  return socketOption(fd, SOCKOPT.listens) && optionWords[0] !== 0 ? "listening" : "socket";
}

/**
 * A number that is unique to a socket on this system; `null` where the system has no such number.
 */
export function socketCookie(fd: number): string | null {
  if (SOCKOPT.cookie === null || !socketOption(fd, SOCKOPT.cookie)) return null;
  return `${optionWords[0]}:${optionWords[1]}`;
}

const AF_UNIX = 1;
/** Room for a `struct sockaddr`: family @0, @1 where a length stands before it; port @2. */
const socketAddress = new Uint8Array(new ArrayBuffer(128));
const FAMILY = isApple ? 1 : 0;

/** The port of this side of a connection by TCP, in IPv4 or IPv6; 0 where there is none. */
export function localPort(fd: number): number {
  optionLength[0] = socketAddress.length;
  const got = libc.getsockname(fd, socketAddress, new Uint8Array(optionLength.buffer)) === 0;
  if (!got || socketAddress[FAMILY] === AF_UNIX) return 0;
  return new DataView(socketAddress.buffer).getUint16(2);
}

const MSG_PEEK = 2, MSG_DONTWAIT = isApple ? 0x80 : 0x40;
const SHUT_RD = 0, SHUT_RDWR = 2;

const received = new Uint8Array(new ArrayBuffer(64 * 1024));

/** Whether a socket has bytes to read; false for one that is at its end, failed or closed. */
export function hasUnread(fd: number): boolean {
  return Number(libc.recv(fd, received, 1, MSG_PEEK | MSG_DONTWAIT)) > 0;
}

/** Shuts a connection down for reading: a reader finds its end after the bytes received so far. */
export function endReading(fd: number): void {
  libc.shutdown(fd, SHUT_RD);
}

/**
 * Shuts a connection down and drops the bytes received, so that a reader finds its end at once. The
 * descriptor stays open.
 */
export function endConnection(fd: number): void {
  libc.shutdown(fd, SHUT_RDWR);
  // no more bytes arrive after the shutdown, so the loop ends
  while (Number(libc.recv(fd, received, received.length, MSG_DONTWAIT)) > 0);
}

/** The result of a system call. Throws the text of `errno` where it is negative. */
export function check(call: string, result: number): number {
  if (result < 0) throw new Error(`Cannot ${call}(): ${lastError()}`);
  return result;
}

const ERRNO = isApple ? "__error" : "__errno_location";
let errnoLocation: (() => Pointer) | null | undefined;

/** `errno`, unless the runtime has changed it since the call; 0 where it is unknown. */
export function lastErrno(): number {
  errnoLocation ??=
    native.open(libcPath, { at: { symbol: ERRNO, args: [], result: "pointer" } }).at;
  const at = errnoLocation?.() ?? null;
  return at === null ? 0 : new Int32Array(native.view(at, 4).buffer)[0] ?? 0;
}

/** The text of {@linkcode lastErrno}. */
export function lastError(): string {
  const errno = lastErrno();
  return errno === 0 ? "unknown error" : errnoText(errno);
}

/** The system's text for an `errno`. */
export function errnoText(errno: number): string {
  return `${native.string(libc.strerror(errno))} (errno ${errno})`;
}

// ENOMEM, ENFILE, EMFILE, ENOBUFS
const SHORTAGES: ReadonlySet<number> = new Set([12, 23, 24, isApple ? 55 : 105]);
const AF_INET = 2, SOCK_STREAM = 1;

/** The system's error for opening another descriptor at the moment, `null` if that works. */
export function descriptorShortage(): string | null {
  // finds the address of errno now: that must not come between a call and the reading of its errno
  lastErrno();
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return SHORTAGES.has(lastErrno()) ? lastError() : null;
  libc.close(fd);
  return null;
}

/** The `errno` of a file lock that another process holds. */
export const EWOULDBLOCK: number = isApple ? 35 : 11;

/** The constants of epoll. */
export const epoll = {
  CLOEXEC: 0x80000,
  ADD: 1,
  DEL: 2,
  MOD: 3,
  IN: 0x1,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
} as const;

/**
 * The layout of `struct epoll_event`: its length in 32-bit words, and the word at which `data`
 * starts. Packed on x86-64 only.
 */
export function epollLayout(arch: string): { readonly words: number; readonly data: number } {
  return arch === "x86_64" ? { words: 3, data: 1 } : { words: 4, data: 2 };
}

/** The flags of eventfd. */
export const EFD_CLOEXEC_NONBLOCK: number = 0x80000 | 0x800;

/** The bit of `poll(2)` for "can be read". */
export const POLLIN = 1;

/**
 * The constants of macOS' kqueue, and the layout of its `struct kevent`: ident u64 @0, filter
 * i16 @8, flags u16 @10, fflags u32 @12, data i64 @16, udata pointer @24. FreeBSD's has been twice
 * as long since version 12 (ext u64[4] @32), so this poller must not be used there.
 */
export const kqueue = {
  EVFILT_READ: -1,
  EVFILT_WRITE: -2,
  EVFILT_USER: -10,
  EV_ADD: 0x1,
  EV_DELETE: 0x2,
  EV_ENABLE: 0x4,
  EV_CLEAR: 0x20,
  EV_RECEIPT: 0x40,
  EV_ERROR: 0x4000,
  EV_EOF: 0x8000,
  NOTE_TRIGGER: 0x01000000,
  SIZE: 32,
} as const;

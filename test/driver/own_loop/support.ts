/** Descriptors of every kind that a poller can watch, made by the C library itself. */
import { check, libc, libcPath } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/runtime.ts";

const AF_UNIX = 1, STREAM_NONBLOCK = 1 | 0x80000 | 0x800, NONBLOCK_CLOEXEC = 0x80000 | 0x800;
const IN_CREATE = 0x100;

const c = native.open(libcPath, {
  socketpair: { args: ["i32", "i32", "i32", "buffer"], result: "i32" },
  pipe2: { args: ["buffer", "i32"], result: "i32" },
  inotify_init1: { args: ["i32"], result: "i32" },
  // int fd, const char *pathname, uint32_t mask
  inotify_add_watch: { args: ["i32", "buffer", "i32"], result: "i32" },
  timerfd_create: { args: ["i32", "i32"], result: "i32" },
  // int fd, int flags, const struct itimerspec *new, struct itimerspec *old
  timerfd_settime: { args: ["i32", "i32", "buffer", "pointer"], result: "i32" },
  dup: { args: ["i32"], result: "i32" },
  dup2: { args: ["i32", "i32"], result: "i32" },
  creat: { args: ["buffer", "i32"], result: "i32" },
});

const block = new Uint8Array(65536);
const cString = (text: string) => new TextEncoder().encode(`${text}\0`);

/** A descriptor that becomes ready by `fill` and is not any more after `drain`. */
export interface Source {
  readonly fd: number;
  fill(): void;
  drain(): void;
  /** Closes everything that is still open. */
  close(): void;
}

function drain(fd: number): void {
  while (libc.read(fd, block, block.length) > 0);
}

function closer(...fds: number[]): (fd: number) => void {
  const open = new Set(fds);
  return (fd) => void (open.delete(fd) && libc.close(fd));
}

function pairOf(call: string, make: (pair: Int32Array<ArrayBuffer>) => number): [number, number] {
  const pair = new Int32Array(2);
  check(call, make(pair));
  return [pair[0] as number, pair[1] as number];
}

/** One end of a connection, of which `peer` is the other. */
export function socket(): Source & { readonly peer: number; hangUp(): void } {
  const [fd, peer] = pairOf("socketpair", (p) => c.socketpair!(AF_UNIX, STREAM_NONBLOCK, 0, p));
  const close = closer(fd, peer);
  return {
    fd,
    peer,
    fill: () => void libc.write(peer, block, 1),
    drain: () => drain(fd),
    hangUp: () => close(peer),
    close: () => [fd, peer].forEach(close),
  };
}

/** The reading end of a pipe. */
export function pipe(): Source & { readonly writing: number } {
  const [fd, writing] = pairOf("pipe2", (pair) => c.pipe2!(pair, NONBLOCK_CLOEXEC));
  const close = closer(fd, writing);
  return {
    fd,
    writing,
    fill: () => void libc.write(writing, block, 1),
    drain: () => drain(fd),
    close: () => [fd, writing].forEach(close),
  };
}

/** The same, its reading end under that number: one so high that nothing else uses it meanwhile. */
export function pipeAt(fd: number): Source & { readonly writing: number } {
  const made = pipe();
  check("dup2", c.dup2!(made.fd, fd));
  libc.close(made.fd);
  const close = closer(fd, made.writing);
  return {
    ...made,
    fd,
    drain: () => drain(fd),
    close: () => [fd, made.writing].forEach(close),
  };
}

/** A counter that is ready while it is not 0. */
export function eventfd(): Source {
  const fd = check("eventfd", libc.eventfd(0, NONBLOCK_CLOEXEC));
  const one = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);
  return {
    fd,
    fill: () => void libc.write(fd, one, 8),
    drain: () => drain(fd),
    close: () => libc.close(fd),
  };
}

/** A watch on a folder, ready when a file was created in it. */
export function inotify(folder: string): Source {
  const fd = check("inotify_init1", c.inotify_init1!(NONBLOCK_CLOEXEC));
  check("inotify_add_watch", c.inotify_add_watch!(fd, cString(folder), IN_CREATE));
  let files = 0;
  return {
    fd,
    fill: () =>
      libc.close(c.creat!(cString(`${folder}/${fd}-${files++}`), 0o600)) as unknown as void,
    drain: () => drain(fd),
    close: () => libc.close(fd),
  };
}

/** A timer that expires at once. */
export function timerfd(): Source {
  const fd = check("timerfd_create", c.timerfd_create!(1, NONBLOCK_CLOEXEC));
  const once = new Uint8Array(32);
  once[24] = 1; // it_value.tv_nsec
  return {
    fd,
    fill: () => void c.timerfd_settime!(fd, 0, once, null),
    drain: () => drain(fd),
    close: () => libc.close(fd),
  };
}

/** Another number for the same open file. */
export const duplicate = (fd: number): number => check("dup", c.dup!(fd));

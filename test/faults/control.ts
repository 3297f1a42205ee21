/** Makes the system refuse resources to a child process. */
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { libcPath } from "../../ffi/libc.ts";
import { native } from "../../ffi/runtime.ts";

const RLIMIT_NOFILE = 7;

const limits = native.open(libcPath, {
  getrlimit: { args: ["i32", "buffer"], result: "i32" },
  setrlimit: { args: ["i32", "buffer"], result: "i32" },
});

/** The limits at the start: `rlim_cur` and `rlim_max`. */
const before = new BigInt64Array(2);
limits.getrlimit!(RLIMIT_NOFILE, before);

function limit(numbers: bigint): void {
  const both = new BigInt64Array([numbers, before[1]!]);
  if (limits.setrlimit!(RLIMIT_NOFILE, both) !== 0) throw new Error("setrlimit() failed");
}

function isOpen(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) !== "";
  } catch {
    return false; // the descriptor of the folder itself
  }
}

/** Leaves only `spare` free descriptors: after that the system returns EMFILE. */
export function leaveDescriptors(spare: number): void {
  const taken = new Set(readdirSync("/proc/self/fd").filter(isOpen).map(Number));
  let end = 0;
  for (let free = 0; taken.has(end) || free++ < spare;) end++;
  limit(BigInt(end));
}

/** Restores the limit of descriptors. */
export function giveDescriptorsBack(): void {
  limit(before[0]!);
}

/** The error numbers of Linux. */
export const errno = { ENOMEM: 12, EMFILE: 24, ENFILE: 23, ENOSPC: 28, ENOBUFS: 105 } as const;

/** The calls that shim.c can make fail. */
export type SystemCall = "socket" | "epoll_create1" | "epoll_ctl" | "eventfd";

const text = (value: string) => new TextEncoder().encode(value + "\0");

/** The functions of shim.c, in a child that was started with it. */
export function shim(): {
  fail(call: SystemCall, error: keyof typeof errno, times: number): void;
  /** The number of failures that are still to come. */
  left(call: SystemCall): number;
  /** Moves the clock ahead by seconds. */
  jump(seconds: number): void;
} {
  const symbols = native.open(process.env.LD_PRELOAD!, {
    curlew_fault: { args: ["buffer", "i32", "i32"], result: "void" },
    curlew_fault_left: { args: ["buffer"], result: "i32" },
    curlew_jump: { args: ["i32"], result: "void" },
  });
  return {
    fail: (call, error, times) => symbols.curlew_fault!(text(call), errno[error], times),
    left: (call) => symbols.curlew_fault_left!(text(call)),
    jump: (seconds) => symbols.curlew_jump!(seconds),
  };
}

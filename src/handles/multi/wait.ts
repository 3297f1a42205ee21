/**
 * The functions of a multi that wait for descriptors, and those that list the descriptors to wait
 * for.
 *
 * @module
 */

import { result } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import { arrayItems, show } from "../base/arguments.ts";
import type { MultiState } from "./state.ts";

/** A descriptor to wait for: `struct curl_waitfd`. */
export interface WaitFd {
  /** The descriptor. */
  readonly fd: number;
  /** `CURL_WAIT_POLLIN`, `CURL_WAIT_POLLPRI`, `CURL_WAIT_POLLOUT`. */
  readonly events: number;
  /** The events that have happened, set by the call. */
  revents?: number;
}

/** The descriptors for `select()`, by the event to wait for. */
export interface FdSets {
  /** The descriptors to read from. */
  readonly read: number[];
  /** The descriptors to write to. */
  readonly write: number[];
  /** The descriptors with exceptional conditions to wait for. */
  readonly exc: number[];
  /** The highest descriptor, -1 where there is none. */
  readonly maxFd: number;
}

// curl_socket_t fd @0; short events @4; short revents @6
const WAITFD_SIZE = 8;

/** Calls `curl_multi_poll` or `curl_multi_wait`; returns how many descriptors are ready. */
export function pollDescriptors(
  state: MultiState,
  call: "curl_multi_poll" | "curl_multi_wait",
  descriptors: readonly WaitFd[],
  timeoutMs: number,
): number {
  const waits = readWaits(call, descriptors);
  if (!isInt(timeoutMs, 32) || timeoutMs < 0) throw badArgument(call, "timeout", timeoutMs);
  state.refuseInCallback(`call ${call}()`);
  const array = new DataView(new ArrayBuffer(Math.max(64, WAITFD_SIZE * waits.length)));
  for (const [i, { fd, events }] of waits.entries()) {
    array.setInt32(WAITFD_SIZE * i, fd, true);
    array.setInt16(WAITFD_SIZE * i + 4, events, true);
  }
  const bytes = new Uint8Array(array.buffer);
  result.i32[0] = 0;
  const { [call]: poll } = library().symbols;
  const code = poll(state.pointer, bytes, waits.length, timeoutMs + 0, result.i32);
  const ready = result.i32[0] as number;
  state.finish(code);
  for (const [i, { waitFd }] of waits.entries()) {
    waitFd.revents = array.getInt16(WAITFD_SIZE * i + 6, true);
  }
  return ready;
}

/** A copy of a descriptor's members, with the user's object, which gets the result. */
interface Wait {
  readonly waitFd: WaitFd;
  readonly fd: number;
  readonly events: number;
}

/** Checks the descriptors. Each member is read once, since a getter runs the user's code. */
function readWaits(call: string, descriptors: unknown): Wait[] {
  const items = arrayItems(descriptors);
  if (!items) throw badArgument(call, "list of descriptors", descriptors);
  return items.map((waitFd) => {
    const { fd, events } = (waitFd ?? {}) as WaitFd;
    if (!isInt(fd, 32) || !isInt(events, 16)) throw badArgument(call, "descriptor", waitFd);
    return { waitFd: waitFd as WaitFd, fd, events };
  });
}

function isInt(value: unknown, bits: number): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** (bits - 1);
}

function badArgument(call: string, what: string, value: unknown): CurlMultiError {
  const message = `Cannot call ${call}(): bad ${what}, got ${show(value)}`;
  return new CurlMultiError(MultiCode.BAD_FUNCTION_ARGUMENT, message);
}

const FD_SETSIZE = 1024;

/** Calls `curl_multi_fdset`. */
export function fdSets(state: MultiState): FdSets {
  const sets = [0, 1, 2].map(() => new Uint8Array(new ArrayBuffer(FD_SETSIZE / 8)));
  const [read, write, exc] = sets as [Bits, Bits, Bits];
  result.i32[0] = -1;
  state.finish(
    library().symbols.curl_multi_fdset(state.pointer, read, write, exc, result.i32),
  );
  const maxFd = result.i32[0] as number;
  return { read: descriptorsIn(read), write: descriptorsIn(write), exc: descriptorsIn(exc), maxFd };
}

type Bits = Uint8Array<ArrayBuffer>;

function descriptorsIn(set: Bits): number[] {
  const found: number[] = [];
  for (let fd = 0; fd < FD_SETSIZE; fd++) {
    if ((set[fd >> 3] as number) >> (fd & 7) & 1) found.push(fd);
  }
  return found;
}

/** Calls `curl_multi_waitfds`. */
export function waitDescriptors(state: MultiState): WaitFd[] {
  const { curl_multi_waitfds } = library().symbols;
  state.finish(curl_multi_waitfds(state.pointer, null, 0, result.i32));
  const size = result.i32[0] as number;
  const array = new DataView(new ArrayBuffer(Math.max(64, WAITFD_SIZE * size)));
  const bytes = new Uint8Array(array.buffer);
  state.finish(curl_multi_waitfds(state.pointer, bytes, size, result.i32));
  return Array.from({ length: Math.min(size, result.i32[0] as number) }, (_, i) => ({
    fd: array.getInt32(WAITFD_SIZE * i, true),
    events: array.getInt16(WAITFD_SIZE * i + 4, true),
  }));
}

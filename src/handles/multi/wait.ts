/**
 * The blocking side of a multi: descriptors to wait for.
 *
 * @module
 */

import { result } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import { isArray, show } from "../base/arguments.ts";
import type { MultiState } from "./state.ts";

/** A descriptor to wait for: `struct curl_waitfd`. */
export interface WaitFd {
  /** The descriptor. */
  readonly fd: number;
  /** `CURL_WAIT_POLLIN`, `CURL_WAIT_POLLPRI`, `CURL_WAIT_POLLOUT`. */
  readonly events: number;
  /** What happened. */
  revents?: number;
}

/** The descriptors of `select()`, by what to wait for. */
export interface FdSets {
  /** To be read from. */
  readonly read: number[];
  /** To be written to. */
  readonly write: number[];
  /** For exceptional conditions. */
  readonly exc: number[];
  /** The highest of them, -1 where there is none. */
  readonly maxFd: number;
}

// curl_socket_t fd @0; short events @4; short revents @6
const WAITFD_SIZE = 8;
/** More descriptors than a process has. */
const MOST_WAITS = 1_000_000;

/** `curl_multi_poll` or `curl_multi_wait`. */
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
  for (const [i, { of }] of waits.entries()) of.revents = array.getInt16(WAITFD_SIZE * i + 6, true);
  return ready;
}

interface Wait {
  readonly of: WaitFd;
  readonly fd: number;
  readonly events: number;
}

/** Reads each descriptor once: the list and its members may run the user's code. */
function readWaits(call: string, descriptors: unknown): Wait[] {
  const length = isArray(descriptors) ? descriptors.length : undefined;
  if (typeof length !== "number" || !(length >= 0 && length <= MOST_WAITS)) {
    throw badArgument(call, "list of descriptors", descriptors);
  }
  return Array.from({ length }, (_, i) => { // by index: the list's own iterator may be anything
    const of = (descriptors as unknown[])[i];
    const { fd, events } = (of ?? {}) as WaitFd;
    if (!isInt(fd, 32) || !isInt(events, 16)) throw badArgument(call, "descriptor", of);
    return { of: of as WaitFd, fd, events };
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

/** `curl_multi_fdset`. */
export function fdSets(state: MultiState): FdSets {
  const sets = [0, 1, 2].map(() => new Uint8Array(new ArrayBuffer(FD_SETSIZE / 8)));
  const [read, write, exc] = sets as [Bits, Bits, Bits];
  result.i32[0] = -1;
  state.finish(
    library().symbols.curl_multi_fdset(state.pointer, read, write, exc, result.i32),
  );
  const maxFd = result.i32[0] as number;
  return { read: members(read), write: members(write), exc: members(exc), maxFd };
}

type Bits = Uint8Array<ArrayBuffer>;

function members(set: Bits): number[] {
  const found: number[] = [];
  for (let fd = 0; fd < FD_SETSIZE; fd++) {
    if ((set[fd >> 3] as number) >> (fd & 7) & 1) found.push(fd);
  }
  return found;
}

/** `curl_multi_waitfds`. */
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

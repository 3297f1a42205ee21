/**
 * The registrations of an epoll descriptor as the kernel lists them in `/proc`, for checks.
 *
 * @module
 */

import { epoll } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { READ, WRITE } from "../poller/poller.ts";

/** One descriptor that the kernel watches. */
export interface Registration {
  readonly fd: number;
  /** Bits of READ and WRITE. */
  readonly interest: number;
  readonly tag: number;
}

// tfd:       12 events:       19 data:        70000000c  pos:0 ino:... sdev:...
const ROW = /^tfd:\s*(\d+) events:\s*([0-9a-f]+) data:\s*([0-9a-f]+)/gm;

/** All registrations; `null` where the system has no such list, or the runtime may not read it. */
export function readRegistrations(pollerFd: number): Registration[] | null {
  if (native.os !== "linux") return null;
  let text: string;
  try {
    // process.getBuiltinModule: an import would make Deno load its Node.js layer, which takes 10 ms
    text = globalThis.process.getBuiltinModule("node:fs").readFileSync(
      `/proc/self/fdinfo/${pollerFd}`,
      "utf8",
    );
  } catch {
    return null; // Deno without the permission to read it
  }
  return Array.from(text.matchAll(ROW), ([, fd, events, data]) => {
    const bits = parseInt(events!, 16);
    return {
      fd: Number(fd),
      interest: (bits & epoll.IN ? READ : 0) | (bits & epoll.OUT ? WRITE : 0),
      tag: Number(BigInt.asIntN(32, BigInt(`0x${data}`) >> 32n)),
    };
  });
}

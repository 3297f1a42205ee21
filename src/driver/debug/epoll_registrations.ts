/**
 * What the kernel watches for an epoll descriptor, as `/proc` tells: for checks.
 *
 * @module
 */

import { epoll } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { READ, WRITE } from "../poller/poller.ts";

/** A descriptor that is watched. */
export interface Registration {
  readonly fd: number;
  /** Bits of READ and WRITE. */
  readonly interest: number;
  readonly tag: number;
}

// tfd:       12 events:       19 data:        70000000c  pos:0 ino:... sdev:...
const ROW = /^tfd:\s*(\d+) events:\s*([0-9a-f]+) data:\s*([0-9a-f]+)/gm;

/** All of them; `null` where the system or the runtime's permissions do not tell. */
export function readRegistrations(pollerFd: number): Registration[] | null {
  if (native.os !== "linux") return null;
  let text: string;
  try {
    // not imported: Deno would load its Node.js layer, which takes 10 ms
    text = globalThis.process.getBuiltinModule("node:fs").readFileSync(
      `/proc/self/fdinfo/${pollerFd}`,
      "utf8",
    );
  } catch {
    return null; // Deno without leave to read it
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

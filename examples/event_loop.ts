// An event loop written by hand: libcurl says what it waits for, and is told what happened. It
// waits with the system's poll(2), which blocks; to wait without blocking, take an Agent.
//
//   deno run --allow-ffi examples/event_loop.ts URL…
//   bun examples/event_loop.ts URL…
import process from "node:process";
import { native } from "../ffi/mod.ts";
import { Easy, Multi } from "../mod.ts";

const REMOVE = 4, TIMEOUT = -1; // CURL_POLL_REMOVE, CURL_SOCKET_TIMEOUT

/** What is kept for a socket: `assign` makes libcurl hand it back with each update. */
type Watch = { readonly fd: number; what: number };
const watches = new Set<Watch>();

using multi = new Multi();
multi.setOpt("SOCKETFUNCTION", (_easy, fd, what, _clientData, socketData) => {
  const watch = (socketData ?? { fd, what }) as Watch;
  if (what === REMOVE) return void watches.delete(watch);
  watch.what = what; // 1 to read, 2 to write, 3 for both
  if (socketData === undefined) multi.assign(fd, watch);
  watches.add(watch);
});

// int poll(struct pollfd { int fd; short events, revents; } *, nfds_t, int timeout)
const { poll } = native.open(native.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  poll: { args: ["buffer", "usize", "i32"], result: "i32" },
});
const POLL = [0, 1, 4, 5]; // POLLIN and POLLOUT of each `what`

/** Waits for a socket, or as long as libcurl says: the ready ones, with CURL_CSELECT_* of each. */
function wait(): { fd: number; mask: number }[] {
  const asked = [...watches], fds = new Int16Array(4 * asked.length + 64);
  for (const [i, { fd, what }] of asked.entries()) fds.set([fd, fd >> 16, POLL[what]!], 4 * i);
  poll!(new Uint8Array(fds.buffer), asked.length, multi.timeout());
  const mask = (got: number) => got & 1 | (got & 4) >> 1 | (got & ~5 ? 4 : 0); // IN, OUT, ERR
  return asked.map(({ fd }, i) => ({ fd, mask: mask(fds[4 * i + 3]!) })).filter((x) => x.mask);
}

for (const url of process.argv.slice(2)) {
  const easy = new Easy();
  easy.setOpts({ URL: url, PRIVATE: url, TIMEOUT: 60, WRITEFUNCTION: (bytes) => bytes.length });
  multi.addHandle(easy); // makes timeout() 0: so the loop begins
}
while (multi.getHandles().length > 0) {
  for (const { fd, mask } of wait()) multi.socketAction(fd, mask);
  if (multi.timeout() === 0) multi.socketAction(TIMEOUT, 0);
  for (const { easy, error } of multi.messages()) {
    const seconds = easy.getInfo("TOTAL_TIME_T") / 1e6;
    const done = `${easy.getInfo("SIZE_DOWNLOAD_T")} bytes in ${seconds.toFixed(3)} s`;
    console.log(easy.getInfo("PRIVATE"), error?.codeName ?? done);
    if (error) process.exitCode = 1;
    easy.close(); // takes it out of the multi handle first
  }
}

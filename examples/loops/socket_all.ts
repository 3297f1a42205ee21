// An event loop of your own in the form of 2006, with the deprecated `socketAll` and `socket`:
// without a timer callback, and libcurl itself checks what a socket is ready for. The numbers are
// the steps of https://curl.se/libcurl/c/curl_multi_socket.html; event_loop.ts has the present
// form.
//
//   deno run --allow-ffi examples/loops/socket_all.ts https://example.com/
//   bun examples/loops/socket_all.ts https://example.com/
//   > https://example.com/ … bytes
//   > a timer of 5 ms has run … times meanwhile
import process from "node:process";
import { constants, Easy, Multi } from "curlew";
import { Poller } from "curlew/poll";

const { CURL_POLL_REMOVE, CURL_SOCKET_TIMEOUT } = constants;
let ticks = 0;
using poller = new Poller(), multi = new Multi(); // 1
multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => { // 2, 5
  if (what === CURL_POLL_REMOVE) poller.delete(fd);
  else poller.set(fd, what);
});
for (const url of process.argv.slice(2)) { // 3
  const easy = new Easy();
  easy.setOpts({ URL: url, PRIVATE: url, TIMEOUT: 60, WRITEFUNCTION: (bytes) => bytes.length });
  multi.addHandle(easy);
}

const ticking = setInterval(() => ticks++, 5);
for (let running = multi.socketAll(); running > 0;) { // 4
  const timeoutMs = multi.timeout(); // 6
  const timeout = timeoutMs < 0 ? 1000 : timeoutMs; // -1: libcurl has no timeout
  const ready = await poller.wait({ timeout }); // 7
  for (const { fd } of ready) running = multi.socket(fd); // 8
  if (ready.length === 0) running = multi.socket(CURL_SOCKET_TIMEOUT);
} // 9
clearInterval(ticking);
for (const { easy, error } of multi.messages()) {
  const done = `${easy.getInfo("SIZE_DOWNLOAD_T")} bytes`;
  console.log(easy.getInfo("PRIVATE"), error?.codeName ?? done);
  if (error) process.exitCode = 1;
  easy.close();
}
console.log(`a timer of 5 ms has run ${ticks} times meanwhile`);

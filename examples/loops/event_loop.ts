// An event loop of your own: libcurl names the sockets and the timeout, the poller waits without
// blocking, and the application's timers run meanwhile. It transfers hundreds of URLs, 50 at a
// time. The numbers are the steps of https://curl.se/libcurl/c/curl_multi_socket_action.html
//
//   deno run --allow-ffi examples/loops/event_loop.ts https://example.com/
//   bun examples/loops/event_loop.ts https://example.com/
//   > https://example.com/ … bytes
//   > … sockets; a timer of 5 ms has run … times meanwhile
import process from "node:process";
import { constants, Easy, Multi } from "curlew";
import { Poller } from "curlew/poll";

const urls = process.argv.slice(2), { CURL_POLL_REMOVE, CURL_SOCKET_TIMEOUT } = constants;
let sockets = 0, ticks = 0, timer: ReturnType<typeof setTimeout> | undefined;
using poller = new Poller(), multi = new Multi(); // 1
multi.setOpt("SOCKETFUNCTION", (_easy, fd, what, _clientData, number) => { // 2, 5
  if (number === undefined) multi.assign(fd, ++sockets); // libcurl passes it to each later call
  if (what === CURL_POLL_REMOVE) poller.delete(fd);
  else poller.set(fd, what);
});
multi.setOpt("TIMERFUNCTION", (_multi, timeoutMs) => { // 3
  clearTimeout(timer);
  if (timeoutMs >= 0) timer = setTimeout(() => act(CURL_SOCKET_TIMEOUT, 0), timeoutMs);
});

function addNext(): void { // 4
  const url = urls.shift();
  if (url === undefined) return;
  const easy = new Easy();
  easy.setOpts({ URL: url, PRIVATE: url, TIMEOUT: 60, WRITEFUNCTION: (bytes) => bytes.length });
  multi.addHandle(easy);
}

function act(fd: number, events: number): void { // 7
  multi.socketAction(fd, events);
  for (const { easy, error } of multi.messages()) {
    const done = `${easy.getInfo("SIZE_DOWNLOAD_T")} bytes`;
    console.log(easy.getInfo("PRIVATE"), error?.codeName ?? done);
    if (error) process.exitCode = 1;
    easy.close(); // also removes it from the multi handle
    addNext();
  }
  if (multi.getHandles().length === 0) poller.close(); // ends the loop below
}

const ticking = setInterval(() => ticks++, 5);
for (let i = 0; i < 50; i++) addNext();
if (multi.getHandles().length === 0) poller.close();
for await (const { fd, events } of poller) act(fd, events); // 6, 8
clearInterval(ticking);
console.log(`${sockets} sockets; a timer of 5 ms has run ${ticks} times meanwhile`);

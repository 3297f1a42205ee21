// An event loop on Multi and Poller, as in examples/loops/event_loop.ts, with a promise for each
// transfer.
import { constants, Multi } from "curlew";
import { Poller } from "curlew/poll";

const { CURL_POLL_REMOVE, CURL_SOCKET_TIMEOUT } = constants;

/**
 * Returns a function like `Agent.perform`, for a loop that keeps `maxCachedConnections` idle
 * connections.
 */
export function ownLoop(maxCachedConnections) {
  const poller = new Poller(), multi = new Multi(), outcomes = new Map();
  let timer, immediate = null;

  const expire = () => {
    immediate = null;
    act(CURL_SOCKET_TIMEOUT, 0);
  };
  multi.setOpt("MAXCONNECTS", maxCachedConnections);
  multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => {
    if (what === CURL_POLL_REMOVE) poller.delete(fd);
    else poller.set(fd, what);
  });
  multi.setOpt("TIMERFUNCTION", (_multi, timeoutMs) => {
    clearTimeout(timer);
    if (timeoutMs > 0) timer = setTimeout(act, timeoutMs, CURL_SOCKET_TIMEOUT, 0);
    // a timer of 0 ms takes 1 ms
    if (timeoutMs === 0) immediate ??= setImmediate(expire);
  });

  function act(fd, events) {
    multi.socketAction(fd, events);
    for (const { easy, error } of multi.messages()) {
      const { resolve, reject } = outcomes.get(easy);
      outcomes.delete(easy);
      multi.removeHandle(easy);
      if (error) reject(error);
      else resolve(easy);
    }
  }

  (async () => {
    for await (const { fd, events } of poller) act(fd, events);
  })();
  return (easy) => {
    const outcome = Promise.withResolvers();
    outcomes.set(easy, outcome);
    multi.addHandle(easy);
    return outcome.promise;
  };
}

// Compiled, never run: what must not compile is marked, and tsc fails where it does compile.
import type { CurlWebSocket, CurlWebSocketInit } from "../../mod.ts";

declare const socket: CurlWebSocket;

/** A variable of the standard's type takes the socket. */
export const standard: WebSocket = socket;

export function events(): void {
  socket.onmessage = (event) => event.data;
  socket.onclose = function (event) {
    this.send(`${event.code} ${event.wasClean}`);
  };
  socket.addEventListener("ping", ({ data }) => data.byteLength);
  socket.addEventListener("own", (event: Event) => event.type);
  // @ts-expect-error: a close event has no data
  socket.onclose = (event) => event.data;
}

export function arguments_(): void {
  socket.binaryType = "arraybuffer";
  socket.send(new Uint8Array(1));
  socket.send(new Blob([]));
  socket.close(3000, "why");
  // @ts-expect-error: a number is not a message
  socket.send(5);
  // @ts-expect-error: no such option
  const init: CurlWebSocketInit = { curl: { NO_SUCH: 1 } };
  // @ts-expect-error: no such state
  const state: 4 = socket.readyState;
  void [init, state];
}

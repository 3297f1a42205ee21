// A WebSocket through any proxy: sends each argument as a message, prints the received messages,
// and closes after as many of them. It needs libcurl 8.14 or newer with WebSocket.
//
//   deno run --allow-ffi --allow-env examples/protocols/websocket.ts \
//     wss://echo.example/ hello world
//   bun examples/protocols/websocket.ts wss://echo.example/ hello world
//   > hello
//   > world
//   2> closed: 1000 all answered
import process from "node:process";
import { CurlLoadError, CurlWebSocket } from "curlew";

const [url, ...messages] = process.argv.slice(2);
if (!url) throw new Error("Usage: websocket.ts URL [MESSAGE ...]");

function open(url: string): CurlWebSocket {
  const proxy = process.env["PROXY"];
  return new CurlWebSocket(url, [], {
    connectTimeout: 10_000,
    headers: { "X-Example": "websocket.ts" },
    curl: proxy ? { PROXY: proxy } : {},
  });
}

try {
  const socket = open(url);
  let answers = 0;
  socket.onopen = () => {
    for (const message of messages) socket.send(message);
    if (messages.length === 0) socket.close(1000);
  };
  socket.onmessage = ({ data }) => {
    console.log(data);
    if (++answers === messages.length) socket.close(1000, "all answered");
  };
  socket.onerror = ({ message }) => console.error(message);
  socket.onclose = ({ code, reason, wasClean }) => {
    console.error(`closed: ${code} ${reason}`);
    if (!wasClean) process.exitCode = 1;
  };
} catch (error) {
  if (!(error instanceof CurlLoadError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

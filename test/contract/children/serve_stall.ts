// Deno.serve with a handler that streams the request's body back, piece by piece, and a client that
// reads continuously. Prints the number of requests until one stalled, 0 if none did.
import { connect } from "node:net";
import process from "node:process";

const TRIES = 20, PIECES = 16, QUIET_MS = 2000;
const piece = new Uint8Array(65536);

/** The number of pending reads of the body in the handler. */
let reading = 0;

function echo(request: Request): Response {
  const reader = request.body!.getReader();
  const pull = async (controller: ReadableStreamDefaultController) => {
    reading++;
    const { done, value } = await reader.read();
    reading--;
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new Response(new ReadableStream({ pull }));
}

/**
 * Whether the whole body was sent, and a read of it is still pending when nothing happens any more.
 */
function stalls(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve, reject) => {
    let end = "", sent = false;
    const ended = (stalled: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(stalled);
    };
    const timer = setTimeout(() => ended(sent && reading > 0), QUIET_MS);
    socket.on("error", reject);
    socket.on("data", (bytes: Uint8Array) => {
      timer.refresh();
      end = (end + String.fromCharCode(...bytes.subarray(-5))).slice(-5);
      if (end === "0\r\n\r\n") ended(false);
    });
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let i = 0; i < PIECES; i++) {
      socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      socket.write("\r\n");
    }
    socket.write("0\r\n\r\n", () => sent = true);
  });
}

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, echo);
let found = 0;
for (let request = 1; request <= TRIES && found === 0; request++) {
  if (await stalls(server.addr.port)) found = request;
}
console.log(found);
process.exit();

// Answers PLAY, and sends each argument as an interleaved packet after the answer.
import { Buffer } from "node:buffer";
import net from "node:net";
import process from "node:process";

const packets = process.argv.slice(2).map((text) => {
  const data = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x24, 0, data.length >> 8, data.length & 255]), data]);
});

const server = net.createServer((socket) => {
  let head = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    const sequence = /CSeq: (\d+)/i.exec(head)?.[1] ?? "1";
    head = "";
    // packets before the answer too: libcurl reads what comes until it is complete
    socket.write(Buffer.concat([
      ...packets,
      Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nSession: 12345\r\n\r\n`),
    ]));
  });
});

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

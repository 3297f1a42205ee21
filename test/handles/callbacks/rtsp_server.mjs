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
    // libcurl 8.2 and later refuse a packet of a channel that no Transport header has named
    const transport = "Transport: RTP/AVP/TCP;interleaved=0-1";
    const answer = ["RTSP/1.0 200 OK", `CSeq: ${sequence}`, "Session: 12345", transport, "", ""];
    socket.write(Buffer.concat([Buffer.from(answer.join("\r\n")), ...packets]));
  });
});

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

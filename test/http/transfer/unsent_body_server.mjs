// A server that takes every connection literally: after a head with `Expect: 100-continue` it
// answers at once, without asking for the body, and takes as many of the next bytes for the body as
// the head has announced (RFC 9110, 10.1.1). Each body consists of "A"s: anything else is a fault.
//
// `/200/id` is answered by that status, `/continue/id` by 100 and, after the body, by 200, and
// `/middle/id` by 100 and, after a part of the body, by 417. Without the header the answer comes
// after the body. `/log` has the faults, and the number of connections.
//
// Prints its port.
import net from "node:net";
import process from "node:process";

const faults = [];
let connections = 0;

const answer = (status, body = "") =>
  status === 204
    ? "HTTP/1.1 204 X\r\n\r\n"
    : `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const LINE = /^(GET|PUT|POST) \/(\w+)\S* HTTP\/1\.1$/;

/** Reads the body of a request: returns the rest, or `null` while it is incomplete. */
function skipBody(state, text) {
  if (!state.chunked) {
    const taken = text.slice(0, state.left);
    if (!/^A*$/.test(taken)) faults.push(`the body of ${state.line}: ${taken.slice(0, 80)}`);
    state.left -= taken.length;
    state.got += taken.length;
    return state.left > 0 ? null : text.slice(taken.length);
  }
  const end = text.indexOf("0\r\n\r\n"), taken = end < 0 ? text : text.slice(0, end);
  if (!/^[A\da-f\r\n]*$/.test(taken)) faults.push(`the chunks of ${state.line}`);
  state.got += taken.length;
  return end < 0 ? null : text.slice(end + 5);
}

function serve(socket) {
  connections++;
  let text = "", body = null;
  socket.on("error", () => {});
  socket.setEncoding("latin1");
  socket.on("data", (data) => {
    text += data;
    for (;;) {
      if (body) {
        const rest = skipBody(body, text);
        text = rest ?? "";
        if (body.kind === "middle" && body.got > 0 && !body.told) {
          body.told = true;
          socket.write(answer(417));
        }
        if (rest === null) return;
        if (body.later) socket.write(body.later);
        body = null;
      }
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end), [line] = head.split("\r\n", 1), found = LINE.exec(line);
      text = text.slice(end + 4);
      if (!found) {
        faults.push(`the line ${line.slice(0, 80)}`);
        return socket.destroy();
      }
      const [, , kind] = found, expects = /^expect: *100-continue/im.test(head);
      if (kind === "log") {
        return socket.end(answer(200, JSON.stringify({ faults, connections })));
      }
      const status = Number(kind) || 200, last = answer(status, status === 204 ? "" : "done");
      const asks = kind === "continue" || kind === "middle", waits = asks || !expects;
      if (asks && expects) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      else if (expects) socket.write(last);
      body = {
        line,
        kind: expects ? kind : "",
        left: Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0),
        chunked: /^transfer-encoding: *chunked/im.test(head),
        got: 0,
        told: false,
        later: waits && !(kind === "middle" && expects) ? last : "",
      };
    }
  });
}

const server = net.createServer(serve);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();

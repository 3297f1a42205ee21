// A server that ends kept connections instead of answering, for lost.test.ts. Prints its port.
//
// /warm            answers
// /HOW/WHEN/ID     ends a kept connection HOW (destroy, reset, end, hints: after a 103), WHEN: "head"
//                  when the request begins, "body" after 100 kB of its body or at its end; on a fresh
//                  connection it answers
// /…/ID?always     ends fresh connections too
// /…/ID?hang       does not answer on fresh connections
// /…/ID?redirect   the first request is redirected to the same URL, to be the second of its connection
// /log/ID          the requests that have arrived: [{ method, length, sha256, part, isWhole, isKept }]
import { createHash } from "node:crypto";
import net from "node:net";

const log = new Map(), redirected = new Set(), PART = 100_000;

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The bytes of a chunked body, null before its end. */
function dechunked(bytes) {
  const chunks = [];
  for (let at = 0;;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const size = parseInt(bytes.toString("latin1", at, end), 16);
    if (bytes.length < end + 4 + size) return null;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}

/** The content of the only part of a form. */
function partOf(body) {
  const start = body.indexOf("\r\n\r\n");
  return start < 0 ? null : sha256(body.subarray(start + 4, body.lastIndexOf("\r\n--")));
}

function ending(socket, how) {
  if (how === "hints") {
    socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    setTimeout(() => socket.destroy(), 30);
  } else if (how === "reset") socket.resetAndDestroy();
  else socket[how]();
}

function answer(socket, text, head = "200 OK") {
  socket.write(`HTTP/1.1 ${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

class Connection {
  #socket;
  #count = 0;
  #chunks = [];
  #received = 0;
  #head = null;
  #isOver = false;
  #entry = null;

  constructor(socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data) => this.#take(data));
  }

  #take(data) {
    this.#chunks.push(data);
    this.#received += data.length;
    if (!this.#head && !this.#begin()) return;
    const { start, length, chunked } = this.#head, count = this.#received - start;
    const isKept = this.#count > 0, { target, how, when, mode } = this.#head;
    const ends = target !== "warm" && target !== "log" && (isKept || mode === "always");
    const isWhole = chunked ? this.#ends() : count >= length;
    if (isWhole) this.#complete(isKept);
    if (ends && !this.#isOver && (when === "head" || count >= PART || isWhole)) {
      this.#isOver = true;
      return ending(this.#socket, how);
    }
    if (isWhole && !this.#isOver) this.#respond();
  }

  #begin() {
    const bytes = Buffer.concat(this.#chunks), end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const text = bytes.toString("latin1", 0, end), [method, url] = text.split(" ");
    const [path, mode] = url.slice(1).split("?"), [how, when, id = when] = path.split("/");
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    const chunked = /^transfer-encoding: chunked/im.test(text);
    this.#head = { method, url, target: how, how, when, id, mode, start: end + 4, length, chunked };
    if (how !== "warm" && how !== "log") {
      this.#entry = { method, isKept: this.#count > 0, isWhole: false };
      log.set(id, [...log.get(id) ?? [], this.#entry]);
    }
    return true;
  }

  #ends() {
    const last = this.#chunks.slice(-2), end = Buffer.concat(last).subarray(-7).toString("latin1");
    return end.endsWith("0\r\n\r\n") && this.#body() !== null;
  }

  #body() {
    const bytes = Buffer.concat(this.#chunks).subarray(this.#head.start);
    return this.#head.chunked ? dechunked(bytes) : bytes;
  }

  #complete() {
    if (!this.#entry) return;
    const body = this.#body();
    const { length } = body, isWhole = true;
    Object.assign(this.#entry, { isWhole, length, sha256: sha256(body), part: partOf(body) });
  }

  #respond() {
    const { target, id, url, mode } = this.#head, isFirst = !redirected.has(id);
    this.#count++;
    this.#chunks = [];
    this.#received = 0;
    this.#head = this.#entry = null;
    if (target === "log") return answer(this.#socket, JSON.stringify(log.get(id) ?? []));
    if (mode === "hang") return;
    if (mode !== "redirect" || !isFirst) return answer(this.#socket, "ok");
    redirected.add(id);
    answer(this.#socket, "", `307 Again\r\nLocation: ${url}`);
  }
}

const server = net.createServer((socket) => new Connection(socket));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());

// node-libcurl on Node.js: its Multi, with handles that are reused.
import { CurlHttpVersion, Easy, Multi } from "node-libcurl";
import { run } from "./harness.mjs";
import { PIECE } from "./uploads.mjs";

const multi = new Multi();
const waiting = new Map(), idle = [];
let extra;

multi.onMessage((error, easy, code) => {
  multi.removeHandle(easy);
  const { resolve, reject } = waiting.get(easy);
  waiting.delete(easy);
  if (error || code) reject(error ?? new Error(`CURLcode ${code}`));
  else if (easy.getInfo("RESPONSE_CODE").data !== 200) reject(new Error("not the status 200"));
  else resolve();
});

function create(options) {
  const easy = new Easy();
  const all = { NOSIGNAL: 1, ...extra, ...options };
  for (const [name, value] of Object.entries(all)) easy.setOpt(name, value);
  return easy;
}

function perform(easy) {
  return new Promise((resolve, reject) => {
    waiting.set(easy, { resolve, reject });
    multi.addHandle(easy);
  });
}

function createSlot(url) {
  const slot = { length: 0 };
  const write = (bytes) => {
    slot.length += bytes.length;
    return bytes.length;
  };
  slot.easy = create({ URL: url, WRITEFUNCTION: write });
  return slot;
}

await run({
  open({ concurrency, https }) {
    multi.setOpt("MAXCONNECTS", concurrency + 16);
    const h2 = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0, HTTP_VERSION: CurlHttpVersion.V2Tls };
    extra = https ? { ...h2, PIPEWAIT: 1 } : {};
  },
  async get(url) {
    const slot = idle.pop() ?? createSlot(url);
    slot.length = 0;
    await perform(slot.easy);
    idle.push(slot);
    return slot.length;
  },
  async read(url, sink) {
    const write = (bytes) => {
      sink(bytes);
      return bytes.length;
    };
    await perform(create({ URL: url, WRITEFUNCTION: write }));
  },
  async send(url, size) {
    let left = size, answer = "";
    const read = (buffer, unit, count) => {
      const length = Math.min(left, unit * count);
      for (let at = 0; at < length; at += PIECE.length) {
        buffer.set(PIECE.subarray(0, Math.min(PIECE.length, length - at)), at);
      }
      left -= length;
      return length;
    };
    const write = (bytes) => {
      answer += bytes.toString();
      return bytes.length;
    };
    const upload = { UPLOAD: 1, INFILESIZE_LARGE: size, READFUNCTION: read };
    await perform(create({ URL: url, WRITEFUNCTION: write, ...upload }));
    return answer;
  },
});

// curlew without a Response: Agent.perform with handles that are reused.
import { Agent, constants, download, Easy, upload } from "curlew";
import { run } from "./harness.mjs";
import { FILE, PIECE } from "./uploads.mjs";

const h2 = () => ({
  SSL_VERIFYPEER: 0,
  SSL_VERIFYHOST: 0,
  HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
  PIPEWAIT: 1,
});

let agent, drive, extra;
const idle = [];

function create(url) {
  const easy = new Easy();
  easy.setOpts({ URL: url, ...extra });
  const slot = { easy, length: 0 };
  easy.setOpt("WRITEFUNCTION", (bytes) => {
    slot.length += bytes.length;
    return bytes.length;
  });
  return slot;
}

async function perform(easy) {
  await drive(easy);
  const status = easy.getInfo("RESPONSE_CODE");
  if (status !== 200) throw new Error(`status ${status}`);
}

/** Runs one transfer on a new handle. */
async function once(options) {
  using easy = new Easy();
  easy.setOpts({ ...options, ...extra });
  await perform(easy);
}

await run({
  async open({ mode, concurrency, https }) {
    const maxCachedConnections = concurrency + 16;
    agent = new Agent({ maxCachedConnections });
    drive = (easy) => agent.perform(easy);
    if (mode === "loop") drive = (await import("./own_loop.mjs")).ownLoop(maxCachedConnections);
    if (mode === "observed") (await import("curlew/observe")).observe(agent, { end() {} });
    extra = https ? h2() : {};
  },
  async get(url) {
    const slot = idle.pop() ?? create(url);
    slot.length = 0;
    await perform(slot.easy);
    idle.push(slot);
    return slot.length;
  },
  read(url, sink) {
    const write = (bytes) => {
      sink(bytes);
      return bytes.length;
    };
    return once({ URL: url, WRITEFUNCTION: write });
  },
  async save(url, path) {
    await download(url, path, { agent });
  },
  async send(url, size, _body, kind) {
    if (kind === "file") return String((await upload(FILE, url, { agent })).bytes);
    let left = size, answer = "";
    const decoder = new TextDecoder();
    const read = (buffer) => {
      const length = Math.min(left, buffer.length);
      for (let at = 0; at < length; at += PIECE.length) {
        buffer.set(at + PIECE.length <= length ? PIECE : PIECE.subarray(0, length - at), at);
      }
      left -= length;
      return length;
    };
    const write = (bytes) => {
      answer += decoder.decode(bytes);
      return bytes.length;
    };
    const options = {
      UPLOAD: 1,
      UPLOAD_BUFFERSIZE: 256 * 1024, // the size that fetch sets
      INFILESIZE_LARGE: size,
      READFUNCTION: read,
    };
    await once({ URL: url, WRITEFUNCTION: write, ...options });
    return answer;
  },
});

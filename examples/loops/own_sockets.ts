// An event loop of your own with sockets of the runtime: libcurl connects to a unix socket of this
// process, and the runtime to the network, so that any Duplex can carry a transfer, such as a
// tunnel. No descriptor is watched: the runtime reports when bytes were received or sent. Each turn
// checks all transfers, so this is for some dozens of them at a time.
//
//   deno run --allow-ffi --allow-net --allow-read --allow-write --allow-env examples/loops/own_sockets.ts \
//     http://example.com/
//   bun examples/loops/own_sockets.ts http://example.com/
//   > http://example.com/ … bytes
//   > … sockets; a timer of 5 ms has run … times meanwhile
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Easy, Multi } from "curlew";

const urls = process.argv.slice(2), folder = mkdtempSync(join(tmpdir(), "own-sockets-"));
let sockets = 0, ticks = 0, moved = 0, timer: ReturnType<typeof setTimeout> | undefined;
let isDue = false, finish = () => {};
const finished = new Promise<void>((resolve) => finish = resolve);
using multi = new Multi();
multi.setOpt("MAX_TOTAL_CONNECTIONS", 50);
multi.setOpt("TIMERFUNCTION", (_multi, timeoutMs) => {
  clearTimeout(timer);
  if (timeoutMs >= 0) timer = setTimeout(soon, timeoutMs);
});

/** Schedules a turn for all events until then. */
function soon(): void {
  if (!isDue) setImmediate(turn);
  isDue = true;
}

function turn(): void {
  isDue = false;
  if (multi.closed) return;
  const before = moved;
  multi.perform();
  if (moved !== before) soon(); // one perform() reads a limited amount, and may have left bytes
  for (const { easy, error } of multi.messages()) {
    const done = `${easy.getInfo("SIZE_DOWNLOAD_T")} bytes`;
    console.log(easy.getInfo("PRIVATE"), error?.codeName ?? done);
    if (error) process.exitCode = 1;
    easy.close();
  }
  if (multi.getHandles().length === 0) finish();
}

const write = (to: Socket, bytes: Uint8Array) =>
  new Promise<void>((resolve, reject) =>
    to.write(bytes, (error) => error ? reject(error) : resolve())
  );

/** Copies in small pieces: a large write ends only after libcurl has read half of it in a turn. */
async function carry(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const bytes of from as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < bytes.length; at += 16384, soon()) {
        await write(to, bytes.subarray(at, at + 16384));
      }
    }
    to.end(soon);
  } catch {
    to.destroy(); // libcurl, or the server, notices that the connection is lost
  }
  soon();
}

const relays = new Map<string, { server: Server; path: string }>();

/** The unix socket for a host. */
async function relayTo({ protocol, hostname, port }: URL): Promise<string> {
  const key = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  const path = relays.get(key)?.path ?? join(folder, String(relays.size));
  if (relays.has(key)) return path;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(Number(key.split(":").pop()), hostname.replace(/[[\]]/g, ""));
    sockets++;
    carry(near, far);
    carry(far, near);
  });
  relays.set(key, { server, path });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const ticking = setInterval(() => ticks++, 5);
for (const url of urls) {
  const easy = new Easy(), path = await relayTo(new URL(url));
  const WRITEFUNCTION = ({ length }: Uint8Array) => {
    moved += length;
    return length;
  };
  easy.setOpts({ URL: url, PRIVATE: url, TIMEOUT: 60, WRITEFUNCTION });
  easy.setOpts({ UNIX_SOCKET_PATH: path, NOPROXY: "*" });
  multi.addHandle(easy);
}
soon();
await finished;
clearInterval(ticking);
for (const { server } of relays.values()) server.close();
rmSync(folder, { recursive: true });
console.log(`${sockets} sockets; a timer of 5 ms has run ${ticks} times meanwhile`);

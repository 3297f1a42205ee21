// A protocol of your own, on a connection that libcurl makes: sends lines to a server, and prints
// its replies. The URL only has the host, and whether TLS is used (https) or not (http); proxies,
// certificates and other options work as in any transfer.
//
//   deno run --allow-ffi examples/protocols/connect_only.ts http://localhost:6379 PING QUIT
//   bun examples/protocols/connect_only.ts http://localhost:6379 PING QUIT
//   > +PONG
//   > +OK
import process from "node:process";
import { Agent, CurlEasyError, Easy } from "curlew";

const [url, ...lines] = process.argv.slice(2);
if (!url) throw new Error("Usage: connect_only.ts URL [LINE ...]");

await using agent = new Agent();
using easy = new Easy();

/** Repeats a call until it succeeds, and waits after each CURLE_AGAIN. */
async function when<T>(wait: (easy: Easy) => Promise<void>, call: () => T): Promise<T> {
  for (;; await wait(easy)) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof CurlEasyError && error.codeName === "CURLE_AGAIN")) throw error;
    }
  }
}

async function send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    const rest = bytes.subarray(sent);
    sent += await when((easy) => agent.writable(easy), () => easy.send(rest));
  }
}

/** Prints the received bytes until the server closes the connection. */
async function print(): Promise<void> {
  const buffer = new Uint8Array(16 * 1024), decoder = new TextDecoder();
  for (;;) {
    const count = await when((easy) => agent.readable(easy), () => easy.recv(buffer));
    if (count === 0) return;
    process.stdout.write(decoder.decode(buffer.subarray(0, count), { stream: true }));
  }
}

try {
  easy.setOpts({ URL: url, CONNECT_ONLY: 1, CONNECTTIMEOUT_MS: 10_000 });
  await agent.perform(easy);
  const printing = print();
  await send(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
  await printing;
} catch (error) {
  if (!(error instanceof CurlEasyError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
}

// A reverse proxy in the runtime's own HTTP server, and the requests to it.
import { spawn } from "node:child_process";

/** Starts the runtime's own server; returns its port. */
export function serve(respond) {
  const where = { port: 0, hostname: "127.0.0.1" };
  if ("Bun" in globalThis) return globalThis.Bun.serve({ ...where, fetch: respond }).port;
  return globalThis.Deno.serve({ ...where, onListen() {} }, respond).addr.port;
}

/** Makes the requests by the C program; returns the number of bytes received. */
export function load(program, url, count, concurrency) {
  const child = spawn(program, ["first", url, String(count), String(concurrency)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (data) => output += data);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(output).bytes);
      else reject(new Error(`the load ended with ${code}`));
    });
  });
}

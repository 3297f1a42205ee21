// The two servers, each a process of its own: HTTP/1.1 in C, HTTP/2 over TLS in Node.js.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { ROOT } from "../tools/runtimes.mjs";

function start(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}`)));
    createInterface(child.stdout).once("line", (port) => {
      resolve({ pid: child.pid, port: Number(port), close: () => child.stdin.end() });
    });
  });
}

/** Starts both. */
export async function startServers({ server }, folder) {
  const certificates = join(folder, "certificates");
  mkdirSync(certificates);
  const h2 = join(ROOT, "bench", "server_h2.mjs");
  return {
    http: { scheme: "http", ...await start(server, []) },
    h2: { scheme: "https", ...await start(process.execPath, [h2, certificates]) },
  };
}

// Starts the servers, in a separate process.
//
//   node test/servers/main.mjs [feature of libcurl ...]
//
// Prints one JSON line, then serves until stdin ends or a signal arrives.
import process from "node:process";
import { startServers } from "./start.mjs";

let servers = null, ending = null;

function end() {
  ending ??= (servers ? servers.stop() : Promise.resolve()).then(() => process.exit(0));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
for (const event of ["end", "close", "error"]) process.stdin.on(event, end);
process.stdin.resume();

try {
  servers = await startServers(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`servers: ${error.message}\n`);
  process.exit(1);
}
const { facts, started, missing, packages } = servers;
process.stdout.write(JSON.stringify({ facts, started, missing, packages }) + "\n");

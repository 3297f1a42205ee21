// HTTP/1.1 on TCP and on unix sockets.
import http from "node:http";
import { join } from "node:path";
import process from "node:process";
import { listen } from "./listen.mjs";
import { makeHandler } from "./routes/routes.mjs";
import { countConnections, counters } from "./stats.mjs";

export const OPTIONS = { maxHeaderSize: 1 << 20, highWaterMark: 256 * 1024 };

/** Switches the server's own limits off: a test decides when a connection ends. */
export function unlimited(server) {
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.maxRequestsPerSocket = 0;
  server.maxHeadersCount = 0;
  return server;
}

export function wire(server, kind) {
  const stats = counters(kind);
  server.on("request", makeHandler(stats));
  countConnections(server, stats);
  return server;
}

const createServer = (kind) => wire(unlimited(http.createServer(OPTIONS)), kind);

export async function startHttp() {
  return { http: await listen(createServer("http")) };
}

export async function startUnix({ dir }) {
  const path = join(dir(), "http.sock");
  await listen(createServer("unix"), { path });
  return { unix: path };
}

/** An abstract socket, whose name is not a file; Linux only. */
export async function startAbstract() {
  if (process.platform !== "linux") return {};
  // Node.js 20 would fill a shorter name up with NUL
  const abstract = `curlew-test-${process.pid}`.padEnd(107, "-");
  await listen(createServer("abstract"), { path: `\0${abstract}` });
  return { abstract };
}

// HTTP/1.1 on TCP and on a unix socket.
import http from "node:http";
import { join } from "node:path";
import { listen } from "./listen.mjs";
import { makeHandler } from "./routes.mjs";
import { countConnections, counters } from "./stats.mjs";

export const OPTIONS = { maxHeaderSize: 1 << 20, highWaterMark: 256 * 1024 };

/** A test decides when a connection ends, so the server's own limits are off. */
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

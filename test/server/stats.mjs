// Counters of each server, by kind, so that a test can check how many connections it has used.

/** kind → connections since the start or the reset, those open now, requests, proxy targets */
export const all = {};

export function counters(kind) {
  return all[kind] ??= { connections: 0, open: 0, requests: 0, targets: [] };
}

/** `open` is not reset: those connections are still open. */
export function reset() {
  for (const one of Object.values(all)) {
    one.connections = 0;
    one.requests = 0;
    one.targets.length = 0;
  }
}

export function countConnections(server, stats) {
  server.on("connection", (socket) => {
    stats.connections++;
    stats.open++;
    socket.once("close", () => stats.open--);
  });
}

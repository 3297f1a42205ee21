// What each server has seen, by kind, so that a test can ask how many connections it really cost.

/** kind → connections since the start or the reset, those open now, requests, proxy targets */
export const all = {};

export function counters(kind) {
  return all[kind] ??= { connections: 0, open: 0, requests: 0, targets: [] };
}

/** `open` stays: those connections are still there. */
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

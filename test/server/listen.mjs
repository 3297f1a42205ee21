// Ports are ephemeral and on loopback; the backlog lets thousands connect in one burst.
const BACKLOG = 8192;

/** @returns {Promise<number>} the port, 0 for a unix socket */
export function listen(server, where = { host: "127.0.0.1", port: 0 }) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve(server.address().port ?? 0);
    });
  });
}

// The targets of proxies: loopback only. Every name resolves to loopback, so that a test can prove
// with an invented name that the proxy, not the client, resolved it.
import net from "node:net";

/** The address to connect to; null for an address that is not loopback. */
export function loopback(host) {
  const bare = host.replace(/^\[|\]$/g, "");
  if (net.isIP(bare) === 0) return "127.0.0.1";
  return bare === "::1" || bare.startsWith("127.") ? bare : null;
}

/** Pipes two sockets into each other, and ends them together. */
export function join(a, b) {
  for (const [one, other] of [[a, b], [b, a]]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
    one.pipe(other);
  }
}

const MAX_TARGETS = 100;

/** Records a target as the client named it, for `/stats/all`. */
export function note(stats, target) {
  stats.requests++;
  stats.targets.push(target);
  if (stats.targets.length > MAX_TARGETS) stats.targets.shift();
}

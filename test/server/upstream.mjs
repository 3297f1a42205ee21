// Where proxies may go: loopback only. Any name is loopback, so that a test can prove with an
// invented name that the proxy, not the client, resolved it.
import net from "node:net";

/** The address to connect to; null where it is none of ours. */
export function loopback(host) {
  const bare = host.replace(/^\[|\]$/g, "");
  if (net.isIP(bare) === 0) return "127.0.0.1";
  return bare === "::1" || bare.startsWith("127.") ? bare : null;
}

/** Joins both ways and ends both together. */
export function join(a, b) {
  for (const [one, other] of [[a, b], [b, a]]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
    one.pipe(other);
  }
}

const MAX_TARGETS = 100;

/** `/stats/all` shows the latest targets as the client named them. */
export function note(stats, target) {
  stats.requests++;
  stats.targets.push(target);
  if (stats.targets.length > MAX_TARGETS) stats.targets.shift();
}

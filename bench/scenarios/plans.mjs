// Plans, which have the arguments of clients, and lists of clients that lack a feature.
export const MIB = 1024 ** 2, GIB = 1024 ** 3, SMALL = 98;

export const requests = (path, count, concurrency) => ({
  path,
  args: [count, concurrency],
  bytes: count * SMALL,
});
export const read = (size, streams) => ({
  path: `/bytes/${size}`,
  args: [streams],
  bytes: size * streams,
});
export const whole = (size, count, concurrency) => ({
  path: `/bytes/${size}`,
  args: [count, concurrency],
  bytes: size * count,
});
export const send = (size, kind) => ({ path: "/sink", args: [size, 0, kind], bytes: size });
export const burst = (ms, count) => ({
  path: `/delay/${ms}`,
  args: [count],
  bytes: count * SMALL,
});

/** Clients that have a `fetch`. */
const FETCHES = ["fetch-bun", "fetch-deno", "builtin-bun", "builtin-deno"];
/** Clients that have curlew's `Agent.perform`. */
const AGENTS = ["agent-bun", "agent-deno"];
/** Clients of other libraries. */
export const PEERS = ["undici", "node-libcurl"];

/** Clients without a `Multi`, or with one that an event loop outside cannot drive. */
export const WITHOUT_MULTI = [...FETCHES, ...PEERS];
/** Clients that can neither read nor send a body as a whole. */
export const WITHOUT_BODIES = [...AGENTS, ...PEERS];
/** Clients that are not curlew. */
export const WITHOUT_CURLEW = ["builtin-bun", "builtin-deno", ...PEERS];

export const PER_REQUEST = ["cpuPerRequest", "wallPerRequest"];
export const PER_BYTE = ["cpuPerGB", "wallPerGB"];

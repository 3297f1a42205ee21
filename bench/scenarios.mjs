// What is measured: data only. A plan's `args` are what the mode takes (c/baseline.c lists the
// modes), its `bytes` what must have come, so that no client can win by doing less; where there are
// none, as many as come. `waitsAt` is the path of the transfers that wait beside the others.
const MIB = 1024 ** 2, GIB = 1024 ** 3, SMALL = 98;

const requests = (path, count, concurrency) => ({
  path,
  args: [count, concurrency],
  bytes: count * SMALL,
});
const read = (size, streams) => ({
  path: `/bytes/${size}`,
  args: [streams],
  bytes: size * streams,
});
const whole = (size, count, concurrency) => ({
  path: `/bytes/${size}`,
  args: [count, concurrency],
  bytes: size * count,
});
const send = (size, kind) => ({ path: "/sink", args: [size, 0, kind], bytes: size });
const burst = (ms, count) => ({ path: `/delay/${ms}`, args: [count], bytes: count * SMALL });

const ENDLESS = "/bytes/1000000000000";

/** Those that have no `Multi` to drive, or none that can be driven from outside. */
const WITHOUT_MULTI = ["fetch-bun", "fetch-deno", "builtin-bun", "builtin-deno", "node-libcurl"];

/** Those that have no body as a whole, neither to read nor to send. */
const WITHOUT_BODIES = ["agent-bun", "agent-deno", "node-libcurl"];

const PER_REQUEST = ["cpuPerRequest", "wallPerRequest"], PER_BYTE = ["cpuPerGB", "wallPerGB"];

/**
 * `metrics` are those of metrics.mjs; `headline` has those that the README shows, with the words for
 * them; `quick` is what the short form does, nothing where it is absent; with `bare` the runtimes
 * alone are measured too; `left` names the clients that are left out.
 */
export const SCENARIOS = [
  {
    name: "get-c1",
    title: "small GET, one at a time",
    mode: "requests",
    full: requests("/small", 20_000, 1),
    metrics: PER_REQUEST,
    headline: { wallPerRequest: "small GET, one at a time: wall time" },
  },
  {
    name: "get-c16",
    title: "small GET, 16 at a time",
    mode: "requests",
    full: requests("/small", 50_000, 16),
    quick: requests("/small", 3000, 16),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "small GET, 16 at a time" },
  },
  {
    name: "get-c64",
    title: "small GET, 64 at a time",
    mode: "requests",
    full: requests("/small", 50_000, 64),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "small GET, 64 at a time" },
  },
  {
    name: "loop-c16",
    title: "small GET, 16 at a time, by a loop of one's own on Multi and Poller",
    mode: "loop",
    full: requests("/small", 50_000, 16),
    quick: requests("/small", 3000, 16),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "the same 16 at a time, by a loop of one's own" },
    left: WITHOUT_MULTI,
  },
  {
    name: "delay-c64",
    title: "answered after 1 ms, 64 at a time",
    mode: "requests",
    full: requests("/delay/1", 50_000, 64),
    quick: requests("/delay/1", 3000, 64),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "answered after 1 ms, 64 at a time" },
  },
  {
    name: "delay-c256",
    title: "answered after 1 ms, 256 at a time",
    mode: "requests",
    full: requests("/delay/1", 50_000, 256),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "answered after 1 ms, 256 at a time" },
  },
  {
    name: "first",
    title: "the first 1,000 GETs of a process, 16 at a time",
    mode: "first",
    full: requests("/small", 1000, 16),
    quick: requests("/small", 1000, 16),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "the first 1,000 GETs of a process" },
  },
  {
    name: "h2-c64",
    title: "HTTP/2 over TLS, 64 at a time on one connection",
    mode: "requests",
    server: "h2",
    full: requests("/", 30_000, 64),
    quick: requests("/", 2000, 64),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "HTTP/2 over TLS, 64 at a time" },
  },
  {
    name: "whole-10k",
    title: "10 kB by arrayBuffer(), 16 at a time",
    mode: "requests",
    full: whole(10_000, 20_000, 16),
    quick: whole(10_000, 2000, 16),
    metrics: PER_REQUEST,
    headline: {},
    left: WITHOUT_BODIES,
  },
  {
    name: "whole-1m",
    title: "1 MB by arrayBuffer(), 4 at a time",
    mode: "requests",
    full: whole(1e6, 1000, 4),
    metrics: PER_REQUEST,
    headline: {},
    left: WITHOUT_BODIES,
  },
  {
    name: "whole-100m",
    title: "100 MB by arrayBuffer(), one after the other",
    mode: "first",
    full: whole(1e8, 8, 1),
    metrics: ["cpuPerGB", "wallPerGB", "memory"],
    headline: {},
    left: WITHOUT_BODIES,
  },
  {
    name: "read-1",
    title: "download of 1 GiB, streamed",
    mode: "read",
    full: read(GIB, 1),
    quick: read(128 * MIB, 1),
    metrics: PER_BYTE,
    headline: { cpuPerGB: "download of 1 GiB, streamed" },
  },
  {
    name: "read-16",
    title: "16 downloads of 64 MiB at once",
    mode: "read",
    full: read(64 * MIB, 16),
    metrics: PER_BYTE,
    headline: { cpuPerGB: "16 downloads of 64 MiB at once" },
  },
  {
    name: "save",
    title: "download of 256 MiB to a file",
    mode: "save",
    full: { path: `/bytes/${256 * MIB}`, args: [], bytes: 256 * MIB },
    metrics: PER_BYTE,
    headline: { cpuPerGB: "download of 256 MiB to a file" },
    left: ["fetch-bun", "fetch-deno", "node-libcurl"], // a Response is no file
  },
  {
    name: "send",
    title: "upload of 1 GiB from a stream",
    mode: "send",
    full: send(GIB, "stream"),
    quick: send(128 * MIB, "stream"),
    metrics: PER_BYTE,
    headline: { cpuPerGB: "upload of 1 GiB from a stream" },
  },
  ...["bytes", "blob"].map((kind) => ({
    name: `send-${kind}`,
    title: `upload of 256 MiB from ${kind === "blob" ? "a Blob" : kind}`,
    mode: "send",
    full: send(256 * MIB, kind),
    metrics: PER_BYTE,
    headline: {},
    left: WITHOUT_BODIES,
  })),
  {
    name: "burst",
    title: "5,000 at once, answered after 2 s",
    mode: "burst",
    full: burst(2000, 5000),
    quick: burst(500, 500),
    metrics: ["cpuPerRequest", "wall", "memory"],
    headline: { cpuPerRequest: "5,000 at once", memory: "5,000 at once: peak memory, MB" },
  },
  {
    name: "idle",
    title: "1,000 that wait, for 5 s",
    mode: "hold",
    full: { path: "/hold", args: [1000, 5000], bytes: 0 },
    quick: { path: "/hold", args: [100, 500], bytes: 0 },
    metrics: ["cpuAbove", "memory"],
    headline: { cpuAbove: "1,000 that wait 5 s: CPU ms above the bare runtime" },
    bare: true,
  },
  {
    name: "fairness",
    title: "a timer of 1 ms beside 64 endless downloads, for 4 s",
    mode: "flood",
    full: { path: ENDLESS, args: [64, 4000] },
    quick: { path: ENDLESS, args: [64, 500] },
    metrics: ["timerWall", "timerOwn", "cpuPerGB"],
    headline: { timerWall: "1 ms timer beside 64 downloads: 99th percentile" },
  },
  {
    name: "start",
    title: "start of a process with one GET",
    mode: "start",
    full: { path: "/small", args: [], bytes: SMALL },
    quick: { path: "/small", args: [], bytes: SMALL },
    metrics: ["wallAbove", "cpuTotalAbove"],
    headline: { cpuTotalAbove: "start with one GET: CPU ms above the bare runtime" },
    bare: true,
  },
];

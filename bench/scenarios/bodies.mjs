// Large bodies, read and sent in each way.
import { GIB, MIB, PEERS, PER_BYTE, PER_REQUEST, read, send } from "./plans.mjs";
import { whole, WITHOUT_BODIES } from "./plans.mjs";

const saved = { path: `/bytes/${256 * MIB}`, args: [], bytes: 256 * MIB };

/** Uploads whose source is not a stream. */
const SOURCES = { bytes: "bytes", blob: "a Blob", file: "a file" };

export const BODIES = [
  {
    name: "whole-10k",
    title: "10 kB by arrayBuffer(), 16 at a time",
    mode: "requests",
    full: whole(10_000, 20_000, 16),
    quick: whole(10_000, 2000, 16),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "10 kB by `arrayBuffer()`, 16 at a time" },
    left: WITHOUT_BODIES,
  },
  {
    name: "whole-1m",
    title: "1 MB by arrayBuffer(), 4 at a time",
    mode: "requests",
    full: whole(1e6, 1000, 4),
    metrics: PER_REQUEST,
    headline: { cpuPerRequest: "1 MB by `arrayBuffer()`, 4 at a time" },
    left: WITHOUT_BODIES,
  },
  {
    name: "whole-100m",
    title: "100 MB by arrayBuffer(), one after the other",
    mode: "first",
    full: whole(1e8, 8, 1),
    metrics: ["cpuPerGB", "wallPerGB", "memory"],
    headline: {
      cpuPerGB: "100 MB by `arrayBuffer()`",
      memory: "100 MB by `arrayBuffer()`: peak memory, MB",
    },
    left: WITHOUT_BODIES,
  },
  {
    name: "read-1",
    title: "download of 1 GiB by a reader",
    mode: "read",
    full: read(GIB, 1),
    quick: read(128 * MIB, 1),
    metrics: PER_BYTE,
    headline: { cpuPerGB: "download of 1 GiB by a reader" },
  },
  {
    name: "read-16",
    title: "16 downloads of 64 MiB at once",
    mode: "read",
    full: read(64 * MIB, 16),
    metrics: PER_BYTE,
    headline: { cpuPerGB: "16 downloads of 64 MiB at once" },
  },
  ...[["iterate", "for await"], ["pipe", "pipeTo"]].map(([mode, words]) => ({
    name: mode,
    title: `download of 256 MiB by ${words}`,
    mode,
    baseline: "read",
    full: read(256 * MIB, 1),
    metrics: PER_BYTE,
    headline: { cpuPerGB: `download of 256 MiB by \`${words}\`` },
    left: WITHOUT_BODIES,
  })),
  {
    name: "save",
    title: "download of 256 MiB to a file",
    mode: "save",
    full: saved,
    metrics: PER_BYTE,
    headline: { cpuPerGB: "download of 256 MiB to a file: `download`; own: `write(path, body)`" },
    left: ["fetch-bun", "fetch-deno", ...PEERS],
  },
  {
    name: "write",
    title:
      "a Response of 256 MiB to a file by Bun.write(path, response), Deno.writeFile(path, body)",
    mode: "save",
    full: saved,
    metrics: PER_BYTE,
    headline: { cpuPerGB: "a `Response` of 256 MiB to a file" },
    left: WITHOUT_BODIES,
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
  ...Object.entries(SOURCES).map(([kind, words]) => ({
    name: `send-${kind}`,
    title: `upload of 256 MiB from ${words}`,
    mode: "send",
    full: send(256 * MIB, kind),
    metrics: PER_BYTE,
    headline: { cpuPerGB: `upload of 256 MiB from ${words}` },
    left: kind === "file" ? PEERS : WITHOUT_BODIES,
  })),
];

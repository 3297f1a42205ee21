// The clients that are measured, as data. A client is a command that takes a mode, a URL and the
// mode's arguments.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../tools/runtimes.mjs";

/** The path of a script. Where curlew is the installed package, the scripts are beside it. */
const script = (name, { installed }, root) =>
  join(installed ? root : join(ROOT, "bench"), "clients", `${name}.mjs`);

/**
 * The command for a script; certificates are not checked, since that of the HTTP/2 server is
 * self-signed.
 */
const RUN = {
  bun: ({ bun }) => [bun, "run"],
  deno: ({ deno }, { server }) => {
    const trust = server === "h2" ? ["--unsafely-ignore-certificate-errors=127.0.0.1"] : [];
    return [deno, "run", "--quiet", "-A", ...trust];
  },
  node: () => [process.execPath],
};

const client = (name, title, runtime, file, more = {}) => ({
  name,
  title,
  bare: `bare-${runtime}`,
  command: (tools, scenario) => [
    ...RUN[runtime](tools, scenario),
    script(file, scenario, tools.installed),
  ],
  ...more,
});

/** A client of curlew; `own` names the fetch of its runtime, for comparison in the same round. */
const ours = (name, title, runtime, file) =>
  client(name, title, runtime, file, { own: `builtin-${runtime}` });

const peer = (name, file) => client(name, name, "node", file, { needs: `import("${name}")` });

/** The clients, in the order of a round. */
const CLIENTS = [
  { name: "c", title: "C", command: ({ baseline }) => [baseline] },
  ours("agent-bun", "Agent, Bun", "bun", "curlew_agent"),
  ours("agent-deno", "Agent, Deno", "deno", "curlew_agent"),
  ours("fetch-bun", "fetch, Bun", "bun", "curlew_fetch"),
  ours("fetch-deno", "fetch, Deno", "deno", "curlew_fetch"),
  client("builtin-bun", "Bun's own", "bun", "builtin_fetch"),
  client("builtin-deno", "Deno's own", "deno", "builtin_fetch"),
  peer("undici", "undici"),
  peer("node-libcurl", "node_libcurl"),
];

/** The runtimes without a client, whose values are subtracted in scenarios with `bare`. */
const BARE = ["bun", "deno", "node"].map((runtime) =>
  client(`bare-${runtime}`, `bare ${runtime}`, runtime, "bare", { isBare: true })
);

function isThere({ needs }) {
  if (!needs) return true;
  return spawnSync(process.execPath, ["-e", needs], { cwd: ROOT, stdio: "ignore" }).status === 0;
}

/** Returns the clients that run on this machine, and the titles of the others. */
export function findClients() {
  const found = CLIENTS.filter(isThere);
  const used = new Set(found.map(({ bare }) => bare));
  return {
    clients: [...BARE.filter(({ name }) => used.has(name)), ...found],
    absent: CLIENTS.filter((client) => !found.includes(client)).map(({ title }) => title),
  };
}

/** The names that `--only` takes. */
export const CLIENT_NAMES = CLIENTS.map(({ name }) => name);

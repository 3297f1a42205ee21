// One run of one client.
import { spawn } from "node:child_process";
import { rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { busySeconds, secondsOf } from "./processor.mjs";

const LIMIT_SECONDS = 300, MEMORY = "/dev/shm";

/**
 * The environment without proxies, which would be measured instead, and without the connection
 * limit of Bun's fetch.
 */
function environment(library) {
  const env = { ...process.env, NO_COLOR: "1", CURLEW_LIBRARY: library };
  for (const name of Object.keys(env)) if (/_proxy$/i.test(name)) delete env[name];
  return { ...env, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" };
}

const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill()));

function spawnMetered(meter, command, env) {
  const stdio = ["ignore", "pipe", "pipe", "pipe"];
  const child = spawn(meter, [String(LIMIT_SECONDS), ...command], { env, stdio });
  running.add(child);
  const texts = ["", "", "", ""];
  for (const fd of [1, 2, 3]) child.stdio[fd].on("data", (data) => texts[fd] += data);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, output: texts[1], errors: texts[2], meter: texts[3] });
    });
  });
}

/** The client's own report. Throws if the client has not done the work. */
function judge({ code, output, errors, meter }, plan, isBare) {
  if (code !== 0) throw new Error(`exit code ${code}: ${lastLines(errors)}`);
  const said = JSON.parse(output);
  const isRight = plan.bytes === undefined ? said.bytes > 0 : said.bytes === plan.bytes;
  if (!isBare && !isRight) throw new Error(`${said.bytes} bytes instead of ${plan.bytes}`);
  return { ...said, total: JSON.parse(meter) };
}

const lastLines = (text) => text.trim().split("\n").slice(-3).join(" | ").slice(0, 300);

/** A folder in memory, if there is room: otherwise the disk would be measured. */
function fileFolder(bytes) {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > 2 * bytes ? MEMORY : null;
  } catch {
    return null; // another system
  }
}

/** The size of the file that `save` has written. */
function takeFile(path) {
  const { size } = statSync(path);
  rmSync(path);
  return size;
}

/**
 * Runs a client once. Returns its costs, and the number of cores that other processes used
 * meanwhile.
 */
export async function measure({ tools, servers, library, folder }, client, scenario, plan) {
  const { scheme, port, pid } = servers[scenario.server ?? "http"];
  const file = join(fileFolder(plan.bytes ?? 0) ?? folder, `curlew-bench-${process.pid}`);
  const saves = scenario.mode === "save";
  const urlOf = (path) => `${scheme}://127.0.0.1:${port}${path}`;
  const more = [
    ...(saves ? [file] : []),
    ...(plan.waitsAt ? [urlOf(plan.waitsAt)] : []),
    ...(scenario.mode === "proxy" ? [tools.baseline] : []),
  ];
  const mode = client.name === "c" ? scenario.baseline ?? scenario.mode : scenario.mode;
  const args = [mode, urlOf(plan.path), ...plan.args, ...more].map(String);
  const command = [...client.command(tools, scenario), ...args];
  const busy = busySeconds(), serving = secondsOf(pid);
  const result = await spawnMetered(tools.meter, command, environment(library));
  const others = busySeconds() - busy - (secondsOf(pid) - serving);
  const run = judge(result, saves ? { bytes: 0 } : plan, client.isBare);
  if (saves) run.bytes = takeFile(file);
  if (saves && run.bytes !== plan.bytes) throw new Error(`a file of ${run.bytes} bytes`);
  const { user, sys, wall } = run.total;
  return { ...run, others: Math.max(0, others - user - sys) / wall };
}

// Demonstrates the Agent: many simultaneous transfers, first on Bun, then on Deno.
//
//   npm run demo                        against a server of its own
//   npm run demo -- URL…                with the URLs given
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { chooseFiles } from "./demo/files.mjs";
import { ROOT, RUNTIMES, SELF } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const HELP = `Runs many transfers at once through curlew's Agent, first on Bun, then on Deno.

Usage: npm run demo [-- [options] [URL…]]

  URL…                 what to transfer, in any protocol of the loaded libcurl;
                       without one, 600 transfers from a local server
  --output DIR         save the bodies in DIR, under new names; without it nothing is saved
  --runtime bun|deno   run one runtime only
  --help               show this

The exit code is 1 where a transfer failed (an HTTP status of 400 or more is a failure too)
and 2 for bad arguments. CURLEW_LIBRARY names the libcurl to use.
`;

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  output: { type: "string" },
  runtime: { type: "string" },
};

/** The error of a wrong command line. */
class UsageError extends Error {}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function readCommandLine(argv) {
  const { values: { help, output, runtime }, positionals: urls } = parse(argv);
  if (help) return { help };
  if (runtime !== undefined && !RUNTIMES.includes(runtime)) {
    throw new UsageError(`--runtime takes bun or deno, not "${runtime}"`);
  }
  if (urls.some((url) => url.trim() === "")) throw new UsageError("a URL is empty");
  if (output === "") throw new UsageError("--output takes a folder");
  if (output !== undefined && urls.length === 0) throw new UsageError("--output needs a URL");
  return { urls, folder: output, runtimes: runtime ? [runtime] : RUNTIMES };
}

function createFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`cannot use the folder "${folder}": ${error.message}`);
  }
}

const children = new Set();

function start(command, args, stdio) {
  const child = spawn(command, args, { cwd: ROOT, stdio });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
    process.exit(code);
  });
}

/** Starts the server and returns its address; it exits when its stdin ends. */
function startServer() {
  const main = join(ROOT, "test", "server", "main.mjs");
  const [runtime, ...args] = SELF;
  const server = start(runtime, [...args, main, "http"], ["pipe", "pipe", "inherit"]);
  return new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface(server.stdout).once("line", (line) => {
      const base = `http://127.0.0.1:${JSON.parse(line).http}`;
      resolve({ base, close: () => server.stdin.end() });
    });
  });
}

/** Runs the transfers on one runtime; the plan is passed by stdin, since it may be long. */
function runOn(path, name, plan) {
  const args = name === "deno" ? ["run", "-A"] : ["run"];
  const child = start(path, [...args, "tools/demo/main.ts"], ["pipe", "inherit", "inherit"]);
  child.stdin.on("error", () => {}); // the child has ended early: its exit code is checked
  child.stdin.end(JSON.stringify(plan));
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}

async function demo({ urls, folder, runtimes }) {
  if (folder !== undefined) createFolder(folder);
  const paths = setup();
  const server = urls.length === 0 ? await startServer() : null;
  const files = folder === undefined ? [] : chooseFiles(resolve(folder), urls);
  const plan = { server: server?.base ?? null, urls, files };
  let worst = 0;
  try {
    for (const name of runtimes) worst = Math.max(worst, await runOn(paths[name], name, plan));
  } finally {
    server?.close();
  }
  return worst;
}

try {
  const { help, ...what } = readCommandLine(process.argv.slice(2));
  if (help) process.stdout.write(HELP);
  else process.exitCode = await demo(what);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`demo: ${error.message}${usage ? "\nTry: npm run demo -- --help" : ""}\n`);
  process.exitCode = usage ? 2 : 1;
}

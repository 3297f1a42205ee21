// Makes a release: version, date in CHANGELOG.md, tests, both packages, tag.
//
//   npm run release -- 0.2.0 --dry-run   does all but committing, tagging and publishing
//   npm run release -- 0.2.0             does not ask for confirmation, so make the dry run first
//
// Whatever ends it before the commit, a signal too, the files get their old texts again.
//
// Publishing needs credentials of both registries. In a workflow with `id-token: write` both
// registries record the provenance of the package.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const USAGE = `Usage: npm run release -- [VERSION] [--dry-run] [--skip-tests]
  VERSION        such as 0.2.0; by default that of package.json
  --dry-run      do all but committing, tagging and publishing, and restore the files
  --skip-tests   do not run npm test`;

/** The places of the version: the file, and the text before the version. */
const PLACES = [
  ["package.json", /("version": ")[^"]+/],
  ["deno.json", /("version": ")[^"]+/],
  ["package-lock.json", /(^\{\s*"name": "curlew",\s*"version": ")[^"]+/],
  ["package-lock.json", /("": \{\s*"name": "curlew",\s*"version": ")[^"]+/],
  ["src/curlew_version.ts", /(CURLEW_VERSION = ")[^"]+/],
];

class ReleaseError extends Error {}

const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** The running command. */
let child;

/** Runs a command. Signals are handled meanwhile. */
async function run(command, ...args) {
  process.stdout.write(`$ ${shown([command, ...args])}\n`);
  child = spawn(command, args, { cwd: ROOT, stdio: "inherit" });
  const [code] = await once(child, "close");
  child = undefined;
  if (code !== 0) throw new ReleaseError(`${command} ${args[0]} has failed`);
}

/** A command as it can be given to a shell. */
const shown = (words) =>
  words.map((word) => /[\s']/.test(word) ? JSON.stringify(word) : word).join(" ");

function output(command, ...args) {
  return spawnSync(command, args, { cwd: ROOT, encoding: "utf8" }).stdout.trim();
}

function parsed(options) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new ReleaseError(`${error.message}\n${USAGE}`);
  }
}

/** The arguments, `null` where the usage is asked for. */
function readArguments() {
  const names = ["dry-run", "skip-tests", "help"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "boolean" }]));
  const { values, positionals } = parsed(options);
  if (values.help) return null;
  const [version = JSON.parse(read("package.json")).version, ...more] = positionals;
  if (more.length > 0) throw new ReleaseError(`More than one version\n${USAGE}`);
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new ReleaseError(`"${version}" is no version such as 0.2.0\n${USAGE}`);
  }
  return { version, isDry: values["dry-run"] === true, skipsTests: values["skip-tests"] === true };
}

/** The files of the release, each with its new text. */
function changedFiles(version) {
  const files = new Map();
  for (const [path, place] of PLACES) {
    const text = files.get(path) ?? read(path);
    if (!place.test(text)) throw new ReleaseError(`There is no version in ${path}`);
    files.set(path, text.replace(place, `$1${version}`));
  }
  const log = read("CHANGELOG.md"),
    heading = new RegExp(`^## (?:Unreleased|${version}(?: .*)?)$`, "m");
  if (!heading.test(log)) {
    throw new ReleaseError(
      `CHANGELOG.md has neither "## Unreleased" nor "## ${version}": ` +
        `write "## Unreleased" above the last release, and the changes below it`,
    );
  }
  const today = new Date().toISOString().slice(0, 10);
  files.set("CHANGELOG.md", log.replace(heading, `## ${version} (${today})`));
  return files;
}

function checkRepository(version, isDry) {
  const problems = [];
  if (output("git", "status", "--porcelain") !== "") problems.push("there are uncommitted changes");
  if (output("git", "branch", "--show-current") !== "main") problems.push("this is not main");
  if (output("git", "tag", "--list", `v${version}`) !== "") problems.push(`v${version} exists`);
  if (problems.length === 0) return;
  if (!isDry) throw new ReleaseError(`Cannot release: ${problems.join(", ")}`);
  process.stdout.write(`A release would be refused: ${problems.join(", ")}\n`);
}

/** Writes the files of the release. Returns a function that gives them their old texts again. */
function edit(version) {
  const files = changedFiles(version), before = [...files.keys()].map((path) => [path, read(path)]);
  const writeAll = (texts) => {
    for (const [path, text] of texts) writeFileSync(join(ROOT, path), text);
  };
  writeAll(files);
  return () => writeAll(before);
}

/** Calls `restore` where a signal ends the release. Returns a function that ends this. */
function restoreOnSignal(restore) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const end = (signal) => {
    restore();
    process.stderr.write(`Ended by ${signal}: the files have their old texts again\n`);
    child?.kill(signal);
    process.exit(1);
  };
  for (const signal of signals) process.on(signal, end);
  return () => signals.forEach((signal) => process.off(signal, end));
}

/** Runs what comes after the commit. After a failure it prints the commands that are left. */
async function publish(version, commands) {
  for (const [at, command] of commands.entries()) {
    try {
      await run(...command);
    } catch (error) {
      const left = commands.slice(at).map((words) => `  ${shown(words)}\n`).join("");
      process.stderr.write(
        `The release of ${version} is committed. Remove the cause, and run what is left:\n${left}`,
      );
      throw error;
    }
  }
}

async function main({ version, isDry, skipsTests }) {
  const { deno } = setup();
  checkRepository(version, isDry);
  const restore = edit(version), stopWatching = restoreOnSignal(restore);
  let isCommitted = false;
  try {
    if (!skipsTests) await run("npm", "test");
    await run("npm", "pack", ...(isDry ? ["--dry-run"] : []));
    await run(deno, "publish", "--dry-run", "--allow-dirty");
    if (isDry) return process.stdout.write(`${version} could be released\n`);
    commit(version);
    isCommitted = true;
  } finally {
    if (!isCommitted) restore();
    stopWatching();
  }
  await publish(version, [
    ["git", "tag", "--annotate", `v${version}`, "--message", `curlew ${version}`],
    ["npm", "publish", "--access", "public", ...provenance()],
    [deno, "publish"],
    ["git", "push", "--follow-tags"],
  ]);
}

/** Commits while no signal is handled, so that files are never restored after the commit. */
function commit(version) {
  const args = ["commit", "--all", "--message", `Release ${version}`];
  process.stdout.write(`$ ${shown(["git", ...args])}\n`);
  const { status } = spawnSync("git", args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) throw new ReleaseError("git commit has failed");
}

const provenance = () => process.env["GITHUB_ACTIONS"] ? ["--provenance"] : [];

try {
  const given = readArguments();
  if (given) await main(given);
  else process.stdout.write(`${USAGE}\n`);
} catch (error) {
  if (!(error instanceof ReleaseError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

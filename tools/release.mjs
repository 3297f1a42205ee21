// Makes a release: version, date in CHANGELOG.md, tests, both packages, tag.
//
//   npm run release -- 0.2.0 --dry-run   does all but committing, tagging and publishing
//   npm run release -- 0.2.0             does not ask for confirmation, so make the dry run first
//
// Publishing needs credentials of both registries. In a workflow with `id-token: write` both
// registries record the provenance of the package.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const USAGE = "Usage: npm run release -- VERSION [--dry-run] [--skip-tests]";

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

function run(command, ...args) {
  process.stdout.write(`$ ${[command, ...args].join(" ")}\n`);
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) throw new ReleaseError(`${command} ${args[0]} has failed`);
}

function output(command, ...args) {
  return spawnSync(command, args, { cwd: ROOT, encoding: "utf8" }).stdout.trim();
}

function readArguments() {
  const options = { "dry-run": { type: "boolean" }, "skip-tests": { type: "boolean" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [version = JSON.parse(read("package.json")).version, ...more] = positionals;
  if (more.length > 0) throw new ReleaseError(USAGE);
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new ReleaseError(`"${version}" is no version such as 0.2.0. ${USAGE}`);
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
    throw new ReleaseError(`CHANGELOG.md has neither "## Unreleased" nor "## ${version}"`);
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

function main() {
  const { version, isDry, skipsTests } = readArguments(), { deno } = setup();
  checkRepository(version, isDry);
  const before = new Map([...changedFiles(version)].map(([path]) => [path, read(path)]));
  for (const [path, text] of changedFiles(version)) writeFileSync(join(ROOT, path), text);
  try {
    if (!skipsTests) run("npm", "test");
    run("npm", "pack", ...(isDry ? ["--dry-run"] : []));
    run(deno, "publish", "--dry-run", "--allow-dirty");
    if (isDry) return process.stdout.write(`${version} could be released\n`);
    run("git", "commit", "--all", "--message", `Release ${version}`);
    run("git", "tag", "--annotate", `v${version}`, "--message", `curlew ${version}`);
    run("npm", "publish", "--access", "public", ...provenance());
    run(deno, "publish");
    run("git", "push", "--follow-tags");
  } finally {
    if (isDry) { for (const [path, text] of before) writeFileSync(join(ROOT, path), text); }
  }
}

const provenance = () => process.env["GITHUB_ACTIONS"] ? ["--provenance"] : [];

try {
  main();
} catch (error) {
  if (!(error instanceof ReleaseError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

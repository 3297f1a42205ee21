// Writes the results into the documents: the README's performance section, the charts, and all
// figures in bench/RESULTS.md.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../tools/runtimes.mjs";
import { chart } from "./chart.mjs";
import { growthOf, growthTable } from "./growth.mjs";
import { growthChart } from "./growth_chart.mjs";
import { overviewTable, scenarioTable } from "./tables.mjs";

const [README, CHART, SCALE_CHART, RESULTS] = [
  "README.md",
  "bench/performance.svg",
  "bench/scale.svg",
  "bench/RESULTS.md",
].map((path) => join(ROOT, path));

/** Replaces the text between the marks that name the command. */
function writeBetween(path, options, ...parts) {
  const text = readFileSync(path, "utf8");
  const [begin, end] = ["begin", "end"].map((mark) =>
    `<!-- npm run bench -- ${options}: ${mark} -->`
  );
  const from = text.indexOf(begin), to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} needs "${begin}" and "${end}"`);
  const content = parts.join("\n\n");
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`);
}

const format = (deno, ...paths) =>
  spawnSync(deno, ["fmt", "--quiet", ...paths], { cwd: ROOT, stdio: "inherit" });

/** Writes all of them. `circumstances` describes machine, versions and time of the measurement. */
export function writeDocuments(results, circumstances, deno) {
  const picture = "![The table as a chart](bench/performance.svg)";
  writeBetween(README, "--write", overviewTable(results), picture, circumstances);
  writeFileSync(CHART, chart(results));
  writeBetween(RESULTS, "--write", circumstances, ...results.map(scenarioTable));
  format(deno, README, CHART, RESULTS);
}

/** Writes the documents on how costs grow. */
export function writeGrowth(results, circumstances, deno) {
  const growth = growthOf(results), picture = "![The growth as a chart](scale.svg)";
  writeFileSync(SCALE_CHART, growthChart(growth));
  const tables = results.map(scenarioTable);
  writeBetween(RESULTS, "--scale --write", growthTable(growth), picture, circumstances, ...tables);
  format(deno, SCALE_CHART, RESULTS);
}

// Puts the results where people read them: the README's performance section, the chart beside it,
// and all figures in bench/RESULTS.md.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../tools/runtimes.mjs";
import { chart } from "./chart.mjs";
import { overviewTable, scenarioTable } from "./tables.mjs";

const BEGIN = "<!-- npm run bench -- --write: begin -->";
const END = "<!-- npm run bench -- --write: end -->";

function between(text, content) {
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md needs "${BEGIN}" and "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${content}\n\n${text.slice(end)}`;
}

/** Writes all of them. `circumstances` says with what and when it was measured. */
export function writeDocuments(results, circumstances, deno) {
  const [readme, image, all] = ["README.md", "bench/performance.svg", "bench/RESULTS.md"]
    .map((path) => join(ROOT, path));
  const picture = "![The table as a chart](bench/performance.svg)";
  const section = [overviewTable(results), picture, circumstances].join("\n\n");
  writeFileSync(readme, between(readFileSync(readme, "utf8"), section));
  writeFileSync(image, chart(results));
  const head = "# Results\n\nThe median of the rounds, with the smallest and the largest; " +
    "the ratio to C is the median of\nthose of each round.\n";
  writeFileSync(all, [head, `${circumstances}\n`, ...results.map(scenarioTable)].join("\n"));
  spawnSync(deno, ["fmt", "--quiet", readme, image, all], { cwd: ROOT, stdio: "inherit" });
}

// Rounds: every client runs once per round. So a slow phase of the machine affects all clients, and
// each ratio is computed within a round.
import process from "node:process";
import { measure } from "./measure.mjs";
import { METRICS } from "./metrics.mjs";

const GIVE_UP_AFTER = 2;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Shows the progress in a line of the terminal. */
function show(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Runs a scenario; returns `{ name: { runs, errors } }`. Each run has the number of its round. */
export async function runRounds(bench, scenario, plan, clients, rounds) {
  const results = Object.fromEntries(clients.map(({ name }) => [name, { runs: [], errors: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const client of clients) {
      const { runs, errors } = results[client.name];
      if (errors.length >= GIVE_UP_AFTER && runs.length === 0) continue;
      show(`${scenario.name}  round ${round + 1}  ${client.title}`);
      try {
        runs.push({ round, ...await measure(bench, client, scenario, plan) });
      } catch (error) {
        errors.push(error.message);
      }
    }
  }
  show("");
  return results;
}

const inRound = (list, { round }) => list?.find((run) => run.round === round);

/** The median of the ratios to those of the same round; null where there are none. */
function ratioTo(others, runs, of) {
  const ratios = runs.flatMap((run) => {
    const same = inRound(others, run);
    return same ? [of(run) / of(same)] : [];
  });
  return ratios.length > 0 ? median(ratios) : null;
}

function summarize({ of, ratio }, runs, baseline, own, bare) {
  const values = runs.map((run) => of(run, inRound(bare, run)));
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    ratio: ratio ? ratioTo(baseline, runs, of) : null,
    ownRatio: ratio ? ratioTo(own, runs, of) : null,
  };
}

/** The values of a scenario for the tables and the chart, by client. */
export function summarizeAll(scenario, results, clients) {
  const rows = clients.filter(({ isBare }) => !isBare).map(({ name, title, bare, own }) => {
    const { runs, errors } = results[name];
    const metrics = runs.length === 0 ? null : Object.fromEntries(
      scenario.metrics.map((metric) => [
        metric,
        summarize(
          METRICS[metric],
          runs,
          ...["c", own, bare].map((other) => results[other]?.runs),
        ),
      ]),
    );
    return { name, title, runs: runs.length, errors, metrics };
  });
  const all = Object.values(results).flatMap(({ runs }) => runs);
  return { scenario, rows, others: median(all.map(({ others }) => others)) };
}

// The results as Markdown tables, aligned as deno fmt does.
import { METRICS } from "./metrics.mjs";

/** A table whose first column is text and whose others are numbers. */
export function markdownTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const pad = (cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]);
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  const [head, ...rest] = rows.map((row) => line(row.map(pad)));
  return [head, line(rule), ...rest].join("\n");
}

const fixed = (value, digits) => value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");

const multiple = (ratio) => ratio?.toFixed(2) ?? "–";

/** The multiple of the runtime's own fetch, bold where the client took less. */
const ownMultiple = (ratio) =>
  ratio !== null && ratio < 1 ? `**${multiple(ratio)}**` : multiple(ratio);

/** The columns of a metric: its value, and the ratios where it has them. */
function columnsOf(metric, found) {
  const { digits, ratio } = METRICS[metric];
  if (!found) return ratio ? ["–", "–", "–"] : ["–"];
  const [median, min, max] = [found.median, found.min, found.max].map((value) =>
    fixed(value, digits)
  );
  const text = `${median} (${min} to ${max})`;
  return ratio ? [text, multiple(found.ratio), ownMultiple(found.ownRatio)] : [text];
}

function scenarioRow({ title, runs, errors, metrics }, names) {
  const failed = errors.length > 0 ? `${runs}, ${errors.length} failed` : String(runs);
  return [title, ...names.flatMap((name) => columnsOf(name, metrics?.[name])), failed];
}

/**
 * One scenario in full: median, smallest and largest value, the ratios to C and to the runtime's
 * own fetch.
 */
export function scenarioTable({ scenario, rows, others }) {
  const { name, title, metrics } = scenario;
  const heads = metrics.flatMap((metric) => {
    const { title, ratio } = METRICS[metric];
    return ratio ? [title, "× C", "× own"] : [title];
  });
  const lines = rows.map((row) => scenarioRow(row, metrics));
  const table = markdownTable([["", ...heads, "rounds"], ...lines]);
  const errors = rows.flatMap(({ title, errors }) => errors.map((text) => `${title}: ${text}`));
  const notes = [`Others used ${others.toFixed(2)} cores meanwhile.`, ...errors];
  return `### ${name}: ${title}\n\n${table}\n\n${notes.join("\n")}\n`;
}

/**
 * A cell: the multiple of C, and for curlew that of the runtime's own fetch; or the value itself.
 */
function overviewCell(found, { digits, unit, ratio }, isBaseline) {
  if (!found) return "–";
  if (ratio && !isBaseline && found.ratio !== null) {
    if (found.ownRatio === null) return multiple(found.ratio);
    return `${multiple(found.ratio)} / ${ownMultiple(found.ownRatio)}`;
  }
  const text = fixed(found.median, digits);
  return unit ? `${text} ${unit}` : text;
}

/** The README's table: a row for each headline, a column for each client. */
export function overviewTable(results) {
  const clients = results[0].rows;
  const rows = results.flatMap(({ scenario, rows }) =>
    Object.entries(scenario.headline).map(([metric, label]) => [
      label,
      ...clients.map(({ name }) => {
        const found = rows.find((row) => row.name === name)?.metrics?.[metric];
        return overviewCell(found, METRICS[metric], name === "c");
      }),
    ])
  );
  return markdownTable([["", ...clients.map(({ title }) => title)], ...rows]);
}

// The overview as an SVG: a line for each scenario, a mark for each client, further right for more
// processor time. The scale is logarithmic, so half and twice are equally far from C.
import { METRICS } from "./metrics.mjs";

const LEFT = 290, WIDTH = 900, RIGHT = 30, TOP = 70, ROW = 34, DOT = 6;

/** A colour for each kind of client, filled for Bun, hollow for Deno. */
export const DOTS = {
  "agent-bun": { colour: "#0969da", filled: true },
  "agent-deno": { colour: "#0969da", filled: false },
  "fetch-bun": { colour: "#1a7f37", filled: true },
  "fetch-deno": { colour: "#1a7f37", filled: false },
  "builtin-bun": { colour: "#bc4c00", filled: true },
  "builtin-deno": { colour: "#bc4c00", filled: false },
  "node-libcurl": { colour: "#8250df", filled: true },
};
const TICKS = [0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30];

/** The mark of a client. */
export function dot(x, y, { colour, filled }) {
  const paint = filled ? `fill="${colour}"` : `fill="#fff" stroke="${colour}" stroke-width="2.5"`;
  return `<circle cx="${x.toFixed(1)}" cy="${y}" r="${filled ? DOT : DOT - 1}" ${paint}/>`;
}

export const text = (x, y, content, more = "") =>
  `<text x="${Math.round(x)}" y="${y}"${more}>${content}</text>`;

/** The lines of the chart: a label, and the ratio of each client that has one. */
function linesOf(results) {
  return results.flatMap(({ scenario, rows }) =>
    Object.entries(scenario.headline)
      .filter(([metric]) => METRICS[metric].ratio)
      .map(([metric, label]) => ({
        label,
        ratios: rows.filter(({ name, metrics }) => name in DOTS && metrics?.[metric]?.ratio)
          .map(({ name, metrics }) => ({ name, ratio: metrics[metric].ratio })),
      }))
  );
}

/** A function from a ratio to an x coordinate. */
function scaleOf(lines) {
  const all = lines.flatMap(({ ratios }) => ratios.map(({ ratio }) => ratio));
  const from = Math.log(Math.min(0.7, ...all) / 1.1), to = Math.log(Math.max(2, ...all) * 1.1);
  const place = (ratio) => LEFT + (Math.log(ratio) - from) / (to - from) * (WIDTH - RIGHT - LEFT);
  const ticks = TICKS.filter((tick) => Math.log(tick) >= from && Math.log(tick) <= to);
  return { place, ticks };
}

/** The legend: the mark of each client. */
export function legend(clients, marks = DOTS) {
  const step = (WIDTH - 20) / clients.length;
  return clients.map(({ name, title }, i) => {
    const x = 20 + i * step;
    return dot(x, 22, marks[name]) + text(x + 12, 26, title);
  });
}

function grid({ place, ticks }, bottom) {
  return ticks.map((tick) => {
    const x = place(tick).toFixed(1), style = tick === 1 ? "#57606a" : "#d0d7de";
    return `<line x1="${x}" x2="${x}" y1="${TOP - 12}" y2="${bottom}" stroke="${style}"/>` +
      text(x, TOP - 18, tick === 1 ? "C" : `${tick}×`, ` text-anchor="middle" fill="#57606a"`);
  });
}

/** The chart as the text of an SVG. */
export function chart(results) {
  const lines = linesOf(results), scale = scaleOf(lines);
  const bottom = TOP + lines.length * ROW - ROW / 2, height = bottom + 16;
  const clients = results[0].rows.filter(({ name }) => name in DOTS);
  const rows = lines.flatMap(({ label, ratios }, i) => {
    const y = TOP + i * ROW + 6;
    return [
      text(LEFT - 20, y + 4, label, ` text-anchor="end"`),
      ...ratios.map(({ name, ratio }) => dot(scale.place(ratio), y, DOTS[name])),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"` +
    ` font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">`,
    "<title>Processor time, as a multiple of that of a C program</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...legend(clients),
    ...grid(scale, bottom),
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

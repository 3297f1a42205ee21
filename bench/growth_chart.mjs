// The growth of costs as an SVG: processor time of a request by the number of simultaneous
// transfers, and the memory of a waiting one.
import { dot, DOTS, legend, text } from "./chart.mjs";
import { SIZES } from "./growth.mjs";

const WIDTH = 900, HEIGHT = 420, TOP = 80, BOTTOM = 360;
const LINES = { from: 70, to: 560 }, BARS = { from: 650, to: 870 };
const DASHES = ` stroke-dasharray="5 4"`, GREY = ` fill="#57606a"`;
const MARKS = { ...DOTS, c: { colour: "#1f2328", filled: true } };

/** Round numbers from 0 to above the largest value. */
function ticksTo(largest) {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000].find((step) => largest / step <= 6) ??
    largest / 6;
  return Array.from({ length: Math.ceil(largest / step) + 1 }, (_, i) => i * step);
}

function axis(ticks, { from, to }, title) {
  const place = (value) => BOTTOM - value / ticks.at(-1) * (BOTTOM - TOP);
  const lines = ticks.map((tick) => {
    const y = place(tick).toFixed(1);
    return `<line x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke="#d0d7de"/>` +
      text(from - 8, Number(y) + 4, tick, ` text-anchor="end"${GREY}`);
  });
  return { place, parts: [text(from - 30, TOP - 20, title), ...lines] };
}

function lines(growth) {
  const largest = Math.max(...growth.flatMap(({ cpu }) => cpu.filter((value) => value > 0)));
  const { place, parts } = axis(ticksTo(largest), LINES, "CPU µs of a request");
  const step = (LINES.to - LINES.from - 40) / (SIZES.length - 1);
  const x = (i) => LINES.from + 20 + i * step;
  const names = SIZES.map((size, i) =>
    text(x(i), BOTTOM + 20, `${size.toLocaleString("en")} at once`, ` text-anchor="middle"${GREY}`)
  );
  const drawn = growth.flatMap(({ name, cpu }) => {
    const points = cpu.map((value, i) => [x(i), place(value)]).filter(([, y]) => !Number.isNaN(y));
    const { colour, filled } = MARKS[name];
    const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    const style = `fill="none" stroke="${colour}" stroke-width="2"${filled ? "" : DASHES}`;
    return [
      `<polyline points="${path}" ${style}/>`,
      ...points.map(([x, y]) => dot(x, y.toFixed(1), MARKS[name])),
    ];
  });
  return [...parts, ...names, ...drawn];
}

function bars(growth) {
  const shown = growth.filter(({ kilobytes }) => kilobytes > 0);
  const largest = Math.max(1, ...shown.map(({ kilobytes }) => kilobytes));
  const { place, parts } = axis(ticksTo(largest), BARS, "KB for one that waits");
  const step = (BARS.to - BARS.from) / Math.max(1, shown.length);
  const drawn = shown.map(({ name, kilobytes }, i) => {
    const x = BARS.from + (i + 0.5) * step, y = place(kilobytes), { colour, filled } = MARKS[name];
    const paint = filled ? `fill="${colour}"` : `fill="#fff" stroke="${colour}" stroke-width="2"`;
    return `<rect x="${(x - 8).toFixed(1)}" y="${y.toFixed(1)}" width="16" height="${
      (BOTTOM - y).toFixed(1)
    }" ${paint}/>`;
  });
  return [...parts, ...drawn];
}

/** The chart as the text of an SVG. */
export function growthChart(growth) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"` +
    ` font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">`,
    "<title>Processor time and memory, by the number of transfers</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...legend(growth, MARKS),
    ...lines(growth),
    ...bars(growth),
    "</svg>",
    "",
  ].join("\n");
}

// A run as an SVG: a panel for each figure, a line for each runtime, transfers from left to right.
import { FIGURES } from "./judge.mjs";

const LEFT = 150, WIDTH = 900, RIGHT = 80, TOP = 50, PANEL = 90, GAP = 34;
const COLOURS = { bun: "#0969da", deno: "#bc4c00" };
const TITLES = { bun: "Bun", deno: "Deno" };
const SHOWN = ["rss", "fds", "easies", "callbacks", "blocks"];

const text = (x, y, content, more = "") =>
  `<text x="${Math.round(x)}" y="${Math.round(y)}"${more}>${content}</text>`;
const END = ` text-anchor="end"`, FAINT = ` fill="#57606a"`;

function line(samples, name, x, y, colour) {
  const points = samples.map((sample) =>
    `${x(sample.at).toFixed(1)},${y(sample[name]).toFixed(1)}`
  );
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${
    points.join(" ")
  }"/>`;
}

function panel(runs, name, top, most) {
  const { title, show = String } = FIGURES[name];
  const highest = Math.max(1, ...runs.flatMap(({ samples }) => samples.map((one) => one[name])));
  const x = (at) => LEFT + at / most * (WIDTH - RIGHT - LEFT);
  const y = (value) => top + PANEL - value / highest * PANEL;
  const edges = [0, highest].flatMap((value) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#d0d7de"/>`,
    text(LEFT - 10, y(value) + 4, show(value), END + FAINT),
  ]);
  const lines = runs.map(({ runtime, samples }) => line(samples, name, x, y, COLOURS[runtime]));
  return [...edges, text(LEFT - 10, top + PANEL / 2 + 4, title, END), ...lines];
}

/** The chart of `[{ runtime, samples, ended }]` as the text of an SVG. */
export function chart(runs) {
  const most = Math.max(...runs.map(({ ended }) => ended));
  const height = TOP + SHOWN.length * (PANEL + GAP) + 10;
  const legend = runs.flatMap(({ runtime, ended }, i) => {
    const x = LEFT + i * 260;
    return [
      `<line x1="${x}" x2="${x + 20}" y1="22" y2="22" stroke="${
        COLOURS[runtime]
      }" stroke-width="3"/>`,
      text(x + 28, 26, `${TITLES[runtime]}: ${ended.toLocaleString("en")} transfers`),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"` +
    ` font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">`,
    "<title>What a process holds while it makes mixed transfers</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...legend,
    ...SHOWN.flatMap((name, i) => panel(runs, name, TOP + i * (PANEL + GAP), most)),
    text(WIDTH - RIGHT, height - 12, `${most.toLocaleString("en")} transfers`, END + FAINT),
    "</svg>",
    "",
  ].join("\n");
}

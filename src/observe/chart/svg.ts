/**
 * Draws the waterfall as an image: SVG without scripts, styles or external resources.
 *
 * @module
 */

import { endOf, type PhaseName, PHASES, type Row } from "./rows.ts";

const COLORS: Readonly<Record<PhaseName, string>> = {
  blocked: "#b8b8b8",
  dns: "#1a9ba8",
  connect: "#e08a1e",
  tls: "#a05cc4",
  send: "#c4473a",
  wait: "#58a942",
  receive: "#3b78c9",
};

const WIDTH = 1000, LABEL = 320, TIME = 80, ROW = 20, TOP = 30, LEGEND = 40;
const CHART = WIDTH - LABEL - TIME;
const FONT = 'font-family="sans-serif" font-size="12"';

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const escape = (text: string) => text.replace(/[&<>"']/g, (found) => ESCAPES[found] as string);
const number = (value: number) => String(Math.round(value * 100) / 100);
const shorten = (text: string, most: number) => {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
};

/** The approximate number of steps of the axis. */
const STEPS = 8;

/** The length of a step: 1, 2 or 5 times a power of ten. */
function stepOf(end: number): number {
  const rough = end / STEPS, power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => power * factor >= rough) ?? 10);
}

const time = (ms: number) => ms < 1000 ? `${number(ms)} ms` : `${number(ms / 1000)} s`;

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${number(x)}" y="${number(y)}"${more}>${escape(content)}</text>`;
}

/** Draws the rows. */
export function drawSvg(rows: readonly Row[]): string {
  const end = endOf(rows);
  const scale = CHART / end, bottom = TOP + rows.length * ROW;
  const height = bottom + LEGEND;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" ${FONT} role="img">`,
    `<title>Waterfall of ${rows.length} transfers</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...drawAxis(end, scale, bottom),
    ...rows.map((row, i) => drawRow(row, TOP + i * ROW, scale)),
    ...drawLegend(bottom + LEGEND / 2),
    "</svg>",
    "",
  ].join("\n");
}

function drawAxis(end: number, scale: number, bottom: number): string[] {
  const step = stepOf(end), count = Math.floor(end / step) + 1;
  return Array.from({ length: count }, (_, i) => {
    const x = LABEL + i * step * scale;
    return `<line x1="${number(x)}" y1="${TOP - 6}" x2="${number(x)}" y2="${bottom}" ` +
      `stroke="#dddddd"/>${text(x, TOP - 10, time(i * step), ' fill="#666666"')}`;
  });
}

function drawRow({ label, title, start, total, phases, isFailed }: Row, y: number, scale: number) {
  let at = start;
  const bars = phases.map(([name, took]) => {
    const x = LABEL + at * scale;
    at += took;
    return `<rect x="${number(x)}" y="${y + 4}" width="${number(took * scale)}" ` +
      `height="${ROW - 8}" fill="${COLORS[name]}"/>`;
  });
  const parts = phases.map(([name, took]) => `${name} ${time(took)}`).join(", ");
  const color = isFailed ? ' fill="#c4473a"' : "";
  return `<g><title>${escape(`${title}: ${parts}`)}</title>` +
    text(8, y + 14, shorten(label, 46), color) + bars.join("") +
    `${text(LABEL + (start + total) * scale + 4, y + 14, time(total), ' fill="#666666"')}</g>`;
}

function drawLegend(y: number): string[] {
  return PHASES.map((name, i) => {
    const x = LABEL + i * 85;
    return `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${COLORS[name]}"/>` +
      text(x + 14, y, name);
  });
}

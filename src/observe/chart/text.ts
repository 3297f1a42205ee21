/**
 * Draws the waterfall as text.
 *
 * @module
 */

import { endOf, type PhaseName, PHASES, type Row } from "./rows.ts";

/** The character of each phase, so that phases can be distinguished without colours. */
const MARKS: Readonly<Record<PhaseName, string>> = {
  blocked: "·",
  dns: "▒",
  connect: "▓",
  tls: "░",
  send: "▖",
  wait: "▄",
  receive: "█",
};
/** The colours, as SGR codes. */
const COLORS: Readonly<Record<PhaseName | "failed", number>> = {
  blocked: 90,
  dns: 36,
  connect: 33,
  tls: 35,
  send: 31,
  wait: 32,
  receive: 34,
  failed: 31,
};

/** The least width of the chart, in columns. */
export const MIN_WIDTH = 30;
/** The fraction of the width that labels may take. */
const LABEL = 0.4;

const paint = (text: string, color: number, isColored: boolean) =>
  isColored && text !== "" ? `\x1b[${color}m${text}\x1b[0m` : text;

const duration = (ms: number) => ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;

const longestOf = (texts: readonly string[]) =>
  texts.reduce((most, text) => Math.max(most, [...text].length), 5);

/** Cuts a text to a width. */
function fit(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text + " ".repeat(width - characters.length);
  return `${characters.slice(0, width - 1).join("")}…`;
}

/** Draws the rows, in at most `width` columns. */
export function drawText(rows: readonly Row[], width: number, isColored: boolean): string {
  if (rows.length === 0) return "no transfers";
  const end = endOf(rows);
  const times = rows.map(({ total }) => duration(total));
  const timeWidth = longestOf([...times, duration(end)]);
  const longest = longestOf(rows.map(({ label }) => label));
  const labelWidth = Math.min(longest, Math.max(5, Math.floor((width - timeWidth) * LABEL)));
  const room = Math.max(1, width - labelWidth - timeWidth - 4);
  const lines = rows.map((row, i) => {
    const label = fit(row.label, labelWidth);
    const bar = drawBar(row, room / end, room, isColored);
    const name = row.isFailed ? paint(label, COLORS.failed, isColored) : label;
    return `${name}  ${(times[i] as string).padStart(timeWidth)}  ${bar}`.trimEnd();
  });
  const total = `${fit("total", labelWidth)}  ${duration(end).padStart(timeWidth)}`;
  return [...lines, total, ...drawLegend(rows, width, isColored)].join("\n");
}

/**
 * Draws the bar of a row. Each phase begins where the one before ended, so that rounding errors do
 * not add up.
 */
function drawBar({ start, phases }: Row, scale: number, room: number, isColored: boolean): string {
  const column = (time: number) => Math.min(room, Math.round(time * scale));
  const from = Math.min(column(start), room - 1);
  let bar = "", at = from, time = start;
  for (const [name, took] of phases) {
    time += took;
    const to = column(time);
    bar += paint(MARKS[name].repeat(Math.max(0, to - at)), COLORS[name], isColored);
    at = Math.max(at, to);
  }
  if (at === from) { // too short for a column: its longest phase is drawn
    const [name] = phases.reduce((a, b) => b[1] > a[1] ? b : a, ["receive", 0] as const);
    bar = paint(MARKS[name], COLORS[name], isColored);
  }
  return " ".repeat(from) + bar;
}

function drawLegend(rows: readonly Row[], width: number, isColored: boolean): string[] {
  const used = new Set(rows.flatMap(({ phases }) => phases.map(([name]) => name)));
  const lines: { text: string; length: number }[] = [];
  for (const name of PHASES.filter((name) => used.has(name))) {
    const text = `${paint(MARKS[name], COLORS[name], isColored)} ${name}`, length = name.length + 2;
    const last = lines.at(-1);
    if (last && last.length + 2 + length <= width) {
      last.text += `  ${text}`;
      last.length += 2 + length;
    } else lines.push({ text, length });
  }
  return lines.map(({ text }) => text);
}

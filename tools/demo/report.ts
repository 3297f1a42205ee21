/**
 * The output of the demo.
 *
 * @module
 */

import process from "node:process";
import { format as bytes } from "deno-std/fmt/bytes.js";
import { format as duration } from "deno-std/fmt/duration.js";
import { versionInfo } from "../../mod.ts";
import { type Cell, table } from "./table.ts";
import { type Moment, MOMENTS, type Result, type Run } from "./transfers.ts";

const MOMENT_NAMES = Object.keys(MOMENTS) as Moment[];

/** The heading: the runtime and the library. */
export function heading(): string {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  const { version, ssl, library } = versionInfo();
  const runtime = bun ? `Bun ${bun}` : `Deno ${deno}`;
  return `\n${runtime} · libcurl ${version} (${ssl ?? "no TLS"}) from ${library}\n`;
}

const ms = (time: number): string => `${time.toFixed(time < 100 ? 2 : 0)} ms`;
const span = (time: number): string => duration(Math.round(time), { ignoreZero: true }) || "0ms";

/** The value below which a fraction `part` of the sorted values is. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0;
}

function timeTable(results: readonly Result[]): string {
  const rows: Cell[][] = MOMENT_NAMES.map((name) => {
    const times = results.map((result) => result.times[name]).sort((a, b) => a - b);
    return [name, ...[0.5, 0.9, 1].map((part) => ms(quantile(times, part)))];
  });
  return table(["time until", "median", "p90", "max"], rows);
}

/** The numbers of the whole run. */
export function summary(run: Run): string {
  const { results } = run;
  const good = results.filter(({ error }) => error === null);
  const sum = (pick: (result: Result) => number) => results.reduce((a, b) => a + pick(b), 0);
  const rows: [string, string][] = [
    ["transfers", `${results.length}`],
    ["ok", `${good.length}`],
    ["failed", `${results.length - good.length}`],
    ["connections opened", `${sum((result) => result.connections)}`],
    ["bytes received", bytes(sum((result) => result.bytes))],
    ["sockets watched", `${run.sockets}`],
    ["wake-ups", `${run.wakeUps}`],
    ["turns of the loop", `${run.turns}`],
    ["wall time", span(run.wallMs)],
    ["CPU time", span(run.cpuMs)],
    ["CPU per transfer", ms(run.cpuMs / results.length)],
  ];
  const counts = table(null, rows);
  return good.length === 0 ? counts : `${counts}\n${timeTable(good)}`;
}

const LONGEST_URL = 48;

/** A URL for a terminal: without password, control or wide characters, and not too long. */
function shown(url: string): string {
  const clean = url.replace(/\/\/[^/?#]*@/, "//").replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  if (clean.length <= LONGEST_URL) return clean;
  const half = (LONGEST_URL - 1) >> 1;
  return `${clean.slice(0, half)}…${clean.slice(-half)}`;
}

/** A row for each URL, and below a failed one the message of curl. */
export function urlTable(results: readonly Result[]): string {
  const rows = results.flatMap((result): (Cell[] | string)[] => {
    const { url, error, status, times } = result;
    const late = MOMENT_NAMES.map((name) => times[name] > 0 ? ms(times[name]) : "–");
    const outcome = error === null ? "ok" : error.codeName;
    const row = [shown(url), outcome, status || "–", bytes(result.bytes), ...late];
    return error === null ? [row] : [row, `  ${reason(error)}`];
  });
  return table(["URL", "result", "status", "bytes", ...MOMENT_NAMES], rows);
}

function reason(error: Error): string {
  const { cause, message } = error;
  const text = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return text.replace(/\p{C}/gu, " ");
}

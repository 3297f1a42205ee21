/**
 * The rows of a waterfall, in one form for all sources.
 *
 * @module
 */

import { wrong } from "../../http/shown.ts";
import type { TransferInfo } from "../../http/response/info.ts";
import { redactUrl } from "../../redact.ts";
import { propertyOf, textOf } from "../../untrusted.ts";
import type { Har } from "../har/types.ts";
import { marksOf, type Phases, phasesOf } from "../phases.ts";
import type { ObservedTransfer } from "../transfer.ts";

/** The phases of a row, in the order in which they are drawn. */
export const PHASES = ["blocked", "dns", "connect", "tls", "send", "wait", "receive"] as const;

/** A phase of a row. */
export type PhaseName = (typeof PHASES)[number];

/** The sources of a waterfall. */
export type WaterfallSource = Har | Iterable<ObservedTransfer | TransferInfo>;

/** A row: one transfer. Times are in ms. */
export interface Row {
  /** The label, such as `GET 200 example.com/path`. */
  readonly label: string;
  /** The full URL, and details that the label has no room for. */
  readonly title: string;
  /** The start, from the start of the first row. */
  readonly start: number;
  readonly total: number;
  /** The duration of each phase, in the order of the phases. */
  readonly phases: readonly (readonly [PhaseName, number])[];
  readonly isFailed: boolean;
}

interface Found {
  readonly method: string;
  readonly url: string;
  readonly status: string;
  readonly start: number;
  readonly isFailed: boolean;
  readonly phases: readonly (readonly [PhaseName, number])[];
}

/** A value as a time: a finite number from 0 on; 0 for anything else. */
const timeOf = (value: unknown): number =>
  typeof value === "number" && value > 0 && value < Infinity ? value : 0;

/** A text on one line, without characters that a terminal or XML would interpret. */
const plain = (value: unknown): string =>
  // deno-lint-ignore no-control-regex -- these characters are removed
  textOf(value ?? "").replace(/[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu, "");

/** Reads the rows, sorted by start. Throws `TypeError` for a value that is not a source. */
export function readRows(source: unknown): Row[] {
  const found = foundIn(source).sort((a, b) => a.start - b.start), first = found[0]?.start ?? 0;
  return found.map((one) => rowOf(one, first));
}

/** The end of the last phase of all rows, in ms; never 0. */
export const endOf = (rows: readonly Row[]): number =>
  rows.reduce((end, { start, total }) => Math.max(end, start + total), 0.001);

function foundIn(source: unknown): Found[] {
  const entries = propertyOf(propertyOf(source, "log"), "entries");
  const isHar = entries !== undefined, list = isHar ? entries : source;
  const items = itemsOf(list);
  if (items) return items.map(isHar ? ofEntry : ofTransfer);
  throw wrong("draw", "the transfers", "a HAR or an iterable", source);
}

/** The items of an iterable object; `null` for anything else, and where it throws. */
function itemsOf(list: unknown): unknown[] | null {
  if (typeof list !== "object" || typeof propertyOf(list, Symbol.iterator) !== "function") {
    return null;
  }
  try {
    return Array.from(list as Iterable<unknown>);
  } catch {
    return null;
  }
}

function rowOf({ method, url, status, start, isFailed, phases }: Found, first: number): Row {
  const shown = redactUrl(plain(url)), bare = shown.replace(/^\w+:\/\/(?:[^/]*@)?|[?#].*$/g, "");
  const words = [plain(method), plain(status), bare];
  return {
    label: words.filter((word) => word !== "").join(" "),
    title: `${words.slice(0, 2).join(" ")} ${shown}`.trim(),
    start: start - first,
    total: phases.reduce((sum, [, took]) => sum + took, 0),
    phases: phases.filter(([, took]) => took > 0),
    isFailed,
  };
}

type Stages = Found["phases"];

/** The phases as drawn: TLS is not part of `connect`. */
function stagesOf(of: (name: keyof Phases) => number): Stages {
  const ssl = of("ssl");
  return PHASES.map((name) => {
    if (name === "tls") return [name, ssl] as const;
    return [name, name === "connect" ? Math.max(0, of(name) - ssl) : of(name)] as const;
  });
}

const isBad = (status: unknown, state: unknown) =>
  !(typeof status === "number" && status > 0 && status < 400) ||
  /^(?:failed|aborted)$/.test(textOf(state));

function ofEntry(entry: unknown): Found {
  const request = propertyOf(entry, "request"), timings = propertyOf(entry, "timings");
  const started = Date.parse(textOf(propertyOf(entry, "startedDateTime")));
  const status = propertyOf(propertyOf(entry, "response"), "status");
  const state = propertyOf(entry, "_state") ?? "failed";
  return {
    method: textOf(propertyOf(request, "method") ?? ""),
    url: textOf(propertyOf(request, "url") ?? ""),
    status: textOf(status || state),
    start: Number.isNaN(started) ? 0 : started,
    isFailed: isBad(status, propertyOf(entry, "_state")),
    phases: stagesOf((name) => timeOf(propertyOf(timings, name))),
  };
}

/** The row of an `ObservedTransfer`, or of a `TransferInfo` alone, whose start is unknown. */
function ofTransfer(given: unknown): Found {
  const start = propertyOf(given, "startTime"), url = textOf(propertyOf(given, "url") ?? "");
  if (start === undefined) {
    const phases = phasesFrom(given, "", null, timeOf(propertyOf(given, "total")));
    return { method: "", url, status: "", start: 0, isFailed: false, phases };
  }
  const status = propertyOf(given, "status"), state = propertyOf(given, "state");
  const info = propertyOf(given, "info"), from = timeOf(start);
  const took = (name: keyof ObservedTransfer) => timeOf(propertyOf(given, name)) - from;
  const wall = took("endTime") > 0 ? took("endTime") : timeOf(propertyOf(info, "total"));
  return {
    method: textOf(propertyOf(given, "method") ?? ""),
    url,
    status: textOf(status ?? state ?? ""),
    start: from,
    isFailed: isBad(status, state),
    // newer libcurls report a first byte even where there was none
    phases: phasesFrom(info, url, typeof status === "number" ? took("headTime") : 0, wall),
  };
}

/** The phases by an info. `head` is the time of the head, `null` where only the info has it. */
function phasesFrom(info: unknown, url: string, head: number | null, wall: number): Stages {
  const of = (name: keyof TransferInfo) => timeOf(propertyOf(info, name)), tls = of("tls");
  // libcurl's time may be that of the beginning of the request body
  const firstByte = head === null || head < 0 ? of("firstByte") : head;
  const marks = marksOf({ nameLookup: of("nameLookup"), connect: of("connect"), tls, firstByte });
  const reused = propertyOf(info, "reused") === true && propertyOf(info, "primaryIp") != null;
  const isTls = tls > 0 || /^(?:https|wss):/i.test(url);
  const phases = phasesOf(marks, { wall, reused, isTls, shift: 0, send: 0 });
  return stagesOf((name) => Math.max(phases[name], 0));
}

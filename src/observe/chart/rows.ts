/**
 * The rows of a waterfall: what is drawn, whatever it comes from.
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

/** The phases that are drawn one after the other. */
export const PHASES = ["blocked", "dns", "connect", "tls", "send", "wait", "receive"] as const;

/** A phase of a row. */
export type PhaseName = (typeof PHASES)[number];

/** What a waterfall is made of. */
export type WaterfallSource = Har | Iterable<ObservedTransfer | TransferInfo>;

/** A transfer as it is drawn. Times are in ms. */
export interface Row {
  /** Such as `GET 200 example.com/path`. */
  readonly label: string;
  /** The URL and what else there is no room for. */
  readonly title: string;
  /** From the start of the first row. */
  readonly start: number;
  readonly total: number;
  /** How long each phase took, in their order. */
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

/** Any value as a time: a finite number, 0 or more. */
const timeOf = (value: unknown): number =>
  typeof value === "number" && value > 0 && value < Infinity ? value : 0;

/** A text on one line: what a terminal or XML would take for something else is left out. */
const plain = (value: unknown): string =>
  // deno-lint-ignore no-control-regex -- those are what must not be in it
  textOf(value ?? "").replace(/[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu, "");

/** Reads the rows, in the order of their starts. Throws `TypeError` for what is no source. */
export function readRows(source: unknown): Row[] {
  const found = foundIn(source).sort((a, b) => a.start - b.start), first = found[0]?.start ?? 0;
  return found.map((one) => rowOf(one, first));
}

/** When the last of the rows ends, in ms; never 0. */
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

/** The phases as they are drawn: TLS is no part of `connect`. */
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

/** An `ObservedTransfer`, or a `TransferInfo` alone, which has no start of its own. */
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
    // newer libcurls tell of a first byte also where there was none
    phases: phasesFrom(info, url, typeof status === "number" ? took("headTime") : 0, wall),
  };
}

/** The phases by an info. `head` is when the head came, `null` where only the info tells. */
function phasesFrom(info: unknown, url: string, head: number | null, wall: number): Stages {
  const of = (name: keyof TransferInfo) => timeOf(propertyOf(info, name)), tls = of("tls");
  // by libcurl it may be when the body of the request began
  const firstByte = head === null || head < 0 ? of("firstByte") : head;
  const marks = marksOf({ nameLookup: of("nameLookup"), connect: of("connect"), tls, firstByte });
  const reused = propertyOf(info, "reused") === true && propertyOf(info, "primaryIp") != null;
  const isTls = tls > 0 || /^(?:https|wss):/i.test(url);
  const phases = phasesOf(marks, { wall, reused, isTls, shift: 0, send: 0 });
  return stagesOf((name) => Math.max(phases[name], 0));
}

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
import { marksOf, phasesOf } from "../phases.ts";
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

function ofEntry(entry: unknown): Found {
  const request = propertyOf(entry, "request"), response = propertyOf(entry, "response");
  const started = Date.parse(textOf(propertyOf(entry, "startedDateTime")));
  const status = propertyOf(response, "status"), timings = propertyOf(entry, "timings");
  const of = (name: string) => timeOf(propertyOf(timings, name));
  const ssl = of("ssl");
  return {
    method: textOf(propertyOf(request, "method") ?? ""),
    url: textOf(propertyOf(request, "url") ?? ""),
    status: status ? textOf(status) : textOf(propertyOf(entry, "_state") ?? "failed"),
    start: Number.isNaN(started) ? 0 : started,
    isFailed: isBad(status),
    phases: [
      ["blocked", of("blocked")],
      ["dns", of("dns")],
      ["connect", Math.max(0, of("connect") - ssl)],
      ["tls", ssl],
      ["send", of("send")],
      ["wait", of("wait")],
      ["receive", of("receive")],
    ],
  };
}

const isBad = (status: unknown) => !(typeof status === "number" && status > 0 && status < 400);

/** An `ObservedTransfer`, or a `TransferInfo` alone, which has no start of its own. */
function ofTransfer(given: unknown): Found {
  const isObserved = propertyOf(given, "startTime") !== undefined;
  const info = isObserved ? propertyOf(given, "info") : given;
  const status = propertyOf(given, "status"), state = propertyOf(given, "state");
  const start = timeOf(propertyOf(given, "startTime"));
  const end = timeOf(propertyOf(given, "endTime")), total = timeOf(propertyOf(info, "total"));
  const head = timeOf(propertyOf(given, "headTime")), url = textOf(propertyOf(given, "url") ?? "");
  const hasAnswer = !isObserved || typeof status === "number"; // see `timingsOf` of archives
  const of = (name: keyof TransferInfo) => timeOf(propertyOf(info, name));
  const marks = marksOf({
    nameLookup: of("nameLookup"),
    connect: of("connect"),
    tls: of("tls"),
    // by libcurl it may be when the body of the request began
    firstByte: head > start ? head - start : hasAnswer ? of("firstByte") : 0,
  });
  const phases = phasesOf(marks, {
    wall: end > start ? end - start : total,
    reused: propertyOf(info, "reused") === true && propertyOf(info, "primaryIp") != null,
    isTls: /^(?:https|wss):/i.test(url) || of("tls") > 0,
    shift: 0,
    send: 0,
  });
  const { connect, ssl } = phases, tls = Math.max(ssl, 0);
  return {
    method: textOf(propertyOf(given, "method") ?? ""),
    url,
    status: textOf(status ?? (isObserved ? state : "")),
    start,
    isFailed: isObserved && isBad(status) || state === "failed" || state === "aborted",
    phases: [
      ["blocked", phases.blocked],
      ["dns", Math.max(phases.dns, 0)],
      ["connect", Math.max(connect - tls, 0)],
      ["tls", tls],
      ["send", phases.send],
      ["wait", phases.wait],
      ["receive", phases.receive],
    ],
  };
}

/**
 * The phases of an entry.
 *
 * @module
 */

import { infos } from "../../../ffi/curl/infos.ts";
import { InfoBatch } from "../../handles/easy/info_batch.ts";
import type { TransferInfo } from "../../http/response/info.ts";
import { isKnown } from "../../libcurl_versions.ts";
import { type Marks, marksOf, phasesOf } from "../phases.ts";
import type { Watch } from "../watch.ts";
import type { HarTimings } from "./types.ts";
import type { Wire } from "./wire.ts";

type Extra = "PRETRANSFER_TIME_T" | "QUEUE_TIME_T";

let batch: InfoBatch<Extra> | undefined;

/** Times in ms that `TransferInfo` does not have; none for a closed handle. */
function extraTimes({ isOpen, easy }: Watch): { readonly pretransfer: number; queue: number } {
  batch ??= new InfoBatch<Extra>(
    isKnown(infos.QUEUE_TIME_T) ? ["PRETRANSFER_TIME_T", "QUEUE_TIME_T"] : ["PRETRANSFER_TIME_T"],
  );
  if (!isOpen) return { pretransfer: 0, queue: 0 };
  const { PRETRANSFER_TIME_T, QUEUE_TIME_T = 0 } = batch.read(batch.take(easy));
  return { pretransfer: PRETRANSFER_TIME_T / 1000, queue: QUEUE_TIME_T / 1000 };
}

const round = (ms: number) => ms < 0 ? -1 : Math.round(ms * 1000) / 1000;

/** The sum of the phases. */
export const sumOf = ({ ssl: _, ...phases }: HarTimings): number =>
  round(Object.values(phases).reduce((sum, ms) => sum + Math.max(ms, 0), 0));

/** The phases of a transfer that has just ended: its handle still has the infos. */
export function timingsOf(watch: Watch, wire: Wire): HarTimings {
  const { info, startTime, endTime, fullUrl } = watch, wall = (endTime ?? startTime) - startTime;
  if (!info) {
    return { blocked: round(wall), dns: -1, connect: -1, ssl: -1, send: 0, wait: 0, receive: 0 };
  }
  const { marks, shift } = clockOf(watch, wire, info), { sentFrom, sentTo } = wire;
  const phases = phasesOf(marks, {
    wall,
    reused: isReused(info),
    isTls: /^(?:https|wss):/i.test(fullUrl) || info.tls > 0,
    shift,
    send: sentFrom === null ? 0 : sentTo - sentFrom,
  });
  const entries = Object.entries(phases).map(([name, ms]) => [name, round(ms)]);
  return Object.fromEntries(entries) as unknown as HarTimings;
}

/** The times of libcurl's steps, and the offset of its clock from the start of the transfer. */
function clockOf(
  watch: Watch,
  { sentFrom, answered }: Wire,
  info: TransferInfo,
): { readonly marks: Marks; readonly shift: number } {
  const { pretransfer, queue } = extraTimes(watch), { startTime } = watch;
  const marks = { ...marksOf(info), queue, pretransfer };
  const hasAnswer = watch.status !== null;
  // newer libcurls report these times even if a transfer fails before
  if (!hasAnswer) marks.firstByte = 0;
  if (!hasAnswer && sentFrom === null) marks.pretransfer = 0;
  // before 8.6 libcurl does not include the wait for a connection
  const isSent = sentFrom !== null && marks.pretransfer > 0;
  const shift = isSent ? Math.max(0, sentFrom - startTime - marks.pretransfer) : 0;
  // libcurl's own time may be that of the beginning of the request body
  if (answered !== null) marks.firstByte = answered - startTime - shift;
  return { marks, shift };
}

/** Whether a kept connection was used. A transfer that failed before it had one has used none. */
const isReused = ({ reused, primaryIp }: TransferInfo) => reused && primaryIp !== null;

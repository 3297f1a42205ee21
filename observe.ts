/**
 * Observers: they are called for each transfer of an agent, record its transfers as an HTTP
 * archive, and draw them on one time axis. A module of its own, so that programs without it start
 * as fast as before.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { recordHar, waterfall } from "curlew/observe";
 *
 * using recorder = recordHar(null); // the transfers of all calls that are given no agent
 * await (await fetch("https://example.com/")).text();
 * await recorder.save("example.har"); // for the network panel of a browser
 * console.log(waterfall(recorder.har()).text());
 * ```
 *
 * @module
 */

export { publish } from "./src/observe/channels.ts";
export type { WaterfallSource } from "./src/observe/chart/rows.ts";
export {
  type Waterfall,
  waterfall,
  type WaterfallTextOptions,
} from "./src/observe/chart/waterfall.ts";
export { type HarOptions, type HarRecorder, recordHar } from "./src/observe/har/record.ts";
export type {
  Har,
  HarContent,
  HarCookie,
  HarEntry,
  HarLog,
  HarPair,
  HarPostData,
  HarRequest,
  HarResponse,
  HarTimings,
} from "./src/observe/har/types.ts";
export { type Observation, observe, type TransferObserver } from "./src/observe/observe.ts";
export type { ObservedTransfer, TransferState } from "./src/observe/transfer.ts";

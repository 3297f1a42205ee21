/**
 * The types of option values and infos, made from the tables: `setOpt("TIMEOUT_MS", "x")` does
 * not compile.
 *
 * @module
 */

import type { infos } from "../../ffi/curl/infos.ts";
import type { easyOptions, multiOptions } from "../../ffi/curl/options.ts";
import type { EasyCallbacks } from "./callback_types.ts";
import type { Easy } from "./easy/easy.ts";
import type { TlsSessionInfo } from "./easy/infos.ts";
import type { HttpPostPart } from "./mime/httppost.ts";
import type { Mime } from "./mime/mime.ts";
import type { MultiCallbacks } from "./multi/options.ts";
import type { Share } from "./share.ts";
import type { CurlUrl } from "./url.ts";

/** The JS value of each option kind; functions and objects have a type for each option. */
interface ValueOfKind {
  long: number | boolean;
  values: number | boolean;
  off_t: number | bigint | boolean;
  string: string;
  slist: readonly (string | Uint8Array)[];
  blob: Uint8Array | ArrayBuffer;
  cbptr: unknown;
  object: never;
  function: never;
}

/** The options whose value is an object. */
interface ObjectOptions {
  POSTFIELDS: string | Uint8Array | ArrayBuffer;
  COPYPOSTFIELDS: string | Uint8Array | ArrayBuffer;
  PRIVATE: unknown;
  /** The path of a file that the trace is appended to. */
  STDERR: string;
  SHARE: Share;
  CURLU: CurlUrl;
  MIMEPOST: Mime;
  HTTPPOST: readonly HttpPostPart[];
  STREAM_DEPENDS: Easy;
  STREAM_DEPENDS_E: Easy;
}

type OptionTable = typeof easyOptions;

/** The name of an easy option: curl's own, without `CURLOPT_`. */
export type EasyOptionName = keyof OptionTable;

/** The value that an easy option takes; `null` unsets it. */
export type EasyOptionValue<N extends EasyOptionName> =
  | (N extends keyof EasyCallbacks ? EasyCallbacks[N]
    : N extends keyof ObjectOptions ? ObjectOptions[N]
    : ValueOfKind[OptionTable[N]["kind"]])
  | null;

/** Easy options by curl's name, without `CURLOPT_`. */
export type EasyOptions = { readonly [N in EasyOptionName]?: EasyOptionValue<N> };

/** The JS value of each kind of info. */
interface ValueOfInfo {
  string: string | null;
  long: number;
  double: number;
  off_t: number;
  socket: number;
  slist: string[];
  certinfo: string[][];
  tlssession: TlsSessionInfo | null;
  pointer: unknown;
}

type InfoTable = typeof infos;

/** The name of an info: curl's own, without `CURLINFO_`. */
export type InfoName = keyof InfoTable;

/** The value of an info. */
export type InfoValue<N extends InfoName> = ValueOfInfo[InfoTable[N]["kind"]];

type MultiTable = typeof multiOptions;

/** The name of a multi option: curl's own, without `CURLMOPT_`. */
export type MultiOptionName = keyof MultiTable;

/** The value that a multi option takes; `null` unsets it. */
export type MultiOptionValue<N extends MultiOptionName> =
  | (N extends keyof MultiCallbacks ? MultiCallbacks[N]
    : MultiTable[N]["kind"] extends "object" ? readonly string[]
    : ValueOfKind[MultiTable[N]["kind"]])
  | null;

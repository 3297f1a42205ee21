/**
 * The types of the result of `parseCurl`.
 *
 * @module
 */

import type { EasyOptions } from "../handles/easy/easy.ts";
import type { FetchInit } from "../http/request/plan.ts";
import type { CurlPlace } from "./command_error.ts";

/** A part of a form: the members of a `MimePart`, with the parts inside it as data. */
export interface CurlFormPart {
  /** The name of the field. */
  readonly name?: string;
  /** The content. */
  readonly data?: string | Uint8Array<ArrayBuffer>;
  /** The path of the file with the content, `"-"` for standard input. */
  readonly file?: string;
  /** The name of the file as the receiver sees it, `null` for none. */
  readonly filename?: string | null;
  /** The media type. */
  readonly type?: string;
  /** `"binary"`, `"8bit"`, `"7bit"`, `"base64"` or `"quoted-printable"`. */
  readonly encoder?: string;
  /** More header lines. */
  readonly headers?: readonly string[];
  /** The nested parts. */
  readonly parts?: readonly CurlFormPart[];
}

/** The output of a body. */
export interface CurlOutput {
  /** The path of a file, `null` for standard output. */
  readonly file: string | null;
  /** `-O`: whether `file` is named as in the URL. */
  readonly isRemoteName: boolean;
  /** `-J`: whether the server may name the file instead. */
  readonly isHeaderName: boolean;
  /** `--out-null`: whether the body is discarded. */
  readonly isDiscarded: boolean;
}

/** Options that curl's tool itself implements, which are neither in `init` nor in `easy`. */
export interface CurlTool {
  /** `-f` and `--fail-with-body`: whether a status from 400 on is an error. */
  readonly fail: "never" | "fail" | "fail-with-body";
  /** `-i`: whether the head is written to the output of the body. */
  readonly showHeaders: boolean;
  /** `-D`: the file for the head, `null` for none. */
  readonly dumpHeader: string | null;
  /** `-w`: the format to print at the end, `null` for none. */
  readonly writeOut: string | null;
  /** `--create-dirs`. */
  readonly createDirs: boolean;
  /** `--clobber` or `--no-clobber`: whether a file may be replaced; `null` without either. */
  readonly clobber: boolean | null;
  /** `--skip-existing`. */
  readonly skipExisting: boolean;
  /** `--remove-on-error`. */
  readonly removeOnError: boolean;
  /** `-R`: whether the file gets the server's modification time. */
  readonly remoteTime: boolean;
  /** `-C`: the offset to continue at, `"-"` for the end of the file, `null` for the beginning. */
  readonly continueAt: number | "-" | null;
  /** `--retry`: the number of further attempts. */
  readonly retry: number;
  /** `--retry-delay` in ms, 0 for increasing delays. */
  readonly retryDelay: number;
  /** `--retry-max-time` in ms, 0 for no limit. */
  readonly retryMaxTime: number;
  /** `--retry-all-errors`. */
  readonly retryAllErrors: boolean;
  /** `--retry-connrefused`. */
  readonly retryConnrefused: boolean;
  /** `--etag-save`: a path. */
  readonly etagSave: string | null;
  /** `--etag-compare`: a path. */
  readonly etagCompare: string | null;
}

/** Options that curl's tool itself implements for all transfers of a command. */
export interface CurlGlobal {
  /** `-s`. */
  readonly silent: boolean;
  /** `-S`. */
  readonly showError: boolean;
  /** `-v`: the number of times it was given. */
  readonly verbose: number;
  /** `--trace` and `--trace-ascii`. */
  readonly trace: { readonly path: string; readonly isAscii: boolean } | null;
  /** `--trace-time`. */
  readonly traceTime: boolean;
  /** `--trace-ids`. */
  readonly traceIds: boolean;
  /** `-#`. */
  readonly progressBar: boolean;
  /** False with `--no-progress-meter`. */
  readonly progressMeter: boolean;
  /** `--stderr`: a path. */
  readonly stderr: string | null;
  /** False with `--no-styled-output`. */
  readonly styledOutput: boolean;
  /** `-Z`: the number of simultaneous transfers, 1 without it. */
  readonly parallel: number;
  /** `--parallel-max-host`, 0 for no limit. */
  readonly parallelHost: number;
  /** `--parallel-immediate`. */
  readonly parallelImmediate: boolean;
  /** `--fail-early`. */
  readonly failEarly: boolean;
  /** `--rate`: the least time from the start of a transfer to that of the next, in ms. */
  readonly rate: number;
}

/** A note: an option that has no effect, or only a part of it. */
export interface CurlNote {
  /** The option, such as `"--ip-tos"`. */
  readonly option: string;
  /** The place of the option. */
  readonly place: CurlPlace;
  /** The reason. */
  readonly reason: string;
  /** Whether the note concerns `init` only. */
  readonly isAboutFetch: boolean;
}

/** One transfer of a command. */
export interface CurlTransfer {
  /** The URL, with a scheme. */
  readonly url: string;
  /** The `init` for `fetch(url, init)`. */
  readonly init: FetchInit;
  /**
   * The options for `easy.setOpts(easy)`, without MIMEPOST, which is to be made from `form`. A
   * READFUNCTION reads the upload.
   */
  readonly easy: EasyOptions;
  /** The parts of MIMEPOST, `null` where no form is sent. */
  readonly form: readonly CurlFormPart[] | null;
  /** The output of the body. */
  readonly output: CurlOutput;
  /** Options that curl's tool itself implements for the transfer. */
  readonly tool: CurlTool;
}

/** A command: its first transfer, and all of them. */
export interface CurlCommand extends CurlTransfer {
  /** All transfers: one for each URL, with `--next` and with the URLs of patterns. */
  readonly transfers: readonly CurlTransfer[];
  /** Options that curl's tool itself implements for all transfers. */
  readonly global: CurlGlobal;
  /** Notes on options that have no effect, or only a part of it. */
  readonly notes: readonly CurlNote[];
}

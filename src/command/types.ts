/**
 * What is made of a curl command.
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
  /** What is in it. */
  readonly data?: string | Uint8Array<ArrayBuffer>;
  /** The path of the file that is in it, `"-"` for standard input. */
  readonly file?: string;
  /** The name of the file as the receiver sees it, `null` for none. */
  readonly filename?: string | null;
  /** The media type. */
  readonly type?: string;
  /** `"binary"`, `"8bit"`, `"7bit"`, `"base64"` or `"quoted-printable"`. */
  readonly encoder?: string;
  /** More header lines. */
  readonly headers?: readonly string[];
  /** The parts inside it. */
  readonly parts?: readonly CurlFormPart[];
}

/** Where a body goes. */
export interface CurlOutput {
  /** The path of a file, `null` for standard output. */
  readonly file: string | null;
  /** `-O`: whether `file` is named as in the URL. */
  readonly isRemoteName: boolean;
  /** `-J`: whether the server may name the file instead. */
  readonly isHeaderName: boolean;
  /** `--out-null`: whether the body goes nowhere. */
  readonly isDiscarded: boolean;
}

/** What curl's tool does around a transfer, which is neither in `init` nor in `easy`. */
export interface CurlTool {
  /** `-f` and `--fail-with-body`: what a status from 400 on is. */
  readonly fail: "never" | "fail" | "fail-with-body";
  /** `-i`: whether the head goes where the body goes. */
  readonly showHeaders: boolean;
  /** `-D`: the file for the head, `null` for none. */
  readonly dumpHeader: string | null;
  /** `-w`: what to print at the end, `null` for nothing. */
  readonly writeOut: string | null;
  /** `--create-dirs`. */
  readonly createDirs: boolean;
  /** Whether a file may be replaced: `--clobber`, `--no-clobber`, or neither said. */
  readonly clobber: boolean | null;
  /** `--skip-existing`. */
  readonly skipExisting: boolean;
  /** `--remove-on-error`. */
  readonly removeOnError: boolean;
  /** `-R`: whether the file gets the time that the server tells. */
  readonly remoteTime: boolean;
  /** `-C`: where to go on, `"-"` for where the file ends, `null` for the beginning. */
  readonly continueAt: number | "-" | null;
  /** `--retry`: how many more attempts. */
  readonly retry: number;
  /** `--retry-delay` in ms, 0 for ever longer ones. */
  readonly retryDelay: number;
  /** `--retry-max-time` in ms, 0 for any. */
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

/** What curl's tool does for all transfers of a command. */
export interface CurlGlobal {
  /** `-s`. */
  readonly silent: boolean;
  /** `-S`. */
  readonly showError: boolean;
  /** `-v`: how often. */
  readonly verbose: number;
  /** `--trace` and `--trace-ascii`. */
  readonly trace: { readonly path: string; readonly isAscii: boolean } | null;
  /** `--trace-time`. */
  readonly traceTime: boolean;
  /** `--trace-ids`. */
  readonly traceIds: boolean;
  /** `-#`. */
  readonly progressBar: boolean;
  /** Not `--no-progress-meter`. */
  readonly progressMeter: boolean;
  /** `--stderr`: a path. */
  readonly stderr: string | null;
  /** Not `--no-styled-output`. */
  readonly styledOutput: boolean;
  /** `-Z`: how many transfers at once, 1 without it. */
  readonly parallel: number;
  /** `--parallel-max-host`, 0 for any. */
  readonly parallelHost: number;
  /** `--parallel-immediate`. */
  readonly parallelImmediate: boolean;
  /** `--fail-early`. */
  readonly failEarly: boolean;
  /** `--rate`: the least time from the start of a transfer to that of the next, in ms. */
  readonly rate: number;
}

/** An option that has no effect, or not all of it. */
export interface CurlNote {
  /** Such as `"--ip-tos"`. */
  readonly option: string;
  /** Where it stands. */
  readonly place: CurlPlace;
  /** Why. */
  readonly reason: string;
  /** Whether it is about `init` alone. */
  readonly isAboutFetch: boolean;
}

/** One transfer of a command. */
export interface CurlTransfer {
  /** The URL, with a scheme. */
  readonly url: string;
  /** For `fetch(url, init)`. */
  readonly init: FetchInit;
  /**
   * For `easy.setOpts(easy)`. MIMEPOST is missing in it: it is to be made of `form`. What is
   * uploaded comes by a READFUNCTION.
   */
  readonly easy: EasyOptions;
  /** The parts of MIMEPOST, `null` where no form is sent. */
  readonly form: readonly CurlFormPart[] | null;
  /** Where its body goes. */
  readonly output: CurlOutput;
  /** What curl's tool does around it. */
  readonly tool: CurlTool;
}

/** A command: its first transfer, and all of them. */
export interface CurlCommand extends CurlTransfer {
  /** One for each URL, with `--next` and what braces and brackets stand for. */
  readonly transfers: readonly CurlTransfer[];
  /** What curl's tool does for all of them. */
  readonly global: CurlGlobal;
  /** What has no effect, or not all of it. */
  readonly notes: readonly CurlNote[];
}

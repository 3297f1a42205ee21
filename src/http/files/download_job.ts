/**
 * `DownloadJob`: one download, from the first request to the finished file.
 *
 * @module
 */

import { easyCodes } from "../../../ffi/curl/codes.ts";
import type { Agent } from "../../driver/agent.ts";
import { type CurlEasyError, easyCodeOf } from "../../errors.ts";
import { isAbortOf } from "../../signals.ts";
import { propertyOf } from "../../untrusted.ts";
import type { TransferInfo } from "../response/info.ts";
import { fileError, headError, isTypeError, networkError, typeError } from "../errors.ts";
import { hasHeader } from "../request/headers.ts";
import { type ChainedRequest, type ChainResult, runChain } from "../transfer/request_chain.ts";
import type { DownloadSink } from "./partial_file.ts";
import type { Destination, FinalPath } from "./destination.ts";
import { refusalError } from "./retried.ts";
import type { RequestPlan } from "../request/plan.ts";
import { judge, rangeHeaders, recordUrl, type ResumePoint, type Verdict } from "./resume.ts";
import { isHttp } from "../request/url.ts";

/** Progress of a `download`. */
export interface DownloadProgress {
  /** Bytes of the file so far, with those of an earlier attempt. Decreases only after a restart. */
  readonly bytes: number;
  /** Bytes of the whole file, `null` if unknown. */
  readonly total: number | null;
  /** How many of the bytes come from an earlier attempt. */
  readonly resumedFrom: number;
}

/** Result of `download`. */
export interface DownloadResult {
  /** The path of the file. */
  readonly path: string;
  /** The size of the file in bytes. */
  readonly bytes: number;
  /** Whether bytes of an earlier attempt were used. */
  readonly resumed: boolean;
  /** Data about the last request. */
  readonly info: TransferInfo;
}

/** The protocols with which libcurl can resume a download. */
const RESUMABLE = new Set(["http:", "https:", "ftp:", "ftps:", "sftp:", "file:"]);

/** The codes for a server, or a libcurl, that cannot resume at the requested offset. */
const CANNOT_RESUME: ReadonlySet<number> = new Set([
  easyCodes.CURLE_FTP_COULDNT_USE_REST.code,
  easyCodes.CURLE_RANGE_ERROR.code,
  easyCodes.CURLE_BAD_DOWNLOAD_RESUME.code,
]);
const WRITE_ERROR = easyCodes.CURLE_WRITE_ERROR.code;

/** Runs a download; if it cannot be resumed, starts again from the beginning. */
export class DownloadJob {
  readonly #plan: RequestPlan;
  readonly #destination: Destination;
  readonly #sink: DownloadSink;
  readonly #agent: Agent;
  readonly #remaining: () => number;
  readonly #onProgress: ((progress: DownloadProgress) => void) | undefined;
  readonly #canResume: boolean;
  #resumePoint: ResumePoint | null;
  #verdict: Verdict | null = null;
  #finalPath: FinalPath | null = null;
  #total: number | null = null;
  #reported = -1;

  /** Prepares the download; `sink` takes the bytes. */
  constructor(
    plan: RequestPlan,
    agent: Agent,
    destination: Destination,
    sink: DownloadSink,
    resume: boolean,
    onProgress: ((progress: DownloadProgress) => void) | undefined,
    remaining: () => number,
  ) {
    this.#plan = plan;
    this.#agent = agent;
    this.#destination = destination;
    this.#sink = sink;
    this.#remaining = remaining;
    this.#onProgress = onProgress;
    const { found, record } = sink;
    this.#canResume = resume && mayResume(plan);
    const usable = this.#canResume && record && found > 0 && found <= (record.size ?? Infinity);
    this.#resumePoint = usable ? { from: found, record } : null;
  }

  /** Runs the download. Throws `TypeError`, or the signal's reason. */
  async run(): Promise<DownloadResult> {
    let end = await this.#attempt();
    if (!end) {
      this.#resumePoint = null;
      end = await this.#attempt();
    }
    if (!end) throw networkError(this.#plan.url.href, "the file changes");
    return this.#finish(end);
  }

  /** Requests the rest or the whole file. Returns `null` if it must restart with the whole. */
  async #attempt(): Promise<ChainResult | null> {
    const rest = this.#resumePoint, plan = this.#plan;
    const headers = rest && isHttp(plan.url)
      ? [...plan.headers, ...rangeHeaders(rest)]
      : plan.headers;
    this.#verdict = this.#total = null;
    this.#reported = -1;
    try {
      const end = await runChain({ ...plan, headers }, this.#agent, this.#remaining, {
        prepare: (request) => this.#prepare(request),
        onHead: (request) => this.#onHead(request),
        done: (request) => this.#checkFileTime(request),
      });
      return this.#mustRestart() ? null : end;
    } catch (error) {
      if (isAbortOf(plan.signal, error)) throw error;
      const cause = isTypeError(error) ? propertyOf(error, "cause") : undefined;
      const code = easyCodeOf(cause);
      if (this.#mustRestart() || (rest && CANNOT_RESUME.has(code))) return null;
      throw code === WRITE_ERROR ? this.#writeError(cause as CurlEasyError) : error;
    }
  }

  #prepare(request: ChainedRequest): void {
    const { easy } = request;
    easy.setOpt("NOPROGRESS", 0);
    easy.setOpt("XFERINFOFUNCTION", (_data, total, bytes) => this.#progress(request, total, bytes));
    if (isHttp(request.plan.url)) return; // for HTTP the file is attached once the head was judged
    const rest = this.#resumePoint, from = rest?.from ?? 0;
    easy.setOpt("FILETIME", 1);
    if (from > 0) easy.setOpt("RESUME_FROM_LARGE", from);
    this.#sink.startAt(from, null);
    this.#sink.file.receive(easy);
    this.#total = rest?.record.size ?? null;
    this.#verdict = { kind: rest ? "rest" : "whole", record: null, total: this.#total };
  }

  /** Judges a head. Returns false to discard the body. */
  #onHead({ easy, head, plan }: ChainedRequest): boolean {
    // not HTTP: a text of the server before the data, which contained an empty line
    if (head.status === 0) return true;
    const verdict = this.#verdict = judge(head, plan.url, this.#resumePoint, asksForPart(plan));
    if (verdict.kind !== "whole" && verdict.kind !== "rest") return false;
    this.#finalPath = this.#destination.finalPath(head.get("content-disposition"), plan.url);
    this.#total = isDecoded(plan) ? null : verdict.total;
    if (verdict.kind === "rest") this.#sink.startAt(this.#resumePoint?.from ?? 0, null);
    else this.#sink.startAt(0, this.#canResume ? verdict.record : null);
    this.#sink.file.receive(easy);
    return true;
  }

  #progress(request: ChainedRequest, expected: number, came: number): void {
    const kind = this.#verdict?.kind;
    if (kind !== "whole" && kind !== "rest") return;
    const resumedFrom = kind === "rest" ? this.#resumePoint?.from ?? 0 : 0;
    if (!isHttp(request.plan.url)) {
      if (expected > 0 && kind === "whole") this.#total = expected;
      this.#checkFileTime(request);
      // ends this attempt; the next one gets the whole file
      if (this.#mustRestart()) throw typeError("The file has changed");
      this.#recordFileTime(request);
    }
    this.#report(resumedFrom + came, resumedFrom);
  }

  #report(bytes: number, resumedFrom: number): void {
    if (bytes <= this.#reported) return;
    this.#reported = bytes;
    this.#onProgress?.({ bytes, total: this.#total, resumedFrom });
  }

  /** Without a head the modification time identifies the file: records it, to resume later. */
  #recordFileTime({ easy, plan }: ChainedRequest): void {
    if (this.#verdict?.kind !== "whole" || this.#verdict.record || !this.#canResume) return;
    const time = easy.getInfo("FILETIME_T");
    if (time < 0 || this.#total === null) return;
    const record = { url: recordUrl(plan.url), validator: String(time), size: this.#total };
    this.#verdict = { ...this.#verdict, record };
    this.#sink.saveRecord(record);
  }

  /** Restarts if the modification time shows that the file has changed since the first attempt. */
  #checkFileTime({ easy, plan }: ChainedRequest): void {
    const rest = this.#resumePoint;
    if (isHttp(plan.url) || easy.closed || !rest) return;
    const time = easy.getInfo("FILETIME_T");
    if (time >= 0 && String(time) !== rest.record.validator) this.#verdict = { kind: "restart" };
  }

  #mustRestart(): boolean {
    return this.#verdict?.kind === "restart";
  }

  #finish({ plan, head, info }: ChainResult): DownloadResult {
    const verdict = this.#verdict, { href } = plan.url;
    if (!verdict) throw headError(href);
    if (verdict.kind === "refused") {
      throw refusalError(href, head);
    }
    const { path, exclusive } = this.#finalPath ??
      this.#destination.finalPath(head.get("content-disposition"), plan.url);
    const resumed = verdict.kind !== "whole", from = resumed ? this.#resumePoint?.from ?? 0 : 0;
    const expected = verdict.kind === "complete" ? from : this.#total;
    let bytes: number;
    try {
      bytes = this.#sink.finish(path, expected, exclusive) ?? Math.max(this.#reported, 0);
    } catch (cause) {
      throw fileError("write", path, cause);
    }
    if (this.#total !== bytes) this.#reported = -1; // no report has had this total yet
    this.#total = bytes;
    this.#report(bytes, from);
    return { path, bytes, resumed, info };
  }

  /** The error of a failed write: libcurl knows only that `fwrite` did not take all bytes. */
  #writeError(cause: CurlEasyError): TypeError {
    const path = this.#finalPath?.path ?? "the file";
    const inner = propertyOf(cause, "cause");
    if (inner !== undefined) return fileError("write", path, inner);
    return typeError(`Cannot write ${path}: is the disk full? (CURLE_WRITE_ERROR)`, { cause });
  }
}

const isDecoded = ({ curl }: RequestPlan) => (curl.get("ACCEPT_ENCODING") ?? null) !== null;

/** Whether a download can be resumed: its bytes must be those of the file, from the first on. */
function mayResume(plan: RequestPlan): boolean {
  const { url, curl } = plan;
  if (!RESUMABLE.has(url.protocol) || asksForPart(plan) || isDecoded(plan)) return false;
  return !curl.get("TRANSFERTEXT") && !/;type=a$/i.test(url.pathname);
}

/** Whether the caller asks for a part of the file. */
const asksForPart = ({ headers, curl }: RequestPlan) =>
  hasHeader(headers, "range") || Boolean(curl.get("RANGE"));

/**
 * One transfer of a command, with all its attempts.
 *
 * @module
 */

import { closeSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { constants } from "../../constants.ts";
import { easyOptionsOf } from "../../command/make/easy_options.ts";
import type { GroupBody } from "../../command/make/body.ts";
import { toolOf } from "../../command/make/tool.ts";
import type { Planned } from "../../command/make/transfers.ts";
import type { CurlTool } from "../../command/types.ts";
import type { Agent } from "../../driver/agent.ts";
import { Easy, type EasyOptions } from "../../handles/easy/easy.ts";
import type { Mime } from "../../handles/mime/mime.ts";
import type { Io } from "../io.ts";
import { environmentOptions } from "./environment.ts";
import { mimeOf } from "./form.ts";
import { Head } from "./head.ts";
import type { Messages } from "./messages.ts";
import { codeOf, Output, ToolError, WRITE_ERROR } from "./output.ts";
import type { Counter, ProgressBar } from "./progress.ts";
import { Retries } from "./retry.ts";
import { Upload } from "./upload.ts";
import { WriteOut } from "./write_out.ts";

const HTTP_RETURNED_ERROR = constants.CURLE_HTTP_RETURNED_ERROR;

/** The state that all transfers of a command share. */
export interface Session {
  readonly io: Io;
  readonly messages: Messages;
  readonly agent: Agent;
  /** The options that every handle gets. */
  readonly options: EasyOptions;
  readonly userAgent: string;
  readonly styled: boolean;
  /** `null` where no progress is shown. */
  readonly progress: ProgressBar | null;
  readonly signal: AbortSignal;
  bodyOf(planned: Planned): GroupBody;
}

/** The position of a transfer in its command. */
export interface Standing {
  readonly urlNumber: number;
  /** Whether it is the first one of its group. */
  readonly isFirst: boolean;
}

/** Runs a transfer with all its attempts. Returns curl's exit code. */
export async function runTransfer(
  session: Session,
  planned: Planned,
  standing: Standing,
): Promise<number> {
  let transfer: Transfer;
  try {
    transfer = new Transfer(session, planned, standing);
  } catch (error) {
    return failed(session, error);
  }
  return await transfer.run();
}

/** Prints an error of the tool or of libcurl. Returns curl's exit code. */
function failed({ messages }: Session, error: unknown): number {
  const code = codeOf(error);
  messages.error(code, (error as Error).message);
  return code;
}

class Transfer {
  readonly #session: Session;
  readonly #planned: Planned;
  readonly #standing: Standing;
  readonly #tool: CurlTool;
  readonly #output: Output;
  readonly #head: Head;
  #upload: Upload | null = null;
  #mime: Mime | null = null;
  readonly #easy = new Easy();
  readonly #retries: Retries;
  readonly #counter: Counter = { done: 0, total: 0 };
  /** The error of a callback, with the message of curl's tool. */
  #failure: ToolError | null = null;
  #message = "";

  constructor(session: Session, planned: Planned, standing: Standing) {
    const { io, messages } = session, tool = toolOf(planned.group);
    this.#session = session;
    this.#planned = planned;
    this.#standing = standing;
    this.#tool = tool;
    this.#retries = new Retries(tool);
    const isWanted = planned.isStandardWanted;
    this.#output = new Output(io, messages, tool, planned.output, isWanted);
    this.#head = new Head(io, {
      tool,
      output: this.#output,
      scheme: planned.scheme,
      isNamedByServer: planned.output.isHeaderName,
      folder: String(planned.group.tool.get("output-dir") ?? ""),
      isStyled: session.styled && this.#output.isTerminal,
      isFirst: standing.isFirst,
    });
    try {
      this.#prepare();
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #prepare(): void {
    const { io } = this.#session, { upload, group } = this.#planned;
    const body = this.#session.bodyOf(this.#planned);
    if (body.kind === "form") this.#mime = mimeOf(body.parts, io);
    if (upload !== null) this.#upload = new Upload(io, upload);
    this.#easy.setOpts(this.#options(body));
    for (const file of group.cookieFiles) this.#easy.setOpt("COOKIEFILE", file);
  }

  #close(): void {
    this.#easy.close();
    this.#mime?.close();
    this.#upload?.close();
    this.#head.close();
  }

  #options(body: GroupBody): EasyOptions {
    const { options, userAgent, progress } = this.#session;
    const own = easyOptionsOf(this.#planned, body, userAgent);
    const size = this.#continueAt();
    const compared = this.#etag();
    const isCounted = progress !== null && !this.#output.isTerminal;
    return {
      ...options,
      ...environmentOptions(this.#session.io, own),
      ...own,
      ...(compared === null
        ? {}
        : { HTTPHEADER: [...own.HTTPHEADER ?? [], `If-None-Match: ${compared}`] }),
      ...(size === null ? {} : { RESUME_FROM_LARGE: size }),
      ...(this.#mime ? { MIMEPOST: this.#mime } : {}),
      ...(this.#upload?.options() ?? {}),
      // TELNET sends standard input as it is typed
      ...(this.#planned.scheme === "telnet"
        ? { READFUNCTION: (buffer) => this.#session.io.read(buffer) }
        : {}),
      ...(isCounted ? progress.options(this.#counter) : {}),
      WRITEFUNCTION: (bytes) => this.#guarded(() => this.#write(bytes), bytes.length),
      HEADERFUNCTION: (line) => this.#guarded(() => this.#head.line(line, this.#easy), line.length),
    } satisfies EasyOptions;
  }

  /** The offset to resume at: -1 has libcurl find it, `null` leaves RESUME_FROM_LARGE unset. */
  #continueAt(): number | null {
    const { continueAt } = this.#tool;
    if (continueAt === null) return null;
    if (continueAt === "-" && this.#upload) return -1;
    const start = continueAt === "-" ? this.#output.existingSize() : continueAt;
    if (start > 0 && !this.#upload) this.#output.resume(start);
    return start;
  }

  /** The ETag in the file of `--etag-compare`; `null` without that option. */
  #etag(): string | null {
    const { etagCompare } = this.#tool;
    if (etagCompare === null) return null;
    try {
      return readFileSync(etagCompare, "utf8").trim() || '""';
    } catch {
      this.#session.messages.warn(`Failed to open ${etagCompare}`);
      return '""';
    }
  }

  #write(bytes: Uint8Array): void {
    this.#head.end();
    this.#output.write(bytes);
  }

  /**
   * Calls `act` in a callback. Returns `length`, or another number if `act` throws, which makes
   * libcurl fail; the error becomes the tool's message.
   */
  #guarded(act: () => void, length: number): number {
    try {
      act();
      return length;
    } catch (error) {
      this.#failure = error instanceof ToolError
        ? error
        : new ToolError(constants.CURLE_WRITE_ERROR, "Failure writing output to destination");
      return length === 0 ? 1 : 0;
    }
  }

  async run(): Promise<number> {
    try {
      if (this.#tool.skipExisting && this.#output.exists()) {
        this.#session.messages.note(`skips transfer, "${this.#output.path}" exists locally`);
        return 0;
      }
      return await this.#attempts();
    } finally {
      this.#session.progress?.finish(this.#counter);
      this.#close();
    }
  }

  async #attempts(): Promise<number> {
    for (;;) {
      const code = this.#checked(await this.#perform());
      const attempt = this.#session.signal.aborted ? null : this.#retries.next(this.#easy, code);
      if (attempt === null) return this.#end(code);
      this.#session.messages.warn(attempt.reason);
      this.#output.restart();
      this.#upload?.restart();
      this.#head.restart();
      this.#failure = null;
      await sleep(attempt.waitMs, undefined, { signal: this.#session.signal }).catch(() => {});
    }
  }

  async #perform(): Promise<number> {
    const { agent, signal, messages } = this.#session;
    this.#message = "";
    try {
      await agent.perform(this.#easy, { signal });
      return 0;
    } catch (error) {
      if (signal.aborted && error === signal.reason) {
        this.#message = "Transfer aborted due to critical error in another transfer";
        return constants.CURLE_ABORTED_BY_CALLBACK;
      }
      const code = this.#failure?.code ?? codeOf(error);
      this.#message = this.#failure?.message ?? (error as Error).message;
      messages.error(code, this.#message);
      return code;
    }
  }

  /** The exit code after a transfer: `--fail-with-body` makes a status from 400 on an error. */
  #checked(code: number): number {
    const status = this.#easy.getInfo("RESPONSE_CODE");
    if (code !== 0 || this.#tool.fail !== "fail-with-body" || status < 400) {
      return this.#created(code);
    }
    this.#message = `The requested URL returned error: ${status}`;
    this.#session.messages.error(HTTP_RETURNED_ERROR, this.#message);
    return HTTP_RETURNED_ERROR;
  }

  /** Creates the output file of an empty body, unless the server says that nothing has changed. */
  #created(code: number): number {
    if (code !== 0 || this.#easy.getInfo("CONDITION_UNMET") !== 0) return code;
    try {
      this.#head.end();
      this.#output.create();
      return code;
    } catch (error) {
      return failed(this.#session, error);
    }
  }

  #end(code: number): number {
    const time = this.#tool.remoteTime ? this.#easy.getInfo("FILETIME_T") : -1;
    this.#output.close(code !== 0, time);
    const last = code === 0 ? this.#saveEtag() : code;
    const { writeOut } = this.#tool, { io, messages } = this.#session;
    if (writeOut !== null) {
      new WriteOut(io, messages, {
        easy: this.#easy,
        url: this.#planned.url,
        urlNumber: this.#standing.urlNumber,
        code: last,
        message: this.#message,
        path: this.#output.path,
        headers: this.#head.count,
        retries: this.#retries.done,
      }).run(writeOut);
    }
    return last;
  }

  /**
   * Writes the response's ETag to the file of `--etag-save`; a response without one leaves the file
   * unchanged. Returns curl's exit code.
   */
  #saveEtag(): number {
    const { etagSave } = this.#tool, { messages } = this.#session;
    if (etagSave === null) return 0;
    const file = messages.open(etagSave, this.#head.etag === null ? "a" : "w");
    if (file < 0) return WRITE_ERROR;
    try {
      if (this.#head.etag !== null) writeSync(file, `${this.#head.etag}\n`);
    } finally {
      closeSync(file);
    }
    return 0;
  }
}

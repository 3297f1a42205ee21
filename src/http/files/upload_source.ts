/**
 * Upload sources: the data that `upload` sends, and its way to libcurl.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Easy, stateOf } from "../../handles/easy/easy.ts";
import { type BodySource, bodySource, UNKNOWN_BODY } from "../request_body/source.ts";
import { InputFile } from "../../handles/base/input_file.ts";
import { BodyFeeder } from "../request_body/feeder.ts";
import { type FileBody, FileFeeder } from "../request_body/file_feeder.ts";
import { mustReceiveFirst } from "../transfer/retry.ts";
import type { ChainedRequest } from "../transfer/request_chain.ts";
import { isInstance } from "../../untrusted.ts";
import { fetchError, fileError, typeError } from "../errors.ts";
import { Deadline } from "../retry/deadline.ts";
import { readWhole } from "./read_whole.ts";
import type { RequestPlan } from "../request/plan.ts";
import { isHttp } from "../request/url.ts";

/** What `upload` can send: the path of a file, bytes, a stream or a Blob. */
export type UploadBody = string | Uint8Array | ReadableStream<Uint8Array> | Blob;

/** The source of an upload, which each request of its chain sends from the beginning. */
export interface UploadSource {
  /** Its length, and whether it can be sent again. */
  readonly body: BodySource;
  /** Sets the options of a request that sends it. */
  attach(request: ChainedRequest): void;
  /** The number of bytes that the request has sent. */
  bytesSent(request: ChainedRequest): number;
  /** Called when the request is over. */
  detach(reason: unknown): void;
  /** Called when no request follows. */
  close(): void;
}

/** The protocols in which libcurl can pause sending. For others a stream is read first. */
const PAUSABLE = /^(?:https?|ftps?|sftp|scp|smtps?|imaps?):$/;

/**
 * The source for the argument of `upload`. Throws `TypeError` if it cannot be read, and where a
 * stream is read first, the error of the deadline.
 */
export async function uploadSource(
  source: UploadBody,
  { url, timeout, signal }: RequestPlan,
  remaining: () => number,
): Promise<UploadSource> {
  const found = typeof source === "string" ? await openPath(source) : await bodySource(source);
  if (isInstance(found, FileSource)) return found;
  if (found.bytes || PAUSABLE.test(url.protocol)) return new StreamSource(found);
  const deadline = new Deadline(timeout, remaining, signal, url.href);
  return new StreamSource(await bodySource(await readWhole(found, deadline)));
}

async function openPath(path: string): Promise<FileSource | BodySource> {
  try {
    if (path === "" || path.includes("\0")) throw new Error("that is not a path");
    const found = await stat(path);
    if (found.isDirectory()) throw new Error("it is a folder");
    if (found.isFile()) return new FileSource(path);
    // a pipe or a device: reading would block the thread, and its size is unknown
    const stream: unknown = Readable.toWeb(createReadStream(path));
    return await bodySource(stream as ReadableStream<Uint8Array>);
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/**
 * A file, read at each call of READFUNCTION from one descriptor. Its size at the time of opening is
 * announced to the server: bytes appended later are not sent, and a file that has become shorter is
 * an error. (libcurl's own `fread` sends appended bytes as well before 8.7.)
 */
class FileSource implements UploadSource {
  readonly body: BodySource;
  readonly #file: InputFile;
  readonly #content: FileBody;
  #feeder: FileFeeder | null = null;

  constructor(path: string) {
    const file = this.#file = new InputFile(path);
    try {
      const { end } = file; // fails for what is no longer a regular file
      // `null` for files whose size the system does not know, such as those in `/proc`
      this.#content = { path, size: file.hasSize(end) ? end : null };
    } catch (error) {
      file.close();
      throw error;
    }
    const open = () => {
      throw typeError("the file is read by a READFUNCTION");
    };
    this.body = { ...UNKNOWN_BODY, length: this.#content.size, replayable: true, open };
  }

  attach(request: ChainedRequest): void {
    const { easy } = request, resume = () => request.resume(flags.CURLPAUSE_CONT);
    const fail = (error: unknown) => request.stop(fetchError(error, request.plan.url.href));
    const mustWait = () => mustReceiveFirst(stateOf(easy));
    const feeder = new FileFeeder(this.#content, resume, fail, mustWait, this.#file);
    this.#feeder = feeder;
    easy.setOpt("READFUNCTION", feeder.readFunction);
    easy.setOpt("SEEKFUNCTION", (_data, offset) => feeder.seek(offset));
  }

  bytesSent({ easy }: ChainedRequest): number {
    // in chunked encoding libcurl counts the framing as well
    if (this.#content.size !== null) return easy.getInfo("SIZE_UPLOAD_T");
    return this.#feeder?.bytesRead ?? 0;
  }

  detach(): void {}

  close(): void {
    this.#file.close();
  }
}

/** Any other source, read by a READFUNCTION. */
class StreamSource implements UploadSource {
  readonly body: BodySource;
  #feeder: BodyFeeder | null = null;
  /** The number of bytes sent without a feeder. */
  #sent = 0;

  constructor(body: BodySource) {
    this.body = body;
  }

  attach(request: ChainedRequest): void {
    const { body } = this, { easy, plan } = request;
    if (body.bytes && isHttp(plan.url)) return; // sent as POSTFIELDS
    this.#sent = 0;
    if (body.bytes) return this.#attachBytes(easy, body.bytes);
    const resume = () =>
      request.resume(feeder.paused ? flags.CURLPAUSE_SEND : flags.CURLPAUSE_CONT);
    const fail = (error: unknown) => request.stop(fetchError(error, plan.url.href));
    const yieldTurn = () => request.yieldTurn();
    const mustWait = () => mustReceiveFirst(stateOf(easy));
    const feeder = new BodyFeeder(body, plan.bodyLength, resume, fail, yieldTurn, mustWait);
    this.#feeder = feeder;
    easy.setOpt("READFUNCTION", feeder.readFunction);
    easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => feeder.seek(offset, origin));
  }

  /** Sends bytes without pauses, which `file:` does not support. */
  #attachBytes(easy: Easy, bytes: Uint8Array): void {
    easy.setOpt("READFUNCTION", (buffer) => {
      const piece = bytes.subarray(this.#sent, this.#sent + buffer.length);
      buffer.set(piece);
      this.#sent += piece.length;
      return piece.length;
    });
    easy.setOpt("SEEKFUNCTION", (_data, offset) => {
      this.#sent = offset;
      return flags.CURL_SEEKFUNC_OK;
    });
  }

  bytesSent({ easy }: ChainedRequest): number {
    // libcurl's own number would include the chunked framing
    if (this.#feeder) return this.#feeder.bytesRead;
    return this.body.bytes && this.#sent === 0 ? easy.getInfo("SIZE_UPLOAD_T") : this.#sent;
  }

  detach(reason: unknown): void {
    this.#feeder?.cancel(reason);
    this.#feeder = null;
  }

  close(): void {}
}

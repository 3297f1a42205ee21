/**
 * `Curl`: one transfer at a time, without blocking, which reports by events.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers";
import { callbackError, textOf } from "../easy/codes.ts";
import { Easy, type EasyOptionValue } from "../easy/easy.ts";
import { innerOf } from "../easy/inner.ts";
import { CurlPause, CurlReadFunc, CurlWriteFunc } from "../enums/callbacks.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlFeature } from "../enums/transfers.ts";
import { CurlEasyError } from "../errors.ts";
import type { CurlyMimePart } from "../mime/describe.ts";
import { addMimeHost } from "../mime/hosts.ts";
import { largestBuffer } from "../easy/options.ts";
import { abortTransfer, Multi } from "../multi/multi.ts";
import { StreamSource } from "../stream_source.ts";
import { easyOption } from "../tables.ts";
import type { CurlInfoName, CurlOptionName, OnProgress } from "../types/options.ts";
import type { GetInfoReturn, HeaderInfo } from "../types/values.ts";
import { parseHeaders } from "./headers.ts";
import { ResponseStream } from "./response_stream.ts";
import { CurlStatics } from "./statics.ts";

/** The options whose functions emit the events, unless the user has set functions of their own. */
type FeedingOption = "WRITEFUNCTION" | "HEADERFUNCTION";

/** The multi handle of all instances that have no other. */
let shared: Multi | undefined;
const sharedMulti = (): Multi => shared ??= new Multi();

/**
 * Runs one transfer at a time, without blocking. It emits
 *
 * - `"header"` and `"data"` with each header line and piece of the body when it arrives,
 * - `"stream"` with the body as a stream, where `CurlFeature.StreamResponse` is enabled,
 * - `"end"` with the status, the body and the headers, or `"error"` with an error and its code.
 *
 * @example
 * ```ts
 * import { Curl } from "curlew/node-libcurl";
 *
 * const curl = new Curl();
 * curl.setOpt("URL", "https://example.com/");
 * curl.setOpt("FOLLOWLOCATION", true);
 * curl.on("end", (status, data) => {
 *   console.log(status, data.length);
 *   curl.close();
 * });
 * curl.on("error", (error, code) => {
 *   console.log(code, error.message);
 *   curl.close();
 * });
 * curl.perform();
 * ```
 */
export class Curl extends CurlStatics {
  /** The USERAGENT of new instances; `null` for none. */
  static defaultUserAgent: string = "node-libcurl/5.1 (curlew)";

  /** The number of instances with a running transfer. */
  static getCount(): number {
    return shared?.getCount() ?? 0;
  }

  /** The easy handle of the instance. */
  readonly handle: Easy;
  /** The options whose functions emit the events at present. */
  #fed = new Set<FeedingOption>();
  #isRunning = false;
  #features: CurlFeature = CurlFeature.Empty;
  #multi: Multi | undefined;
  #body: Buffer[] = [];
  #headerLines: Buffer[] = [];
  #response: ResponseStream | null = null;
  #highWaterMark: number | undefined;
  #upload: StreamSource | null = null;
  /** The error of the upload's stream, if it failed before the transfer began. */
  #uploadFailure: Error | null = null;
  #streamProgress: OnProgress<Easy> | null = null;

  /** Makes an instance with that easy handle, or with a new one. */
  constructor(cloneHandle?: Easy) {
    super();
    this.handle = cloneHandle || new Easy();
    if (!copying) this.#setDefaults();
    copying = false;
    addMimeHost(this);
  }

  #setDefaults(): void {
    this.#set("WRITEFUNCTION", null);
    this.#set("HEADERFUNCTION", null);
    this.#set("USERAGENT", Curl.defaultUserAgent);
  }

  /** The number of the easy handle. */
  get id(): number {
    return this.handle.id;
  }

  /** Whether the easy handle is open. */
  get isOpen(): boolean {
    return this.handle.isOpen;
  }

  /** Whether a transfer runs. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Adds a listener for pieces of the body. */
  override on(event: "data", listener: (this: Curl, chunk: Buffer, curl: Curl) => void): this;
  /** Adds a listener for header lines. */
  override on(event: "header", listener: (this: Curl, chunk: Buffer, curl: Curl) => void): this;
  /** Adds a listener for the failure of the transfer. */
  override on(
    event: "error",
    listener: (this: Curl, error: Error, errorCode: CurlCode, curl: Curl) => void,
  ): this;
  /** Adds a listener for a complete head, with the body as a stream. */
  override on(
    event: "stream",
    listener: (
      this: Curl,
      stream: Readable,
      status: number,
      headers: Buffer | HeaderInfo[],
      curl: Curl,
    ) => void,
  ): this;
  /** Adds a listener for the end of the transfer. */
  override on(
    event: "end",
    listener: (
      this: Curl,
      status: number,
      data: string | Buffer,
      headers: Buffer | HeaderInfo[],
      curl: Curl,
    ) => void,
  ): this;
  /** Adds a listener for any other event. */
  // deno-lint-ignore ban-types -- node-libcurl's own type
  override on(event: string | symbol, listener: Function): this;
  // deno-lint-ignore no-explicit-any -- each event has its own arguments
  override on(event: string | symbol, listener: (...args: any[]) => void): this {
    return super.on(event, listener);
  }

  /** Enables features. Throws while a transfer runs. */
  enable(bitmask: CurlFeature): this {
    this.#refuseRunning("change the features");
    this.#features |= bitmask;
    return this;
  }

  /** Disables features. Throws while a transfer runs. */
  disable(bitmask: CurlFeature): this {
    this.#refuseRunning("change the features");
    this.#features &= ~bitmask;
    return this;
  }

  #has(feature: CurlFeature): boolean {
    return (this.#features & feature) !== 0;
  }

  #refuseRunning(what: string): void {
    if (this.#isRunning) throw new Error(`Cannot ${what}: a transfer is running`);
  }

  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_easy_setopt.html}. `null` unsets it; for
   * WRITEFUNCTION and HEADERFUNCTION the events are emitted again then.
   *
   * @throws {CurlEasyError} for a value that libcurl refuses.
   * @throws {TypeError} for a value of the wrong type.
   */
  setOpt<N extends CurlOptionName>(option: N, value: EasyOptionValue<N>): this {
    return this.#set(option, value);
  }

  #set<N extends CurlOptionName>(option: N, value: EasyOptionValue<N>): this {
    const name = easyOption(option)?.name, feeder = this.#feeder(name);
    const given = value === null && feeder ? feeder : value;
    this.#check(this.handle.setOpt(option, given as EasyOptionValue<N>));
    if (feeder && given === feeder) this.#fed.add(name as FeedingOption);
    else if (feeder) this.#fed.delete(name as FeedingOption);
    return this;
  }

  /** The function that emits an event, for the two options that have one. */
  #feeder(name: string | undefined): ((chunk: Buffer) => number) | null {
    if (name === "WRITEFUNCTION") return (chunk) => this.#onData(chunk);
    if (name === "HEADERFUNCTION") return (line) => this.#onHeader(line);
    return null;
  }

  #failure(code: CurlCode): CurlEasyError {
    const detail = innerOf(this.handle)!.detail;
    return new CurlEasyError(detail || textOf(code), code, { detail });
  }

  #check(code: CurlCode): this {
    if (code !== CurlCode.CURLE_OK) throw this.#failure(code);
    return this;
  }

  /**
   * Reads an info: {@link https://curl.se/libcurl/c/curl_easy_getinfo.html}.
   *
   * @throws {CurlEasyError} for an unknown name.
   */
  getInfo(info: "CERTINFO"): GetInfoReturn<string[]>["data"];
  /** Reads any other info. */
  getInfo(info: Exclude<CurlInfoName, "CERTINFO">): GetInfoReturn["data"];
  getInfo(info: CurlInfoName): unknown {
    const { code, data } = this.handle.getInfo(info as "CERTINFO");
    this.#check(code);
    return data;
  }

  /**
   * Uploads the bytes of a stream, in the next transfer only, which fails if the stream does.
   * `null` unsets the stream.
   */
  setUploadStream(stream: Readable | null): this {
    if (stream === (this.#upload?.stream ?? null)) return this;
    if (stream && (typeof stream.on !== "function" || typeof stream.read !== "function")) {
      throw new Error("Cannot upload the stream: it has no read() and on() as a Readable has");
    }
    this.#endUpload();
    if (!stream) return this;
    this.#set("READFUNCTION", (buffer) => this.#onRead(buffer));
    this.#upload = new StreamSource(stream, {
      ready: () => setImmediate(() => this.#goOn(CurlPause.Send)),
      failed: (error) => this.#failUpload(error),
    });
    return this;
  }

  #onRead(buffer: Buffer): number {
    const piece = this.#upload!.read(buffer.length);
    if (piece === undefined) return CurlReadFunc.Pause;
    return piece === null ? 0 : piece.copy(buffer);
  }

  #failUpload(error: Error): void {
    if (this.#isRunning) this.#abort(error);
    else this.#uploadFailure = error;
  }

  #endUpload(): void {
    this.#uploadFailure = null;
    if (!this.#upload) return;
    this.#upload.detach();
    this.#upload = null;
    if (this.isOpen) this.#set("READFUNCTION", null);
  }

  /** Resumes a paused direction, if a transfer is running. */
  #goOn(direction: CurlPause): void {
    const { pauseFlags } = this.handle;
    if (!this.#isRunning || !(pauseFlags & direction)) return;
    try {
      this.#check(this.handle.pause(pauseFlags & ~direction));
    } catch (error) {
      this.#abort(error as Error);
    }
  }

  #abort(error: Error): void {
    abortTransfer(this.#multi ?? sharedMulti(), this.handle, callbackError(error));
  }

  /**
   * Sets the high water mark of the response's stream, in bytes; `null` for Node's default. Sets
   * BUFFERSIZE.
   */
  setStreamResponseHighWaterMark(highWaterMark: number | null): this {
    this.#highWaterMark = highWaterMark || undefined;
    const size = highWaterMark ? Math.max(1024, Math.min(highWaterMark, largestBuffer())) : null;
    return this.#set("BUFFERSIZE", size);
  }

  /** Sets a progress callback for the next transfer with a stream. NOPROGRESS is not needed. */
  setStreamProgressCallback(cb: OnProgress<Easy> | null): this {
    this.#streamProgress = cb;
    return this;
  }

  /** Sets XFERINFOFUNCTION, which libcurl calls only if NOPROGRESS is false. */
  setProgressCallback(cb: OnProgress<Easy> | null): this {
    return this.#set("XFERINFOFUNCTION", cb);
  }

  /**
   * Sets the multi handle that runs the transfers; `undefined` for the one that instances share.
   */
  setMulti(multi: Multi | undefined): this {
    this.#refuseRunning("change the Multi");
    this.#multi = multi;
    return this;
  }

  /** Sets MIMEPOST from a description of the parts. */
  setMimePost(parts: CurlyMimePart[]): this {
    this.handle.setMimePost(parts);
    return this;
  }

  /**
   * Starts the transfer.
   *
   * @throws {Error} where a transfer is running.
   * @throws {CurlMultiError} where the transfer cannot start.
   */
  perform(): this {
    this.#refuseRunning("perform");
    const streams = this.#has(CurlFeature.StreamResponse) || this.#upload !== null;
    if (streams && this.#streamProgress) {
      this.setProgressCallback(this.#streamProgress);
      this.#set("NOPROGRESS", false);
    }
    const multi = this.#multi ?? sharedMulti();
    const over = multi.perform(this.handle);
    this.#isRunning = true;
    if (this.#uploadFailure) this.#abort(this.#uploadFailure);
    // in a macrotask of its own: the listeners run when the multi handle's turn is over
    const finish = (tell: () => void) =>
      setImmediate(() => {
        if (!this.#isRunning) return; // the instance was closed meanwhile
        if (this.handle.isInsideMultiHandle) multi.removeHandle(this.handle);
        tell();
      });
    over.then(
      () => finish(() => this.#onEnd()),
      (error) => finish(() => this.#onError(error)),
    );
    return this;
  }

  #onEnd(): void {
    const { data: status } = this.handle.getInfo("RESPONSE_CODE");
    const headers = this.#headers(), stream = this.#response;
    if (!this.#has(CurlFeature.StreamResponse)) {
      const data = this.#data();
      this.#forgetTransfer();
      this.emit("end", status, data, headers, this);
      return;
    }
    if (stream) stream.finish();
    else {process.nextTick(() =>
        this.emit("stream", Readable.from([], { objectMode: false }), status, headers, this)
      );}
    setImmediate(() => {
      if (!this.#isRunning) return; // the instance was closed meanwhile
      this.#forgetTransfer();
      this.emit("end", status, Buffer.alloc(0), headers, this);
    });
  }

  #onError(error: CurlEasyError): void {
    const stream = this.#response;
    this.#forgetTransfer();
    try {
      this.emit("error", error, error.code, this);
    } finally {
      stream?.destroy();
    }
  }

  #onData(chunk: Buffer): number {
    if (this.#has(CurlFeature.StreamResponse)) return this.#stream(chunk);
    if (!this.#has(CurlFeature.NoDataStorage)) this.#body.push(chunk);
    this.emit("data", chunk, this);
    return chunk.length;
  }

  #onHeader(line: Buffer): number {
    if (!this.#has(CurlFeature.NoHeaderStorage)) this.#headerLines.push(line);
    this.emit("header", line, this);
    return line.length;
  }

  #stream(chunk: Buffer): number {
    const stream = this.#response ??= this.#openStream();
    if (stream.isFull) return CurlWriteFunc.Pause;
    stream.accept(chunk);
    return chunk.length;
  }

  #openStream(): ResponseStream {
    const stream: ResponseStream = new ResponseStream({
      isRunning: () => this.#isRunning && this.#response === stream,
      resume: () => this.#goOn(CurlPause.Recv),
      abort: (error) => this.#abort(error),
    }, this.#highWaterMark);
    const { data: status } = this.handle.getInfo("RESPONSE_CODE");
    const headers = this.#headers();
    setImmediate(() => this.emit("stream", stream, status, headers, this));
    return stream;
  }

  #data(): string | Buffer {
    const data = Buffer.concat(this.#body);
    const raw = CurlFeature.NoDataParsing | CurlFeature.NoDataStorage;
    return this.#has(raw) ? data : data.toString("utf8");
  }

  #headers(): Buffer | HeaderInfo[] {
    const headers = Buffer.concat(this.#headerLines);
    const raw = CurlFeature.NoHeaderParsing | CurlFeature.NoHeaderStorage;
    return this.#has(raw) ? headers : parseHeaders(headers.toString("utf8"));
  }

  /** Drops the state of one transfer. */
  #forgetTransfer(): void {
    this.#isRunning = false;
    this.#body = [];
    this.#headerLines = [];
    this.#response = null;
    this.#endUpload();
    if (this.#streamProgress && this.isOpen) this.setProgressCallback(null);
    this.#streamProgress = null;
  }

  /**
   * Runs the upkeep of idle connections: {@link https://curl.se/libcurl/c/curl_easy_upkeep.html}.
   */
  upkeep(): this {
    return this.#check(this.handle.upkeep());
  }

  /** Pauses and resumes: {@link https://curl.se/libcurl/c/curl_easy_pause.html}. */
  pause(bitmask: CurlPause): this {
    return this.#check(this.handle.pause(bitmask));
  }

  /** Resets all options, and removes the listeners. Connections, cookies and features are kept. */
  reset(): this {
    this.#check(this.handle.reset());
    this.removeAllListeners();
    this.#endUpload();
    this.#setDefaults();
    return this;
  }

  /** A new instance with the same options and features, and by default with the same listeners. */
  dupHandle(shouldCopyEventListeners = true): Curl {
    copying = true;
    const copy = new Curl(this.handle.dupHandle());
    copy.#features = this.#features;
    copy.#fed = new Set(this.#fed);
    // functions of the original would emit events of the original
    for (const option of this.#fed) copy.setOpt(option, null);
    if (!shouldCopyEventListeners) return copy;
    for (const event of this.eventNames()) {
      for (const listener of this.listeners(event)) copy.on(event, listener);
    }
    return copy;
  }

  /** Ends the transfer without an event, and frees the easy handle. */
  close(): void {
    if (!this.isOpen) return;
    if (this.handle.isInsideMultiHandle) (this.#multi ?? sharedMulti()).removeHandle(this.handle);
    const stream = this.#response;
    this.removeAllListeners();
    this.#forgetTransfer();
    stream?.destroy();
    this.handle.close();
  }
}

/** Whether the constructor is called for a copy, whose options it must not set. */
let copying = false;

/**
 * `FileFeeder`: gives the bytes of a file on the disk to READFUNCTION.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { InputFile, onFill } from "../../handles/base/input_file.ts";
import type { NonNullPointer } from "../../../ffi/mod.ts";
import { fileError, typeError } from "../errors.ts";
import { type Feeder, SendingPause } from "./sending.ts";

/** A file whose first `size` bytes are a body, `null` for all that can be read. */
export interface FileBody {
  /** The path of the file. */
  readonly path: string;
  readonly size: number | null;
}

/** Reads a file at each call of READFUNCTION: no promise, no copy. */
export class FileFeeder implements Feeder {
  readonly #body: FileBody;
  readonly #file: InputFile;
  readonly #pause: SendingPause;
  readonly #fail: (error: unknown) => void;
  readonly #mustWait: () => boolean;
  #at = 0;
  #cancelled = false;

  /** `resume`, `fail` and `mustWait` are those of a `BodyFeeder`. */
  constructor(
    body: FileBody,
    resume: () => void,
    fail: (error: unknown) => void,
    mustWait: () => boolean,
    file: InputFile = new InputFile(body.path),
  ) {
    this.#body = body;
    this.#pause = new SendingPause(resume);
    this.#fail = fail;
    this.#mustWait = mustWait;
    this.#file = file;
  }

  get bytesRead(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#cancelled || this.#at === this.#body.size;
  }

  get paused(): boolean {
    return this.#pause.isOn;
  }

  readonly readFunction: (buffer: Uint8Array) => number = onFill((target, room) => {
    if (this.#cancelled) return flags.CURL_READFUNC_ABORT;
    return this.#mustWait() ? this.#pause.beginBriefly() : this.#read(target, room);
  });

  #read(target: NonNullPointer, room: number): number {
    const { size } = this.#body, left = size === null ? Infinity : size - this.#at;
    const length = Math.min(left, room);
    if (length === 0) return 0;
    try {
      const count = this.#file.read(target, length, this.#at);
      if (count === 0 && size !== null) throw this.#shortError(size);
      this.#at += count;
      return count;
    } catch (error) {
      this.#fail(fileError("read", this.#body.path, error));
      return flags.CURL_READFUNC_ABORT;
    }
  }

  #shortError(size: number): TypeError {
    return typeError(`The file has only ${this.#at} bytes, ${size} were promised`);
  }

  /** SEEKFUNCTION: libcurl sends the body again. */
  seek(offset: number): number {
    this.#at = offset;
    return flags.CURL_SEEKFUNC_OK;
  }

  /** Closes the file. */
  cancel(): void {
    this.#cancelled = true;
    this.#pause.clear();
    this.#file.close();
  }
}

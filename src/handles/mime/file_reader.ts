/**
 * The readers of MIME parts that are regular files. libcurl's own reader of `curl_mime_filedata`
 * announces the size that the file had and sends what the file has: before 8.7 the bytes of a file
 * that has grown are the start of the next request on the connection, and a transfer of one that has
 * shrunk hangs; later versions send a form that is cut off.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { regularFileSize } from "../../../ffi/file_size.ts";
import type { CText } from "../../../ffi/memory.ts";
import type { NonNullPointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { fileText } from "../base/files.ts";
import { InputFile } from "../base/input_file.ts";
import { fillGuarded } from "../callbacks/bytes.ts";
import type { EasyFace, EasyState } from "../core/easy_state.ts";
import { type PartReader, type ReaderHost, readerTokens } from "./part_reader.ts";

const { CURL_READFUNC_ABORT, CURL_SEEKFUNC_OK } = flags;

/**
 * The size to announce for a file: -1 where the system does not know it, such as in `/proc`, and
 * "gone" for no file, which fails the transfer.
 */
export type FileSize = number | "gone";

/** The size to announce for a file, `null` for what is no regular file. */
export function announcedSize(path: CText): FileSize | null {
  const size = regularFileSize(path);
  if (size === null) return null;
  if (size < 0) return "gone";
  const file = new InputFile(path);
  try {
    return file.hasSize(size) ? size : -1;
  } catch {
    return size; // the transfer reports why the file cannot be read
  } finally {
    file.close();
  }
}

/** Reads the announced number of bytes of a file, or fails the transfer. */
export class FileReader implements PartReader {
  readonly token: number = readerTokens.take();
  readonly host: ReaderHost;
  readonly canSeek = true;
  readonly #path: CText;
  readonly #file: InputFile;
  #size: FileSize;
  #at = 0;

  /** `size`: what {@linkcode announcedSize} has returned. */
  constructor(path: CText, size: FileSize, host: ReaderHost) {
    this.host = host;
    this.#path = path;
    this.#file = new InputFile(path);
    this.#size = size;
    readerTokens.root(this.token, { deref: () => this });
  }

  /** At least a byte for no file, since libcurl does not read what is empty. */
  get size(): number {
    return this.#size === "gone" ? 1 : this.#size;
  }

  /** Begins again with the size that the file has now. The part must be given the reader again. */
  restart(size: FileSize): void {
    this.#file.close();
    this.#size = size;
    this.#at = 0;
  }

  fill(state: EasyState, _easy: EasyFace, target: NonNullPointer, room: number): number {
    return fillGuarded(state, () => {
      try {
        return this.#read(target, room);
      } catch (error) {
        state.run.ownError ??= new CurlEasyError(Code.READ_ERROR, (error as Error).message);
        this.#file.close();
        return CURL_READFUNC_ABORT;
      }
    });
  }

  #read(target: NonNullPointer, room: number): number {
    const { size } = this, left = size < 0 ? room : Math.min(size - this.#at, room);
    const count = left > 0 ? this.#readFile(target, left) : 0;
    if (count === 0 && left > 0 && size >= 0) {
      throw this.#error(`it has only ${this.#at} bytes, ${size} were announced`);
    }
    this.#at += count;
    // an idle tree keeps no descriptor
    if (count === 0 || this.#at === size) this.#file.close();
    return count;
  }

  #readFile(target: NonNullPointer, room: number): number {
    let count: number;
    try {
      count = this.#file.read(target, room, this.#at);
    } catch (error) {
      throw this.#error((error as Error).message);
    }
    if (this.#size === "gone") throw this.#error("there was none when the transfer began");
    return count;
  }

  #error(why: string): Error {
    return new Error(`Cannot read the file of a MIME part, ${fileText(this.#path)}: ${why}`);
  }

  seek(offset: number): number {
    this.#at = offset;
    return CURL_SEEKFUNC_OK;
  }

  /** A reader of the file as it is now, as libcurl's copy of a part is. */
  renewed(host: ReaderHost): FileReader {
    return new FileReader(this.#path, announcedSize(this.#path) ?? "gone", host);
  }

  end(): void {
    this.#file.close();
  }
}

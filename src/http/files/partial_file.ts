/**
 * Partial files: they hold the bytes of a download until it is complete.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { DiskFile } from "../../handles/easy/disk_file.ts";
import { isInstance } from "../../untrusted.ts";
import {
  createOwn,
  inTheWay,
  isAt,
  openOrCreateOwn,
  openOwnToRead,
  PRIVATE,
  readAtMost,
  statOf,
} from "./own_file.ts";
import type { PartialFileRecord } from "./resume.ts";

/** Takes the bytes of a download. */
export interface DownloadSink {
  readonly file: DiskFile;
  /** The number of bytes that an earlier attempt has left. */
  readonly found: number;
  /** The remote file that these bytes belong to, `null` if unknown. */
  readonly record: PartialFileRecord | null;
  /**
   * Cuts the file to `at` bytes, to which libcurl then appends. `record` describes a file that
   * starts from 0. Runs inside a libcurl callback.
   */
  startAt(at: number, record: PartialFileRecord | null): void;
  /** Records which remote file the bytes belong to, if that is known only later. */
  saveRecord(record: PartialFileRecord): void;
  /**
   * Closes the file and renames it to `target`, which must not exist if `exclusive`. Throws if its
   * size differs from `expected`, if that is known. Returns the size, `null` for a device.
   */
  finish(target: string, expected: number | null, exclusive: boolean): number | null;
  /** Closes the file, and deletes it unless the download can be resumed. */
  closeUnfinished(): void;
}

/** The largest valid record, in bytes. */
const MAX_RECORD = 64 * 1024;

/**
 * A hidden file beside the target. Another file beside it has the record, which says what remote
 * file the bytes belong to. From their first byte on both files are readable only for users who may
 * read the target.
 */
export class PartialFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found: number;
  readonly record: PartialFileRecord | null;
  readonly #path: string;
  readonly #mode: number;
  /** The record on disk. */
  #current: PartialFileRecord | null;

  private constructor(path: string, mode: number, file: DiskFile) {
    this.#path = path;
    this.#mode = mode;
    this.file = file;
    this.found = fstatSync(file.fd).size;
    this.record = this.#current = readRecord(recordPath(path));
  }

  /**
   * Opens the file of an earlier attempt, or a new one. `mode` is the mode of the target, `null` if
   * it does not exist yet. Throws if another download uses the file.
   */
  static open(path: string, mode: number | null): PartialFile {
    for (;;) {
      // resuming needs read and write permission for the user
      const partMode = (mode ?? 0) | PRIVATE, file = openDiskFile(path, partMode);
      try {
        if (!file.lock()) throw new Error("another download is writing it");
        if (isAt(path, file.fd)) {
          fchmodSync(file.fd, partMode);
          return new PartialFile(path, partMode, file);
        }
      } catch (error) {
        closeAll(file);
        throw error;
      }
      closeAll(file); // another download has just renamed it
    }
  }

  startAt(at: number, record: PartialFileRecord | null): void {
    if (at > 0) {
      this.file.truncate(at); // a retry by libcurl may already have written bytes
      return;
    }
    // in this order, so that the record never describes other bytes, even after a crash
    this.#deleteRecord();
    this.file.truncate(0);
    if (record) this.saveRecord(record);
  }

  saveRecord(record: PartialFileRecord): void {
    this.#deleteRecord();
    const fd = createOwn(recordPath(this.#path), this.#mode);
    try {
      writeFileSync(fd, JSON.stringify(record));
    } finally {
      closeSync(fd);
    }
    this.#current = record;
  }

  #deleteRecord(): void {
    this.#current = null;
    rmSync(recordPath(this.#path), { force: true });
  }

  finish(target: string, expected: number | null, exclusive: boolean): number {
    this.#close();
    const { fd } = this.file, { size } = fstatSync(fd);
    if (expected !== null && size !== expected) {
      if (size > expected) this.#deleteRecord(); // not a beginning of that file
      throw new Error(`it has ${size} bytes, but should have ${expected}`);
    }
    fchmodSync(fd, finalMode(statOf(target)));
    if (!isAt(this.#path, fd)) throw inTheWay(this.#path);
    (exclusive ? renameExclusive : renameSync)(this.#path, target);
    // another process may have replaced the file, just before the rename or since
    if (!isAt(target, fd)) {
      // a link that replaced the file just before the rename: the next download would follow it
      if (statOf(target)?.isSymbolicLink()) rmSync(target, { force: true });
      throw new Error("another process has replaced it");
    }
    this.#deleteRecord();
    this.file.release(); // after the rename: another download must not open the path before it
    return size;
  }

  closeUnfinished(): void {
    try {
      this.#close();
    } finally {
      this.#discard();
    }
  }

  /** Deletes useless files, and unlocks the partial file. */
  #discard(): void {
    try {
      // bytes that were written before the disk was full can still be used
      if (this.#current && fstatSync(this.file.fd).size > 0) return;
      this.#deleteRecord();
      if (isAt(this.#path, this.file.fd)) rmSync(this.#path, { force: true });
    } finally {
      this.file.release();
    }
  }

  #close(): void {
    try {
      this.file.close();
    } catch (error) {
      if (this.file.hasHoles) this.#deleteRecord();
      throw error;
    }
  }
}

function openDiskFile(path: string, mode: number): DiskFile {
  return new DiskFile(openOrCreateOwn(path, mode));
}

function closeAll(file: DiskFile): void {
  file.release();
  file.close();
}

const recordPath = (path: string) => `${path}.json`;

function readRecord(path: string): PartialFileRecord | null {
  const fd = openOwnToRead(path);
  if (fd === null) return null;
  let bytes: Uint8Array | null;
  try {
    bytes = readAtMost(fd, MAX_RECORD);
  } finally {
    closeSync(fd);
  }
  if (bytes === null) throw inTheWay(path);
  try {
    const { url, validator, size } = Object(JSON.parse(new TextDecoder().decode(bytes)));
    if (typeof url !== "string" || typeof validator !== "string") return null;
    return { url, validator, size: Number.isSafeInteger(size) ? size : null };
  } catch (error) {
    if (isInstance(error, SyntaxError)) return null;
    throw error;
  }
}

/** Renames to a name that must not exist, since the server has chosen it. */
function renameExclusive(path: string, target: string): void {
  const fd = createOwn(target, PRIVATE);
  try {
    renameSync(path, target);
  } catch (error) {
    if (isAt(target, fd)) rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** The permissions of the file that is replaced, or else those of any new file. */
function finalMode(target: Stats | null): number {
  return target?.isFile() ? target.mode & 0o777 : 0o666 & ~process.umask();
}

/** A device, such as `/dev/null`, is written to directly and never replaced. */
export class DeviceFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found = 0;
  readonly record = null;

  /** Opens the device. */
  constructor(path: string) {
    const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    if (!fstatSync(fd).isCharacterDevice()) {
      closeSync(fd);
      throw new Error("it is no longer a device");
    }
    this.file = new DiskFile(fd);
  }

  startAt(): void {}

  saveRecord(): void {}

  finish(): null {
    this.closeUnfinished();
    return null;
  }

  closeUnfinished(): void {
    try {
      this.file.close();
    } finally {
      this.file.release();
    }
  }
}

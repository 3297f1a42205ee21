/**
 * Partial files: what the bytes of a download are written to until it is complete.
 *
 * @module
 */

import { rmSync, writeFileSync } from "node:fs";
import { chmod, lstat, open, readFile, rename, rm, stat } from "node:fs/promises";
import { DiskFile, userId } from "../../handles/easy/disk_file.ts";
import { isInstance } from "../../untrusted.ts";
import type { PartialFileRecord } from "./resume.ts";

/** What a download is written to. */
export interface DownloadSink {
  readonly file: DiskFile;
  /** How many bytes an earlier attempt has left. */
  readonly found: number;
  /** Which remote file they belong to, `null` if unknown. */
  readonly record: PartialFileRecord | null;
  /**
   * Cuts the file to `at` bytes; the next ones are appended. `record` is of a file that starts from
   * 0. Runs inside a libcurl callback.
   */
  startAt(at: number, record: PartialFileRecord | null): void;
  /** Records which remote file the bytes belong to, if that is known only later. */
  saveRecord(record: PartialFileRecord): void;
  /**
   * Closes the file and renames it to `target`, which must not exist if `exclusive`. Throws if its
   * size is not `expected`, if that is known. Returns the size, `null` for a device.
   */
  finish(target: string, expected: number | null, exclusive: boolean): Promise<number | null>;
  /** Closes the file, and deletes it unless the download can be resumed. */
  closeUnfinished(): Promise<void>;
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** The size of a file, `null` if it does not exist. */
async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * A hidden file beside the target. A second file beside it has the record: which remote file the
 * bytes belong to.
 */
export class PartialFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found: number;
  readonly record: PartialFileRecord | null;
  readonly #path: string;
  /** The record on disk. */
  #current: PartialFileRecord | null;

  private constructor(
    path: string,
    file: DiskFile,
    found: number,
    record: PartialFileRecord | null,
  ) {
    this.#path = path;
    this.file = file;
    this.found = found;
    this.record = this.#current = record;
  }

  /** Opens the file of an earlier attempt, or a new one. Throws if another download uses it. */
  static async open(path: string): Promise<PartialFile> {
    for (;;) {
      await createOrVerify(path);
      const file = new DiskFile(path, "a");
      try {
        if (!file.lock()) throw new Error("another download is writing it");
        const found = await fileSize(path);
        if (found !== null) return new PartialFile(path, file, found, await readRecord(path));
      } catch (error) {
        release(file);
        throw error;
      }
      release(file); // another download has just renamed it
    }
  }

  startAt(at: number, record: PartialFileRecord | null): void {
    if (at > 0) {
      this.file.truncate(at); // a retry by libcurl may have written bytes already
      return;
    }
    // in this order, so that the record never describes other bytes, even after a crash
    this.#deleteRecord();
    this.file.truncate(0);
    if (record) this.saveRecord(record);
  }

  saveRecord(record: PartialFileRecord): void {
    writeFileSync(recordPath(this.#path), JSON.stringify(record));
    this.#current = record;
  }

  #deleteRecord(): void {
    this.#current = null;
    rmSync(recordPath(this.#path), { force: true });
  }

  async finish(target: string, expected: number | null, exclusive: boolean): Promise<number> {
    this.#close();
    const size = await fileSize(this.#path) ?? 0;
    if (expected !== null && size !== expected) {
      if (size > expected) this.#deleteRecord(); // not a beginning of that file
      throw new Error(`it has ${size} bytes, but should have ${expected}`);
    }
    await copyMode(this.#path, target);
    await (exclusive ? renameExclusive : rename)(this.#path, target);
    this.#deleteRecord();
    this.file.unlock(); // after the rename: another download must not open the path before it
    return size;
  }

  async closeUnfinished(): Promise<void> {
    try {
      this.#close();
    } finally {
      // bytes that were written before the disk was full can still be used
      if (!this.#current || !await fileSize(this.#path)) {
        this.#deleteRecord();
        await rm(this.#path, { force: true });
      }
      this.file.unlock();
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

function release(file: DiskFile): void {
  file.unlock();
  file.close();
}

const recordPath = (path: string) => `${path}.json`;

/** Creates the file. One that exists must be our own: the folder may be writable by others. */
async function createOrVerify(path: string): Promise<void> {
  try {
    return await (await open(path, "wx")).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = await lstat(path);
  if (!found.isFile() || found.nlink > 1 || found.uid !== (userId() ?? found.uid)) {
    throw new Error(`${path} is in the way`);
  }
}

async function readRecord(path: string): Promise<PartialFileRecord | null> {
  try {
    const found: unknown = JSON.parse(await readFile(recordPath(path), "utf8"));
    const { url, validator, size } = Object(found);
    if (typeof url !== "string" || typeof validator !== "string") return null;
    return { url, validator, size: Number.isSafeInteger(size) ? size : null };
  } catch (error) {
    if (isInstance(error, SyntaxError) || isMissing(error)) return null;
    throw error;
  }
}

/** Renames to a name that must not exist, since the server has chosen it. */
async function renameExclusive(path: string, target: string): Promise<void> {
  await (await open(target, "wx")).close();
  try {
    await rename(path, target);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/** Gives the new file the permissions of the one that it replaces. */
async function copyMode(path: string, target: string): Promise<void> {
  try {
    await chmod(path, (await stat(target)).mode & 0o777);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A device, such as `/dev/null`: it is written to directly and never replaced. */
export class DeviceFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found = 0;
  readonly record = null;

  /** Opens the device. */
  constructor(path: string) {
    this.file = new DiskFile(path, "a");
  }

  startAt(): void {}

  saveRecord(): void {}

  finish(): Promise<null> {
    return this.closeUnfinished().then(() => null);
  }

  // deno-lint-ignore require-await -- what close() throws is to be a rejection
  async closeUnfinished(): Promise<void> {
    this.file.close();
  }
}

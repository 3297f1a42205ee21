/**
 * Where the bytes of a download go until they are all there.
 *
 * @module
 */

import { rmSync, writeFileSync } from "node:fs";
import { chmod, lstat, open, readFile, rename, rm, stat } from "node:fs/promises";
import { DiskFile, userId } from "../../handles/easy/disk_file.ts";
import type { PartialFileRecord } from "./resume.ts";

/** A place for the bytes of a download. */
export interface DownloadSink {
  readonly file: DiskFile;
  /** How many bytes were there before. */
  readonly found: number;
  /** What they are of, `null` where that is unknown. */
  readonly record: PartialFileRecord | null;
  /** The bytes that come now belong after the first `at`. Runs in a callback of libcurl. */
  startAt(at: number, record: PartialFileRecord | null): void;
  /** Remembers what they are of, where it is only learned later. */
  saveRecord(record: PartialFileRecord): void;
  /**
   * Closes the file and makes it the target; `expected` is its size, where known. Gives the size,
   * where there is one.
   */
  finish(target: string, expected: number | null, exclusive: boolean): Promise<number | null>;
  /** Closes the file, and keeps it where the download can go on later. */
  closeUnfinished(): Promise<void>;
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** The size of a file, `null` where there is none. */
async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** A file beside the target, with a record beside itself. */
export class PartialFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found: number;
  readonly record: PartialFileRecord | null;
  readonly #path: string;
  /** The record as it is now. */
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

  /** Opens what an earlier attempt left, or a new file. Throws where another download has it. */
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
      release(file); // the download that had it has just ended
    }
  }

  startAt(at: number, record: PartialFileRecord | null): void {
    if (at > 0) {
      this.file.truncate(at); // libcurl may have begun once before
      return;
    }
    // in this order: whatever happens, a record is never of other bytes
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
      if (size > expected) this.#deleteRecord(); // whatever that is, it is no part of it
      throw new Error(`it has ${size} bytes, but should have ${expected}`);
    }
    await copyMode(this.#path, target);
    await (exclusive ? renameExclusive : rename)(this.#path, target);
    this.#deleteRecord();
    this.file.unlock(); // not before: another download must not find the path in between
    return size;
  }

  async closeUnfinished(): Promise<void> {
    try {
      this.#close();
    } finally {
      // a full disk leaves a good beginning
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

/** A folder may be everybody's: what lies there under the part's name need not be ours. */
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
    if (error instanceof SyntaxError || isMissing(error)) return null;
    throw error;
  }
}

/** Renames to a name that must be free: it was somebody else who chose it. */
async function renameExclusive(path: string, target: string): Promise<void> {
  await (await open(target, "wx")).close();
  try {
    await rename(path, target);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/** Who may read the file does not change by a new version of it. */
async function copyMode(path: string, target: string): Promise<void> {
  try {
    await chmod(path, (await stat(target)).mode & 0o777);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A device, such as `/dev/null`: it is written as it is, and never replaced. */
export class DeviceFile implements DownloadSink {
  readonly file: DiskFile;
  readonly found = 0;
  readonly record = null;

  /** Opens it. */
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

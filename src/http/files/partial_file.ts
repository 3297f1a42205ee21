/**
 * Where the bytes of a download go until they are all there.
 *
 * @module
 */

import { rmSync, writeFileSync } from "node:fs";
import { chmod, lstat, open, readFile, rename, rm, stat } from "node:fs/promises";
import { DiskFile, userId } from "../../handles/easy/disk_file.ts";
import type { PartRecord } from "./resume.ts";

/** A place for the bytes of a download. */
export interface Sink {
  readonly file: DiskFile;
  /** How many bytes were there before. */
  readonly found: number;
  /** What they are of, `null` where that is unknown. */
  readonly record: PartRecord | null;
  /** The bytes that come now belong after the first `at`. Runs in a callback of libcurl. */
  begin(at: number, record: PartRecord | null): void;
  /** Remembers what they are of, where it is only learned later. */
  remember(record: PartRecord): void;
  /**
   * Closes the file and makes it the target; `expected` is its size, where known. Gives the size,
   * where there is one.
   */
  finish(target: string, expected: number | null, exclusive: boolean): Promise<number | null>;
  /** Closes the file, and keeps it where the download can go on later. */
  abandon(): Promise<void>;
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** The size of a file, `null` where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** A file beside the target, with a record beside itself. */
export class Part implements Sink {
  readonly file: DiskFile;
  readonly found: number;
  readonly record: PartRecord | null;
  readonly #path: string;
  /** The record as it is now. */
  #current: PartRecord | null;

  private constructor(path: string, file: DiskFile, found: number, record: PartRecord | null) {
    this.#path = path;
    this.file = file;
    this.found = found;
    this.record = this.#current = record;
  }

  /** Opens what an earlier attempt left, or a new file. Throws where another download has it. */
  static async open(path: string): Promise<Part> {
    for (;;) {
      await createOwn(path);
      const file = new DiskFile(path, "a");
      try {
        if (!file.lock()) throw new Error("another download is writing it");
        const found = await sizeOf(path);
        if (found !== null) return new Part(path, file, found, await readRecord(path));
      } catch (error) {
        dispose(file);
        throw error;
      }
      dispose(file); // the download that had it has just ended
    }
  }

  begin(at: number, record: PartRecord | null): void {
    if (at > 0) {
      this.file.truncate(at); // libcurl may have begun once before
      return;
    }
    // in this order: whatever happens, a record is never of other bytes
    this.#forget();
    this.file.truncate(0);
    if (record) this.remember(record);
  }

  remember(record: PartRecord): void {
    writeFileSync(recordPath(this.#path), JSON.stringify(record));
    this.#current = record;
  }

  #forget(): void {
    this.#current = null;
    rmSync(recordPath(this.#path), { force: true });
  }

  async finish(target: string, expected: number | null, exclusive: boolean): Promise<number> {
    this.#close();
    const size = await sizeOf(this.#path) ?? 0;
    if (expected !== null && size !== expected) {
      if (size > expected) this.#forget(); // whatever that is, it is no part of it
      throw new Error(`it has ${size} bytes, but should have ${expected}`);
    }
    await takeMode(this.#path, target);
    await (exclusive ? renameNew : rename)(this.#path, target);
    this.#forget();
    this.file.unlock(); // not before: another download must not find the path in between
    return size;
  }

  async abandon(): Promise<void> {
    try {
      this.#close();
    } finally {
      // a full disk leaves a good beginning
      if (!this.#current || !await sizeOf(this.#path)) {
        this.#forget();
        await rm(this.#path, { force: true });
      }
      this.file.unlock();
    }
  }

  #close(): void {
    try {
      this.file.close();
    } catch (error) {
      if (this.file.hasHoles) this.#forget();
      throw error;
    }
  }
}

function dispose(file: DiskFile): void {
  file.unlock();
  file.close();
}

const recordPath = (path: string) => `${path}.json`;

/** A folder may be everybody's: what lies there under the part's name need not be ours. */
async function createOwn(path: string): Promise<void> {
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

async function readRecord(path: string): Promise<PartRecord | null> {
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
async function renameNew(path: string, target: string): Promise<void> {
  await (await open(target, "wx")).close();
  try {
    await rename(path, target);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/** Who may read the file does not change by a new version of it. */
async function takeMode(path: string, target: string): Promise<void> {
  try {
    await chmod(path, (await stat(target)).mode & 0o777);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A device, such as `/dev/null`: it is written as it is, and never replaced. */
export class Device implements Sink {
  readonly file: DiskFile;
  readonly found = 0;
  readonly record = null;

  /** Opens it. */
  constructor(path: string) {
    this.file = new DiskFile(path, "a");
  }

  begin(): void {}

  remember(): void {}

  finish(): Promise<null> {
    return this.abandon().then(() => null);
  }

  // deno-lint-ignore require-await -- what close() throws is to be a rejection
  async abandon(): Promise<void> {
    this.file.close();
  }
}

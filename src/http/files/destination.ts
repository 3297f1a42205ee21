/**
 * Where a download goes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { nameOfDisposition, nameOfUrl, truncateUtf8 } from "./file_name.ts";
import { DeviceFile, type DownloadSink, PartialFile } from "./partial_file.ts";

/** Most file systems take names of that many bytes. */
const MAX_NAME = 255;
const SUFFIX = ".curlew-part";
const RECORD_SUFFIX_LENGTH = ".json".length;

/** Where a download goes. */
export interface Destination {
  open(): Promise<DownloadSink>;
  /** The path of the file, and whether it must be free. Throws where that is not so. */
  finalPath(disposition: string | null, last: URL): FinalPath;
}

/** See {@linkcode Destination.finalPath}. */
export interface FinalPath {
  readonly path: string;
  readonly exclusive: boolean;
}

/** Finds out what is at a path. */
export async function findDestination(
  path: string,
  url: URL,
  overwrite: boolean | undefined,
): Promise<Destination> {
  if (path === "" || path.includes("\0")) throw new Error("that is no path");
  const found = await stat(path).catch(nullIfMissing);
  if (found?.isDirectory()) return destinationInFolder(path, url, overwrite);
  if (!found && /[/\\]$/.test(path)) throw new Error("there is no such folder");
  if (found?.isCharacterDevice()) {
    return {
      open: () => Promise.resolve(new DeviceFile(path)),
      finalPath: () => fixedPath(path, false),
    };
  }
  if (found && !found.isFile()) throw new Error("it is no regular file");
  if (found && overwrite === false) throw new Error("it exists already");
  // a link stays one
  const real = found ? await realpath(path) : path;
  const part = partialPath(dirname(real), basename(real));
  return {
    open: () => PartialFile.open(part),
    finalPath: () => fixedPath(real, overwrite === false),
  };
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

const fixedPath = (path: string, exclusive: boolean): FinalPath => ({ path, exclusive });

/** The name of the file is known when the head has come; that of its part must be before. */
function destinationInFolder(
  folder: string,
  url: URL,
  overwrite: boolean | undefined,
): Destination {
  const own = nameOfUrl(url);
  const digest = shortHash(url.href);
  const part = partialPath(folder, `${own ?? "download"}-${digest}`);
  const finalPath = (disposition: string | null, last: URL): FinalPath => {
    const given = nameOfDisposition(disposition) ?? (own === null ? nameOfUrl(last) : null);
    const path = join(folder, given ?? own ?? "download");
    // the server must not choose which of the files that are there is replaced
    const exclusive = !(overwrite ?? given === null);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && (exclusive || !found.isFile())) {
      throw new TypeError(
        `Cannot write ${path}: ${found.isFile() ? "it exists already" : "it is no regular file"}`,
      );
    }
    return { path, exclusive };
  };
  return { open: () => PartialFile.open(part), finalPath };
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);

function partialPath(folder: string, name: string): string {
  const most = MAX_NAME - 1 - SUFFIX.length - RECORD_SUFFIX_LENGTH;
  if (new TextEncoder().encode(name).length <= most) return join(folder, `.${name}${SUFFIX}`);
  const digest = shortHash(name);
  return join(folder, `.${truncateUtf8(name, most - digest.length)}${digest}${SUFFIX}`);
}

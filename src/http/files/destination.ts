/**
 * The destination of a download: the partial file that it is written to, and its final path.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstat, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { userId } from "../../handles/easy/disk_file.ts";
import { nameOfDisposition, nameOfUrl, truncateUtf8 } from "./file_name.ts";
import { statOf } from "./own_file.ts";
import { DeviceFile, type DownloadSink, PartialFile } from "./partial_file.ts";
import { typeError } from "../errors.ts";

/** The maximum length of a file name in bytes, on most file systems. */
const MAX_NAME = 255;
const SUFFIX = ".curlew-part";
const RECORD_SUFFIX_LENGTH = ".json".length;

/** The destination of a download, after its `path` was examined. */
export interface Destination {
  /** Opens the sink for the bytes. Throws `Error` if it cannot be opened. */
  open(): DownloadSink;
  /**
   * The path of the finished file, which may depend on Content-Disposition and the last URL. Throws
   * `TypeError` if it must not be written.
   */
  finalPath(disposition: string | null, last: URL): FinalPath;
}

/** The path of the finished file. */
export interface FinalPath {
  readonly path: string;
  /** Whether no file of that name may exist. */
  readonly exclusive: boolean;
}

/** Examines the `path` of a download. Throws `Error` if it cannot be written. */
export async function findDestination(
  path: string,
  url: URL,
  overwrite: boolean | undefined,
): Promise<Destination> {
  if (path === "" || path.includes("\0")) throw new Error("that is not a path");
  const found = await stat(path).catch(nullIfMissing);
  if (found?.isDirectory()) return destinationInFolder(path, url, overwrite);
  if (!found && /[/\\]$/.test(path)) throw new Error("there is no such folder");
  if (found?.isCharacterDevice()) {
    return {
      open: () => new DeviceFile(path),
      finalPath: () => fixedPath(path, false),
    };
  }
  if (found && !found.isFile()) throw new Error("it is not a regular file");
  if (found && overwrite === false) throw new Error("it exists already");
  // a symbolic link is kept: its target is replaced
  if (found) await checkLink(path);
  const real = found ? await realpath(path) : path;
  const part = partialPath(dirname(real), basename(real));
  return {
    open: () => PartialFile.open(part, found ? found.mode & 0o777 : null),
    finalPath: () => fixedPath(real, overwrite === false),
  };
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

/**
 * Throws for a symbolic link of another user in a folder where others may write: it could lead to
 * any file of this user.
 */
async function checkLink(path: string): Promise<void> {
  const link = await lstat(path), user = userId();
  if (!link.isSymbolicLink() || user === null || link.uid === user) return;
  if (link.uid !== (await stat(dirname(path))).uid) throw new Error("it is a link of another user");
}

const fixedPath = (path: string, exclusive: boolean): FinalPath => ({ path, exclusive });

/** The destination in a folder. The name of the file is known only when the head has arrived. */
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
    // the server must not choose which existing file is replaced
    const exclusive = !(overwrite ?? given === null);
    const found = statOf(path);
    if (found && (exclusive || !found.isFile())) {
      throw typeError(
        `Cannot write ${path}: ${
          found.isFile() ? "it exists already" : "it is not a regular file"
        }`,
      );
    }
    return { path, exclusive };
  };
  return { open: () => PartialFile.open(part, null), finalPath };
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);

function partialPath(folder: string, name: string): string {
  const most = MAX_NAME - 1 - SUFFIX.length - RECORD_SUFFIX_LENGTH;
  if (new TextEncoder().encode(name).length <= most) return join(folder, `.${name}${SUFFIX}`);
  const digest = shortHash(name);
  return join(folder, `.${truncateUtf8(name, most - digest.length)}${digest}${SUFFIX}`);
}

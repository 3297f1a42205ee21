/**
 * Where a download goes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cut, nameOfDisposition, nameOfUrl } from "./file_name.ts";
import { Device, Part, type Sink } from "./partial_file.ts";

/** Most file systems take names of that many bytes. */
const MAX_NAME = 255;
const SUFFIX = ".curlew-part";
const RECORD_SUFFIX_LENGTH = ".json".length;

/** Where a download goes. */
export interface Place {
  open(): Promise<Sink>;
  /** The path of the file, and whether it must be free. Throws where that is not so. */
  target(disposition: string | null, last: URL): Target;
}

/** See {@linkcode Place.target}. */
export interface Target {
  readonly path: string;
  readonly exclusive: boolean;
}

/** Finds out what is at a path. */
export async function findPlace(
  path: string,
  url: URL,
  overwrite: boolean | undefined,
): Promise<Place> {
  if (path === "" || path.includes("\0")) throw new Error("that is no path");
  const found = await stat(path).catch(whereMissing);
  if (found?.isDirectory()) return inFolder(path, url, overwrite);
  if (!found && /[/\\]$/.test(path)) throw new Error("there is no such folder");
  if (found?.isCharacterDevice()) {
    return { open: () => Promise.resolve(new Device(path)), target: () => fixed(path, false) };
  }
  if (found && !found.isFile()) throw new Error("it is no regular file");
  if (found && overwrite === false) throw new Error("it exists already");
  // a link stays one
  const real = found ? await realpath(path) : path;
  const part = partPath(dirname(real), basename(real));
  return { open: () => Part.open(part), target: () => fixed(real, overwrite === false) };
}

function whereMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

const fixed = (path: string, exclusive: boolean): Target => ({ path, exclusive });

/** The name of the file is known when the head has come; that of its part must be before. */
function inFolder(folder: string, url: URL, overwrite: boolean | undefined): Place {
  const own = nameOfUrl(url);
  const digest = shortHash(url.href);
  const part = partPath(folder, `${own ?? "download"}-${digest}`);
  const target = (disposition: string | null, last: URL): Target => {
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
  return { open: () => Part.open(part), target };
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);

function partPath(folder: string, name: string): string {
  const most = MAX_NAME - 1 - SUFFIX.length - RECORD_SUFFIX_LENGTH;
  if (new TextEncoder().encode(name).length <= most) return join(folder, `.${name}${SUFFIX}`);
  const digest = shortHash(name);
  return join(folder, `.${cut(name, most - digest.length)}${digest}${SUFFIX}`);
}

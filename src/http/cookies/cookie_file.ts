/**
 * Cookie files in Netscape's format. A character stands for a byte, as in libcurl's own lines.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { fileError } from "../errors.ts";
import { replaceFile } from "../replace_file.ts";
import { wrong } from "../shown.ts";
import { cookieOf } from "./cookie.ts";

/** Read and write permission for the user only. */
const PRIVATE = 0o600;

const HEAD = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n";

function checkPath(path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return;
  throw wrong("use a file of cookies", "its path", "a string, not empty, without NUL", path);
}

/**
 * Reads the cookie lines of a file. Throws `TypeError` if that fails, and for lines of another
 * kind.
 */
export async function readCookieFile(path: string): Promise<string[]> {
  checkPath(path);
  const text = await readFile(path, "latin1").catch((cause) => {
    throw fileError("read", path, cause);
  });
  return text.split("\n").flatMap((full, i) => {
    const line = full.replace(/\r$/, "");
    if (line.trim() === "" || (line.startsWith("#") && !line.startsWith("#HttpOnly_"))) return [];
    if (cookieOf(line)) return [line];
    const why = "is neither a comment nor a cookie in Netscape's format";
    throw new TypeError(`Cannot read ${path}: line ${i + 1} ${why}`);
  });
}

/** Replaces a file atomically by a new one that only the user can read. Throws `TypeError`. */
export async function writeCookieFile(path: string, lines: readonly string[]): Promise<void> {
  checkPath(path);
  const text = HEAD + lines.map((line) => `${line}\n`).join("");
  await replaceFile(path, Buffer.from(text, "latin1"), PRIVATE);
}

/**
 * Files of cookies in Netscape's format. A character stands for a byte, as in libcurl's own lines.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { fileError } from "../errors.ts";
import { replaceFile } from "../replace_file.ts";
import { wrong } from "../shown.ts";
import { cookieOf } from "./cookie.ts";

/** Nobody but the user may read or write. */
const PRIVATE = 0o600;

const HEAD = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n";

function checkPath(path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return;
  throw wrong("use a file of cookies", "its path", "a string, not empty, without NUL", path);
}

/** Reads the lines of the cookies in a file. Throws `TypeError` if it cannot, or for other lines. */
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

/** Replaces a file in one step by a new one, which only the user can read. Throws `TypeError`. */
export async function writeCookieFile(path: string, lines: readonly string[]): Promise<void> {
  checkPath(path);
  const text = HEAD + lines.map((line) => `${line}\n`).join("");
  await replaceFile(path, Buffer.from(text, "latin1"), PRIVATE);
}

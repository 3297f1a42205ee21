// The FTP server's files, in memory: absolute path → bytes; folders are listed separately.
import { Buffer } from "node:buffer";
import { posix } from "node:path";
import { pattern } from "../pattern.mjs";

const MIB = 1 << 20;

export const files = new Map([
  ["/hello.txt", Buffer.from("hello from ftp\n")],
  ["/big.bin", pattern(0, MIB)],
  ["/dir/a.txt", Buffer.from("a\n")],
  ["/dir/b.txt", Buffer.from("bb\n")],
]);

export const folders = new Set(["/", "/dir"]);

/** Names in a folder, sorted; null where there is no such folder. */
export function list(folder) {
  if (!folders.has(folder)) return null;
  const inside = [...files.keys(), ...folders].filter((path) =>
    path !== "/" && posix.dirname(path) === folder
  );
  return inside.map((path) => posix.basename(path)).sort();
}

/** A line as `ls -l` writes it: libcurl's wildcard matching parses this. */
export function longLine(folder, name) {
  const path = posix.join(folder, name);
  const isFolder = folders.has(path);
  const size = String(files.get(path)?.length ?? 4096).padStart(12);
  const mode = isFolder ? "drwxr-xr-x" : "-rw-r--r--";
  return `${mode} ${isFolder ? 2 : 1} ftp      ftp      ${size} Jan  1 00:00 ${name}`;
}

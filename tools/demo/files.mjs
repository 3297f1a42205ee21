// Names for the files that the demo saves: base names only, made from the URLs.
import { Buffer } from "node:buffer";
import { lstatSync } from "node:fs";
import { extname, join } from "node:path";

const LONGEST = 100; // in bytes; every file system takes 255

function parse(url) {
  for (const text of [url, `http://${url}`]) {
    if (URL.canParse(text)) return new URL(text);
  }
  return null;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shorten(name) {
  const extension = extname(name).slice(0, 12);
  let stem = name.slice(0, name.length - extname(name).length);
  while (Buffer.byteLength(stem + extension) > LONGEST) stem = [...stem].slice(0, -1).join("");
  return stem + extension;
}

/** The last non-empty part of a URL's path, as a base name without a leading dot. */
export function safeName(url) {
  const { pathname = "", hostname = "" } = parse(url) ?? {};
  const parts = [...pathname.split("/").reverse(), hostname, "download"];
  for (const part of parts) {
    const name = decode(part).replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/, "");
    if (name !== "") return shorten(name);
  }
}

/** A path for each URL: none exists, and all are different on any file system. */
export function chooseFiles(folder, urls) {
  const taken = new Set();
  const free = (name) =>
    !taken.has(name.toLowerCase()) && !lstatSync(join(folder, name), { throwIfNoEntry: false });
  return urls.map((url) => {
    const wanted = safeName(url), extension = extname(wanted);
    const stem = wanted.slice(0, wanted.length - extension.length);
    let name = wanted;
    for (let i = 2; !free(name); i++) name = `${stem}-${i}${extension}`;
    taken.add(name.toLowerCase());
    return join(folder, name);
  });
}

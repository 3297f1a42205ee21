// Checks the built site: each link and anchor has a target, each sub-path has a page, no page loads
// anything from another host, and llms.txt names each page.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { DIST, subPaths } from "./paths.mjs";

const files = readdirSync(DIST, { recursive: true }).map((file) => file.replaceAll("\\", "/"));
const known = new Set(files);
const pages = files.filter((file) => file.endsWith(".html"));
const texts = new Map(pages.map((page) => [page, readFileSync(join(DIST, page), "utf8")]));
const anchors = new Map(
  [...texts].map(([page, text]) => [
    page,
    new Set([...text.matchAll(/ (?:id|name)="([^"]+)"/g)].map(([, id]) => unescaped(id))),
  ]),
);
const faults = [];

function unescaped(text) {
  return text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
}

/** The fault of a link on a page, `null` for none. */
function faultOf(page, link) {
  const [path, anchor] = unescaped(link).split("#");
  const base = path.startsWith("/") ? path.slice(1) : posix.join(dirname(page), path);
  const file = path === "" ? page : base === "" || base.endsWith("/") ? `${base}index.html` : base;
  const target = decodeURIComponent(file.replace(/^\.\//, ""));
  if (!known.has(target)) return "no such file";
  const isKnown = !anchor || !target.endsWith(".html") ||
    anchors.get(target).has(decodeURIComponent(anchor));
  return isKnown ? null : "no such anchor";
}

let links = 0;
for (const [page, text] of texts) {
  for (const [, name, link] of text.matchAll(/ (href|src)="([^"]*)"/g)) {
    if (/^https?:/.test(link) && name === "href") continue;
    links++;
    const fault = /^[a-z]+:/.test(link) ? "loaded from elsewhere" : faultOf(page, link);
    if (fault) faults.push(`${page}: ${link}: ${fault}`);
  }
  // what a page loads itself, as opposed to links
  for (
    const [tag] of text.matchAll(
      /<(?:link|script|img|iframe|source)\b[^>]*(?:href|src)="https?:[^>]*>/g,
    )
  ) {
    faults.push(`${page}: ${tag}: loaded from elsewhere`);
  }
}
for (const file of files.filter((file) => file.endsWith(".css"))) {
  const loaded = readFileSync(join(DIST, file), "utf8").match(/url\(["']?(?:https?:)?\/\/[^)]*\)/g);
  for (const url of loaded ?? []) faults.push(`${file}: ${url}: loaded from elsewhere`);
}
for (const name of subPaths().keys()) {
  if (!known.has(`api/${name}/index.html`)) faults.push(`${name}: no page`);
}
const list = readFileSync(join(DIST, "llms.txt"), "utf8");
for (const page of pages.filter((page) => page !== "404.html")) {
  if (!list.includes(`(/${page})`)) faults.push(`${page}: not in llms.txt`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(
  `${pages.length} pages, ${links} links inside of the site, ${faults.length} faults\n`,
);
if (pages.length < 100 || links < 1_000 || faults.length > 0) process.exitCode = 1;

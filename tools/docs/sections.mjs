// Copies a section of another document into a page, so that it is written only once:
//
//   <!-- section README.md "Sessions" -->
//
// is replaced by the text below that heading there, in a document or in the first comment of a
// source file. Links are changed to pages of the site; a link without a known page ends the build.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.mjs";

const MARK = /^<!-- section (\S+\.(?:md|ts))(?: "([^"]+)")? -->$/gm;
const FENCE = /^```/;

/** The pages of the site for the links in the documents. */
const PAGES = {
  "#a-protocol-of-your-own": "/guide/fetch#a-protocol-of-your-own",
  "#curl-commands": "/guide/commands",
  "#install": "/start/deno",
  "#seeing-what-happened": "/guide/observe",
  "#sessions": "/guide/sessions",
  "#the-response": "/guide/fetch#the-response",
  "#what-is-libcurls-part": "/security#what-is-libcurl-s-part",
  "LIMITS.md": "/limits",
  "README.md#permissions": "/start/deno#permissions",
  "README.md#where-fetch-differs-from-the-standard-by-intent":
    "/guide/fetch#where-fetch-differs-from-the-standard-by-intent",
  "SECURITY.md": "/security",
  "SECURITY.md#what-is-libcurls-part": "/security#what-is-libcurl-s-part",
  "bench/performance.svg": "../bench/performance.svg",
  "examples/http/proxy.ts": "/cookbook/servers#proxy",
  "examples/loops/event_loop.ts": "/cookbook/loops#event-loop",
  "examples/loops/socket_all.ts": "/cookbook/loops#socket-all",
  "examples/protocols/connect_only.ts": "/cookbook/protocols#connect-only",
  "examples/scale/crawler.ts": "/cookbook/scale#crawler",
  "examples/scale/workers.ts": "/cookbook/scale#workers",
  "node_libcurl.ts": "/api/curlew/node-libcurl/",
};

/** Files that only a clone has: their names are kept, without a link. */
const IN_CLONE = ["ARCHITECTURE.md", "CONTRIBUTING.md", "bench/RESULTS.md", "bench/c/baseline.c"];

/** A line's heading level, 0 for other lines. */
const levelOf = (line) => /^(#+) /.exec(line)?.[1].length ?? 0;

/** The lines of a document, or of the first doc comment of a source file. */
function allLines(file) {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (file.endsWith(".md")) return text.split("\n");
  const [comment = ""] = /^\/\*\*[^]*?(?=@module)/.exec(text) ?? [];
  return comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
}

/**
 * The lines below a heading, up to the next one of its level; without a title all lines below the
 * first heading.
 */
function linesOf(file, title) {
  const lines = allLines(file);
  const isTitle = (line) => title ? line.replace(/^#+ /, "") === title : line.startsWith("# ");
  const start = lines.findIndex((line) => levelOf(line) > 0 && isTitle(line));
  if (start < 0) throw new Error(`${file} has no heading "${title}"`);
  const level = levelOf(lines[start]);
  let isCode = false;
  const end = lines.findIndex((line, at) => {
    if (FENCE.test(line)) isCode = !isCode;
    return at > start && !isCode && levelOf(line) > 0 && levelOf(line) <= level;
  });
  return { level, lines: lines.slice(start + 1, end < 0 ? undefined : end) };
}

/** Text whose links are changed to pages of the site. */
function withLinks(file, text) {
  return text.replaceAll(/\[((?:[^[\]]|\[[^\]]*\])*)\]\((?!https?:)([^)]+)\)/g, (_, words, to) => {
    if (IN_CLONE.includes(to.split("#")[0])) return words === to ? `\`${to}\`` : words;
    const page = PAGES[to];
    if (!page) throw new Error(`${file}: no page of the site is named for the link to ${to}`);
    return `[${words}](${page})`;
  });
}

/**
 * The text of a section; its headings are one level below the page's title, or below that of the
 * mark.
 */
function section(file, title, depth) {
  const { level, lines } = linesOf(file, title);
  let isCode = false;
  const moved = lines.map((line) => {
    if (FENCE.test(line)) isCode = !isCode;
    const own = isCode ? 0 : levelOf(line);
    return own === 0 ? line : `${"#".repeat(own - level + depth)}${line.slice(own)}`;
  });
  return withLinks(file, moved.join("\n").trim());
}

/** The text of a page, with sections instead of their marks. */
export function withSections(text) {
  return text.replaceAll(MARK, (_, file, title, at) => {
    const above = text.slice(0, at).split("\n").findLast((line) => levelOf(line) > 0) ?? "# ";
    return section(file, title, levelOf(above));
  });
}

/** A rule for markdown-it that does the same. */
export function sectionsRule(md) {
  md.core.ruler.before("normalize", "sections", (state) => {
    if (!state.inlineMode) state.src = withSections(state.src);
  });
}

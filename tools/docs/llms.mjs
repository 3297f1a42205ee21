// Writes llms.txt: every page of the site with its first sentence, for language models.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GROUPS } from "./menu.mjs";
import { API, DIST, DOCS, modules, subPaths } from "./paths.mjs";
import { firstSentence } from "./sentence.mjs";
import { withSections } from "./sections.mjs";

const HEAD = `# curlew

> libcurl for Deno and Bun in TypeScript, with no build step: the runtime's own FFI loads the libcurl
> of the system. fetch, download, upload, WebSocket, and curl's easy, multi, share, URL and MIME
> interfaces under curl's own names.

The addresses are paths of this site. The pages of the reference come from the doc comments.
`;

/** Markdown without links and escapes. */
const plain = (text) =>
  text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/\\(?=[_*<>])/g, "");

/** The first sentence of a page outside of code, tables, lists, headings and front matter. */
function summaryOf(file) {
  const text = withSections(readFileSync(file, "utf8")).replace(/^---\n[^]*?\n---\n/, "");
  const paragraphs = text.replaceAll(/```[^]*?```/g, "").split(/\n\n+/);
  const first = paragraphs.find((part) => /^[\p{L}[`*]/u.test(part.trim())) ?? "";
  return firstSentence(plain(first));
}

const entry = (title, page, file) => {
  const summary = summaryOf(file);
  return `- [${title}](${page})${summary ? `: ${summary}` : ""}`;
};

function guides() {
  const groups = Object.entries(GROUPS).map(([group, pages]) => {
    const lines = pages.map(([title, path]) => {
      const page = path.endsWith("/") ? `${path}index` : path;
      return entry(title, `${page}.html`, join(DOCS, `${page}.md`));
    });
    return `## ${group}\n\n${lines.join("\n")}\n`;
  });
  return [`- [Start](/index.html)\n`, ...groups];
}

/** The folders of a sub-path that contain pages. */
function reference(name) {
  const inner = [...subPaths().keys()].filter((path) => path.startsWith(`${name}/`));
  const files = readdirSync(join(API, name), { recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".md") && file !== "index.md")
    .filter((file) => !inner.some((path) => `${name}/${file}`.startsWith(`${path}/`)));
  const pages = files.sort().map((file) => {
    const title = file.replace(/\/index\.md$|\.md$/, "").split("/").at(-1);
    return entry(title, `/api/${name}/${file.replace(/\.md$/, ".html")}`, join(API, name, file));
  });
  const own = entry(name, `/api/${name}/index.html`, join(API, name, "index.md"));
  return `## Reference: ${name}\n\n${[own, ...pages].join("\n")}\n`;
}

if (!existsSync(DIST)) throw new Error("There is no site: run `npm run docs`");
const parts = [HEAD, ...guides(), "## Reference\n\n- [All of it](/api/index.html)\n"];
const text = [...parts, ...[...modules().keys()].map(reference)].join("\n");
writeFileSync(join(DIST, "llms.txt"), text);

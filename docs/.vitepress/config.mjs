// The site: `npm run docs` builds it. Nothing in it is loaded from elsewhere.
import { sectionsRule } from "../../tools/docs/sections.mjs";
import { nav, sidebar } from "../../tools/docs/menu.mjs";

export default {
  title: "curlew",
  description: "libcurl for Deno and Bun, with no build step",
  lang: "en",
  outDir: "dist",
  srcExclude: ["dist/**"],
  cleanUrls: false,
  metaChunk: true,
  head: [["link", { rel: "icon", href: "/curlew.svg", type: "image/svg+xml" }]],
  markdown: {
    config: sectionsRule,
    lineNumbers: false,
  },
  themeConfig: {
    nav: nav(),
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: "local", options: { detailedView: false } },
    socialLinks: [],
    docFooter: { prev: "Before", next: "Next" },
    externalLinkIcon: true,
  },
  vite: { build: { chunkSizeWarningLimit: 4_000 }, logLevel: "warn" },
};

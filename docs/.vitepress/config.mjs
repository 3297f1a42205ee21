// The site: `npm run docs` builds it. Nothing in it is loaded from elsewhere.
import { sectionsRule } from "../../tools/docs/sections.mjs";
import { nav, sidebar } from "../../tools/docs/menu.mjs";

// programs are up to 100 characters wide; pages of nothing but programs have no column beside them
const STYLE = `
  .vp-doc div[class*="language-"] code { font-size: 13px; }
  .VPDoc:not(.has-aside) .content-container.content-container { max-width: 900px; }
  .vp-doc a { text-underline-offset: 5px; } /* names have underscores */
  .vp-doc img { background: #fff; border-radius: 8px; }
  @media (max-width: 640px) {
    .vp-doc th, .vp-doc td { padding: 6px 8px; font-size: 13px; }
    .vp-doc td:first-child { min-width: 9rem; }
    .vp-doc td code { font-size: 12px; overflow-wrap: anywhere; }
  }
`;

/** Where a name is also one of node-libcurl's, curlew's own comes first. */
const searchOptions = { boostDocument: (id) => id.includes("/node-libcurl/") ? 0.3 : 1 };

export default {
  title: "curlew",
  description: "libcurl for Deno and Bun, with no build step",
  lang: "en",
  outDir: "dist",
  srcExclude: ["dist/**"],
  cleanUrls: false,
  metaChunk: true,
  head: [["link", { rel: "icon", href: "/curlew.svg", type: "image/svg+xml" }], [
    "style",
    {},
    STYLE,
  ]],
  markdown: {
    config: sectionsRule,
    lineNumbers: false,
  },
  themeConfig: {
    nav: nav(),
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: "local", options: { detailedView: false, miniSearch: { searchOptions } } },
    docFooter: { prev: "Before", next: "Next" },
    externalLinkIcon: true,
    notFound: {
      title: "There is no such page",
      quote: "Search for it, or begin at the start.",
      linkText: "Start",
    },
  },
  vite: { build: { chunkSizeWarningLimit: 4_000 }, logLevel: "warn" },
};

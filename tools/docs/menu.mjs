// The menu: the pages in the order in which they are read, and the reference by sub-path and name.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { API, modules, OPTIONS } from "./paths.mjs";

/** The written pages: title and path. */
export const GROUPS = {
  "Getting started": [
    ["On Deno", "/start/deno"],
    ["On Bun", "/start/bun"],
    ["Coming from fetch", "/guide/fetch"],
    ["Coming from node-libcurl", "/guide/node_libcurl"],
    ["Coming from curl's C API", "/guide/c_api"],
  ],
  "Guides": [
    ["Sessions", "/guide/sessions"],
    ["Seeing what happened", "/guide/observe"],
    ["curl commands", "/guide/commands"],
    ["WebSocket", "/guide/websocket"],
    ["In an unchanged program", "/guide/register"],
    ["Events and memory", "/guide/loops"],
  ],
  "Cookbook": [
    ["All tasks", "/cookbook/"],
    ["Requests", "/cookbook/requests"],
    ["Connections and TLS", "/cookbook/connections"],
    ["Files", "/cookbook/files"],
    ["Servers", "/cookbook/servers"],
    ["Other protocols", "/cookbook/protocols"],
    ["Many transfers", "/cookbook/scale"],
    ["Looking inside", "/cookbook/inside"],
    ["Event loops", "/cookbook/loops"],
  ],
  "When something fails": [
    ["Where to look", "/troubleshooting/"],
    ["Errors of transfers", "/troubleshooting/transfers"],
    ["Errors of other handles", "/troubleshooting/handles"],
    ["Known limits", "/limits"],
  ],
  "Facts": [
    ["Performance", "/performance"],
    ["Platforms", "/platforms"],
    ["Security", "/security"],
  ],
};

const KINDS = {
  functions: "Functions",
  classes: "Classes",
  interfaces: "Interfaces",
  "type-aliases": "Types",
  variables: "Values",
};

export function nav() {
  return [
    { text: "Guide", link: "/start/deno", activeMatch: "^/(start|guide)/" },
    { text: "Cookbook", link: "/cookbook/", activeMatch: "^/cookbook/" },
    { text: "Errors", link: "/troubleshooting/", activeMatch: "^/troubleshooting/" },
    { text: "Reference", link: "/api/", activeMatch: "^/api/" },
  ];
}

const byName = (one, other) => one.localeCompare(other, "en");

/** The pages of a sub-path, by kind. */
function pagesOf(name) {
  const folder = join(API, name);
  const kinds = Object.entries(KINDS).filter(([kind]) => existsSync(join(folder, kind)));
  return kinds.map(([kind, text]) => {
    const names = readdirSync(join(folder, kind)).filter((file) => file.endsWith(".md"));
    const pages = names.map((file) => file.slice(0, -".md".length)).sort(byName);
    return {
      text,
      collapsed: false,
      items: pages.map((page) => ({ text: page, link: `/api/${name}/${kind}/${page}` })),
    };
  });
}

/** The menu of the reference: all sub-paths, and the pages of the current one. */
function reference(own) {
  const items = [...modules().keys()].map((name) => ({
    text: name === OPTIONS ? "Options and infos" : name,
    link: `/api/${name}/`,
    ...(name === own && { items: pagesOf(name) }),
  }));
  return [{ text: "Reference", link: "/api/", items }];
}

export function sidebar() {
  const guides = Object.entries(GROUPS).map(([text, pages]) => ({
    text,
    items: pages.map(([text, link]) => ({ text, link })),
  }));
  const parts = [...modules().keys()].map((name) => [`/api/${name}/`, reference(name)]);
  return { ...Object.fromEntries(parts), "/api/": reference(null), "/": guides };
}

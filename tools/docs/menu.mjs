// The menu: the pages in the order in which they are read, and the reference by sub-path and name.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { API, subPaths } from "./paths.mjs";

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
    ["Under a program as it is", "/guide/register"],
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

/** The pages of one sub-path, by kind. */
function ofSubPath(name) {
  const folder = join(API, name);
  const kinds = Object.entries(KINDS).filter(([kind]) => existsSync(join(folder, kind)));
  const items = kinds.map(([kind, text]) => {
    const names = readdirSync(join(folder, kind)).filter((file) => file.endsWith(".md"));
    const pages = names.map((file) => file.slice(0, -".md".length)).sort(byName);
    return {
      text,
      collapsed: true,
      items: pages.map((page) => ({ text: page, link: `/api/${name}/${kind}/${page}` })),
    };
  });
  return { text: name, link: `/api/${name}/`, collapsed: true, items };
}

export function sidebar() {
  const guides = Object.entries(GROUPS).map(([text, pages]) => ({
    text,
    items: pages.map(([text, link]) => ({ text, link })),
  }));
  const api = [{ text: "Reference", link: "/api/", items: [...subPaths().keys()].map(ofSubPath) }];
  return { "/api/": api, "/": guides };
}

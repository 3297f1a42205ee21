// The pages of the site have a place for all that the tables and the folders have.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { easyCodes, headerCodes, multiCodes, shareCodes, urlCodes } from "../../ffi/curl/codes.ts";
import { functions, variadics } from "../../ffi/curl/functions.ts";
import * as nodeLibcurl from "../../node_libcurl.ts";
import { GROUPS } from "../../tools/docs/menu.mjs";
import { ROOT } from "../examples/support.ts";

const page = (name: string) => readFile(join(ROOT, "docs", `${name}.md`), "utf8");

async function filesBelow(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => name.replaceAll("\\", "/"));
}

test("every error code has a row with its number, and those in use a cause and a remedy", async () => {
  const transfers = await page("troubleshooting/transfers");
  const handles = await page("troubleshooting/handles");
  const tables = { ...multiCodes, ...shareCodes, ...urlCodes, ...headerCodes };
  for (const [name, row] of Object.entries({ ...easyCodes, ...tables })) {
    const text = name in easyCodes ? transfers : handles, { code } = row;
    const isOld = "aliasOf" in row || "obsolete" in row;
    if (isOld || name.endsWith("_OK")) expect(text, name).toMatch(RegExp(`\\b${name}\\b`));
    else {expect(text).toMatch(
        RegExp(`^### ${name} \\(${code}\\) \\{#${name}\\}\\n\\n[^#]{12,}`, "m"),
      );}
    if (isOld && name in easyCodes) {
      expect(text, name).toMatch(RegExp(`^\\| \`${name}\` +\\| ${code} +\\|`, "m"));
    }
  }
  for (const [, name = ""] of `${transfers}${handles}`.matchAll(/\{#(CURL\w+)\}/g)) {
    expect({ ...easyCodes, ...tables }, "a heading of no code").toHaveProperty(name);
  }
});

test("every function of libcurl has a row in the page for C programs", async () => {
  const text = await page("guide/c_api");
  const cells = [...text.matchAll(/^\| (.*?) +\| /gm)].map(([, cell = ""]) => cell).join("\n");
  const names = [...Object.keys(functions), ...Object.keys(variadics)];
  expect(names.filter((name) => !cells.includes(`\`${name}\``))).toEqual([]);
  expect(names.length).toBeGreaterThan(80);
});

/** What a class has of its own, but for what every class has. */
function membersOf(value: object): string[] {
  const skipped = ["constructor", "length", "name", "prototype", "on", "toString"];
  return Object.getOwnPropertyNames(value).filter((name) => !skipped.includes(name));
}

test("every class and method of node-libcurl has a place in its page", async () => {
  const text = await page("guide/node_libcurl");
  const { Curl, Easy, Multi, Share, CurlMime, CurlMimePart, curly } = nodeLibcurl;
  const classes = { Curl, Easy, Multi, Share, CurlMime, CurlMimePart };
  const missing: string[] = [];
  for (const [name, made] of Object.entries(classes)) {
    const above = Object.getPrototypeOf(made);
    const inherited = above === Function.prototype ? [] : membersOf(above);
    const statics = [...membersOf(made), ...inherited];
    const members = membersOf(made.prototype);
    const [, section = ""] = RegExp(`\n### [^\n]*\\b${name}\\b[^]*?\n([^]*?)\n##`).exec(text) ?? [];
    const all = [...statics.filter((name) => !name.startsWith("_")), ...members];
    missing.push(...all.filter((member) => !section.includes(member)).map((m) => `${name}.${m}`));
    expect(members.length, name).toBeGreaterThan(0);
  }
  const own = Object.keys(curly).filter((name) => !/^[a-z-]+$/.test(name));
  missing.push(...own.filter((name) => !text.includes(`curly.${name}`)));
  const errors = Object.keys(nodeLibcurl).filter((name) => name.endsWith("Error"));
  missing.push(...errors.filter((name) => !text.includes(`\`${name}\``)));
  expect(missing).toEqual([]);
});

test("every page is in the menu, and the menu has no other", async () => {
  const paths = Object.values(GROUPS).flat();
  const inMenu = paths.map(([, path]) => path.slice(1).replace(/(?<=^|\/)$/, "index"));
  const pages = (await filesBelow("docs", ".md")).filter((name) => !name.startsWith("api/"));
  expect([...inMenu, "index"].sort()).toEqual(pages.map((name) => name.slice(0, -3)).sort());
});

test("every example and every program of the cookbook is shown, by its file", async () => {
  const pages = (await filesBelow("docs", ".md")).filter((name) => !name.startsWith("api/"));
  const texts = await Promise.all(pages.map((name) => readFile(join(ROOT, "docs", name), "utf8")));
  const shown = texts.join("\n").match(/^<<< \S+$/gm)!.map((line) =>
    line.replace(/^<<< [./]*/, "")
  );
  const examples = (await filesBelow("examples", ".ts")).map((name) => `examples/${name}`);
  const programs = await filesBelow("docs/cookbook", ".ts");
  expect([...new Set(shown)].sort()).toEqual([...examples, ...programs].sort());
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { flags } from "../../ffi/curl/flags.ts";
import { typeFiles } from "../../ffi/curl/generator/types.ts";
import { infos } from "../../ffi/curl/infos.ts";
import { easyOptions, multiOptions, shareOptions } from "../../ffi/curl/options.ts";

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url).href), "utf8");

interface Row {
  readonly kind: string;
  readonly since: number;
  readonly aliasOf?: string;
  readonly deprecated?: number;
}

const { SHARE, UNSHARE } = shareOptions;
const INTERFACES: Readonly<Record<string, readonly [prefix: string, rows: Record<string, Row>]>> = {
  "src/handles/easy/types/options.ts": ["CURLOPT_", easyOptions],
  "src/handles/easy/types/infos.ts": ["CURLINFO_", infos],
  "src/handles/multi/option_types.ts": ["CURLMOPT_", multiOptions],
  "src/handles/core/share_option_types.ts": ["CURLSHOPT_", { SHARE, UNSHARE }],
};

test("the interfaces are what the tables and the words give: npm run generate", () => {
  const [first = ""] = /^(?:\/\/.*\n)+\n/.exec(read("ffi/curl/options.ts")) ?? [];
  const made = typeFiles(first, { easyOptions, multiOptions, shareOptions, infos, flags });
  expect(Object.keys(made)).toEqual(Object.keys(INTERFACES));
  for (const [path, text] of Object.entries(made)) expect(read(path), path).toBe(text);
});

interface Member {
  readonly doc: string;
  readonly type: string;
}

/** The members of the one interface in a file, by their names. */
function members(text: string): Map<string, Member> {
  const found = text.matchAll(
    /\n {2}\/\*\*\n((?: {3}\*.*\n)+?) {3}\*\/\n {2}readonly (\w+)\??: (.*);/g,
  );
  return new Map([...found].map(([, doc = "", name = "", type = ""]) => {
    return [name, { doc: doc.replaceAll(/^ {3}\* ?/gm, ""), type }];
  }));
}

const version = (since: number) => `${since >> 16}.${since >> 8 & 0xff}.${since & 0xff}`;

describe.each(Object.entries(INTERFACES))("%s", (path, [prefix, rows]) => {
  const found = members(read(path));

  test("has each row of the table, and nothing else", () => {
    expect([...found.keys()]).toEqual(Object.keys(rows));
  });

  test("has a sentence for each, its version and the link to its page", () => {
    for (const [name, { since, aliasOf, deprecated }] of Object.entries(rows)) {
      const { doc } = found.get(name)!, [says = ""] = doc.split("\n\n");
      expect(says.trim(), name).toMatch(/^[A-Z0-9][^\n]*(?:\n[^\n]+)?\.$/);
      expect(says.length, name).toBeLessThan(120);
      const flat = doc.replaceAll("\n", " ");
      expect(flat, name).toContain(
        `Since libcurl ${version(since)}: {@link https://curl.se/libcurl/c/${prefix}${
          aliasOf ?? name
        }.html}`,
      );
      expect(flat.includes("@deprecated"), name).toBe(deprecated !== undefined);
      if (aliasOf) expect(says).toContain(aliasOf);
    }
  });

  test("resolves each type", () => {
    for (const [name, { type }] of found) {
      expect(type, name).not.toMatch(/\b(any|object|Function|never|Kind)\b/);
      if (rows[name]!.kind === "function" && type !== "null") {
        expect(type).toContain(`CallbackTypes<`);
        expect(type).toContain(`["${name}"]`);
      }
    }
  });

  test("names the constants of each that takes constants", () => {
    for (const [name, { kind, aliasOf }] of Object.entries(rows)) {
      const [, list] = /Constants:([^.]*)\./.exec(found.get(name)!.doc) ?? [];
      if (kind === "values" && !aliasOf) expect(list, name).toBeDefined();
      for (const constant of list?.split(",") ?? []) {
        expect(flags, name).toHaveProperty(constant.trim());
      }
    }
  });
});

import { describe, expect, test } from "vitest";
import { native } from "../../ffi/mod.ts";
import {
  easyOptions,
  multiOptions,
  type OptionKind,
  type OptionRow,
  shareOptions,
} from "../../ffi/curl/options.ts";
import { flags } from "../../ffi/curl/flags.ts";
import { Struct } from "../../ffi/memory.ts";
import { curl, known, newerThanTables, versionNum } from "./support.ts";

const easy: Readonly<Record<string, OptionRow>> = easyOptions satisfies Record<string, OptionRow>;
const multi: Readonly<Record<string, OptionRow>> = multiOptions satisfies Record<string, OptionRow>;
const share: Readonly<Record<string, OptionRow>> = shareOptions satisfies Record<string, OptionRow>;

// The order of curl_easytype.
const KINDS: readonly OptionKind[] = [
  "long",
  "values",
  "off_t",
  "object",
  "string",
  "slist",
  "cbptr",
  "blob",
  "function",
];

interface LibraryOption {
  readonly name: string;
  readonly id: number;
  readonly kind: OptionKind;
  readonly alias: boolean;
}

function libraryOptions(): LibraryOption[] {
  const options: LibraryOption[] = [];
  let option = curl.curl_easy_option_next(null);
  while (option !== null) {
    // struct curl_easyoption: const char *name, CURLoption id, curl_easytype type, unsigned flags
    const fields = new Struct(option, 24);
    options.push({
      name: fields.string(0)!,
      id: fields.i32(8),
      kind: KINDS[fields.i32(12)]!,
      alias: (fields.i32(16) & flags.CURLOT_FLAG_ALIAS) !== 0,
    });
    option = curl.curl_easy_option_next(option);
  }
  return options;
}

// Two aliases were main names before their newer names came: while they were not deprecated.
function isAlias({ aliasOf, deprecated = 0 }: OptionRow): boolean {
  return aliasOf !== undefined && deprecated <= versionNum;
}

describe("easy options", () => {
  const theirs = libraryOptions();

  test("the library's own options have the same id and kind in the table", () => {
    expect(theirs.length).toBeGreaterThan(0);
    const unknown: string[] = [];
    for (const { name, id, kind } of theirs) {
      if (easy[name] === undefined) unknown.push(name);
      else expect({ name, id, kind }).toEqual({ name, id: easy[name].id, kind: easy[name].kind });
    }
    // A library newer than the tables may have more.
    if (!newerThanTables) expect(unknown).toEqual([]);
  });

  test("rows up to the library's version are the library's options", () => {
    const names = known(easy).map(([name]) => name).sort();
    expect(theirs.map(({ name }) => name).sort()).toEqual(expect.arrayContaining(names));
    if (versionNum === 0x075801) {
      expect(names).toHaveLength(316);
      expect(known(easy).filter(([, row]) => !isAlias(row))).toHaveLength(302);
    }
  });

  test("an alias is one for the library too, and has the id and kind of its newer name", () => {
    for (const [name, row] of known(easy)) {
      if (row.aliasOf === undefined) continue;
      const newer = easy[row.aliasOf]!;
      expect({ name, id: row.id, kind: row.kind, default: row.default })
        .toEqual({ name, id: newer.id, kind: newer.kind, default: newer.default });
      const alias = theirs.find((option) => option.name === name)?.alias;
      expect({ name, alias }).toEqual({ name, alias: isAlias(row) });
    }
  });
});

describe("defaults", () => {
  test("stand only on numeric kinds", () => {
    for (const [name, row] of [easy, multi, share].flatMap((table) => Object.entries(table))) {
      if (row.default === undefined) continue;
      expect([name, row.kind]).toEqual([name, expect.stringMatching(/^(long|values|off_t)$/)]);
    }
  });

  test("keep verification on", () => {
    for (const prefix of ["SSL", "PROXY_SSL", "DOH_SSL"]) {
      expect(easy[`${prefix}_VERIFYPEER`]?.default).toBe(1);
      expect(easy[`${prefix}_VERIFYHOST`]?.default).toBe(2);
    }
  });

  test("are missing where they changed between supported versions", () => {
    expect(easyOptions.MAXREDIRS).not.toHaveProperty("default");
    expect(easyOptions.HTTP_VERSION).not.toHaveProperty("default");
    expect(easyOptions.MAXLIFETIME_CONN).not.toHaveProperty("default");
    expect(multiOptions.MAXCONNECTS).not.toHaveProperty("default");
  });

  test("are accepted by the library", () => {
    const handle = curl.curl_easy_init();
    // A feature that is not built in has no value to restore.
    const fine = new Set([0, 4, 48]);
    for (const [name, row] of known(easy)) {
      if (row.default === undefined) continue;
      const shape = row.kind === "off_t" ? "off_t" : "long";
      const code = curl.curl_easy_setopt[shape](handle, row.id, row.default);
      expect({ name, code, fine: fine.has(code) }).toMatchObject({ name, fine: true });
    }
    curl.curl_easy_cleanup(handle);
  });
});

test("multi options up to the library's version are accepted with their kind", () => {
  const handle = curl.curl_multi_init();
  for (const [name, { id, kind, default: initial = 1 }] of known(multi)) {
    const code = kind === "long" || kind === "off_t"
      ? curl.curl_multi_setopt[kind](handle, id, initial)
      : curl.curl_multi_setopt.pointer(handle, id, null);
    expect({ name, code }).toEqual({ name, code: 0 });
  }
  curl.curl_multi_cleanup(handle);
});

test("share options are accepted with their kind", () => {
  const handle = curl.curl_share_init();
  for (const [name, { id, kind }] of known(share)) {
    const code = kind === "long"
      ? curl.curl_share_setopt.long(handle, id, flags.CURL_LOCK_DATA_DNS)
      : curl.curl_share_setopt.pointer(handle, id, native.pointer(0));
    expect({ name, code }).toEqual({ name, code: 0 });
  }
  expect(curl.curl_share_cleanup(handle)).toBe(0);
});

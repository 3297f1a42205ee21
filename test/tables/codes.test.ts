import { describe, expect, test } from "vitest";
import { library, native, type Pointer } from "../../ffi/mod.ts";
import * as codes from "../../ffi/curl/codes.ts";
import { Code, MultiCode } from "../../src/errors.ts";
import { curl, known, newerThanTables } from "./support.ts";

type Codes = Readonly<Record<string, codes.CodeRow>>;

const TABLES: [string, Codes, (code: number) => string, ((code: number) => Pointer) | null][] = [
  ["CURLE_", codes.easyCodes, codes.easyCodeName, curl.curl_easy_strerror],
  ["CURLM_", codes.multiCodes, codes.multiCodeName, curl.curl_multi_strerror],
  ["CURLSHE_", codes.shareCodes, codes.shareCodeName, curl.curl_share_strerror],
  [
    "CURLUE_",
    codes.urlCodes,
    codes.urlCodeName,
    library().has("curl_url_strerror") ? curl.curl_url_strerror : null,
  ],
  // libcurl has no text for these.
  ["CURLHE_", codes.headerCodes, codes.headerCodeName, null],
];

describe.each(TABLES)("%s codes", (prefix, table, nameOf, strerror) => {
  test("a number leads to its current name", () => {
    for (const [name, { code, aliasOf }] of Object.entries(table)) {
      expect(nameOf(code)).toBe(aliasOf ?? name);
    }
  });

  test("a number that is none leads to a name that says so", () => {
    expect(nameOf(999)).toBe(`${prefix}UNKNOWN_999`);
    expect(nameOf(-7)).toBe(`${prefix}UNKNOWN_-7`);
  });

  test.skipIf(strerror === null)("known ones have a text (if libcurl has texts)", () => {
    const unknown = native.string(strerror!(99_998));
    for (const [name, { code, obsolete }] of known(table)) {
      if (obsolete) continue;
      const text = native.string(strerror!(code));
      expect([name, text]).not.toEqual([name, unknown]);
      expect([name, text]).toEqual([name, expect.stringMatching(/\w/)]);
    }
  });

  test.skipIf(strerror === null || newerThanTables)("the next number has none", () => {
    const next = Math.max(...known(table).map(([, { code }]) => code).filter((c) => c < 99_999)) +
      1;
    expect(native.string(strerror!(next))).toBe(native.string(strerror!(99_998)));
  });
});

test("old names of reused numbers do not shadow the current ones", () => {
  expect(codes.easyCodeName(8)).toBe("CURLE_WEIRD_SERVER_REPLY");
  expect(codes.easyCodeName(10)).toBe("CURLE_FTP_ACCEPT_FAILED");
  expect(codes.easyCodeName(20)).toBe("CURLE_OBSOLETE20");
  expect(codes.easyCodeName(43)).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
  expect(codes.easyCodeName(60)).toBe("CURLE_PEER_FAILED_VERIFICATION");
  expect(codes.multiCodeName(-1)).toBe("CURLM_CALL_MULTI_PERFORM");
});

test.each([
  ["CURLE_", Code, codes.easyCodes],
  ["CURLM_", MultiCode, codes.multiCodes],
])("the %s numbers of src/errors.ts are those of the table", (prefix, numbers, table) => {
  const rows = table as Codes;
  for (const [name, number] of Object.entries(numbers)) {
    expect([name, number]).toEqual([name, rows[prefix + name]?.code]);
  }
});

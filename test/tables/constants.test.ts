import { expect, expectTypeOf, test } from "vitest";
import { easyCodes, headerCodes, multiCodes, shareCodes, urlCodes } from "../../ffi/curl/codes.ts";
import { flags } from "../../ffi/curl/flags.ts";
import { infos } from "../../ffi/curl/infos.ts";
import { easyOptions, multiOptions, shareOptions } from "../../ffi/curl/options.ts";
import { constants } from "../../src/constants.ts";

test("constants have C's names and numbers, and the numbers as types", () => {
  expectTypeOf(constants.CURL_POLL_IN).toEqualTypeOf<1>();
  expectTypeOf(constants.CURLOPT_URL).toEqualTypeOf<10002>();
  expectTypeOf(constants.CURLE_OPERATION_TIMEDOUT).toEqualTypeOf<28>();
  expect(constants).toMatchObject({
    CURL_POLL_IN: 1,
    CURL_SOCKET_TIMEOUT: -1,
    CURL_WRITEFUNC_PAUSE: 0x10000001,
    CURLAUTH_ANY: 0xffffffef,
    CURLE_OPERATION_TIMEDOUT: 28,
    CURLHE_MISSING: 2,
    CURLINFO_RESPONSE_CODE: 0x200002,
    CURLM_RECURSIVE_API_CALL: 8,
    CURLMOPT_SOCKETFUNCTION: 20001,
    CURLOPT_XFERINFOFUNCTION: 20219,
    CURLSHE_IN_USE: 2,
    CURLSHOPT_USERDATA: 5,
    CURLUE_NO_HOST: 14,
    CURL_ZERO_TERMINATED: -1,
  });
});

test("constants are all of the tables, under distinct names", () => {
  const tables = [
    ...[flags, easyCodes, multiCodes, shareCodes, urlCodes, headerCodes],
    ...[infos, easyOptions, multiOptions, shareOptions],
  ];
  const sizes = tables.map((table) => Object.keys(table).length);
  expect(Object.keys(constants)).toHaveLength(sizes.reduce((a, b) => a + b));
  expect(Object.values(constants).every(Number.isSafeInteger)).toBe(true);
});

test("constants behave as a plain object that cannot be changed", () => {
  expect("CURLE_OK" in constants).toBe(true);
  expect("CURLE_NONSENSE" in constants).toBe(false);
  expect({ ...constants }.CURLPAUSE_ALL).toBe(5);
  expect(() => Object.assign(constants, { CURLE_OK: 1 })).toThrow(TypeError);
  expect(constants.CURLE_OK).toBe(0);
});

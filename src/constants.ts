/**
 * The constants of libcurl by their C names: `constants.CURL_POLL_IN`,
 * `constants.CURLE_OPERATION_TIMEDOUT`, `constants.CURLOPT_URL`. The numbers are those of the
 * newest libcurl that curlew supports; an older library may not know all of them.
 *
 * @example
 * ```ts
 * import { constants } from "curlew/constants";
 * console.log(constants.CURLPAUSE_ALL); // 5
 * ```
 *
 * @module
 */

import { easyCodes, headerCodes, multiCodes, shareCodes, urlCodes } from "../ffi/curl/codes.ts";
import { flags } from "../ffi/curl/flags.ts";
import { infos } from "../ffi/curl/infos.ts";
import { easyOptions, multiOptions, shareOptions } from "../ffi/curl/options.ts";

type Codes<T extends Readonly<Record<string, { readonly code: number }>>> = {
  readonly [K in keyof T]: T[K]["code"];
};

type Ids<Prefix extends string, T extends Readonly<Record<string, { readonly id: number }>>> = {
  readonly [K in keyof T & string as `${Prefix}${K}`]: T[K]["id"];
};

/** The type of {@linkcode constants}: each name with its own number. */
export type Constants =
  & typeof flags
  & Codes<typeof easyCodes>
  & Codes<typeof multiCodes>
  & Codes<typeof shareCodes>
  & Codes<typeof urlCodes>
  & Codes<typeof headerCodes>
  & Ids<"CURLOPT_", typeof easyOptions>
  & Ids<"CURLMOPT_", typeof multiOptions>
  & Ids<"CURLSHOPT_", typeof shareOptions>
  & Ids<"CURLINFO_", typeof infos>;

/** Every public number of libcurl by its C name. */
export const constants: Constants = lazy(collect) as unknown as Constants;

type Numbers = Record<PropertyKey, number>;

// Collecting the numbers takes 2 ms, so it is done when the first name is read.
function lazy(collect: (into: Numbers) => void): Numbers {
  const numbers: Numbers = Object.create(null);
  let empty = true;
  const filled = (): Numbers => {
    if (empty) collect(numbers);
    empty = false;
    return numbers;
  };
  return new Proxy(numbers, {
    get: (_, name) => filled()[name],
    has: (_, name) => name in filled(),
    ownKeys: () => Reflect.ownKeys(filled()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(filled(), name),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

function collect(into: Numbers): void {
  Object.assign(into, flags);
  for (const codes of [easyCodes, multiCodes, shareCodes, urlCodes, headerCodes]) {
    for (const [name, { code }] of Object.entries(codes)) into[name] = code;
  }
  const prefixed = [
    ["CURLOPT_", easyOptions],
    ["CURLMOPT_", multiOptions],
    ["CURLSHOPT_", shareOptions],
    ["CURLINFO_", infos],
  ] as const;
  for (const [prefix, rows] of prefixed) {
    for (const [name, { id }] of Object.entries(rows)) into[prefix + name] = id;
  }
}

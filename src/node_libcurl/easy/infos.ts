/**
 * `Easy.getInfo`.
 *
 * @module
 */

import type { InfoName } from "../../handles/easy/infos.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";
import { infoRow } from "../tables.ts";
import type { GetInfoReturn } from "../types/values.ts";
import { codeOf } from "./codes.ts";
import type { Inner } from "./inner.ts";

const NOT_OFFERED: ReadonlySet<string> = new Set(["PRIVATE", "TLS_SESSION", "TLS_SSL_PTR"]);

/** Reads an info. Throws for one that node-libcurl does not offer. */
export function readInfo(inner: Inner, which: unknown): GetInfoReturn<unknown> {
  const info = infoRow(which);
  if (info && NOT_OFFERED.has(info.name)) {
    throw new CurlEasyError(
      `Unsupported info ${info.name}: node-libcurl's interface does not have it, curlew's Easy does`,
      CurlCode.CURLE_UNKNOWN_OPTION,
    );
  }
  let data: unknown;
  const code = codeOf(inner, () => {
    data = inner.core.getInfo((info?.name ?? which) as InfoName);
  });
  if (code !== CurlCode.CURLE_OK) return { data: undefined, code };
  if (info?.kind === "string") data ??= "";
  if (info?.kind === "certinfo") data = (data as string[][]).flat();
  return { data, code };
}

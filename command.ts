/**
 * curl commands: converts them to the arguments of `fetch` and to options of an `Easy`, and back.
 *
 * @example
 * ```ts
 * import { parseCurl, toCurl } from "curlew/command";
 *
 * const { url, init } = parseCurl("curl -L https://example.com/ -d a=b -d c=d");
 * console.log(init.method, init.body); // POST a=b&c=d
 * console.log(toCurl(url, init, { redact: false }));
 * ```
 *
 * @module
 */

export { CurlCommandError, type CurlPlace } from "./src/command/command_error.ts";
export { parseCurl, type ParseCurlOptions } from "./src/command/parse_curl.ts";
export type { CurlShell } from "./src/command/shell/split.ts";
export { toCurl, type ToCurlOptions } from "./src/command/to_curl.ts";
export type {
  CurlCommand,
  CurlFormPart,
  CurlGlobal,
  CurlNote,
  CurlOutput,
  CurlTool,
  CurlTransfer,
} from "./src/command/types.ts";

/**
 * Uses curlew in a program whose source cannot be changed: `globalThis.fetch`, and `WebSocket`
 * where the loaded libcurl has it, are replaced by those of curlew. So the environment variables
 * that libcurl reads take effect, such as those for proxies, also with `socks5h://`.
 *
 * ```sh
 * all_proxy=socks5h://127.0.0.1:1080 bun --preload curlew/register app.ts
 * all_proxy=socks5h://127.0.0.1:1080 deno run -A --preload npm:curlew/register app.ts
 * ```
 *
 * `CURLEW_FETCH` has options for every call, as JSON: the members of `FetchInit` that JSON can
 * express.
 *
 * ```sh
 * CURLEW_FETCH='{"timeout":30000,"curl":{"PROXY":"socks5h://127.0.0.1:1080"}}'
 * ```
 *
 * Bun's own options `proxy`, `tls`, `unix`, `decompress`, `verbose` and `timeout: false` keep their
 * meaning. Requests that only the built-in `fetch` can make are passed to it: Bun's `s3:`, `file:`
 * and `blob:` URLs, and those with a Deno `client`.
 *
 * @module
 */

import { install } from "./src/register/install.ts";

install(globalThis);

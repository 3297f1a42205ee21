/**
 * Puts curlew under a program that one cannot change: `globalThis.fetch`, and `WebSocket` where the
 * loaded libcurl has it, become those of curlew. So the proxies of the environment count, with
 * `socks5h://` too, and all else that libcurl reads there.
 *
 * ```sh
 * all_proxy=socks5h://127.0.0.1:1080 bun --preload curlew/register app.ts
 * all_proxy=socks5h://127.0.0.1:1080 deno run -A --preload npm:curlew/register app.ts
 * ```
 *
 * `CURLEW_FETCH` has options for every call, as JSON: the plain members of `FetchInit`.
 *
 * ```sh
 * CURLEW_FETCH='{"timeout":30000,"curl":{"PROXY":"socks5h://127.0.0.1:1080"}}'
 * ```
 *
 * Bun's own options `proxy`, `tls`, `unix`, `decompress`, `verbose` and `timeout: false` mean what
 * they mean there. What only the built-in `fetch` can do goes to it: Bun's `s3:`, `file:` and `blob:`
 * URLs, and a Deno `client`.
 *
 * @module
 */

import { install } from "./src/register/install.ts";

install(globalThis);

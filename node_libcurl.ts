/**
 * node-libcurl's interface on curlew: a program that was written for node-libcurl 5.1 runs on Bun
 * and on Deno where its import changes, and type-checks.
 *
 * ```ts
 * import { Curl, curly } from "curlew/node-libcurl"; // it was "node-libcurl"
 *
 * const { statusCode, data } = await curly.get("https://example.com/", { followLocation: true });
 * console.log(statusCode, data.length);
 * const curl = new Curl();
 * curl.setOpt("URL", "https://example.com/");
 * curl.on("end", (status) => {
 *   console.log(status);
 *   curl.close();
 * });
 * curl.on("error", () => curl.close());
 * curl.perform();
 * ```
 *
 * Where it is not to change, an alias does it:
 * `"node-libcurl": "jsr:@curlew/curlew@^0.1.0/node-libcurl"` in the `imports` of `deno.json`, and
 * `"paths": { "node-libcurl": ["./node_modules/curlew/dist/node_libcurl"] }` in the `tsconfig.json`
 * that Bun reads. Packages that import node-libcurl themselves find a folder of one's own, which is
 * called so in the dependencies of `package.json` and has `export * from "curlew/node-libcurl"`.
 *
 * It is the libcurl of the system, as everywhere in curlew, that does the work: an option, an info
 * or a protocol is there where that libcurl has it. `Curl.option` and `Curl.info` name those.
 *
 * ## What differs, and why
 *
 * | node-libcurl 5.1 | This door | Because |
 * | --- | --- | --- |
 * | `null` makes a number 0, and so does a text that is none | `null` is the option's default; such a text is `CURLE_BAD_FUNCTION_ARGUMENT` | `SSL_VERIFYPEER: null` or `"true"` would switch the check off |
 * | strings go to libcurl as they are, up to a NUL | line breaks in what is sent, and NUL, are `CURLE_BAD_FUNCTION_ARGUMENT` | behind a line break stood a header of somebody else |
 * | any option at any time | while a transfer runs only functions, and numbers that libcurl copies | libcurl would read memory that is freed |
 * | certificates of Node.js, by `CAINFO_BLOB` | those that libcurl was built to use; `CAINFO` and `CAPATH` count | the system's libcurl has them |
 * | an unknown info is `undefined` with `CURLE_OK` | `CURLE_UNKNOWN_OPTION` | it would look like an answer |
 * | `Curl.option.URL` is `"URL"` by its type and a number when it runs | `"URL"`; names and numbers are taken | the type says so |
 * | `CurlWs.Pong`, `CurlWs.Offset`, `CurlSshKeyType`, `CurlMultiNetworkChanged` | C's own numbers | those are not libcurl's |
 * | `CurlCode[28]` is the last of its old names | its present one | |
 * | `CurlCode.CURLE_OK` is a type, too | `typeof CurlCode.CURLE_OK` is | the sources have types that can be erased only |
 * | messages | other words, but for `Request failed: ` and libcurl's text for the code; `error.detail` has what libcurl said of this transfer, `error.name` the class | |
 * | what an `onMessage` function throws is dropped | it is printed as a warning of the process | |
 * | `multi.close()` leaves promises pending | they reject with code 42 | |
 * | `share.close()` while a handle uses it fails an assertion | `CurlSharedError` with `CURLSHE_IN_USE` | |
 * | a stream uses XFERINFOFUNCTION and NOPROGRESS | it does not | a destroyed stream ends its transfer at once |
 * | listeners of a stream run inside libcurl's callback | after it, so they may close the instance | |
 * | the stream of `Curl` stays open where its transfer fails | it is destroyed | its reader would wait for ever |
 * | `curly` emits `"error"` on a stream that its reader has destroyed | only where somebody listens | leaving a `for await` would be an uncaught exception |
 * | a text body is decoded with what is left of the one before | each for itself | |
 * | a header without a space, empty, or behind the body is lost | it is there | |
 * | `curly` sets options that are `undefined` | it leaves them out | |
 * | `curly.create({ curlyBaseUrl })` has no effect | it counts | |
 * | the first parser that matches counts, so `*` before one's own | the most exact one | |
 * | an empty JSON body, such as that of HEAD, rejects | `data` is `null` | |
 * | an instance from the pool keeps features, and has no USERAGENT | it is as new, and after `reset()` USERAGENT is | |
 * | `dupHandle()` replaces USERAGENT and WRITEFUNCTION | the copy has those of the original | |
 * | `setMimePost` shows a file by its own name, HTTPPOST drops a `filename` without `type` | both show the name that they were given | |
 * | a part's `read` that gives too much is cut | the rest comes next | |
 * | POSTFIELDS takes text | and bytes | |
 * | the buffer of READFUNCTION is one's own | it is good until the function returns | it need not be copied |
 * | `info.time` of a file is a `Date` by its type | `null` in both: libcurl tells it as text only | |
 * | the default USERAGENT is `node-libcurl/5.1.2` | `node-libcurl/5.1 (curlew)` | |
 * | `shouldUseNotificationsApi` | without effect | the agent behind it needs none |
 * | | a handle that has sent trailers can upload again with libcurl 8.7, a push can be accepted with 8.1 | older ones fail or crash there |
 *
 * Not offered, as there: the options for the data of callbacks, SSL_CTX_FUNCTION,
 * OPENSOCKETFUNCTION and its kin, and the infos TLS_SESSION, TLS_SSL_PTR and PRIVATE. curlew's own
 * `Easy` has them.
 *
 * @module
 */

export * from "./src/node_libcurl/names.ts";
export * as default from "./src/node_libcurl/names.ts";

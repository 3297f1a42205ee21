/**
 * node-libcurl's interface on curlew: a program for node-libcurl 5.1 runs on Bun and on Deno, and
 * type-checks, after a change of its import.
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
 * Without a change of the import, an alias does the same:
 * `"node-libcurl": "jsr:@curlew/curlew@^0.1.0/node-libcurl"` in the `imports` of `deno.json`, and
 * `"paths": { "node-libcurl": ["./node_modules/curlew/dist/node_libcurl"] }` in the `tsconfig.json`
 * that Bun reads. For packages that import node-libcurl themselves, make a folder that contains
 * `export * from "curlew/node-libcurl"`, and add it to the dependencies of `package.json` under the
 * name `node-libcurl`.
 *
 * As everywhere in curlew, the system's libcurl does the work: an option, an info or a protocol
 * exists if that libcurl has it. `Curl.option` and `Curl.info` list those that exist.
 *
 * ## What differs, and why
 *
 * | node-libcurl 5.1 | curlew | Because |
 * | --- | --- | --- |
 * | `null` makes a number 0, and so does a text that is not a number | `null` restores the option's default; such a text is `CURLE_BAD_FUNCTION_ARGUMENT` | `SSL_VERIFYPEER: null` or `"true"` would switch the check off |
 * | strings go to libcurl as they are, up to a NUL | line breaks in what is sent, and NUL, are `CURLE_BAD_FUNCTION_ARGUMENT` | text after a line break would be sent as another header |
 * | any option may be set at any time | while a transfer runs only functions, and numbers that libcurl copies | libcurl would read freed memory |
 * | certificates of Node.js, by `CAINFO_BLOB` | the default certificates of the libcurl; `CAINFO` and `CAPATH` replace them | the system's libcurl has its own |
 * | an unknown info is `undefined` with `CURLE_OK` | `CURLE_UNKNOWN_OPTION` | `undefined` would look like a valid result |
 * | `Curl.option.URL` is `"URL"` by its type and a number at run time | `"URL"`; `setOpt` takes names and numbers | the type says so |
 * | `CurlWs.Pong`, `CurlWs.Offset`, `CurlSshKeyType`, `CurlMultiNetworkChanged` | libcurl's numbers | node-libcurl's differ from libcurl's |
 * | `CurlCode[28]` is the last of the code's former names | its present name | |
 * | `CurlCode.CURLE_OK` is a type, too | use `typeof CurlCode.CURLE_OK` | curlew's sources only have types that can be erased |
 * | messages of errors | other texts, except `Request failed: ` and libcurl's text for the code; `error.detail` has libcurl's text for this transfer, `error.name` the class | |
 * | an exception of an `onMessage` function is dropped | it becomes a warning of the process | |
 * | `multi.close()` leaves promises pending | they reject with code 42 | |
 * | `share.close()` while a handle uses it fails an assertion | `CurlSharedError` with `CURLSHE_IN_USE` | |
 * | a response stream sets XFERINFOFUNCTION and NOPROGRESS | it does not | a destroyed stream ends its transfer without them |
 * | listeners of a stream run inside libcurl's callback | they run after it, so they may close the instance | |
 * | the stream of `Curl` stays open where its transfer fails | it is destroyed | its reader would wait for ever |
 * | `curly` emits `"error"` on a stream that its reader has destroyed | only if it has a listener | leaving a `for await` would be an uncaught exception |
 * | the decoder of text bodies keeps an incomplete character for the next body | each body is decoded separately | |
 * | a header without a space, an empty header and a trailer are lost | they are kept | |
 * | `curly` sets options that are `undefined` | it leaves them out | |
 * | `curly.create({ curlyBaseUrl })` has no effect | it sets the default | |
 * | the first parser that matches is used, so `*` before your own | the most specific one is used | |
 * | an empty JSON body, such as that of HEAD, rejects | `data` is `null` | |
 * | an instance from the pool keeps features, and has no USERAGENT | it has the state of a new one, and after `reset()` the default USERAGENT | |
 * | `dupHandle()` replaces USERAGENT and WRITEFUNCTION | the copy keeps those of the original | |
 * | `setMimePost` sends the name of the file itself, HTTPPOST drops a `filename` without `type` | both send the given name | |
 * | bytes beyond the size that a part's `read` was asked for are dropped | they are sent next | |
 * | POSTFIELDS takes text | it takes bytes, too | |
 * | the function may keep the buffer of READFUNCTION | the buffer is valid until the function returns | no copy is needed |
 * | `info.time` of a file is a `Date` by its type | `null` in both: libcurl reports the time as text only | |
 * | the default USERAGENT is `node-libcurl/5.1.2` | `node-libcurl/5.1 (curlew)` | |
 * | `shouldUseNotificationsApi` | without effect | the agent that drives the transfers does not need it |
 * | | a handle that has sent trailers can upload again with libcurl 8.7, a push can be accepted with 8.1 | older versions fail or crash |
 *
 * As in node-libcurl, some options and infos are missing: the options for the data of callbacks,
 * SSL_CTX_FUNCTION, OPENSOCKETFUNCTION, SOCKOPTFUNCTION, CLOSESOCKETFUNCTION and a few others, and
 * the infos TLS_SESSION, TLS_SSL_PTR and PRIVATE. curlew's own `Easy` has them.
 *
 * @module
 */

export * from "./src/node_libcurl/names.ts";
export * as default from "./src/node_libcurl/names.ts";

// Functions that curlew itself calls once or never, in this process.
import { expect, test } from "vitest";
import { cString, result } from "../../ffi/memory.ts";
import { library, native } from "../../ffi/mod.ts";
import { libc } from "../../ffi/libc.ts";
import { versionInfo } from "../../mod.ts";

const { symbols, has } = library();
const CURL_GLOBAL_ALL = 3;

test("curl_global_init counts, and curl_global_cleanup takes one back", () => {
  expect(symbols.curl_global_init(CURL_GLOBAL_ALL)).toBe(0);
  symbols.curl_global_cleanup();
  const easy = symbols.curl_easy_init();
  expect(easy).not.toBeNull();
  symbols.curl_easy_cleanup(easy);
});

test("curl_global_init_mem of a library in use counts too, and changes no memory function", () => {
  const names = ["malloc", "free", "realloc", "strdup", "calloc"] as const;
  const [malloc, free, realloc, strdup, calloc] = names.map((name) => {
    const found = libc.dlsym(null, cString(name));
    expect(native.address(found), name).toBeGreaterThan(0);
    return found;
  });
  const code = symbols.curl_global_init_mem(
    CURL_GLOBAL_ALL,
    malloc!,
    free!,
    realloc!,
    strdup!,
    calloc!,
  );
  expect(code).toBe(0);
  symbols.curl_global_cleanup();
  expect(native.string(symbols.curl_version())).toContain(versionInfo().version);
});

test.skipIf(!has("curl_multi_get_handles"))(
  "curl_multi_get_handles gives a list that ends with NULL (since libcurl 8.4)",
  () => {
    const multi = symbols.curl_multi_init(), easy = symbols.curl_easy_init();
    symbols.curl_multi_add_handle(multi, easy);
    const list = symbols.curl_multi_get_handles(multi);
    const words = new BigUint64Array(native.view(list!, 16).slice().buffer);
    expect([...words].map(Number)).toEqual([native.address(easy), 0]);
    symbols.curl_free(list);
    symbols.curl_multi_remove_handle(multi, easy);
    symbols.curl_easy_cleanup(easy);
    symbols.curl_multi_cleanup(multi);
  },
);

const withoutWs = has("curl_ws_send") && !versionInfo().protocols.includes("ws");

test.skipIf(!withoutWs)(
  "the WebSocket functions of a libcurl without WebSockets fail (where it has them, but not ws)",
  () => {
    const easy = symbols.curl_easy_init(), buffer = new Uint8Array(4), frame = new Uint8Array(8);
    expect(symbols.curl_ws_send(easy, buffer, 4, result.i32, 0, 1)).not.toBe(0);
    expect(symbols.curl_ws_recv(easy, buffer, 4, result.i32, frame)).not.toBe(0);
    expect(symbols.curl_ws_meta(easy)).toBeNull();
    symbols.curl_easy_cleanup(easy);
  },
);

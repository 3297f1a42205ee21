// On a libcurl that has the functions but no WebSocket, such as Debian's 7.88.1.
import { describe, expect, test } from "vitest";
import { library } from "../../ffi/mod.ts";
import { CurlLoadError, CurlWebSocket, Easy, versionInfo } from "../../mod.ts";

const { protocols, version, versionNum } = versionInfo();
const has = protocols.includes("ws");
const why = has ? ` (NOT RUN: libcurl ${version} has WebSocket)` : "";

function thrown(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe.skipIf(has)(`without WebSocket${why}`, () => {
  test.each([
    ["wsSend", (easy: Easy) => easy.wsSend(new Uint8Array(1), 1)],
    ["wsRecv", (easy: Easy) => easy.wsRecv(new Uint8Array(1))],
    ["wsMeta", (easy: Easy) => easy.wsMeta()],
    ["wsStartFrame", (easy: Easy) => easy.wsStartFrame(1, 1)],
  ])("%s throws a CurlLoadError that names a version", (name, call) => {
    using easy = new Easy();
    const error = thrown(() => call(easy));
    expect(error).toBeInstanceOf(CurlLoadError);
    expect((error as Error).message).toContain(name);
    expect((error as Error).message).toMatch(/8\.11/);
    expect((error as Error).message).toContain(version);
  });

  test("CurlWebSocket throws a CurlLoadError that names a version, at once", () => {
    const error = thrown(() => new CurlWebSocket("wss://127.0.0.1:1/"));
    expect(error).toBeInstanceOf(CurlLoadError);
    expect((error as Error).message).toMatch(versionNum < 0x080e00 ? /8\.14/ : /8\.11/);
    expect((error as Error).message).toContain(version);
  });

  const { has: exports, symbols } = library();
  const isThere = exports("curl_ws_recv");

  test.skipIf(!isThere)(
    `its functions may be there all the same, and do nothing${isThere ? "" : " (since 7.86)"}`,
    () => {
      const easy = symbols.curl_easy_init(), bytes = new Uint8Array(8), done = new Int32Array(2);
      const CURLE_NOT_BUILT_IN = 4;
      expect(symbols.curl_ws_send(easy, bytes, 1, done, 0, 1)).toBe(CURLE_NOT_BUILT_IN);
      expect(symbols.curl_ws_recv(easy, bytes, 1, done, new Int32Array(2))).toBe(
        CURLE_NOT_BUILT_IN,
      );
      expect(symbols.curl_ws_meta(easy)).toBe(null);
      symbols.curl_easy_cleanup(easy);
    },
  );

  test("wrong arguments are still wrong", () => {
    expect(thrown(() => new CurlWebSocket("nonsense"))).toMatchObject({ name: "SyntaxError" });
  });
});

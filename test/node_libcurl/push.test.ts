// PUSHFUNCTION: what a server pushes over HTTP/2.
import process from "node:process";
import { beforeEach, expect, test } from "vitest";
import { CurlCode, CurlHttpVersion, CurlPush, Easy, Multi } from "../../node_libcurl.ts";
import { oddities } from "../../src/libcurl_versions.ts";
import { useServer } from "../use.ts";
import { easyFor, thrown, until } from "./support.ts";

const server = useServer("h2");
beforeEach(() => {
});

/** The port is not in the URL: libcurl 7.88.1 itself denies every push from a named port. */
function pushing(path: string): ReturnType<typeof easyFor> {
  const made = easyFor(`https://localhost${path}`);
  made.easy.setOpt("CAINFO", server.ca);
  made.easy.setOpt("CONNECT_TO", [`localhost:443:127.0.0.1:${server.h2}`]);
  made.easy.setOpt("HTTP_VERSION", CurlHttpVersion.V2Tls);
  made.easy.setOpt("SSL_ENABLE_ALPN", true);
  return made;
}

const crashes = oddities().crashesOnAcceptedPush;

test("is asked with the parent, a copy and the headers, and may deny", async () => {
  const multi = new Multi(), { easy } = pushing("/push/2"), asked: unknown[][] = [];
  const code = multi.setOpt("PUSHFUNCTION", function (this: Multi, parent, copy, headers) {
    asked.push([
      this === multi,
      parent === easy,
      copy instanceof Easy && copy !== easy && copy.isOpen,
      headers.getByName(":path"),
      headers.getByName("no-such"),
      headers.getByIndex(0),
      headers.getByIndex(999),
      headers.numberOfHeaders > 3,
      thrown(() => multi.close()),
    ]);
    return CurlPush.Deny;
  });
  expect(code).toBe(0);
  await multi.perform(easy);
  const refused = expect.objectContaining({ name: "CurlMultiError" });
  const first = expect.stringMatching(/^:\w+:/);
  expect(asked).toEqual(["/pushed/0", "/pushed/1"].map((path) => [
    ...[true, true, true, path, null, first, null, true, refused],
  ]));
  expect(multi.getCount()).toBe(1);
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

test("denies where it throws or gives no number, and warns", async () => {
  const multi = new Multi(), { easy } = pushing("/push/2"), warnings: string[] = [];
  const listen = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", listen);
  let calls = 0;
  multi.setOpt("PUSHFUNCTION", () => {
    if (calls++ > 0) return "yes" as never;
    throw new Error("in the function");
  });
  await multi.perform(easy);
  await until(() => warnings.length > 0);
  process.off("warning", listen);
  expect([calls, warnings]).toEqual([2, [expect.stringContaining("in the function")]]);
  expect(multi.setOpt("PUSHFUNCTION", null)).toBe(0);
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

const why = crashes ? " (libcurl 7.88 and 8.0 crash here, so it is denied)" : "";

test(`Ok makes it a transfer of its own, whose end onMessage() tells${why}`, async () => {
  const multi = new Multi(), { easy } = pushing("/push/1"), told: unknown[][] = [];
  let pushed: Easy | undefined, text = "";
  multi.onMessage((...args) => void told.push(args));
  multi.setOpt("PUSHFUNCTION", (_parent, copy) => {
    pushed = copy;
    copy.setOpt("TIMEOUT_MS", 0); // libcurl 8.14 starts no clock for it
    copy.setOpt("WRITEFUNCTION", function (chunk) {
      expect(this).toBe(copy);
      text += chunk;
      return chunk.length;
    });
    return CurlPush.Ok;
  });
  await multi.perform(easy);
  expect(pushed).toBeInstanceOf(Easy);
  if (crashes) {
    expect([pushed!.isOpen, multi.getCount(), told]).toEqual([false, 1, []]);
  } else {
    await until(() => told.length > 0);
    expect(told).toEqual([[null, pushed, CurlCode.CURLE_OK]]);
    expect(text).toBe("pushed 0\n");
    expect(pushed!.getInfo("RESPONSE_CODE").data).toBe(200);
    expect([multi.getCount(), pushed!.isInsideMultiHandle]).toEqual([2, true]);
    multi.removeHandle(pushed!);
    pushed!.close();
  }
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

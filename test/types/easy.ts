// Compiled, never run: what must not compile is marked, and tsc fails where it does compile.
import { type CurlUrl, Easy, type Share } from "../../mod.ts";

declare const easy: Easy;
declare const share: Share;
declare const url: CurlUrl;

export function options(): void {
  easy.setOpt("TIMEOUT_MS", 500);
  easy.setOpt("TIMEOUT_MS", true);
  easy.setOpt("TIMEOUT_MS", null);
  // @ts-expect-error: a number is not a string
  easy.setOpt("TIMEOUT_MS", "x");
  easy.setOpt("TIMEOUT_MS", 500n);
  // @ts-expect-error: undefined is not a value
  easy.setOpt("TIMEOUT_MS", undefined);
  // @ts-expect-error: no such option
  easy.setOpt("TIMEOUT_MSS", 500);
  // @ts-expect-error: a name has no prefix
  easy.setOpt("CURLOPT_TIMEOUT_MS", 500);
  easy.setOpt(155, 500);

  easy.setOpt("RESUME_FROM_LARGE", 2n ** 40n);
  // @ts-expect-error: an off_t is a number
  easy.setOpt("RESUME_FROM_LARGE", "10");

  easy.setOpt("URL", "http://x/");
  // @ts-expect-error: a string is not a URL object
  easy.setOpt("URL", new URL("http://x/"));
  easy.setOpt("CURLU", url);
  // @ts-expect-error: a URL object is not a CurlUrl
  easy.setOpt("CURLU", new URL("http://x/"));
  url.set("HOST", url.get("URL"));
  // @ts-expect-error: no such part
  url.get("HOSTNAME");

  easy.setOpt("HTTPHEADER", ["A: b"]);
  // @ts-expect-error: a list is an array
  easy.setOpt("HTTPHEADER", "A: b");
  // @ts-expect-error: an array of strings
  easy.setOpt("HTTPHEADER", [1]);

  easy.setOpt("CAINFO_BLOB", new Uint8Array(1));
  // @ts-expect-error: a blob is bytes
  easy.setOpt("CAINFO_BLOB", "-----BEGIN CERTIFICATE-----");

  easy.setOpt("POSTFIELDS", "a=b");
  easy.setOpt("POSTFIELDS", new Uint8Array(1));
  // @ts-expect-error: a body is not a plain object
  easy.setOpt("POSTFIELDS", { a: "b" });

  easy.setOpt("SHARE", share);
  // @ts-expect-error: an easy is not a share
  easy.setOpt("SHARE", easy);
  easy.setOpt("STREAM_DEPENDS", easy);
  // @ts-expect-error: a share is not an easy
  easy.setOpt("STREAM_DEPENDS", share);
  easy.setOpt("PRIVATE", Symbol("any value"));
  easy.setOpt("STDERR", "/tmp/trace");
  easy.setOpt("STDERR", 2);
  // @ts-expect-error: a path or a descriptor is expected
  easy.setOpt("STDERR", true);

  easy.setOpts({ URL: "http://x/", TIMEOUT_MS: 5, WRITEDATA: {} });
  // @ts-expect-error: no such option
  easy.setOpts({ URL: "http://x/", NO_SUCH_OPTION: 1 });
  // @ts-expect-error: one of the values has a wrong type
  easy.setOpts({ URL: "http://x/", TIMEOUT_MS: "5" });
}

export function callbacks(): void {
  easy.setOpt("WRITEFUNCTION", (bytes, data) => {
    const length: number = bytes.length;
    // @ts-expect-error: the type of data is unknown
    void data.length;
    return length;
  });
  // @ts-expect-error: the result is a number of bytes
  easy.setOpt("WRITEFUNCTION", () => {});
  // @ts-expect-error: a promise is not a number of bytes
  easy.setOpt("WRITEFUNCTION", async (bytes) => await Promise.resolve(bytes.length));
  // @ts-expect-error: the first argument is the bytes
  easy.setOpt("WRITEFUNCTION", (size: number) => size);
  // @ts-expect-error: the result of READFUNCTION is not undefined
  easy.setOpt("READFUNCTION", () => undefined);

  easy.setOpt("XFERINFOFUNCTION", (_data, total: number, now: number) => total - now);
  easy.setOpt("XFERINFOFUNCTION", () => {});
  // @ts-expect-error: the first argument is the data
  easy.setOpt("XFERINFOFUNCTION", (total: number, now: number) => total - now);
  easy.setOpt("DEBUGFUNCTION", (handle: Easy, type: number, bytes: Uint8Array) => {
    void [handle, type, bytes];
  });
  // @ts-expect-error: the first argument is the handle
  easy.setOpt("DEBUGFUNCTION", (type: number) => void type);
  // @ts-expect-error: a function, not its result
  easy.setOpt("HEADERFUNCTION", 1);
  easy.setOpt("HEADERFUNCTION", null);
}

export function infos(): void {
  const code: number = easy.getInfo("RESPONSE_CODE");
  const url: string | null = easy.getInfo("EFFECTIVE_URL");
  const cookies: string[] = easy.getInfo("COOKIELIST");
  const certificates: string[][] = easy.getInfo("CERTINFO");
  const socket: number = easy.getInfo("ACTIVESOCKET");
  void [code, url, cookies, certificates, socket];
  // @ts-expect-error: a string may be absent
  const type: string = easy.getInfo("CONTENT_TYPE");
  // @ts-expect-error: a number is not a string
  const port: string = easy.getInfo("PRIMARY_PORT");
  // @ts-expect-error: no such info
  easy.getInfo("RESPONSE_CODES");
  const byNumber: unknown = easy.getInfo(0x200002);
  void [type, port, byNumber];
}

export function methods(): void {
  easy.pause(0);
  // @ts-expect-error: flags are a number
  easy.pause("CONT");
  easy.send(new Uint8Array(1));
  // @ts-expect-error: bytes are expected
  easy.send("text");
  easy.headers({ origin: 1, request: -1 });
  // @ts-expect-error: no such member
  easy.headers({ name: "x" });
  const copy: Easy = easy.duplicate();
  using closed = copy;
  // @ts-expect-error: closed is read only
  closed.closed = true;
  share.setOpt("SHARE", 2);
  // @ts-expect-error: lock callbacks are not exposed
  share.setOpt("LOCKFUNC", 1);
  // @ts-expect-error: the constructor takes nothing
  new Easy("http://x/");
}

// Options that a call sets itself are type errors in its `curl`.
import {
  CurlWebSocket,
  download,
  type Easy,
  type EasyOptions,
  fetch,
  type FetchInit,
  type Mime,
  type Multi,
  upload,
} from "../../mod.ts";
import type { FetchOwnOption, WebSocketOwnOption } from "../../src/http/request/curl_options.ts";

type No<T extends never> = T;
/** The names, each an option of libcurl, none of which the calls take. */
export type Known = No<
  Exclude<FetchOwnOption | WebSocketOwnOption, keyof EasyOptions | "ERRORBUFFER">
>;
export type Left = No<Extract<keyof NonNullable<FetchInit["curl"]>, FetchOwnOption>>;

export function calls(easy: Easy): void {
  // @ts-expect-error: the URL is the first argument
  void fetch("http://x/", { curl: { URL: "http://y/" } });
  // @ts-expect-error: the bytes are the body of the response
  void fetch("http://x/", { curl: { WRITEFUNCTION: () => 0 } });
  // @ts-expect-error: the timeout is init.timeout
  void download("http://x/", "x", { curl: { TIMEOUT: 1 } });
  // @ts-expect-error: the bytes are those of the source
  void upload("x", "http://x/", { curl: { READFUNCTION: () => 0 } });
  // @ts-expect-error: the handshake is HTTP/1.1
  void new CurlWebSocket("ws://x/", [], { curl: { HTTP_VERSION: 2 } });
  // @ts-expect-error: the text is in the error
  easy.setOpt("ERRORBUFFER", new Uint8Array(256));
  void fetch("http://x/", { curl: { PROXY: "http://y/", HTTP_VERSION: 2 } });
  easy.send(new Uint8Array(new SharedArrayBuffer(1)));
}

export function parts(mime: Mime, multi: Multi): void {
  mime.addPart({ name: "a" });
  mime.addPart({ name: "a", data: "x" });
  // @ts-expect-error: a part has one content
  mime.addPart({ name: "a", data: "x", file: "y" });
  multi.setOpt("NOTIFYFUNCTION", () => {});
  // @ts-expect-error: libcurl waits for no promise
  multi.setOpt("NOTIFYFUNCTION", async () => {});
  const read = () => 0;
  mime.addPart({ reader: { read, free() {} } });
  // @ts-expect-error: free() returns no promise
  mime.addPart({ reader: { read, async free() {} } });
}

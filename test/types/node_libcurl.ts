// Compiled, never run: what is written for node-libcurl's types, and what they refuse.
import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import nodeLibcurl, {
  type BlobOptions,
  Curl,
  CurlAuth,
  CurlChunk,
  CurlCode,
  CurlEasyError,
  CurlError,
  CurlFeature,
  CurlFnMatchFunc,
  CurlGlobalInit,
  CurlHsts,
  type CurlHstsCacheCount,
  type CurlHstsCacheEntry,
  CurlHttpVersion,
  CurlInfoDebug,
  type CurlInfoName,
  CurlMime,
  CurlMultiCode,
  CurlMultiError,
  type CurlOptionName,
  type CurlOptionValueType,
  CurlPause,
  CurlPreReqFunc,
  CurlProgressFunc,
  CurlPush,
  CurlReadFunc,
  CurlSharedError,
  CurlShareLock,
  CurlShareOption,
  CurlSshKeyMatch,
  CurlSslOpt,
  type CurlVersionInfoNativeBindingObject,
  CurlWriteFunc,
  type CurlWsFrame,
  curly,
  type CurlyFunction,
  type CurlyOptions,
  type CurlyResponseBodyParser,
  type CurlyResult,
  type DataCallbackOptions,
  Easy,
  type FileInfo,
  type GetInfoReturn,
  type HeaderInfo,
  type Http2PushFrameHeaders,
  type HttpPostField,
  Multi,
  type ProgressCallbackOptions,
  Share,
  SocketState,
} from "../../node_libcurl.ts";

declare const stream: Readable;
declare const number: number;

export function enums(code: CurlCode): string {
  const version: CurlHttpVersion = CurlHttpVersion.V2Tls;
  const any: CurlAuth = CurlAuth.Basic | CurlAuth.Digest;
  const given: CurlHttpVersion = number; // an enum takes any number
  const name: keyof typeof CurlHttpVersion = "V3Only";
  const bits: number = CurlGlobalInit.All & CurlSslOpt.NativeCa;
  let flags: CurlPause = CurlPause.All;
  flags &= ~CurlPause.Recv;
  const words: Record<CurlHsts, string> = {
    [CurlHsts.Disabled]: "off",
    [CurlHsts.Enable]: "on",
    [CurlHsts.ReadonlyFile]: "read",
  };
  // @ts-expect-error: a text is not a member
  const wrong: CurlHttpVersion = "V2Tls";
  // @ts-expect-error: there is no such member
  const none = CurlHttpVersion.V4;
  void [version, any, given, CurlHttpVersion[name], bits, flags, words, wrong, none];
  switch (code) {
    case CurlCode.CURLE_OK:
      return "fine";
    case CurlCode.CURLE_OPERATION_TIMEDOUT:
      return CurlCode[code];
    default:
      return CurlCode[code] ?? "unknown";
  }
}

/** Handles all members: the type of the rest is never. */
export function exhaustive(state: SocketState): string {
  switch (state) {
    case SocketState.Readable:
      return "readable";
    case SocketState.Writable:
      return "writable";
  }
}

export function easy(): void {
  const easy = new Easy(new Easy());
  const code: CurlCode = easy.setOpt("URL", "https://example.com/");
  easy.setOpt(Curl.option.FOLLOWLOCATION, true);
  easy.setOpt("TIMEOUT", "5");
  easy.setOpt("TIMEOUT", null);
  easy.setOpt("HTTPHEADER", ["A: b"]);
  easy.setOpt("HTTPAUTH", CurlAuth.Any);
  easy.setOpt("HTTP_VERSION", CurlHttpVersion.V1_1);
  easy.setOpt("SSL_OPTIONS", CurlSslOpt.NativeCa | CurlSslOpt.NoRevoke);
  easy.setOpt("CAINFO_BLOB", Buffer.from("pem"));
  easy.setOpt("SSLCERT_BLOB", new ArrayBuffer(1));
  easy.setOpt("SHARE", new Share());
  easy.setOpt("MIMEPOST", new CurlMime(easy));
  easy.setOpt("STREAM_DEPENDS", easy);
  const fields: HttpPostField[] = [
    { name: "a", contents: "b" },
    { name: "a", file: "/b", type: "c/d", filename: "e" },
  ];
  easy.setOpt("HTTPPOST", fields);
  // @ts-expect-error: no such option
  easy.setOpt("URLS", "x");
  // @ts-expect-error: an option that is left out
  easy.setOpt("WRITEDATA", 1);
  // @ts-expect-error: a list is an array
  easy.setOpt("HTTPHEADER", "A: b");
  // @ts-expect-error: a function is not a text
  easy.setOpt("WRITEFUNCTION", "x");
  // @ts-expect-error: an object is not a number
  easy.setOpt("TIMEOUT", {});
  const { data, code: infoCode } = easy.getInfo("RESPONSE_CODE");
  const certificates: string[] = easy.getInfo("CERTINFO").data;
  const info: GetInfoReturn = { data, code: infoCode };
  const sent: number = easy.send(Buffer.from("x")).bytesSent;
  const frame: CurlWsFrame | null = easy.wsRecv(Buffer.alloc(1)).meta;
  easy.private = { any: "thing" };
  easy.onSocketEvent((error: Error | null, events: SocketState) => void [error, events])
    .monitorSocketEvents().unmonitorSocketEvents();
  const words: string = Easy.strError(easy.perform());
  void [code, info, certificates, sent, frame, words, easy.isPausedRecv, easy.pauseFlags];
}

export function callbacks(easy: Easy, names: CurlOptionName): void {
  easy.setOpt("WRITEFUNCTION", function (data, size, nmemb) {
    return this.isOpen && data.length > 0 ? size * nmemb : CurlWriteFunc.Pause;
  });
  easy.setOpt("READFUNCTION", (buffer) => buffer.write("x") || CurlReadFunc.Abort);
  easy.setOpt("XFERINFOFUNCTION", (dltotal, dlnow) => dltotal > dlnow ? 0 : 1);
  easy.setOpt("PROGRESSFUNCTION", () => CurlProgressFunc.Continue);
  easy.setOpt("DEBUGFUNCTION", (type, data) => {
    if (type === CurlInfoDebug.HeaderIn) console.log(data.toString("utf8"));
    return 0;
  });
  easy.setOpt(
    "PREREQFUNCTION",
    (ip, _local, port) => ip === "127.0.0.1" && port > 0 ? CurlPreReqFunc.Ok : CurlPreReqFunc.Abort,
  );
  easy.setOpt("TRAILERFUNCTION", () => number ? ["A: b"] : false);
  easy.setOpt("SEEKFUNCTION", (offset, origin) => offset + origin);
  easy.setOpt(
    "FNMATCH_FUNCTION",
    (pattern, name) => pattern === name ? CurlFnMatchFunc.Match : CurlFnMatchFunc.NoMatch,
  );
  easy.setOpt(
    "CHUNK_BGN_FUNCTION",
    (file: FileInfo) => file.strings.target === null ? CurlChunk.BgnFuncOk : CurlChunk.BgnFuncSkip,
  );
  easy.setOpt("CHUNK_END_FUNCTION", () => CurlChunk.EndFuncOk);
  easy.setOpt(
    "SSH_HOSTKEYFUNCTION",
    (_type, key) => key.length ? CurlSshKeyMatch.Ok : CurlSshKeyMatch.Mismatch,
  );
  easy.setOpt(
    "HSTSREADFUNCTION",
    ({ maxHostLengthBytes }): CurlHstsCacheEntry[] | null =>
      maxHostLengthBytes > 9 ? [{ host: "a", expire: null }] : null,
  );
  easy.setOpt(
    "HSTSWRITEFUNCTION",
    (entry: CurlHstsCacheEntry, place: CurlHstsCacheCount) => entry.host.length + place.index,
  );
  // @ts-expect-error: the result is a member of the enum
  easy.setOpt("PREREQFUNCTION", () => "0");
  // @ts-expect-error: the result is a number
  easy.setOpt("WRITEFUNCTION", () => {});
  const groups: (DataCallbackOptions | ProgressCallbackOptions | BlobOptions)[] = ["SSLKEY_BLOB"];
  void [names, groups];
}

export function multi(): void {
  const multi = new Multi({ shouldUseNotificationsApi: false });
  const code: CurlMultiCode = multi.setOpt("MAX_TOTAL_CONNECTIONS", 5);
  multi.setOpt("PIPELINING", 2);
  multi.setOpt(
    "PUSHFUNCTION",
    (parent, copy, headers: Http2PushFrameHeaders) =>
      parent !== copy && headers.getByName(":path") ? CurlPush.Ok : CurlPush.Deny,
  );
  multi.onMessage((error, handle, errorCode) => {
    if (error) console.log(error.message, errorCode);
    multi.removeHandle(handle);
  }).addHandle(new Easy());
  const done: Promise<Easy> = multi.perform(new Easy());
  new Share().setOpt("SHARE", CurlShareLock.DataCookie);
  new Share().setOpt(CurlShareOption.UNSHARE, CurlShareLock.DataDns);
  // @ts-expect-error: a number is expected
  multi.setOpt("MAXCONNECTS", "5");
  void [code, done, Multi.strError(code), multi.getCount()];
}

export function curl(): void {
  const curl = new Curl();
  curl.enable(CurlFeature.NoDataParsing | CurlFeature.StreamResponse)
    .setOpt(Curl.option.URL, "https://example.com/")
    .setOpt("WRITEFUNCTION", (chunk, size, nmemb) => chunk.length && size * nmemb)
    .setUploadStream(stream).setStreamProgressCallback(() => 0)
    .setProgressCallback((dltotal, dlnow) => dltotal - dlnow)
    .setMulti(new Multi()).setMulti(undefined)
    .setMimePost([{ type: "data", name: "a", data: Buffer.alloc(1) }])
    .on("data", function (chunk, instance) {
      console.log(this === instance, chunk.toString("utf8"));
    })
    .on("header", (chunk: Buffer) => chunk.length)
    .on("stream", (body: Readable, status: number) => body.resume() && status)
    .on("end", (status, data, headers, instance) => {
      console.log(status, data.length, (headers as HeaderInfo[])[0]?.result?.code);
      instance.close();
    })
    .on("end", (_status, data: Buffer, headers: HeaderInfo[]) => [data.length, headers.length])
    .on("error", (error: CurlEasyError, code: CurlCode) => [error.cause, error.code === code])
    .perform();
  const name: CurlInfoName = "EFFECTIVE_URL";
  const time = curl.getInfo("TOTAL_TIME") as number;
  const names: string[] = Object.keys(Curl.info);
  const info: CurlVersionInfoNativeBindingObject = Curl.getVersionInfo();
  const copy: Curl = curl.dupHandle(false).reset().upkeep().pause(CurlPause.Cont);
  void [name, time, names, info.version, copy.handle.id, Curl.VERSION_NUM >= 0x074501];
}

export async function withCurly(options: CurlyOptions): Promise<CurlyResult<{ a: number }>> {
  const parser: CurlyResponseBodyParser = (data, headers) => [data.length, headers.length];
  const all: CurlyOptions = {
    ...options,
    URL: "x",
    url: "x",
    followLocation: true,
    FOLLOWLOCATION: 1,
    httpHeader: ["A: b"],
    sslVerifyPeer: false,
    forbIdReuse: true,
    http200aliases: ["x"],
    sslversion: null,
    postFieldSizeLarge: 1,
    httpVersion: CurlHttpVersion.V2_0,
    writeFunction(chunk, size, nmemb) {
      return this.isOpen ? chunk.length : size * nmemb;
    },
    curlyBaseUrl: "https://example.com",
    curlyLowerCaseHeaders: true,
    curlyResponseBodyParser: false,
    curlyResponseBodyParsers: { "a/b": parser },
    curlyProgressCallback: () => CurlProgressFunc.Continue,
    curlyStreamResponse: true,
    curlyStreamResponseHighWaterMark: 1024,
    curlyStreamUpload: stream,
    curlyMimePost: [{ type: "stream", name: "a", stream, size: 1 }],
  };
  const value: CurlOptionValueType["xferInfoFunction"] = null;
  const own: CurlyFunction = curly.create(all);
  own.setObjectPoolLimit(5);
  own.defaultResponseBodyParsers["*"] = parser;
  await own["m-search"]("x");
  // @ts-expect-error: no such option
  await curly.get("x", { followLocations: true });
  // @ts-expect-error: a function is expected
  await curly.get("x", { curlyProgressCallback: "x" });
  const { data, statusCode, headers } = await curly.post<{ a: number }>("x", { postFields: "y" });
  const cookies: string[] | undefined = headers[0]?.["Set-Cookie"];
  void [value, cookies, headers[0]?.["content-type"]];
  return { data, statusCode, headers };
}

export const errors: boolean = new CurlEasyError("x", CurlCode.CURLE_OK) instanceof CurlError &&
  new CurlMultiError("x", CurlMultiCode.CURLM_OK).code === 0 &&
  new CurlSharedError("x", 1) instanceof nodeLibcurl.CurlError;

/**
 * Enums of the arguments and results of callbacks.
 *
 * @module
 */

import { enumOf } from "./build.ts";

declare enum ChunkEnum {
  BgnFuncOk = 0,
  BgnFuncFail = 1,
  BgnFuncSkip = 2,
  EndFuncOk = 0,
  EndFuncFail = 1,
}

/**
 * What CHUNK_BGN_FUNCTION and CHUNK_END_FUNCTION return: {@link
 * https://curl.se/libcurl/c/CURLOPT_CHUNK_BGN_FUNCTION.html}.
 */
export const CurlChunk: typeof ChunkEnum = enumOf(
  "CURL_CHUNK_",
  "BgnFuncOk BgnFuncFail BgnFuncSkip EndFuncOk EndFuncFail",
);
/** A value of {@linkcode CurlChunk}. */
export type CurlChunk = ChunkEnum;

declare enum FileTypeEnum {
  File = 0,
  Directory = 1,
  Symlink = 2,
  DeviceBlock = 3,
  DeviceChar = 4,
  NamedPipe = 5,
  Socket = 6,
  Door = 7,
}

/**
 * The kind of file that a CHUNK_BGN_FUNCTION gets: {@link
 * https://curl.se/libcurl/c/CURLOPT_CHUNK_BGN_FUNCTION.html}.
 */
export const CurlFileType: typeof FileTypeEnum = enumOf(
  "CURLFILETYPE_",
  "File Directory Symlink DeviceBlock DeviceChar NamedPipe Socket Door",
);
/** A value of {@linkcode CurlFileType}. */
export type CurlFileType = FileTypeEnum;

declare enum FnMatchFuncEnum {
  Match = 0,
  NoMatch = 1,
  Fail = 2,
}

/**
 * What an FNMATCH_FUNCTION returns: {@link
 * https://curl.se/libcurl/c/CURLOPT_FNMATCH_FUNCTION.html}.
 */
export const CurlFnMatchFunc: typeof FnMatchFuncEnum = enumOf(
  "CURL_FNMATCHFUNC_",
  "Match NoMatch Fail",
);
/** A value of {@linkcode CurlFnMatchFunc}. */
export type CurlFnMatchFunc = FnMatchFuncEnum;

declare enum HstsCallbackEnum {
  Ok = 0,
  Done = 1,
  Fail = 2,
}

/**
 * What an HSTSWRITEFUNCTION returns: {@link
 * https://curl.se/libcurl/c/CURLOPT_HSTSWRITEFUNCTION.html}.
 */
export const CurlHstsCallback: typeof HstsCallbackEnum = enumOf("CURLSTS_", "Ok Done Fail");
/** A value of {@linkcode CurlHstsCallback}. */
export type CurlHstsCallback = HstsCallbackEnum;

declare enum InfoDebugEnum {
  Text = 0,
  HeaderIn = 1,
  HeaderOut = 2,
  DataIn = 3,
  DataOut = 4,
  SslDataIn = 5,
  SslDataOut = 6,
}

/**
 * The kind of data that a DEBUGFUNCTION gets: {@link
 * https://curl.se/libcurl/c/CURLOPT_DEBUGFUNCTION.html}.
 */
export const CurlInfoDebug: typeof InfoDebugEnum = enumOf(
  "CURLINFO_",
  "Text HeaderIn HeaderOut DataIn DataOut SslDataIn SslDataOut",
);
/** A value of {@linkcode CurlInfoDebug}. */
export type CurlInfoDebug = InfoDebugEnum;

declare enum PauseEnum {
  Recv = 1,
  RecvCont = 0,
  Send = 4,
  SendCont = 0,
  All = 5,
  Cont = 0,
}

/** Bits of `pause`: {@link https://curl.se/libcurl/c/curl_easy_pause.html}. */
export const CurlPause: typeof PauseEnum = enumOf(
  "CURLPAUSE_",
  "Recv RecvCont Send SendCont All Cont",
);
/** A value of {@linkcode CurlPause}. */
export type CurlPause = PauseEnum;

declare enum PreReqFuncEnum {
  Ok = 0,
  Abort = 1,
}

/** What a PREREQFUNCTION returns: {@link https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html}. */
export const CurlPreReqFunc: typeof PreReqFuncEnum = enumOf("CURL_PREREQFUNC_", "Ok Abort");
/** A value of {@linkcode CurlPreReqFunc}. */
export type CurlPreReqFunc = PreReqFuncEnum;

declare enum ProgressFuncEnum {
  Continue = 268435457,
}

/**
 * What an XFERINFOFUNCTION may return: {@link
 * https://curl.se/libcurl/c/CURLOPT_XFERINFOFUNCTION.html}.
 */
export const CurlProgressFunc: typeof ProgressFuncEnum = enumOf("CURL_PROGRESSFUNC_", "Continue");
/** A value of {@linkcode CurlProgressFunc}. */
export type CurlProgressFunc = ProgressFuncEnum;

declare enum PushEnum {
  Ok = 0,
  Deny = 1,
  ErrorOut = 2,
}

/** What a PUSHFUNCTION returns: {@link https://curl.se/libcurl/c/CURLMOPT_PUSHFUNCTION.html}. */
export const CurlPush: typeof PushEnum = enumOf("CURL_PUSH_", "Ok Deny ErrorOut");
/** A value of {@linkcode CurlPush}. */
export type CurlPush = PushEnum;

declare enum ReadFuncEnum {
  Abort = 268435456,
  Pause = 268435457,
}

/** What a READFUNCTION may return: {@link https://curl.se/libcurl/c/CURLOPT_READFUNCTION.html}. */
export const CurlReadFunc: typeof ReadFuncEnum = enumOf("CURL_READFUNC_", "Abort Pause");
/** A value of {@linkcode CurlReadFunc}. */
export type CurlReadFunc = ReadFuncEnum;

declare enum WriteFuncEnum {
  Pause = 268435457,
  Abort = 4294967295,
}

/**
 * What a WRITEFUNCTION may return: {@link https://curl.se/libcurl/c/CURLOPT_WRITEFUNCTION.html}.
 */
export const CurlWriteFunc: typeof WriteFuncEnum = enumOf("CURL_WRITEFUNC_", "Pause", {
  Abort: "CURL_WRITEFUNC_ERROR",
});
/** A value of {@linkcode CurlWriteFunc}. */
export type CurlWriteFunc = WriteFuncEnum;

declare enum SocketStateEnum {
  Readable = 1,
  Writable = 2,
}

/** The events of a socket, for `Easy.onSocketEvent`. */
export const SocketState: typeof SocketStateEnum = enumOf("", "", {
  Readable: "CURL_CSELECT_IN",
  Writable: "CURL_CSELECT_OUT",
});
/** A value of {@linkcode SocketState}. */
export type SocketState = SocketStateEnum;

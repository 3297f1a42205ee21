/**
 * The objects that callbacks get and options take.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { CurlFileType, CurlReadFunc } from "../enums/callbacks.ts";
import type { CurlCode } from "../enums/codes.ts";
import type { CurlVersion } from "../enums/handles.ts";
import type { CurlWs } from "../enums/transfers.ts";

/** The result of `Easy.getInfo`. */
export interface GetInfoReturn<DataType = number | string | null> {
  /** The info, `undefined` where there is none. */
  data: DataType;
  /** `CURLE_OK`, or the code of the error. */
  code: CurlCode;
}

/**
 * The headers of one response by name, in the server's letter case: `headers["Content-Type"]`. Of
 * several headers with one name it has the last.
 */
export type HeaderInfo =
  & {
    /** The status line. */
    result?: {
      version: string;
      code: number;
      reason: string;
    };
  }
  & {
    /** All cookies. */
    "Set-Cookie"?: string[];
  }
  & { [headerKey: string]: string };

/** A piece of a WebSocket frame: {@link https://curl.se/libcurl/c/curl_ws_meta.html}. */
export interface CurlWsFrame {
  /** The version of C's struct: 0. */
  age: number;
  /** The kind of frame. */
  flags: CurlWs;
  /** The offset of this piece in the frame. */
  offset: number;
  /** The number of bytes of the frame after this piece. */
  bytesleft: number;
  /** The number of bytes of this piece. */
  len: number;
}

/** A file of an FTP wildcard transfer, as CHUNK_BGN_FUNCTION gets it. */
export type FileInfo = {
  filetype: CurlFileType;
  filename: string;
  /** `null` in fact: libcurl reports the time as text only. */
  time: Date;
  perm: number;
  uid: number;
  gid: number;
  size: number;
  hardlinks: number;
  strings: {
    time: string;
    perm: string;
    user: string;
    group: string;
    target: string | null;
  };
};

/** The headers of a pushed request, readable during PUSHFUNCTION only. */
export interface Http2PushFrameHeaders {
  /** The value of a header, such as `:path`, or `null`. */
  getByName(name: string): string | null;
  /** The header at an index, as `name:value`, or `null`. */
  getByIndex(index: number): string | null;
  /** The number of headers. */
  numberOfHeaders: number;
}

/** A field of HTTPPOST. */
export type HttpPostField =
  | {
    name: string;
    contents: string;
  }
  | {
    name: string;
    /** The path of a file. */
    file: string;
    /** The media type. */
    type?: string;
    /** The name of the file as the server sees it. */
    filename?: string;
  };

/** An entry of the HSTS cache. */
export interface CurlHstsCacheEntry {
  /** The host name. */
  host: string;
  /** Whether the entry includes the subdomains of the host. */
  includeSubDomains?: boolean;
  /** `YYYYMMDD HH:MM:SS`, or `null` for an entry that never expires. */
  expire?: string | null;
}

/** The position of an entry in the HSTS cache. */
export interface CurlHstsCacheCount {
  /** The index of the entry, from 0. */
  index: number;
  /** The number of entries. */
  count: number;
  /** The number of entries: the name of this member in node-libcurl 5.1's code. */
  total: number;
}

/** The functions of a part that is read while it is sent. */
export interface MimeDataCallbacks {
  /** Returns up to `size` bytes, `null` at the end, or a `CurlReadFunc`. */
  read: (size: number) => Buffer | string | null | CurlReadFunc;
  /** Seeks to an offset, and returns whether it could; without it the part can be sent once. */
  seek?: (offset: number, origin: number) => boolean;
  /** Called when no more bytes will be read. */
  free?: () => void;
}

/** The version and the features of the loaded libcurl. */
export interface CurlVersionInfoNativeBindingObject {
  /** The protocols, such as `"https"`. */
  protocols: string[];
  /** The features, such as `"HTTP2"`. */
  features: string[];
  /** The features as bits. */
  rawFeatures: CurlVersion;
  /** The version, such as `"8.14.1"`. */
  version: string;
  /** The version as 0xXXYYZZ. */
  versionNumber: number;
  /** The TLS library; empty without one. */
  sslVersion: string;
  /** Always 0. */
  sslVersionNum: 0;
  /** The version of zlib, such as `"1.3.1"`. */
  libzVersion: string;
  /** The version of c-ares, `null` without it. */
  aresVersion: string | null;
  /** The version of c-ares as 0xXXYYZZ, 0 without it. */
  aresVersionNumber: number;
  /** The version of libidn2, `null` without it. */
  libidnVersion: string | null;
  /** Always 0: libcurl no longer uses iconv. */
  iconvVersionNumber: number;
  /** The SSH library, `null` without one. */
  libsshVersion: string | null;
  /** The version of brotli as 0xXXYYYZZZ, 0 without it. */
  brotliVersionNumber: number;
  /** The version of brotli, `null` without it. */
  brotliVersion: string | null;
}

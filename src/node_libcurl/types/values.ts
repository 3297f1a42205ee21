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

/** What `Easy.getInfo` gives. */
export interface GetInfoReturn<DataType = number | string | null> {
  /** The info, `undefined` where there is none. */
  data: DataType;
  /** `CURLE_OK`, or why there is none. */
  code: CurlCode;
}

/**
 * The headers of one response: `headers["Content-Type"]`, by the name that the server wrote, and of
 * several with one name the last.
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
  /** The age of C's struct: 0. */
  age: number;
  /** What kind of frame it is. */
  flags: CurlWs;
  /** Where in the frame this piece begins. */
  offset: number;
  /** How many bytes of the frame come after this piece. */
  bytesleft: number;
  /** How many bytes this piece has. */
  len: number;
}

/** A file of an FTP wildcard transfer, as CHUNK_BGN_FUNCTION gets it. */
export type FileInfo = {
  filetype: CurlFileType;
  filename: string;
  /** `null` in fact: libcurl leaves it to the string. */
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

/** The headers of a request that a server promises to answer, during PUSHFUNCTION only. */
export interface Http2PushFrameHeaders {
  /** The value of a header, such as `:path`, or `null`. */
  getByName(name: string): string | null;
  /** The header at that place, as `name:value`, or `null`. */
  getByIndex(index: number): string | null;
  /** How many there are. */
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
    /** Its media type. */
    type?: string;
    /** Its name as the server sees it. */
    filename?: string;
  };

/** An entry of the HSTS cache. */
export interface CurlHstsCacheEntry {
  /** The host name. */
  host: string;
  /** Whether it counts for the hosts below as well. */
  includeSubDomains?: boolean;
  /** `YYYYMMDD HH:MM:SS`, or `null` for an entry that never expires. */
  expire?: string | null;
}

/** Which entry of the HSTS cache it is. */
export interface CurlHstsCacheCount {
  /** From 0. */
  index: number;
  /** How many there are. */
  count: number;
  /** The same: the name that node-libcurl 5.1 has for it when it runs. */
  total: number;
}

/** The functions of a part that is read while it is sent. */
export interface MimeDataCallbacks {
  /** Gives up to `size` bytes, `null` at the end, or a `CurlReadFunc`. */
  read: (size: number) => Buffer | string | null | CurlReadFunc;
  /** Goes to that place and returns whether it could; without it the part can be sent once. */
  seek?: (offset: number, origin: number) => boolean;
  /** Nothing will read it any more. */
  free?: () => void;
}

/** What the loaded libcurl is and can do. */
export interface CurlVersionInfoNativeBindingObject {
  /** Such as `"https"`. */
  protocols: string[];
  /** Such as `"HTTP2"`. */
  features: string[];
  /** The same as bits. */
  rawFeatures: CurlVersion;
  /** Such as `"8.14.1"`. */
  version: string;
  /** The same as 0xXXYYZZ. */
  versionNumber: number;
  /** Its TLS library; empty without one. */
  sslVersion: string;
  /** Always 0. */
  sslVersionNum: 0;
  /** That of zlib, such as `"1.3.1"`. */
  libzVersion: string;
  /** That of c-ares, `null` without it. */
  aresVersion: string | null;
  /** 0xXXYYZZ, 0 without c-ares. */
  aresVersionNumber: number;
  /** That of libidn2, `null` without it. */
  libidnVersion: string | null;
  /** Always 0: libcurl does not use iconv any more. */
  iconvVersionNumber: number;
  /** The SSH library, `null` without one. */
  libsshVersion: string | null;
  /** 0xXXYYYZZZ, 0 without brotli. */
  brotliVersionNumber: number;
  /** That of brotli, `null` without it. */
  brotliVersion: string | null;
}

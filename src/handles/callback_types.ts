/**
 * The callbacks that an easy handle takes, in JS terms. Parameters follow the C prototype's
 * order; `(ptr, size, nmemb)` becomes one `Uint8Array`, valid during the callback only; `data` is
 * the value of the `*DATA` option. `undefined` as a result means success; another integer is
 * passed to libcurl; anything else, and a throw, counts as failure and becomes the `cause` of the
 * error that the transfer ends with.
 *
 * @module
 */

import type { Pointer } from "../../ffi/mod.ts";
import type { Easy } from "./easy/easy.ts";

/** A socket that libcurl wants opened: `struct curl_sockaddr`. */
export interface SocketAddress {
  /** `AF_INET`, `AF_INET6`, `AF_UNIX`: the system's numbers. */
  readonly family: number;
  /** `SOCK_STREAM` or `SOCK_DGRAM`. */
  readonly socktype: number;
  /** The IP protocol number. */
  readonly protocol: number;
  /** The `struct sockaddr`, a copy. */
  readonly addr: Uint8Array;
}

/** A file of an FTP wildcard transfer: `struct curl_fileinfo`. */
export interface FileInfo {
  /** Its name in the folder. */
  readonly filename: string;
  /** `CURLFILETYPE_*`. */
  readonly filetype: number;
  /** Permission bits. */
  readonly perm: number;
  /** The number of its owner. */
  readonly uid: number;
  /** The number of its group. */
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  /** How many names it has. */
  readonly hardlinks: number;
  /** The strings of the listing, `null` where it has none. */
  readonly strings: {
    readonly time: string | null;
    readonly perm: string | null;
    readonly user: string | null;
    readonly group: string | null;
    readonly target: string | null;
  };
  /** `CURLFINFOFLAG_*`: which fields are known. */
  readonly flags: number;
}

/** A host key: `struct curl_khkey`. */
export interface HostKey {
  /** The key, in base64 where it is of `known_hosts`. */
  readonly key: string;
  /** `CURLKHTYPE_*`. */
  readonly keytype: number;
}

/** An entry of the HSTS cache: `struct curl_hstsentry`. */
export interface HstsEntry {
  /** The host name. */
  name: string;
  /** Whether it counts for the hosts below as well. */
  includeSubDomains: boolean;
  /** `YYYYMMDD HH:MM:SS`, or empty for an entry that never expires. */
  expire: string;
}

type Progress = (
  data: unknown,
  dltotal: number,
  dlnow: number,
  ultotal: number,
  ulnow: number,
) => number | void;

/** Every callback option of an easy handle. */
export interface EasyCallbacks {
  /**
   * Takes a piece of the body and returns how many bytes it took: all of them, or it fails the
   * transfer. `CURL_WRITEFUNC_PAUSE` pauses.
   */
  WRITEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Fills the buffer and returns how many bytes it wrote; 0 ends the upload. */
  READFUNCTION: (buffer: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes one header line, as WRITEFUNCTION takes the body. */
  HEADERFUNCTION: (line: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes RTP data, as WRITEFUNCTION takes the body. */
  INTERLEAVEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Moves in the upload's source; `origin` is `SEEK_SET` (0), `SEEK_CUR` or `SEEK_END`. */
  SEEKFUNCTION: (data: unknown, offset: number, origin: number) => number | void;
  /** The old way to rewind. */
  IOCTLFUNCTION: (easy: Easy, cmd: number, data: unknown) => number | void;
  /** Told how far the transfer is, in bytes; a result other than 0 aborts it. */
  XFERINFOFUNCTION: Progress;
  /** The old form of XFERINFOFUNCTION. */
  PROGRESSFUNCTION: Progress;
  /** Told what happens: `type` is a `CURLINFO_*` of the debug kind. */
  DEBUGFUNCTION: (
    easy: Easy,
    type: number,
    bytes: Uint8Array<ArrayBuffer>,
    data: unknown,
  ) => number | void;
  /** May change the TLS backend's context (`SSL_CTX *` with OpenSSL). */
  SSL_CTX_FUNCTION: (easy: Easy, sslctx: Pointer, data: unknown) => number | void;
  /** May change a new socket's options; `purpose` is a `CURLSOCKTYPE_*`. */
  SOCKOPTFUNCTION: (data: unknown, fd: number, purpose: number) => number | void;
  /** Opens a socket and returns its descriptor, -1 for none; `undefined` leaves it to curlew. */
  OPENSOCKETFUNCTION: (data: unknown, purpose: number, address: SocketAddress) => number | void;
  /**
   * Closes a socket; `undefined` leaves the closing to curlew. May be called after `close()`, by
   * whatever has a cache let go of the connection: what it fails with then goes to `reportError`.
   */
  CLOSESOCKETFUNCTION: (data: unknown, fd: number) => number | void;
  /** Accepts or refuses a host key: returns a `CURLKHSTAT_*`. */
  SSH_KEYFUNCTION: (
    easy: Easy,
    known: HostKey | null,
    found: HostKey | null,
    match: number,
    data: unknown,
  ) => number | void;
  /** Accepts (`CURLKHMATCH_OK`) or refuses a host key. */
  SSH_HOSTKEYFUNCTION: (
    data: unknown,
    keytype: number,
    key: Uint8Array<ArrayBuffer>,
  ) => number | void;
  /** Before a file of an FTP wildcard transfer: returns a `CURL_CHUNK_BGN_FUNC_*`. */
  CHUNK_BGN_FUNCTION: (info: FileInfo, data: unknown, remains: number) => number | void;
  /** After it. */
  CHUNK_END_FUNCTION: (data: unknown) => number | void;
  /** Matches a file name: returns a `CURL_FNMATCHFUNC_*`. */
  FNMATCH_FUNCTION: (data: unknown, pattern: string, name: string) => number | void;
  /** Before a name is resolved; a result other than 0 aborts. */
  RESOLVER_START_FUNCTION: (
    resolverState: Pointer,
    reserved: Pointer,
    data: unknown,
  ) => number | void;
  /** Connected, before the request: returns `CURL_PREREQFUNC_OK` or `_ABORT`. */
  PREREQFUNCTION: (
    data: unknown,
    primaryIp: string,
    localIp: string,
    primaryPort: number,
    localPort: number,
  ) => number | void;
  /** Adds trailers to a chunked upload: push lines to the list. */
  TRAILERFUNCTION: (lines: string[], data: unknown) => number | void;
  /** Fills one entry of the HSTS cache; returns `CURLSTS_OK`, `_DONE` or `_FAIL`. */
  HSTSREADFUNCTION: (easy: Easy, entry: HstsEntry, data: unknown) => number | void;
  /** Is given one entry to keep. */
  HSTSWRITEFUNCTION: (
    easy: Easy,
    entry: HstsEntry,
    index: { readonly index: number; readonly total: number },
    data: unknown,
  ) => number | void;
}

/**
 * `EasyCallbackTypes`: the callbacks of a transfer, as functions of JavaScript.
 *
 * @module
 */

import type { Pointer } from "../../../../ffi/mod.ts";
import type { FileInfo, HostKey, HstsEntry, SocketAddress } from "../../callbacks/structs.ts";

type Progress = (
  data: unknown,
  dltotal: number,
  dlnow: number,
  ultotal: number,
  ulnow: number,
) => number | void;

/** Every callback option of an easy handle; `E` is `Easy`, which shows its callbacks to them. */
export interface EasyCallbackTypes<E> {
  /**
   * Takes a piece of the body and returns how many bytes it took: any other count than all of them
   * fails the transfer. `CURL_WRITEFUNC_PAUSE` pauses.
   */
  WRITEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Fills the buffer and returns how many bytes it wrote; 0 ends the upload. */
  READFUNCTION: (buffer: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes one header line, as WRITEFUNCTION takes the body. */
  HEADERFUNCTION: (line: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes RTP data, as WRITEFUNCTION takes the body. */
  INTERLEAVEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Seeks in the source of an upload; `origin` is `SEEK_SET` (0), `SEEK_CUR` or `SEEK_END`. */
  SEEKFUNCTION: (data: unknown, offset: number, origin: number) => number | void;
  /** Rewinds the source of an upload; SEEKFUNCTION replaces it. */
  IOCTLFUNCTION: (easy: E, cmd: number, data: unknown) => number | void;
  /** Gets the progress of the transfer, in bytes. A result other than 0 aborts the transfer. */
  XFERINFOFUNCTION: Progress;
  /** Gets the progress as XFERINFOFUNCTION does, which replaces it. */
  PROGRESSFUNCTION: Progress;
  /**
   * Gets the trace, and the bytes sent and received; `type` is a C `curl_infotype`, `CURLINFO_*`.
   * libcurl does not call it for events inside the function itself.
   */
  DEBUGFUNCTION: (
    easy: E,
    type: number,
    bytes: Uint8Array<ArrayBuffer>,
    data: unknown,
  ) => number | void;
  /** Changes the context of the TLS library (`SSL_CTX *` with OpenSSL). */
  SSL_CTX_FUNCTION: (easy: E, sslctx: Pointer, data: unknown) => number | void;
  /** Changes the options of a new socket; `purpose` is a `CURLSOCKTYPE_*`. */
  SOCKOPTFUNCTION: (data: unknown, fd: number, purpose: number) => number | void;
  /**
   * Opens a socket and returns its descriptor, -1 for none. Where it returns `undefined` curlew
   * opens one.
   */
  OPENSOCKETFUNCTION: (data: unknown, purpose: number, address: SocketAddress) => number | void;
  /**
   * Closes a socket; where it returns `undefined` curlew closes it. The function may run after
   * `close()`, when libcurl drops the connection from its cache. An exception then goes to
   * `reportError`.
   */
  CLOSESOCKETFUNCTION: (data: unknown, fd: number) => number | void;
  /** Accepts or refuses a host key: returns a `CURLKHSTAT_*`. */
  SSH_KEYFUNCTION: (
    easy: E,
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
  /** Runs before each file of an FTP wildcard transfer; returns a `CURL_CHUNK_BGN_FUNC_*`. */
  CHUNK_BGN_FUNCTION: (info: FileInfo, data: unknown, remains: number) => number | void;
  /** Runs after each file of an FTP wildcard transfer; returns a `CURL_CHUNK_END_FUNC_*`. */
  CHUNK_END_FUNCTION: (data: unknown) => number | void;
  /** Matches a file name with a pattern; returns a `CURL_FNMATCHFUNC_*`. */
  FNMATCH_FUNCTION: (data: unknown, pattern: string, name: string) => number | void;
  /** Runs before a name is resolved. A result other than 0 aborts the transfer. */
  RESOLVER_START_FUNCTION: (
    resolverState: Pointer,
    reserved: Pointer,
    data: unknown,
  ) => number | void;
  /** Runs between connecting and the request; returns `CURL_PREREQFUNC_OK` or `_ABORT`. */
  PREREQFUNCTION: (
    data: unknown,
    primaryIp: string,
    localIp: string,
    primaryPort: number,
    localPort: number,
  ) => number | void;
  /** Adds trailers to a chunked upload: push them to `lines`, without line breaks. */
  TRAILERFUNCTION: (lines: string[], data: unknown) => number | void;
  /** Fills one entry of the HSTS cache; returns `CURLSTS_OK`, `_DONE` or `_FAIL`. */
  HSTSREADFUNCTION: (easy: E, entry: HstsEntry, data: unknown) => number | void;
  /** Gets one entry of the HSTS cache to store; returns `CURLSTS_OK`, `_DONE` or `_FAIL`. */
  HSTSWRITEFUNCTION: (
    easy: E,
    entry: HstsEntry,
    index: { readonly index: number; readonly total: number },
    data: unknown,
  ) => number | void;
}

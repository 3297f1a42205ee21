/**
 * Conversions between the C structs of callbacks and JS objects. The layouts are those of 64-bit
 * systems.
 *
 * @module
 */

import { bytesAt, copyOut, Struct, textAt, utf8 } from "../../../ffi/memory.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { native } from "../../../ffi/mod.ts";

/** Describes the socket to open: `struct curl_sockaddr`. */
export interface SocketAddress {
  /** The address family, the system's number of `AF_INET`, `AF_INET6` or `AF_UNIX`. */
  readonly family: number;
  /** The socket type, the system's number of `SOCK_STREAM` or `SOCK_DGRAM`. */
  readonly socktype: number;
  /** The IP protocol number. */
  readonly protocol: number;
  /** A copy of the `struct sockaddr`. */
  readonly addr: Uint8Array;
}

/** A file of an FTP wildcard transfer: `struct curl_fileinfo`. */
export interface FileInfo {
  /** The name of the file in its folder. */
  readonly filename: string;
  /** The type of the file, a `CURLFILETYPE_*`. */
  readonly filetype: number;
  /** The permission bits. */
  readonly perm: number;
  /** The numeric ID of the owner. */
  readonly uid: number;
  /** The numeric ID of the group. */
  readonly gid: number;
  /** The size in bytes. */
  readonly size: number;
  /** The count of hard links. */
  readonly hardlinks: number;
  /** The fields as the server's listing has them, `null` where it has none. */
  readonly strings: {
    readonly time: string | null;
    readonly perm: string | null;
    readonly user: string | null;
    readonly group: string | null;
    readonly target: string | null;
  };
  /** The fields that are known, `CURLFINFOFLAG_*` bits. */
  readonly flags: number;
}

/** A host key: `struct curl_khkey`. */
export interface HostKey {
  /** The key, in base64 where it comes from `known_hosts`. */
  readonly key: string;
  /** The type of the key, a `CURLKHTYPE_*`. */
  readonly keytype: number;
}

/** An entry of the HSTS cache: `struct curl_hstsentry`. */
export interface HstsEntry {
  /** The host name. */
  name: string;
  /** Whether the entry includes the subdomains of the host. */
  includeSubDomains: boolean;
  /** When the entry expires, as `YYYYMMDD HH:MM:SS`; empty for never. */
  expire: string;
}

/**
 * Reads a `struct curl_sockaddr`: int family @0, socktype @4, protocol @8; unsigned addrlen @12;
 * struct sockaddr addr @16.
 */
export function readSocketAddress(pointer: Pointer): SocketAddress {
  const at = new Struct(pointer as NonNullPointer, 16);
  const whole = bytesAt(pointer, 16 + at.i32(12));
  return {
    family: at.i32(0),
    socktype: at.i32(4),
    protocol: at.i32(8),
    addr: whole.subarray(16),
  };
}

/** Reads a `struct curl_khkey`: const char *key @0; size_t len @8, 0 for a string; type @16. */
export function readHostKey(pointer: Pointer): HostKey | null {
  if (pointer === null) return null;
  const at = new Struct(pointer, 24);
  const length = at.i64(8);
  const key = length === 0 ? at.string(0) ?? "" : textAt(at.pointer(0), length);
  return { key, keytype: at.i32(16) };
}

/** Reads a `struct curl_fileinfo`. */
export function readFileInfo(pointer: Pointer): FileInfo {
  const at = new Struct(pointer as NonNullPointer, 104);
  return {
    filename: at.string(0) ?? "",
    filetype: at.i32(8),
    perm: at.i32(24),
    uid: at.i32(28),
    gid: at.i32(32),
    size: at.i64(40),
    hardlinks: at.i64(48),
    strings: {
      time: at.string(56),
      perm: at.string(64),
      user: at.string(72),
      group: at.string(80),
      target: at.string(88),
    },
    flags: at.i32(96),
  };
}

// char *name @0; size_t namelen @8; unsigned includeSubDomains:1 @16; char expire[18] @17
const HSTS_SIZE = 40, HSTS_EXPIRE = 17;

/** Reads a `struct curl_hstsentry`. */
export function readHstsEntry(pointer: NonNullPointer): HstsEntry {
  const at = new Struct(pointer, HSTS_SIZE);
  return {
    name: textAt(at.pointer(0), at.i64(8)),
    includeSubDomains: (at.i32(16) & 1) === 1,
    expire: native.string(native.pointer(native.address(pointer) + HSTS_EXPIRE)) ?? "",
  };
}

/** Fills a `struct curl_hstsentry`, whose `name` has room for `namelen` bytes, the NUL included. */
export function writeHstsEntry(pointer: NonNullPointer, entry: HstsEntry): void {
  const at = new Struct(pointer, HSTS_SIZE);
  const name = utf8(entry.name + "\0"), expire = utf8(entry.expire + "\0");
  if (name.length > at.i64(8) || expire.length > 18) {
    throw new RangeError(`The HSTS entry for "${entry.name}" is too long`);
  }
  copyOut(at.pointer(0) as NonNullPointer, name);
  at.setU8(16, entry.includeSubDomains ? 1 : 0);
  for (const [i, byte] of expire.entries()) at.setU8(HSTS_EXPIRE + i, byte);
}

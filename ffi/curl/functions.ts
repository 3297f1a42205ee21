/**
 * The functions that libcurl exports, by C name: the types of the parameters and of the result, and
 * the version that introduced the function. The printf family is left out, since it is deprecated
 * and needs the varargs of a C compiler. A test compares this table with the loaded library.
 *
 * @module
 */

import type { CType, Signature } from "../native.ts";

/** A function with a fixed prototype. */
export interface CurlFunction extends Signature {
  /** The first version that has the function, as 0xXXYYZZ. */
  readonly since: number;
}

/** A variadic function: its fixed parameters, and the possible types of its variable ones. */
export interface CurlVariadic {
  readonly since: number;
  readonly fixed: readonly CType[];
  readonly result: CType;
  readonly shapes: Readonly<Record<string, readonly CType[]>>;
  readonly callsBack?: true;
  readonly seldom?: true;
}

/**
 * The functions with a fixed prototype. A `buffer` is JS memory that libcurl reads or writes during
 * the call only: a string, a block, the memory for a result. Handles, lists and callbacks are
 * `pointer`s.
 */
export const functions = {
  // easy.h
  curl_easy_init: { since: 0x070100, args: [], result: "pointer" },
  curl_easy_perform: { since: 0x070100, args: ["pointer"], result: "i32", callsBack: true },
  curl_easy_cleanup: { since: 0x070100, args: ["pointer"], result: "void" },
  curl_easy_duphandle: { since: 0x070900, args: ["pointer"], result: "pointer" },
  curl_easy_reset: { since: 0x070c01, args: ["pointer"], result: "void" },
  curl_easy_recv: {
    since: 0x071202,
    args: ["pointer", "buffer", "usize", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_easy_send: {
    since: 0x071202,
    args: ["pointer", "buffer", "usize", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_easy_upkeep: { since: 0x073e00, args: ["pointer"], result: "i32", callsBack: true },
  curl_easy_pause: { since: 0x071200, args: ["pointer", "i32"], result: "i32", callsBack: true },
  curl_easy_strerror: { since: 0x070c00, args: ["i32"], result: "pointer" },
  // CURL *, const char *string, int length
  curl_easy_escape: { since: 0x070f04, args: ["pointer", "buffer", "i32"], result: "pointer" },
  // CURL *, const char *string, int inlength, int *outlength
  curl_easy_unescape: {
    since: 0x070f04,
    args: ["pointer", "buffer", "i32", "buffer"],
    result: "pointer",
  },
  // CURL *, session_key, shmac, shmac_len, sdata, sdata_len
  curl_easy_ssls_import: {
    since: 0x080c00,
    args: ["pointer", "buffer", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
  curl_easy_ssls_export: {
    since: 0x080c00,
    args: ["pointer", "pointer", "pointer"],
    result: "i32",
    callsBack: true,
  },

  // options.h
  curl_easy_option_by_name: { since: 0x074900, args: ["buffer"], result: "pointer" },
  curl_easy_option_by_id: { since: 0x074900, args: ["i32"], result: "pointer" },
  curl_easy_option_next: { since: 0x074900, args: ["pointer"], result: "pointer" },

  // header.h: CURL *, name, nameindex, origin, request, struct curl_header **
  curl_easy_header: {
    since: 0x075300,
    args: ["pointer", "buffer", "usize", "u32", "i32", "buffer"],
    result: "i32",
  },
  // CURL *, origin, request, struct curl_header *prev
  curl_easy_nextheader: {
    since: 0x075300,
    args: ["pointer", "u32", "i32", "pointer"],
    result: "pointer",
  },

  // websockets.h: CURL *, buffer, buflen, size_t *recv, const struct curl_ws_frame **
  curl_ws_recv: {
    since: 0x075600,
    args: ["pointer", "buffer", "usize", "buffer", "buffer"],
    result: "i32",
    callsBack: true,
  },
  // CURL *, buffer, buflen, size_t *sent, fragsize, flags
  curl_ws_send: {
    since: 0x075600,
    args: ["pointer", "buffer", "usize", "buffer", "i64", "u32"],
    result: "i32",
    callsBack: true,
  },
  curl_ws_meta: { since: 0x075600, args: ["pointer"], result: "pointer" },
  curl_ws_start_frame: {
    since: 0x081000,
    args: ["pointer", "u32", "i64"],
    result: "i32",
    callsBack: true,
  },

  // multi.h
  curl_multi_init: { since: 0x070906, args: [], result: "pointer", seldom: true },
  curl_multi_cleanup: { since: 0x070906, args: ["pointer"], result: "i32", callsBack: true },
  curl_multi_add_handle: {
    since: 0x070906,
    args: ["pointer", "pointer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_remove_handle: {
    since: 0x070906,
    args: ["pointer", "pointer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_perform: {
    since: 0x070906,
    args: ["pointer", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_info_read: { since: 0x070906, args: ["pointer", "buffer"], result: "pointer" },
  // CURLM *, fd_set *read, *write, *exc, int *max_fd
  curl_multi_fdset: {
    since: 0x070906,
    args: ["pointer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  // CURLM *, struct curl_waitfd[], extra_nfds, timeout_ms, int *numfds
  curl_multi_wait: {
    since: 0x071c00,
    args: ["pointer", "buffer", "u32", "i32", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_poll: {
    since: 0x074200,
    args: ["pointer", "buffer", "u32", "i32", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_wakeup: { since: 0x074400, args: ["pointer"], result: "i32" },
  // CURLM *, struct curl_waitfd *, size, unsigned *fd_count
  curl_multi_waitfds: {
    since: 0x080800,
    args: ["pointer", "buffer", "u32", "buffer"],
    result: "i32",
  },
  curl_multi_timeout: { since: 0x070f04, args: ["pointer", "buffer"], result: "i32" },
  // CURLM *, fd, ev_bitmask, int *running_handles
  curl_multi_socket_action: {
    since: 0x071003,
    args: ["pointer", "socket", "i32", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_socket: {
    since: 0x070f04,
    args: ["pointer", "socket", "buffer"],
    result: "i32",
    callsBack: true,
  },
  curl_multi_socket_all: {
    since: 0x070f04,
    args: ["pointer", "buffer"],
    result: "i32",
    callsBack: true,
  },
  // CURLM *, fd, void *sockptr: curlew passes a small id, never an address
  curl_multi_assign: { since: 0x070f05, args: ["pointer", "socket", "usize"], result: "i32" },
  curl_multi_get_handles: { since: 0x080400, args: ["pointer"], result: "pointer" },
  curl_multi_get_offt: { since: 0x081000, args: ["pointer", "i32", "buffer"], result: "i32" },
  curl_multi_notify_enable: { since: 0x081100, args: ["pointer", "u32"], result: "i32" },
  curl_multi_notify_disable: { since: 0x081100, args: ["pointer", "u32"], result: "i32" },
  curl_multi_strerror: { since: 0x070c00, args: ["i32"], result: "pointer" },
  curl_pushheader_bynum: { since: 0x072c00, args: ["pointer", "usize"], result: "pointer" },
  curl_pushheader_byname: { since: 0x072c00, args: ["pointer", "buffer"], result: "pointer" },

  // urlapi.h
  curl_url: { since: 0x073e00, args: [], result: "pointer" },
  curl_url_cleanup: { since: 0x073e00, args: ["pointer"], result: "void" },
  curl_url_dup: { since: 0x073e00, args: ["pointer"], result: "pointer" },
  curl_url_get: { since: 0x073e00, args: ["pointer", "i32", "buffer", "u32"], result: "i32" },
  curl_url_set: { since: 0x073e00, args: ["pointer", "i32", "buffer", "u32"], result: "i32" },
  curl_url_strerror: { since: 0x075000, args: ["i32"], result: "pointer" },

  // curl.h: share
  curl_share_init: { since: 0x070a00, args: [], result: "pointer" },
  curl_share_cleanup: { since: 0x070a00, args: ["pointer"], result: "i32", callsBack: true },
  curl_share_strerror: { since: 0x070c00, args: ["i32"], result: "pointer" },

  // curl.h: MIME
  curl_mime_init: { since: 0x073800, args: ["pointer"], result: "pointer" },
  curl_mime_free: { since: 0x073800, args: ["pointer"], result: "void" },
  curl_mime_addpart: { since: 0x073800, args: ["pointer"], result: "pointer" },
  curl_mime_name: { since: 0x073800, args: ["pointer", "buffer"], result: "i32" },
  curl_mime_filename: { since: 0x073800, args: ["pointer", "buffer"], result: "i32" },
  curl_mime_type: { since: 0x073800, args: ["pointer", "buffer"], result: "i32" },
  curl_mime_encoder: { since: 0x073800, args: ["pointer", "buffer"], result: "i32" },
  curl_mime_data: { since: 0x073800, args: ["pointer", "buffer", "usize"], result: "i32" },
  curl_mime_filedata: { since: 0x073800, args: ["pointer", "buffer"], result: "i32" },
  // curl_mimepart *, datasize, readfunc, seekfunc, freefunc, void *arg
  curl_mime_data_cb: {
    since: 0x073800,
    args: ["pointer", "i64", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  curl_mime_subparts: { since: 0x073800, args: ["pointer", "pointer"], result: "i32" },
  curl_mime_headers: { since: 0x073800, args: ["pointer", "pointer", "i32"], result: "i32" },

  // curl.h: the old forms
  // struct curl_httppost *, void *arg, curl_formget_callback
  curl_formget: {
    since: 0x070f05,
    args: ["pointer", "pointer", "pointer"],
    result: "i32",
    callsBack: true,
  },
  curl_formfree: { since: 0x070100, args: ["pointer"], result: "void" },

  // curl.h: strings, lists, dates
  curl_slist_append: { since: 0x070100, args: ["pointer", "buffer"], result: "pointer" },
  curl_slist_free_all: { since: 0x070100, args: ["pointer"], result: "void" },
  curl_escape: { since: 0x070100, args: ["buffer", "i32"], result: "pointer" },
  curl_unescape: { since: 0x070100, args: ["buffer", "i32"], result: "pointer" },
  curl_free: { since: 0x070100, args: ["pointer"], result: "void" },
  curl_getdate: { since: 0x070100, args: ["buffer", "pointer"], result: "long" },
  curl_getenv: { since: 0x070100, args: ["buffer"], result: "pointer" },
  curl_strequal: { since: 0x070100, args: ["buffer", "buffer"], result: "i32" },
  curl_strnequal: { since: 0x070100, args: ["buffer", "buffer", "usize"], result: "i32" },

  // curl.h: the process
  curl_global_init: { since: 0x070800, args: ["long"], result: "i32", seldom: true },
  // flags, malloc, free, realloc, strdup, calloc
  curl_global_init_mem: {
    since: 0x070c00,
    args: ["long", "pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  curl_global_cleanup: { since: 0x070800, args: [], result: "void" },
  curl_global_sslset: { since: 0x073800, args: ["i32", "buffer", "buffer"], result: "i32" },
  curl_global_trace: { since: 0x080300, args: ["buffer"], result: "i32" },
  curl_version: { since: 0x070100, args: [], result: "pointer" },
  curl_version_info: { since: 0x070a00, args: ["i32"], result: "pointer", seldom: true },
} as const;

/** The variadic functions. Each is bound once for each list of argument types. */
export const variadics = {
  // a string, bytes or a struct is a `buffer`, which is valid during the call only
  curl_easy_setopt: {
    since: 0x070100,
    fixed: ["pointer", "i32"],
    result: "i32",
    shapes: { long: ["long"], off_t: ["i64"], pointer: ["pointer"], buffer: ["buffer"] },
    callsBack: true, // DEBUGFUNCTION runs for cookies that are set
  },
  curl_easy_getinfo: {
    since: 0x070401,
    fixed: ["pointer", "i32"],
    result: "i32",
    shapes: { out: ["buffer"] },
  },
  curl_multi_setopt: {
    since: 0x070f04,
    fixed: ["pointer", "i32"],
    result: "i32",
    shapes: { long: ["long"], off_t: ["i64"], pointer: ["pointer"] },
    seldom: true,
  },
  curl_share_setopt: {
    since: 0x070a00,
    fixed: ["pointer", "i32"],
    result: "i32",
    shapes: { long: ["long"], pointer: ["pointer"] },
  },
  // struct curl_httppost **first, **last, CURLFORM_ARRAY, struct curl_forms *, CURLFORM_END
  curl_formadd: {
    since: 0x070100,
    fixed: ["buffer", "buffer"],
    result: "i32",
    shapes: { array: ["i32", "pointer", "i32"] },
  },
} as const;

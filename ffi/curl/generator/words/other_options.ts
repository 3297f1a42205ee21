/**
 * The descriptions of the options of `curl_multi_setopt` and `curl_share_setopt`, in the form of
 * `easy_options.ts`.
 *
 * @module
 */

import type { Words } from "./words.ts";

/** The descriptions of the multi options. */
export const multiWords: Words = {
  CHUNK_LENGTH_PENALTY_SIZE: "Was for pipelining of HTTP/1.1; without effect since 7.62.",
  CONTENT_LENGTH_PENALTY_SIZE: "Was for pipelining of HTTP/1.1; without effect since 7.62.",
  MAXCONNECTS: "How many idle connections are kept.",
  MAX_CONCURRENT_STREAMS: "How many HTTP/2 streams a connection may have at once.",
  MAX_HOST_CONNECTIONS: "How many connections to one host may be open; 0 for no limit.",
  MAX_PIPELINE_LENGTH: "Was for pipelining of HTTP/1.1; without effect since 7.62.",
  MAX_TOTAL_CONNECTIONS: "How many connections may be open; 0 for no limit.",
  NETWORK_CHANGED: ["Reports that the network has changed; bits say what to drop.", /^CURLMNWC_/],
  NOTIFYDATA: "The `clientData` of NOTIFYFUNCTION.",
  NOTIFYFUNCTION: ["Gets the notifications that are enabled.", /^CURLMNOTIFY_/],
  PIPELINING: ["Whether HTTP/2 transfers share connections.", /^CURLPIPE_/],
  PIPELINING_SERVER_BL: "Was for pipelining of HTTP/1.1; without effect since 7.62.",
  PIPELINING_SITE_BL: "Was for pipelining of HTTP/1.1; without effect since 7.62.",
  PUSHDATA: "The `clientData` of PUSHFUNCTION.",
  PUSHFUNCTION: ["Accepts or denies a stream that a server pushes.", /^CURL_PUSH_/],
  QUICK_EXIT: "Whether closing does not wait for name lookups; curlew sets it.",
  RESOLVE_THREADS_MAX: "The largest number of threads for name lookups.",
  SOCKETDATA: "The `clientData` of SOCKETFUNCTION.",
  SOCKETFUNCTION: ["Gets the events to wait for on a socket.", /^CURL_POLL_/],
  TIMERDATA: "The `clientData` of TIMERFUNCTION.",
  TIMERFUNCTION: "Gets the time until the multi is to be called.",
};

/** The descriptions of the share options that curlew has, which are all except those for locks. */
export const shareWords: Words = {
  SHARE: ["A kind of data that the handles share from now on.", /^CURL_LOCK_DATA_/],
  UNSHARE: ["A kind of data that the handles no longer share.", /^CURL_LOCK_DATA_/],
};

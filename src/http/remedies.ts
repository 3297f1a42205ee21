/**
 * Advice for the most frequent failures, in one clause each, for error messages.
 *
 * @module
 */

/** The advice for a failure, by the name of its `CURLcode`. */
const BY_CODE: Readonly<Record<string, string>> = {
  CURLE_COULDNT_RESOLVE_HOST: "check the host's name, or give it an address by curl.RESOLVE",
  CURLE_COULDNT_RESOLVE_PROXY:
    "check the proxy's name, or list the host in curl.NOPROXY to use no proxy",
  CURLE_PEER_FAILED_VERIFICATION:
    "name the file of a certificate authority of your own by curl.CAINFO",
  CURLE_SSL_CACERT_BADFILE:
    "install the package ca-certificates, or name a file of certificates by curl.CAINFO",
};

/** The advice by the text of libcurl or the system, which takes precedence over that by code. */
const BY_MESSAGE: readonly (readonly [said: RegExp, remedy: string])[] = [
  [/^Unix socket path too long/i, "the path of a unix socket has at most 107 bytes on Linux"],
  [
    /subject name|match target host/,
    "it is for another name: request that name, and send it to this host by curl.CONNECT_TO",
  ],
  [/has expired/, "the server needs a new certificate"],
  [
    /\(errno 24\)$/,
    "raise the limit of open files by ulimit -n, or set a lower maxConnections of the agent",
  ],
  [/^Cannot connect to the unix socket .*\(errno 2\)$/, "start the server, or check the path"],
  [
    /^Cannot connect to the unix socket .*\(errno (?:111|61)\)$/,
    "no process listens on it: start the server",
  ],
  [
    /^Cannot connect to the unix socket .*\(errno 13\)$/,
    "this user has no permission for the socket or its folder",
  ],
];

/** The advice for a failure, with the separator before it; "" where there is none. */
export function remedyFor(codeName: string, message: string): string {
  const found = BY_MESSAGE.find(([pattern]) => pattern.test(message));
  if (found) return `; ${found[1]}`;
  const remedy = Object.hasOwn(BY_CODE, codeName) ? BY_CODE[codeName] : undefined;
  return remedy === undefined ? "" : `; ${remedy}`;
}

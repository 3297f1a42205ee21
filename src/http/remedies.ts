/**
 * What a user can do about the failures that are met most, for the messages of errors.
 *
 * @module
 */

/** `CURLcode` → what to do. */
const BY_CODE: Readonly<Record<string, string>> = {
  CURLE_COULDNT_RESOLVE_HOST: "check the name; curl.RESOLVE gives it an address",
  CURLE_COULDNT_RESOLVE_PROXY: "check the proxy's name; curl.NOPROXY goes around it",
  CURLE_PEER_FAILED_VERIFICATION: "an authority of your own goes into curl.CAINFO",
  CURLE_SSL_CACERT_BADFILE: "install ca-certificates, or name a file by curl.CAINFO",
};

/** What libcurl or the system says → what to do; it counts before the code. */
const BY_MESSAGE: readonly (readonly [said: RegExp, remedy: string])[] = [
  [/^Unix socket path too long/i, "the system takes 107 bytes at most"],
  [
    /subject name|match target host/,
    "it is for another name: curl.CONNECT_TO leads that name here",
  ],
  [/has expired/, "the server needs a new one"],
  [/\(errno 24\)$/, "raise the limit by ulimit -n, or the agent's maxConnections lowers the need"],
  [/^Cannot connect to the unix socket .*\(errno 2\)$/, "start the server, or check the path"],
  [
    /^Cannot connect to the unix socket .*\(errno (?:111|61)\)$/,
    "nobody listens: start the server",
  ],
  [/^Cannot connect to the unix socket .*\(errno 13\)$/, "its permissions keep you out"],
];

/** The text for a failure, with the separator before it; "" where there is none. */
export function remedyFor(codeName: string, message: string): string {
  const found = BY_MESSAGE.find(([pattern]) => pattern.test(message));
  if (found) return `; ${found[1]}`;
  const remedy = Object.hasOwn(BY_CODE, codeName) ? BY_CODE[codeName] : undefined;
  return remedy === undefined ? "" : `; ${remedy}`;
}

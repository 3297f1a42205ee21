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

/** The text for a failure, with the separator before it; "" where there is none. */
export function remedyFor(codeName: string, message: string): string {
  if (/^Unix socket path too long/i.test(message)) return "; the system takes 107 bytes at most";
  const remedy = Object.hasOwn(BY_CODE, codeName) ? BY_CODE[codeName] : undefined;
  return remedy === undefined ? "" : `; ${remedy}`;
}

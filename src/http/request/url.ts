/**
 * What is done with URLs.
 *
 * @module
 */

/** Whether a URL is one that has heads and redirects. */
export function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

/** A URL without credentials and fragment. */
export function bareUrl(url: URL): string {
  if (!url.href.includes("#") && !hasCredentials(url)) return url.href;
  const bare = new URL(url);
  bare.hash = bare.username = bare.password = "";
  return bare.href;
}

/** Whether a URL has a user or a password in it. The engines take time for each of its parts. */
export function hasCredentials(url: URL): boolean {
  return url.href.includes("@") && (url.username !== "" || url.password !== "");
}

/** A part of a URL with its escapes decoded; as it is where the parser let a lone "%" pass. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

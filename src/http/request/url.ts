/**
 * URLs: their scheme, their credentials, their escapes.
 *
 * @module
 */

/** Whether a URL is one of http or https. */
export function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

/** A URL as text, without credentials and fragment. */
export function bareUrl(url: URL): string {
  if (!url.href.includes("#") && !hasCredentials(url)) return url.href;
  const bare = new URL(url);
  bare.hash = bare.username = bare.password = "";
  return bare.href;
}

/** Whether a URL has a user or a password. Tests `href` first: each other part costs time. */
export function hasCredentials(url: URL): boolean {
  return url.href.includes("@") && (url.username !== "" || url.password !== "");
}

/** Decodes the percent escapes in a part of a URL; unchanged if a "%" in it is no escape. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

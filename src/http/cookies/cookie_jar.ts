/**
 * `CookieJar`: cookies that requests share, kept by libcurl's cookie engine.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import { isInCallback, letForget, Share } from "../../handles/share.ts";
import { member } from "../../members.ts";
import { OwnEasy } from "../own_easy.ts";
import {
  type Cookie,
  type CookieInit,
  cookieOf,
  deletionOf,
  isSame,
  isSentTo,
  lineOf,
  readCookie,
} from "./cookie.ts";
import { readCookieFile, writeCookieFile } from "./cookie_file.ts";
import { registerJar } from "./jars.ts";

/**
 * Selects the cookies that {@linkcode CookieJar.delete} deletes: those with all of these members.
 */
export interface CookieFilter {
  /** The name. */
  readonly name?: string | undefined;
  /** The host or domain, as {@linkcode Cookie.domain} has it. */
  readonly domain?: string | undefined;
  /** The path. */
  readonly path?: string | undefined;
}

/**
 * Cookies that requests share, kept by libcurl's cookie engine: by the option `cookies` of `fetch`,
 * `createFetch`, `fetchSync`, `download`, `upload` and `CurlWebSocket`, with any agents of the
 * thread at once. libcurl's rules decide which cookies of servers are accepted; they include public
 * suffixes where the library has PSL (CURL_VERSION_PSL in `versionInfo().featureBits`). libcurl
 * does not support SameSite, and drops it.
 *
 * The jar is iterable over its cookies. It need not be closed, and keeps its cookies in memory
 * only: {@linkcode save} writes them to a file. Each call throws CURLE_RECURSIVE_API_CALL inside a
 * callback of libcurl, such as `onProgress`, of a transfer that uses the jar.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { CookieJar } from "curlew/session";
 *
 * const jar = new CookieJar();
 * jar.set({ name: "lang", value: "en", domain: "example.com", secure: true });
 * await fetch("https://example.com/login", { cookies: jar });
 * for (const { name, value, domain } of jar) console.log(name, value, domain);
 * await jar.save("cookies.txt");
 * ```
 */
export class CookieJar {
  readonly #share: Share;

  /** Makes an empty jar. */
  constructor() {
    this.#share = new Share();
    letForget(this.#share);
    this.#share.setOpt("SHARE", flags.CURL_LOCK_DATA_COOKIE);
    registerJar(this, this.#share);
  }

  /**
   * Makes a jar from the result of {@linkcode toJSON}, or from its JSON text.
   *
   * @throws {TypeError} for anything else; the message names the cookie and its member.
   */
  static fromJSON(json: string | Iterable<CookieInit>): CookieJar {
    const given: unknown = typeof json === "string" ? parsed(json) : json;
    if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
      throw new TypeError("Cannot make a CookieJar: expected an array of cookies, or its JSON");
    }
    const cookies = Array.from(
      given as Iterable<CookieInit>,
      (cookie, i) => readCookie(cookie, `cookies[${i}]`),
    );
    const jar = new CookieJar();
    jar.#add(cookies);
    return jar;
  }

  /** How many cookies there are. */
  get size(): number {
    return this.getAll().length;
  }

  /**
   * The cookie of that name, `undefined` for none. With a URL only cookies that a request to it
   * would send count, and the one with the longest path is returned.
   *
   * @throws {TypeError} for a name that is not a string, or an invalid URL.
   */
  get(name: string, url?: string | URL): Cookie | undefined {
    if (typeof name !== "string") throw new TypeError("Cannot get a cookie: expected its name");
    return this.getAll(url).find((cookie) => cookie.name === name);
  }

  /**
   * All cookies. With a URL only those that a request to it would send, the longest path first.
   *
   * @throws {TypeError} for an invalid URL.
   */
  getAll(url?: string | URL): Cookie[] {
    const target = url === undefined ? null : readUrl(url);
    const now = Date.now(); // libcurl drops expired cookies only when it uses or adds cookies
    const all = this.#with("read the cookies", (easy) => easy.getInfo("COOKIELIST"))
      .flatMap((line) => cookieOf(line) ?? [])
      .filter(({ expires }) => expires === null || expires > now);
    if (!target) return all;
    return all.filter((cookie) => isSentTo(cookie, target))
      .sort((one, two) => two.path.length - one.path.length);
  }

  /**
   * Adds a cookie, and replaces one of the same name, domain, path and `hostOnly`. An expired one
   * is deleted. libcurl may reduce `expires` to 400 days from now.
   *
   * @throws {TypeError} for an invalid cookie: the message names the member. Also for one that
   * libcurl refuses, such as `__Secure-` in the name without `secure`.
   */
  set(cookie: CookieInit): void {
    this.#add([readCookie(cookie)]);
  }

  /**
   * Deletes the cookies of that name, or those with all given members. Returns whether there was
   * one.
   *
   * @throws {TypeError} for a filter without any member, or with one that is not a string.
   */
  delete(filter: string | CookieFilter): boolean {
    const wanted = readFilter(filter);
    const found = this.getAll().filter((cookie) =>
      wanted.every(([name, value]) => cookie[name] === value)
    );
    if (found.length > 0) this.#apply(found.map(deletionOf));
    return found.length > 0;
  }

  /** Deletes all cookies. */
  clear(): void {
    this.#apply(["ALL"]);
  }

  /** The present cookies. */
  [Symbol.iterator](): IterableIterator<Cookie> {
    return this.getAll().values();
  }

  /**
   * The cookies as an array, which {@linkcode CookieJar.fromJSON} takes. Their values are secrets.
   */
  toJSON(): Cookie[] {
    return this.getAll();
  }

  /**
   * Adds the cookies of a file in Netscape's format, as curl, wget and browsers write it: {@link
   * https://curl.se/docs/http-cookies.html}. Expired cookies are skipped. The whole file is checked
   * before the first cookie is added.
   *
   * @throws {TypeError} if the file cannot be read, with the system's error as its `cause`, or has a
   * line that is neither a comment nor a cookie.
   */
  async load(path: string): Promise<void> {
    this.#apply(await readCookieFile(path));
  }

  /**
   * Writes all cookies, also session cookies, to a file in Netscape's format. The new file is
   * written beside the old one, which it then replaces, and only its owner may read it. A symbolic
   * link is followed; one without a target is replaced.
   *
   * @throws {TypeError} if that fails, with the system's error as its `cause`; then the old file is
   * unchanged.
   */
  async save(path: string): Promise<void> {
    const lines = this.getAll().map((cookie) => lineOf(cookie));
    await writeCookieFile(path, lines);
  }

  /** Sets lines of COOKIELIST: {@link https://curl.se/libcurl/c/CURLOPT_COOKIELIST.html}. */
  #apply(lines: readonly string[]): void {
    this.#with("change the cookies", (easy) => {
      for (const line of lines) easy.setOpt("COOKIELIST", line);
    });
  }

  /** Adds cookies. Throws for a cookie that libcurl has not added, which it reports by no error. */
  #add(cookies: readonly Cookie[]): void {
    this.#apply(cookies.map((cookie) => lineOf(cookie)));
    const all = this.getAll(), now = Date.now() + 1000;
    for (const cookie of cookies) {
      if (cookie.expires !== null && cookie.expires <= now) continue;
      if (all.some((other) => isSame(other, cookie))) continue;
      throw new TypeError(
        `Cannot set the cookie ${JSON.stringify(cookie.name)}: libcurl refuses it, ` +
          "perhaps by the prefix of its name",
      );
    }
  }

  /** Calls `use` with a handle that has the cookies. */
  #with<T>(what: string, use: (easy: Easy) => T): T {
    if (isInCallback(this.#share)) {
      const why = "called from a callback of a transfer that uses the jar";
      throw new CurlEasyError(Code.RECURSIVE_API_CALL, `Cannot ${what}: ${why}`);
    }
    using own = new OwnEasy();
    own.easy.setOpt("SHARE", this.#share);
    return use(own.easy);
  }
}

function readUrl(url: string | URL): URL {
  try {
    return new URL(url);
  } catch {
    throw new TypeError("Cannot get cookies: invalid URL");
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // not the runtime's error as a cause: it quotes the text, which has secrets
    throw new TypeError("Cannot make a CookieJar: the text is not JSON");
  }
}

type FilterEntry = readonly [name: keyof CookieFilter, value: string];

function readFilter(filter: string | CookieFilter): FilterEntry[] {
  if (typeof filter === "string") return [["name", filter]];
  if (typeof filter !== "object" || filter === null) {
    throw new TypeError(
      "Cannot delete cookies: expected a name, or an object with name, domain or path",
    );
  }
  const entries = (["name", "domain", "path"] as const).flatMap((name): FilterEntry[] => {
    const value: unknown = member(filter, name);
    if (value === undefined) return [];
    if (typeof value === "string") return [[name, value]];
    throw new TypeError(`Cannot delete cookies: ${name} must be a string`);
  });
  if (entries.length > 0) return entries;
  throw new TypeError("Cannot delete cookies: expected name, domain or path; clear() deletes all");
}

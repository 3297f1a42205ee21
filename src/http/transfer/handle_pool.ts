/**
 * Easy handles that are used again. Making one and setting its options costs more than a small
 * transfer itself; so one that has made a plain request is kept for the next of its kind, and
 * only what may differ between those is set again.
 *
 * @module
 */

import { type Agent, atClose } from "../../driver/agent.ts";
import { Easy, stateOf } from "../../handles/easy/easy.ts";
import { onPiece, type Piece } from "../../handles/callbacks/piece.ts";
import { configureHttp, httpHeaderLines } from "./configure.ts";
import type { RequestPlan } from "../request/plan.ts";
import { bareUrl, hasCredentials } from "../request/url.ts";

/** What a handle tells of its transfer. */
export interface HandleUser {
  /** A line of the head. */
  onHeader(line: Piece): number;
  /** Bytes of the body. */
  onBody(bytes: Piece): number;
}

/** How many idle handles an agent keeps. */
const MAX_IDLE = 256;
/**
 * How often a handle is used. libcurl before 8.18 counts over all of them how often a kept
 * connection was dead and the request made again, and gives up at the sixth time.
 */
const MAX_USES = 100;
/** libcurl takes it for its default. */
const DEFAULT_CONNECT_TIMEOUT = 0;

/**
 * The options of `init.curl` which a handle may have had before: numbers and strings that only
 * say how the next transfer is made, and leave nothing in the handle.
 */
const REUSABLE_OPTIONS: ReadonlySet<string> = new Set([
  "ACCEPT_ENCODING",
  "BUFFERSIZE",
  "CAINFO",
  "CAPATH",
  "DNS_CACHE_TIMEOUT",
  "HAPPY_EYEBALLS_TIMEOUT_MS",
  "HTTP_CONTENT_DECODING",
  "HTTP_VERSION",
  "INTERFACE",
  "IPRESOLVE",
  "LOW_SPEED_LIMIT",
  "LOW_SPEED_TIME",
  "PIPEWAIT",
  "SSLVERSION",
  "SSL_CIPHER_LIST",
  "SSL_VERIFYHOST",
  "SSL_VERIFYPEER",
  "SSL_VERIFYSTATUS",
  "TCP_FASTOPEN",
  "TCP_KEEPALIVE",
  "TCP_KEEPIDLE",
  "TCP_KEEPINTVL",
  "TCP_NODELAY",
  "TLS13_CIPHERS",
  "UNIX_SOCKET_PATH",
  "USERAGENT",
]);

/** What a handle must have been made for to serve a plan, `null` where it must be a new one. */
function keyOf({ method, url, body, curl, cookies, onProgress }: RequestPlan): string | null {
  if (method !== "GET" || body || onProgress || cookies.length > 0) return null;
  if (hasCredentials(url)) return null;
  let key = `${url.protocol}\n`;
  for (const name in curl) {
    const value: unknown = curl[name as keyof typeof curl];
    if (!REUSABLE_OPTIONS.has(name) || (typeof value === "object") || typeof value === "function") {
      return null;
    }
    key += `${name}=${typeof value}:${String(value).replaceAll("\n", "\n ")}\n`;
  }
  return key;
}

/** An easy handle that tells its user, one after the other, of heads and bodies. */
export class PooledHandle {
  readonly easy: Easy = new Easy();
  readonly key: string | null;
  #user: HandleUser | null;
  #uses = 1;
  #timeoutMs: number;
  #connectTimeout: number | undefined;
  #headers: string;

  /** Makes a handle for a plan. */
  constructor(plan: RequestPlan, remainingMs: number, user: HandleUser, key: string | null) {
    this.key = key;
    this.#user = user;
    this.#timeoutMs = Math.ceil(remainingMs);
    this.#connectTimeout = plan.connectTimeout;
    const lines = httpHeaderLines(plan);
    this.#headers = joinLines(lines);
    try {
      configureHttp(this.easy, plan, remainingMs, lines);
      const { easy } = this;
      easy.setOpt("HEADERFUNCTION", onPiece((line) => this.#user?.onHeader(line) ?? line.length));
      easy.setOpt("WRITEFUNCTION", onPiece((bytes) => this.#user?.onBody(bytes) ?? bytes.length));
    } catch (error) {
      this.easy.close();
      throw error;
    }
  }

  /** Makes it fit another plan with its key. */
  reconfigure(plan: RequestPlan, remainingMs: number, user: HandleUser): void {
    const { easy } = this;
    this.#user = user;
    this.#uses++;
    easy.setOpt("URL", bareUrl(plan.url));
    const timeoutMs = Math.ceil(remainingMs);
    if (timeoutMs !== this.#timeoutMs) easy.setOpt("TIMEOUT_MS", this.#timeoutMs = timeoutMs);
    if (plan.connectTimeout !== this.#connectTimeout) {
      this.#connectTimeout = plan.connectTimeout;
      const timeout = plan.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
      easy.setOpt("CONNECTTIMEOUT_MS", Math.ceil(timeout));
    }
    const lines = httpHeaderLines(plan), headers = joinLines(lines);
    if (headers === this.#headers) return;
    this.#headers = headers;
    easy.setOpt("HTTPHEADER", lines);
  }

  /** Its user is done with it. */
  detach(): void {
    this.#user = null;
  }

  /** Whether it may be used again: not where an agent has given it a share. */
  get isReusable(): boolean {
    const { settings, share } = stateOf(this.easy);
    return this.#uses < MAX_USES && settings.uses.size === 0 && share === undefined;
  }
}

/** The lines in one string, which no two lists have in common. */
function joinLines(lines: readonly (string | Uint8Array)[]): string {
  if (lines.length === 0) return "";
  return lines.map((line) => typeof line === "string" ? `${line}\n` : `${line.join()}\r\n`).join(
    "",
  );
}

/** The idle handles of an agent. */
class HandlePool {
  readonly #idle = new Map<string, PooledHandle[]>();
  size = 0;
  #closed = false;

  constructor(agent: Agent) {
    atClose(agent, () => this.#close());
  }

  take(key: string): PooledHandle | undefined {
    const handle = this.#idle.get(key)?.pop();
    if (handle) this.size--;
    return handle;
  }

  give(key: string, handle: PooledHandle): void {
    if (this.#closed) return handle.easy.close();
    if (this.size >= MAX_IDLE) this.#clear();
    const others = this.#idle.get(key);
    if (others) others.push(handle);
    else this.#idle.set(key, [handle]);
    this.size++;
  }

  #clear(): void {
    for (const handles of this.#idle.values()) for (const { easy } of handles) easy.close();
    this.#idle.clear();
    this.size = 0;
  }

  #close(): void {
    this.#closed = true;
    this.#clear();
  }
}

const pools = new WeakMap<Agent, HandlePool>();

function poolOf(agent: Agent): HandlePool {
  let pool = pools.get(agent);
  if (!pool) pools.set(agent, pool = new HandlePool(agent));
  return pool;
}

/** How many handles an agent keeps for later. */
export function idleHandles(agent: Agent): number {
  return pools.get(agent)?.size ?? 0;
}

/** A handle for a plan. Throws what is wrong with the plan's options. */
export function takeHandle(
  plan: RequestPlan,
  agent: Agent,
  remainingMs: number,
  user: HandleUser,
): PooledHandle {
  const key = keyOf(plan), handle = key === null ? undefined : poolOf(agent).take(key);
  if (!handle) return new PooledHandle(plan, remainingMs, user, key);
  try {
    handle.reconfigure(plan, remainingMs, user);
    return handle;
  } catch (error) {
    handle.easy.close();
    throw error;
  }
}

/**
 * Gives a handle back whose transfer has succeeded; `mayBeReused` says that it made no connection,
 * which may have been one after another that was dead.
 */
export function returnHandle(handle: PooledHandle, agent: Agent, mayBeReused: boolean): void {
  handle.detach();
  // not in the agent's turn: a callback of the user's may throw in there
  if (handle.key === null) queueMicrotask(() => handle.easy.close());
  else if (!mayBeReused || !handle.isReusable) handle.easy.close();
  else poolOf(agent).give(handle.key, handle);
}

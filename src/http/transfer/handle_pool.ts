/**
 * The handle pool of an agent. Creating an easy handle and setting its options costs more than a
 * small transfer itself. So the handle of a plain GET is kept for the next GET with the same
 * options, and only URL, timeouts and headers are set again.
 *
 * @module
 */

import { type Agent, atClose } from "../../driver/agent.ts";
import type { BodyReceiver } from "../../handles/core/easy_state.ts";
import { Easy, stateOf } from "../../handles/easy/easy.ts";
import { HeaderLines } from "../../handles/callbacks/header_lines.ts";
import { onPiece, type Piece } from "../../handles/callbacks/piece.ts";
import { configureHttp, httpHeaderLines } from "./configure.ts";
import type { RequestPlan } from "../request/plan.ts";
import type { HeadCollector } from "../response/head.ts";
import { bareUrl, hasCredentials } from "../request/url.ts";

/** Receives the response of a pooled handle. */
export interface HandleUser {
  /** WRITEFUNCTION: bytes of the body. */
  onBody(bytes: Piece): number;
  /** Collects the header lines. */
  readonly head: HeadCollector;
  /** The properties of the body. */
  readonly receiver: BodyReceiver;
}

/** The maximum number of idle handles of an agent. */
const MAX_IDLE = 256;
/**
 * The maximum number of transfers of a handle. When a kept connection turns out to be closed,
 * libcurl retries the request; before 8.18 it counts such retries over all transfers of a handle,
 * and fails at the sixth.
 */
const MAX_USES = 100;
/** CONNECTTIMEOUT_MS: 0 restores libcurl's default. */
const DEFAULT_CONNECT_TIMEOUT = 0;

/**
 * The options of `init.curl` with which a handle can be reused: numbers and strings that affect how
 * a transfer is made, but leave no state in the handle.
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

/** The key that a plan shares with all plans that can use its handle; `null` if none can. */
function keyOf(plan: RequestPlan): string | null {
  const { method, url, body, curl, cookies, jar, onProgress, verbose } = plan;
  if (method !== "GET" || body || onProgress || jar || cookies.length > 0) return null;
  if (hasCredentials(url) || verbose) return null;
  let key = `${url.protocol}\n`;
  for (const [name, value] of curl) {
    if (!REUSABLE_OPTIONS.has(name) || (typeof value === "object") || typeof value === "function") {
      return null;
    }
    key += `${name}=${typeof value}:${String(value).replaceAll("\n", "\n ")}\n`;
  }
  return key;
}

type Lines = (string | Uint8Array)[];

/** An easy handle that serves one request after another. */
export class PooledHandle {
  readonly easy: Easy = new Easy();
  readonly key: string | null;
  readonly #lines: HeaderLines;
  #user: HandleUser | null;
  #uses = 1;
  #timeoutMs: number;
  #connectTimeout: number | undefined;
  /** The lines of HTTPHEADER. */
  #headers: Lines;

  /** Creates a handle and sets the options of a plan. */
  constructor(plan: RequestPlan, remainingMs: number, user: HandleUser, key: string | null) {
    this.key = key;
    this.#user = user;
    this.#lines = new HeaderLines(user.head);
    this.#timeoutMs = Math.ceil(remainingMs);
    this.#connectTimeout = plan.connectTimeout;
    const lines = this.#headers = httpHeaderLines(plan);
    try {
      configureHttp(this.easy, plan, remainingMs, user.head, lines);
      const { easy } = this;
      easy.setOpt("HEADERFUNCTION", this.#lines.option);
      easy.setOpt("WRITEFUNCTION", onPiece((bytes) => this.#user?.onBody(bytes) ?? bytes.length));
      stateOf(easy).receiver = () => this.#user?.receiver ?? null;
    } catch (error) {
      this.easy.close();
      throw error;
    }
  }

  /** Sets the options that differ for another plan with the same key. */
  reconfigure(plan: RequestPlan, remainingMs: number, user: HandleUser): void {
    const { easy } = this;
    this.#user = user;
    this.#lines.receiver = user.head;
    this.#uses++;
    easy.setOpt("URL", bareUrl(plan.url));
    const timeoutMs = Math.ceil(remainingMs);
    if (timeoutMs !== this.#timeoutMs) easy.setOpt("TIMEOUT_MS", this.#timeoutMs = timeoutMs);
    if (plan.connectTimeout !== this.#connectTimeout) {
      this.#connectTimeout = plan.connectTimeout;
      const timeout = plan.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
      easy.setOpt("CONNECTTIMEOUT_MS", Math.ceil(timeout));
    }
    const lines = httpHeaderLines(plan);
    if (areAlike(lines, this.#headers)) return;
    this.#headers = lines;
    easy.setOpt("HTTPHEADER", lines);
  }

  /** Ends the use of the handle by its user. */
  detach(): void {
    this.#user = this.#lines.receiver = null;
  }

  /** Whether the handle can be reused: not after other objects, such as a share, were attached. */
  get isReusable(): boolean {
    const { settings, share } = stateOf(this.easy);
    return this.#uses < MAX_USES && settings.uses.size === 0 && share === undefined;
  }
}

/** Whether lists of header lines are equal. One with bytes is not compared: few requests have it. */
function areAlike(lines: Lines, others: Lines): boolean {
  return lines.length === others.length &&
    lines.every((line, i) => typeof line === "string" && line === others[i]);
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

/** How many idle handles an agent keeps. */
export function idleHandles(agent: Agent): number {
  return pools.get(agent)?.size ?? 0;
}

/** Takes a handle for a plan: an idle one or a new one. Throws what `setOpt` throws. */
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
 * Returns a handle after a successful transfer. `mayBeReused` must be false if the transfer had to
 * connect: it may have tried closed connections, which libcurl counts per handle.
 */
export function returnHandle(handle: PooledHandle, agent: Agent, mayBeReused: boolean): void {
  handle.detach();
  // later, since this runs in a turn of the agent and closing may call the user's callbacks
  if (handle.key === null) queueMicrotask(() => handle.easy.close());
  else if (!mayBeReused || !handle.isReusable) handle.easy.close();
  else poolOf(agent).give(handle.key, handle);
}

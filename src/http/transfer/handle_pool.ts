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
import { configure, requestLines } from "./configure.ts";
import type { RequestPlan } from "../request/plan.ts";
import { bareUrl, hasCredentials } from "../request/url.ts";

/** What a channel tells of its transfer. */
export interface ChannelUser {
  /** A line of the head. */
  onHeader(line: Piece): number;
  /** Bytes of the body. */
  onBody(bytes: Piece): number;
}

/** How many idle handles an agent keeps. */
const MOST = 256;
/**
 * How often a handle is used. libcurl before 8.18 counts over all of them how often a kept
 * connection was dead and the request made again, and gives up at the sixth time.
 */
const MOST_USES = 100;
/** libcurl takes it for its default. */
const DEFAULT_CONNECT_TIMEOUT = 0;

/**
 * The options of `init.curl` which a handle may have had before: numbers and strings that only
 * say how the next transfer is made, and leave nothing in the handle.
 */
const PLAIN: ReadonlySet<string> = new Set([
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
    if (!PLAIN.has(name) || (typeof value === "object") || typeof value === "function") return null;
    key += `${name}=${typeof value}:${String(value).replaceAll("\n", "\n ")}\n`;
  }
  return key;
}

/** An easy handle that tells its user, one after the other, of heads and bodies. */
export class Channel {
  readonly easy: Easy = new Easy();
  readonly key: string | null;
  #user: ChannelUser | null;
  #uses = 1;
  #timeoutMs: number;
  #connectTimeout: number | undefined;
  #headers: string;

  /** Makes a handle for a plan. */
  constructor(plan: RequestPlan, remainingMs: number, user: ChannelUser, key: string | null) {
    this.key = key;
    this.#user = user;
    this.#timeoutMs = Math.ceil(remainingMs);
    this.#connectTimeout = plan.connectTimeout;
    const lines = requestLines(plan);
    this.#headers = shapeOf(lines);
    try {
      configure(this.easy, plan, remainingMs, lines);
      const { easy } = this;
      easy.setOpt("HEADERFUNCTION", onPiece((line) => this.#user?.onHeader(line) ?? line.length));
      easy.setOpt("WRITEFUNCTION", onPiece((bytes) => this.#user?.onBody(bytes) ?? bytes.length));
    } catch (error) {
      this.easy.close();
      throw error;
    }
  }

  /** Makes it fit another plan with its key. */
  renew(plan: RequestPlan, remainingMs: number, user: ChannelUser): void {
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
    const lines = requestLines(plan), headers = shapeOf(lines);
    if (headers === this.#headers) return;
    this.#headers = headers;
    easy.setOpt("HTTPHEADER", lines);
  }

  /** Its user is done with it. */
  rest(): void {
    this.#user = null;
  }

  /** Whether it may be used again: not where an agent has given it a share. */
  get isReusable(): boolean {
    const { settings, share } = stateOf(this.easy);
    return this.#uses < MOST_USES && settings.uses.size === 0 && share === undefined;
  }
}

/** The lines in one string, which no two lists have in common. */
function shapeOf(lines: readonly (string | Uint8Array)[]): string {
  if (lines.length === 0) return "";
  return lines.map((line) => typeof line === "string" ? `${line}\n` : `${line.join()}\r\n`).join(
    "",
  );
}

/** The idle channels of an agent. */
class Pool {
  readonly #idle = new Map<string, Channel[]>();
  size = 0;
  #closed = false;

  constructor(agent: Agent) {
    atClose(agent, () => this.#close());
  }

  take(key: string): Channel | undefined {
    const channel = this.#idle.get(key)?.pop();
    if (channel) this.size--;
    return channel;
  }

  give(key: string, channel: Channel): void {
    if (this.#closed) return channel.easy.close();
    if (this.size >= MOST) this.#clear();
    const others = this.#idle.get(key);
    if (others) others.push(channel);
    else this.#idle.set(key, [channel]);
    this.size++;
  }

  #clear(): void {
    for (const channels of this.#idle.values()) for (const { easy } of channels) easy.close();
    this.#idle.clear();
    this.size = 0;
  }

  #close(): void {
    this.#closed = true;
    this.#clear();
  }
}

const pools = new WeakMap<Agent, Pool>();

function poolOf(agent: Agent): Pool {
  let pool = pools.get(agent);
  if (!pool) pools.set(agent, pool = new Pool(agent));
  return pool;
}

/** How many handles an agent keeps for later. */
export function idleHandles(agent: Agent): number {
  return pools.get(agent)?.size ?? 0;
}

/** A channel for a plan. Throws what is wrong with the plan's options. */
export function takeChannel(
  plan: RequestPlan,
  agent: Agent,
  remainingMs: number,
  user: ChannelUser,
): Channel {
  const key = keyOf(plan), channel = key === null ? undefined : poolOf(agent).take(key);
  if (!channel) return new Channel(plan, remainingMs, user, key);
  try {
    channel.renew(plan, remainingMs, user);
    return channel;
  } catch (error) {
    channel.easy.close();
    throw error;
  }
}

/**
 * Gives a channel back whose transfer has succeeded; `isGood` says that it made no connection,
 * which may have been one after another that was dead.
 */
export function giveChannel(channel: Channel, agent: Agent, isGood: boolean): void {
  channel.rest();
  // not in the agent's turn: a callback of the user's may throw in there
  if (channel.key === null) queueMicrotask(() => channel.easy.close());
  else if (!isGood || !channel.isReusable) channel.easy.close();
  else poolOf(agent).give(channel.key, channel);
}

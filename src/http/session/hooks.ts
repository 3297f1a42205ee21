/**
 * The option `hooks`: functions of the caller that run at fixed points of a call.
 *
 * @module
 */

import { member } from "../../members.ts";
import { checkNames, wrong } from "../shown.ts";

/** The request that a hook is called for. */
export interface HookContext {
  /** The URL. A `request` hook may change it in place. */
  readonly url: URL;
  /** The headers. A `request` hook may change them; unchanged ones keep order and letter case. */
  readonly headers: Headers;
  /** The method. */
  readonly method: string;
  /** The number of the attempt: 0 for the first, 1 for the first retry. */
  readonly attempt: number;
}

/**
 * Called before each attempt. If it returns a response, that replaces the server's, and no request
 * is sent.
 */
export type RequestHook = (
  context: HookContext,
) => Response | undefined | void | Promise<Response | undefined | void>;

/**
 * Called with the response of each attempt. If it returns a response, that replaces the first one.
 */
export type ResponseHook = (
  response: Response,
  context: HookContext,
) => Response | undefined | void | Promise<Response | undefined | void>;

/**
 * Called with the error of the call, after all attempts. If it returns an error, that replaces it.
 */
export type ErrorHook = (
  error: unknown,
  context: HookContext,
) => Error | undefined | void | Promise<Error | undefined | void>;

/**
 * Functions that run at fixed points of a call, or several for each point, in order. They may be
 * async: each is awaited, and for `request` and `response` within `timeout`. An exception of one
 * ends its call.
 */
export interface FetchHooks {
  /** Run before each attempt. */
  readonly request?: RequestHook | readonly RequestHook[] | undefined;
  /** Run after each attempt that has a response. */
  readonly response?: ResponseHook | readonly ResponseHook[] | undefined;
  /** Run before the call rejects, but not for wrong arguments. */
  readonly error?: ErrorHook | readonly ErrorHook[] | undefined;
}

/** `hooks`, checked. */
export interface HookLists {
  readonly request: readonly RequestHook[];
  readonly response: readonly ResponseHook[];
  readonly error: readonly ErrorHook[];
}

/** No hooks. */
export const NO_HOOKS: HookLists = { request: [], response: [], error: [] };

/** Reads `hooks`. Throws `TypeError` for a hook that is not a function. */
export function readHooks(hooks: FetchHooks, call: string): HookLists {
  if (typeof hooks !== "object" || hooks === null) throw wrong(call, "hooks", "an object", hooks);
  checkNames(call, "hooks", hooks, NO_HOOKS);
  return {
    request: readList(hooks, "request", call),
    response: readList(hooks, "response", call),
    error: readList(hooks, "error", call),
  };
}

type HookOf<K extends keyof HookLists> = HookLists[K][number];

function readList<K extends keyof HookLists>(
  hooks: FetchHooks,
  name: K,
  call: string,
): HookOf<K>[] {
  const given: unknown = member(hooks, name);
  if (given === undefined) return [];
  const list = typeof given === "object" && given !== null && Symbol.iterator in given
    ? Array.from(given as Iterable<unknown>)
    : [given];
  return list.map((hook) => {
    if (typeof hook === "function") return hook as HookOf<K>;
    throw wrong(call, `hooks.${name}`, "a function, or an array of them", hook);
  });
}

/** The hooks of two settings, those of `base` first. */
export function joinHooks(base: HookLists, own: HookLists): HookLists {
  if (own === NO_HOOKS) return base;
  return {
    request: [...base.request, ...own.request],
    response: [...base.response, ...own.response],
    error: [...base.error, ...own.error],
  };
}

/** Whether there is any hook. */
export const hasHooks = ({ request, response, error }: HookLists): boolean =>
  request.length + response.length + error.length > 0;

/** What the tests of observing share. */
import { Agent, type FetchInit } from "../../mod.ts";
import { observe, type ObservedTransfer } from "../../observe.ts";
import { fetch } from "../../src/http/fetch.ts";
import type { TestServer } from "../server/start.ts";

export { failure, isBun, sleep, until } from "../driver/support.ts";

/** Servers, an agent, and the events that its sink got. */
export class World {
  readonly server: TestServer;
  readonly agent: Agent = new Agent();
  /** Each event as `name id status`. */
  events: string[] = [];
  ended: ObservedTransfer[] = [];

  constructor(server: TestServer) {
    this.server = server;
    observe(this.agent, {
      start: ({ id }) => this.events.push(`start ${id - this.#first(id)}`),
      head: ({ id, status }) => this.events.push(`head ${id - this.#first(id)} ${status}`),
      end: (transfer) => {
        const { id, state, status } = transfer;
        this.events.push(`end ${id - this.#first(id)} ${state} ${status}`);
        this.ended.push(transfer);
      },
    });
  }

  #start = 0;

  /** Renumbers the transfers, so that each test begins with 0. */
  #first(id: number): number {
    return this.#start ||= id;
  }

  /** Forgets the events. */
  reset(): void {
    this.events = [];
    this.ended = [];
    this.#start = 0;
  }

  /** `fetch` on the agent, with a timeout of ten seconds. */
  get(input: string, init: FetchInit = {}): Promise<Response> {
    return fetch(input, { timeout: 10_000, agent: this.agent, ...init });
  }

  /** The same, to the end of the body. */
  async read(input: string, init: FetchInit = {}): Promise<string> {
    return await (await this.get(input, init)).text();
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}

/** Runs `call`. Resolves with the errors that are reported on the console meanwhile. */
export async function reported(call: () => Promise<unknown>): Promise<unknown[]> {
  const found: unknown[] = [], { error: own } = console;
  console.error = (_words: string, error: unknown) => void found.push(error);
  try {
    await call();
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    console.error = own;
  }
  return found;
}

/**
 * Parses XML as far as an SVG needs it, and returns the names of its elements. Throws where it is
 * not well formed.
 */
export function elementsOf(xml: string): string[] {
  const names: string[] = [], open: string[] = [];
  const tag =
    /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|apos);[^"<&]*)*")*)\s*(\/?)>/gy;
  for (let at = 0; at < xml.length;) {
    const end = xml.indexOf("<", at), text = xml.slice(at, end < 0 ? xml.length : end);
    if (/&(?!(?:amp|lt|gt|quot|apos);)|>/.test(text)) throw new Error(`a stray character: ${text}`);
    // deno-lint-ignore no-control-regex -- XML allows none of them
    if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new Error(`no XML: ${text}`);
    if (end < 0) break;
    tag.lastIndex = end;
    const found = tag.exec(xml);
    if (!found) throw new Error(`no element: ${xml.slice(end, end + 80)}`);
    const [all, isEnd, name = "", , isEmpty] = found;
    if (isEnd && open.pop() !== name) throw new Error(`${name} ends where it was not open`);
    if (!isEnd) names.push(name);
    if (!isEnd && !isEmpty) open.push(name);
    at = end + all.length;
  }
  if (open.length > 0) throw new Error(`${open.join()} has no end`);
  return names;
}

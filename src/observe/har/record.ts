/**
 * `recordHar`: records an agent's transfers as an HTTP archive.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import { stateOf } from "../../handles/easy/easy.ts";
import { attachTap, detachTap } from "../../handles/tap.ts";
import { wrong } from "../../http/shown.ts";
import { member } from "../../members.ts";
import { CURLEW_VERSION } from "../../curlew_version.ts";
import { attach } from "../hub.ts";
import { PRIVATE, save } from "../save.ts";
import type { Sink, Watch } from "../watch.ts";
import { entryOf, type EntryOptions } from "./entry.ts";
import type { Har, HarEntry } from "./types.ts";
import { Wire } from "./wire.ts";

/** Options of {@linkcode recordHar}. */
export interface HarOptions {
  /** The number of bytes of each request and response body that are recorded; none unless given. */
  readonly content?: number | undefined;
  /**
   * Whether secrets are left out; true unless given: users and passwords in URLs, the values of
   * queries and cookies, and the values of all headers that are not known to be harmless. Bodies
   * are never redacted.
   */
  readonly redact?: boolean | undefined;
}

/** A recording in progress. */
export interface HarRecorder {
  /** The transfers that have ended so far, in the order of their ends. */
  har(): Har;
  /**
   * Writes the archive to a file that only the user can read. An existing file is replaced
   * atomically, and is unchanged if the new one cannot be written.
   *
   * @throws {TypeError} if that fails; its `cause` is the error of the system.
   */
  save(path: string): Promise<void>;
  /** Ends the recording. The recorded transfers are kept. */
  detach(): void;
  /** Ends the recording at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/**
 * Records the transfers that an agent starts from now on as an HTTP archive, HAR 1.2, which the
 * network panels of Chrome and Firefox import. An entry is a transfer: each redirect and retry of a
 * call has one, and so has a failed transfer. `null` is the default agent, which runs all calls
 * without an `agent`. The bodies of `download`, which libcurl writes to the file itself, are not
 * recorded. Recording costs CPU time, because libcurl traces the transfers.
 *
 * @throws {TypeError} for a value that is not an agent, and for a wrong option.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { recordHar, waterfall } from "curlew/observe";
 *
 * using recorder = recordHar(null, { content: 10_000 });
 * await (await fetch("https://example.com/")).text();
 * await recorder.save("example.har");
 * console.log(waterfall(recorder.har()).text());
 * ```
 */
export function recordHar(agent: Agent | null, options: HarOptions = {}): HarRecorder {
  return new Recorder(agent, readOptions(options));
}

function readOptions(options: HarOptions): EntryOptions {
  if (typeof options !== "object" || options === null) {
    throw wrong("record", "the options", "an object", options);
  }
  const content = member(options, "content") ?? 0, redact = member(options, "redact") ?? true;
  if (!(typeof content === "number" && content >= 0)) {
    throw wrong("record", "content", "a number of bytes, 0 or more", content);
  }
  if (typeof redact !== "boolean") throw wrong("record", "redact", "a boolean", redact);
  return { content, redact };
}

class Recorder implements HarRecorder, Sink {
  readonly #options: EntryOptions;
  readonly #entries: HarEntry[] = [];
  readonly #running = new Map<Watch, Wire>();
  readonly #end: () => void;

  constructor(agent: Agent | null, options: EntryOptions) {
    this.#options = options;
    this.#end = attach(agent, this);
  }

  start(watch: Watch): void {
    const wire = new Wire(this.#options.content);
    if (watch.endTime !== null) return this.#add(watch, wire);
    this.#running.set(watch, wire);
    attachTap(stateOf(watch.easy), wire);
  }

  head(): void {}

  end(watch: Watch): void {
    const wire = this.#running.get(watch);
    if (!wire) return;
    this.#running.delete(watch);
    detachTap(stateOf(watch.easy), wire);
    this.#add(watch, wire);
  }

  #add(watch: Watch, wire: Wire): void {
    this.#entries.push(entryOf(watch, wire, this.#options));
  }

  har(): Har {
    const creator = { name: "curlew", version: CURLEW_VERSION };
    return { log: { version: "1.2", creator, pages: [], entries: [...this.#entries] } };
  }

  save(path: string): Promise<void> {
    return save(path, `${JSON.stringify(this.har(), null, 1)}\n`, PRIVATE);
  }

  detach(): void {
    this.#end();
    for (const [watch, wire] of this.#running) detachTap(stateOf(watch.easy), wire);
    this.#running.clear();
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}

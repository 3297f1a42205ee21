/**
 * Runs the transfers of a command, one after another or in parallel.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { CurlPlace } from "../../command/command_error.ts";
import { checkedBody, type GroupBody } from "../../command/make/body.ts";
import { globalOf } from "../../command/make/tool.ts";
import { type Planned, transfersOf } from "../../command/make/transfers.ts";
import type { Group } from "../../command/read/group.ts";
import type { Reading } from "../../command/read/reading.ts";
import type { CurlGlobal } from "../../command/types.ts";
import { constants } from "../../constants.ts";
import { Agent } from "../../driver/agent.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import { Share } from "../../handles/share.ts";
import { versionInfo } from "../../version.ts";
import type { Io } from "../io.ts";
import { Messages } from "./messages.ts";
import { codeOf } from "./output.ts";
import { ProgressBar } from "./progress.ts";
import { runTransfer, type Session, type Standing } from "./transfer.ts";
import { Trace } from "./verbose.ts";

/** Errors after which no further transfer is started. */
const FATAL: ReadonlySet<number> = new Set([
  constants.CURLE_FAILED_INIT,
  constants.CURLE_OUT_OF_MEMORY,
  constants.CURLE_UNKNOWN_OPTION,
  constants.CURLE_BAD_FUNCTION_ARGUMENT,
]);

/** The data that the transfers of a command share, as far as libcurl supports it. */
const SHARED = [
  constants.CURL_LOCK_DATA_COOKIE,
  constants.CURL_LOCK_DATA_DNS,
  constants.CURL_LOCK_DATA_SSL_SESSION,
];

/** Runs the transfers of a command. Returns curl's exit code. */
export async function runAll(reading: Reading, end: CurlPlace, io: Io): Promise<number> {
  const global = globalOf(reading.global), messages = new Messages(io, global);
  const trace = new Trace(global, messages, io);
  try {
    await using agent = agentFor(global);
    using share = new Share();
    for (const kind of SHARED) share.setOpt("SHARE", kind);
    return await new Runner(reading, end, io, { global, messages, trace, agent, share }).run();
  } catch (error) {
    const code = codeOf(error);
    messages.error(code, (error as Error).message);
    return code;
  } finally {
    trace.close();
    messages.close();
  }
}

function agentFor({ parallelHost }: CurlGlobal): Agent {
  return new Agent(parallelHost > 0 ? { maxHostConnections: parallelHost } : {});
}

interface Parts {
  readonly global: CurlGlobal;
  readonly messages: Messages;
  readonly trace: Trace;
  readonly agent: Agent;
  readonly share: Share;
}

class Runner {
  readonly #global: CurlGlobal;
  readonly #planned: Iterator<Planned, void, void>;
  readonly #session: Session;
  readonly #abort = new AbortController();
  readonly #bodies = new Map<Group, GroupBody>();
  readonly #progress: ProgressBar | null;
  #code = 0;
  #count = 0;
  #lastGroup: Group | null = null;

  constructor(reading: Reading, end: CurlPlace, io: Io, parts: Parts) {
    const { global, messages, trace, agent, share } = parts;
    this.#global = global;
    this.#planned = transfersOf(reading, end);
    for (const { option, reason, isAboutFetch } of reading.notes) {
      if (!isAboutFetch) messages.warn(`${option}: ${reason}`);
    }
    if (reading.groups.some(({ entries }) => entries.some(({ url }) => url === null))) {
      messages.warn("Got more output options than URLs");
    }
    const isShown = !global.silent && global.progressMeter && messages.isTerminal;
    this.#progress = isShown
      ? new ProgressBar((text) => messages.write(text), () => io.columns())
      : null;
    const { version } = versionInfo();
    this.#session = {
      io,
      messages,
      agent,
      options: { ...commonOptions(global, share), ...trace.options() },
      userAgent: `curl/${version}`,
      styled: global.styledOutput,
      progress: this.#progress,
      signal: this.#abort.signal,
      bodyOf: ({ group }) => this.#bodyOf(group, reading, end),
    };
  }

  #bodyOf(group: Group, reading: Reading, end: CurlPlace): GroupBody {
    const body = this.#bodies.get(group) ?? checkedBody(group, reading, end);
    this.#bodies.set(group, body);
    return body;
  }

  async run(): Promise<number> {
    const { parallel } = this.#global;
    const workers = Array.from({ length: parallel }, () => this.#work());
    await Promise.all(workers);
    this.#progress?.close();
    return this.#code;
  }

  /** Runs one transfer after another, until there is none or the command is to end. */
  async #work(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const started = performance.now(), next = this.#next();
      if (!next) return;
      const code = await runTransfer(this.#session, next.planned, next.standing);
      this.#note(code);
      const rest = this.#global.rate - (performance.now() - started);
      if (rest > 0 && this.#global.parallel === 1) await sleep(rest);
    }
  }

  #next(): { readonly planned: Planned; readonly standing: Standing } | null {
    try {
      const { done, value } = this.#planned.next();
      if (done) return null;
      const isFirst = value.group !== this.#lastGroup;
      this.#lastGroup = value.group;
      return { planned: value, standing: { urlNumber: this.#count++, isFirst } };
    } catch (error) {
      const code = codeOf(error);
      this.#session.messages.error(code, (error as Error).message);
      this.#code = code;
      this.#abort.abort();
      return null;
    }
  }

  /**
   * Updates the exit code: in sequence the last transfer's, in parallel that of the last one that
   * failed.
   */
  #note(code: number): void {
    if (this.#global.parallel === 1 || code !== 0) this.#code = code;
    if (FATAL.has(code) || (code !== 0 && this.#global.failEarly)) this.#abort.abort();
  }
}

function commonOptions(global: CurlGlobal, share: Share): EasyOptions {
  return {
    SHARE: share,
    TCP_KEEPALIVE: 1,
    ...(global.parallel > 1 && !global.parallelImmediate ? { PIPEWAIT: 1 } : {}),
  };
}

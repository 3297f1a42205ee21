/** What the calls of a run share: the handles, the log, and the check of errors that are thrown. */
import { writeSync } from "node:fs";
import process from "node:process";
import {
  Agent,
  CurlEasyError,
  CurlError,
  CurlLoadError,
  CurlMultiError,
  CurlShareError,
  CurlUrl,
  CurlUrlError,
  type CurlWebSocket,
  Easy,
  Mime,
  Multi,
  Share,
} from "../../mod.ts";
import type { Ports } from "../server/start.ts";
import { type Any, Injected } from "./odd.ts";
import { Random } from "./random.ts";

/** The classes of errors that a call may throw beside those that the fuzzer injects. */
export type Family = "easy" | "multi" | "share" | "url" | "agent" | "http" | "socket";

type ErrorClass = abstract new (...args: Any[]) => Error;

const FAMILIES: Record<Family, readonly ErrorClass[]> = {
  easy: [CurlEasyError, CurlMultiError, CurlLoadError], // close() removes the handle from its multi
  multi: [CurlMultiError, CurlEasyError, CurlLoadError],
  share: [CurlShareError, CurlLoadError],
  url: [CurlUrlError, CurlLoadError],
  agent: [CurlEasyError, CurlMultiError, CurlLoadError, DOMException],
  http: [TypeError, DOMException, CurlLoadError],
  socket: [DOMException, TypeError, CurlEasyError, CurlLoadError],
};

/**
 * Messages of V8 and JavaScriptCore for a mistake in curlew's code, which is a TypeError as well.
 */
const MISTAKE = /reading '|is not an object \(eval|(?<!onProgress) is not a function|of undefined/;
/** Messages for a revoked proxy, which throws at any use. */
const REVOKED = /revoked/;
/**
 * The error for a wrong result of a callback that runs after its transfer. It is reported like an
 * exception of the callback, and is expected.
 */
const LATE = /^The CLOSESOCKETFUNCTION returned .*, expected an integer from \S+ to \S+$/s;

/** How many handles of a class there are: few, so that calls meet the same ones again. */
const SLOTS = { easies: 6, multis: 3, shares: 2, urls: 3, mimes: 3, agents: 2, sockets: 3 };
const MAX_DEPTH = 3, MAX_NESTED = 20_000, MAX_NESTED_BLOCKING = 40, MAX_FAILURES = 20;

export interface RunOptions {
  readonly seed: number;
  readonly calls: number;
  readonly log: string;
  readonly ports: Ports;
  /** After how many calls garbage is collected. */
  readonly gcEvery: number;
  readonly plant: string;
  /** How long promises may take to settle once everything is closed. */
  readonly settleMs: number;
}

export class World {
  readonly random: Random;
  readonly ports: Ports;
  readonly easies: Easy[] = [];
  readonly multis: Multi[] = [];
  readonly shares: Share[] = [];
  readonly urls: CurlUrl[] = [];
  readonly mimes: Mime[] = [];
  readonly agents: Agent[] = [];
  readonly sockets: CurlWebSocket[] = [];
  readonly controllers: AbortController[] = [];
  /** Arguments of callbacks, kept to be used when they are no longer valid. */
  readonly kept: Any[] = [];
  /** Descriptors that libcurl passed to a callback, open or not. */
  readonly fds: number[] = [-1, 0, 999_999];
  readonly failures: string[] = [];
  /** How often the calls ended with which result. */
  readonly ends: Map<string, number> = new Map();
  nested = 0;
  #depth = 0;
  #blocking = 0;
  #calls = 0;
  readonly #log: number;
  readonly #pending = new Map<number, string>();
  #steps: ((world: World, random: Random) => void)[] = [];

  constructor({ seed, ports }: RunOptions, log: number) {
    this.random = new Random(seed);
    this.ports = ports;
    this.#log = log;
  }

  /** Fills the slots, and sets the steps from which `step` draws. */
  begin(steps: ((world: World, random: Random) => void)[]): void {
    this.#steps = steps;
    for (let i = 0; i < SLOTS.easies; i++) this.easies.push(new Easy());
    for (let i = 0; i < SLOTS.multis; i++) this.multis.push(new Multi());
    for (let i = 0; i < SLOTS.shares; i++) this.shares.push(new Share());
    for (let i = 0; i < SLOTS.urls; i++) this.urls.push(new CurlUrl());
    for (let i = 0; i < SLOTS.mimes; i++) this.mimes.push(new Mime());
    for (let i = 0; i < SLOTS.agents; i++) this.agents.push(new Agent());
    for (let i = 0; i < 3; i++) this.controllers.push(new AbortController());
  }

  /** Writes a line at once, so that a crash does not lose it. */
  log(line: string): void {
    writeSync(this.#log, `${"  ".repeat(this.#depth)}${line}\n`);
  }

  /** Makes one of the calls. */
  step(random: Random = this.random): void {
    // a sequence of its own, since a step draws more or fewer numbers by what it finds
    const own = random.fork();
    own.pick(this.#steps)(this, own);
  }

  /** Makes calls from inside a callback, unless there were too many. */
  reenter(random: Random): void {
    if (this.#depth >= MAX_DEPTH || this.nested >= MAX_NESTED) return;
    this.step(random);
  }

  /** Whether a call that may take a while may be made here. */
  mayBlock(): boolean {
    return this.#depth === 0 || this.#blocking++ < MAX_NESTED_BLOCKING;
  }

  get inCallback(): boolean {
    return this.#depth > 0;
  }

  /** Makes a public call, and judges what it throws. */
  call(label: string, family: Family, body: () => unknown): unknown {
    const number = ++this.#calls;
    if (this.#depth > 0) this.nested++;
    this.log(label);
    this.#depth++;
    try {
      const value = body();
      if (value instanceof Promise) this.track(number, label, family, value);
      else this.#ended("returned");
      return value;
    } catch (error) {
      this.judge(label, family, error);
      return undefined;
    } finally {
      this.#depth--;
    }
  }

  /** Notes a promise that must settle before the run ends. */
  track(number: number, label: string, family: Family, promise: Promise<unknown>): void {
    this.#pending.set(number, label);
    promise.then(
      () => this.#ended("resolved"),
      (error) => this.judge(label, family, error),
    ).finally(() => this.#pending.delete(number));
  }

  /** The calls whose promises are not settled yet. */
  get pending(): string[] {
    return [...this.#pending.values()];
  }

  judge(label: string, family: Family, error: unknown): void {
    if (isInjected(error)) return this.#ended("Injected");
    const known = FAMILIES[family].some((one) => error instanceof one);
    const { name, message } = error instanceof Error
      ? error
      : { name: "?", message: String(error) };
    if (error instanceof CurlError) {
      this.#ended(error.codeName || `${error.name} ${error.code}`);
      const whole = Number.isInteger(error.code) && error.message.length > 0;
      if (known && whole && typeof error.codeName === "string") return;
    } else {
      this.#ended(name);
      if (known && !(error instanceof TypeError && MISTAKE.test(message))) return;
    }
    const stack = error instanceof Error ? error.stack : "";
    this.fail(`wrong error from ${label}: ${name}: ${message.slice(0, 300)}\n${stack}`);
  }

  /** Checks an uncaught error: one of the fuzzer is allowed, from a callback after its transfer. */
  uncaught(kind: string, error: unknown): void {
    // of an ErrorEvent, and of an easy that close() was not called for
    const { error: inner, cause } = (error ?? {}) as { error?: unknown; cause?: unknown };
    if ([error, inner, cause].some((one) => isInjected(one) || isLate(one))) return;
    this.fail(`${kind}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** Reports a defect. The run continues, to find more. */
  fail(what: string): void {
    this.failures.push(what);
    this.log(`FAILED ${what}`);
    if (this.failures.length < MAX_FAILURES) return;
    this.log("more than enough");
    process.exit(1);
  }

  #ended(how: string): void {
    if (how !== "returned") this.log(`= ${how}`);
    this.ends.set(how, (this.ends.get(how) ?? 0) + 1);
  }
}

const isInjected = (error: unknown): boolean =>
  error instanceof Injected || (error instanceof TypeError && REVOKED.test(error.message));

const isLate = (error: unknown): boolean => error instanceof TypeError && LATE.test(error.message);

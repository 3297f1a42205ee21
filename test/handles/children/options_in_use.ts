// Sets every option inside every callback, and between two calls of libcurl by an agent, and prints
// each wrong result. Arguments: the ports of the test servers as JSON, the part to run.
import process from "node:process";
import { easyOptions, type OptionKind, type OptionRow } from "../../../ffi/curl/options.ts";
import { Agent, CurlUrl, Easy, type EasyOptions, Mime, Share } from "../../../mod.ts";

const [base, ca] = process.argv.slice(2) as [string, string];
const rows = Object.entries(easyOptions as Readonly<Record<string, OptionRow>>);

/** The numeric options that may be set at any time, as functions and their data may. */
const NUMBERS = new Set([
  ...["TIMEOUT", "TIMEOUT_MS", "CONNECTTIMEOUT", "CONNECTTIMEOUT_MS", "ACCEPTTIMEOUT_MS"],
  ...["SERVER_RESPONSE_TIMEOUT", "SERVER_RESPONSE_TIMEOUT_MS", "FTP_RESPONSE_TIMEOUT"],
  ...["EXPECT_100_TIMEOUT_MS", "HAPPY_EYEBALLS_TIMEOUT_MS", "UPKEEP_INTERVAL_MS"],
  ...["LOW_SPEED_LIMIT", "LOW_SPEED_TIME", "MAX_RECV_SPEED_LARGE", "MAX_SEND_SPEED_LARGE"],
  ...["NOPROGRESS", "VERBOSE", "MAXFILESIZE", "MAXFILESIZE_LARGE", "MAXREDIRS", "FOLLOWLOCATION"],
  ...["UNRESTRICTED_AUTH", "POSTREDIR", "POST301", "FORBID_REUSE", "FRESH_CONNECT", "MAXAGE_CONN"],
  ...["MAXLIFETIME_CONN", "DNS_CACHE_TIMEOUT", "STREAM_WEIGHT"],
]);

const mayBeSet = (name: string, { kind }: OptionRow) =>
  kind === "function" || kind === "cbptr" || name === "PRIVATE" || NUMBERS.has(name);

/** Values of the right kind and of others: each kind that an option may be given. */
const VALUES: readonly unknown[] = [
  null,
  0,
  1,
  true,
  1000n,
  "text",
  "",
  ["a: b"],
  new Uint8Array([1, 2, 3]),
  new ArrayBuffer(3),
  () => 0,
  { some: "object" },
  [{ name: "a", contents: "b" }],
];
const share = new Share(), mime = new Mime(), url = new CurlUrl("http://localhost/");
const parent = new Easy();
const OBJECTS: Readonly<Record<string, unknown>> = {
  SHARE: share,
  MIMEPOST: mime,
  CURLU: url,
  STREAM_DEPENDS: parent,
  STREAM_DEPENDS_E: parent,
};
const valuesOf = (name: string) => name in OBJECTS ? [...VALUES, OBJECTS[name]] : VALUES;

function codeOf(call: () => void): number | string {
  try {
    call();
    return 0;
  } catch (error) {
    return (error as { code?: number }).code ?? String(error);
  }
}

/** Many small objects, so that freed memory is used again at once. */
const garbage: Easy[] = [];
function churn(): void {
  for (let i = 0; i < 8; i++) {
    const easy = new Easy();
    garbage.push(easy); // no handle may be closed in a CLOSESOCKETFUNCTION
    easy.setOpts({ URL: "http://x/" + "y".repeat(20 * i), COOKIE: "z".repeat(300 * i) });
    easy.setOpts({ POSTFIELDS: "!".repeat(64 << i), HTTPHEADER: ["X: " + "h".repeat(50 * i)] });
  }
}

/**
 * Tries every option that must be refused, and collects those that were not refused with that code.
 */
function tryRefused(easy: Easy, code: number, wrong: Set<string>): void {
  for (const [name, row] of rows) {
    if (mayBeSet(name, row)) continue;
    for (const value of valuesOf(name)) {
      const got = codeOf(() => easy.setOpt(name as never, value as never));
      // set, not built in, or unknown to this libcurl: not refused for the time
      if (got === 0 || got === 4 || got === 48) {
        wrong.add(`${name} may be set although NUMBERS here does not list it`);
        continue;
      }
      // a value of the wrong kind may be refused for its kind or for the time
      if (got !== code && got !== 43) wrong.add(`${name} ${describe(value)}: ${got}`);
      // a value of the right kind can only be refused for the time
      if (got === 43 && code !== 43 && isRight(row.kind, value)) wrong.add(`${name}: 43`);
    }
  }
  churn();
}

const describe = (value: unknown) =>
  typeof value === "object" && value ? value.constructor.name : String(value);
const isRight = (kind: OptionKind, value: unknown) =>
  (kind === "string" && value === "text") ||
  (kind === "slist" && Array.isArray(value) && value[0] === "a: b");

/** A POST over TLS that is redirected, so that each of these callbacks is called. */
const KINDS = [
  ...["RESOLVER_START_FUNCTION", "OPENSOCKETFUNCTION", "SOCKOPTFUNCTION", "SSL_CTX_FUNCTION"],
  ...["PREREQFUNCTION", "DEBUGFUNCTION", "HEADERFUNCTION", "READFUNCTION", "TRAILERFUNCTION"],
  ...["XFERINFOFUNCTION", "WRITEFUNCTION", "CLOSESOCKETFUNCTION"],
] as const;
type Kind = (typeof KINDS)[number];

const BODY = new Uint8Array(3000).fill(0x61);

/** Options with every callback: each calls `hook` with its name, and then does its work. */
function options(hook: (kind: Kind) => void): EasyOptions {
  let at = 0;
  const wanted: Record<string, unknown> = {
    URL: `${base}/redirect-to?status=307&url=/echo`,
    CAINFO: ca,
    FOLLOWLOCATION: 1,
    POST: 1,
    HTTPHEADER: ["Transfer-Encoding: chunked", "Expect:"],
    COOKIEFILE: "",
    USERAGENT: "u".repeat(100),
    NOPROXY: "*",
    NOPROGRESS: 0,
    VERBOSE: 1,
    FORBID_REUSE: 1,
    TIMEOUT_MS: 10_000,
    WRITEFUNCTION: (bytes: Uint8Array) => (hook("WRITEFUNCTION"), bytes.length),
    HEADERFUNCTION: (bytes: Uint8Array) => (hook("HEADERFUNCTION"), bytes.length),
    READFUNCTION: (buffer: Uint8Array) => {
      hook("READFUNCTION");
      const piece = BODY.subarray(at, at + Math.min(1000, buffer.length));
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    SEEKFUNCTION: (_data: unknown, offset: number) => void (at = offset),
  };
  for (const kind of KINDS) {
    if (wanted[kind] || codeOf(() => probe.setOpt(kind as never, (() => 0) as never)) !== 0) {
      continue;
    }
    wanted[kind] = () => void hook(kind);
  }
  return wanted as EasyOptions;
}
using probe = new Easy();

/**
 * Before libcurl 8.7 no redirect can be followed after trailers, which may have been sent by then.
 */
const WITHOUT_TRAILERS: EasyOptions = { TRAILERFUNCTION: null };

type Run = (easy: Easy) => Promise<void> | void;
const blocking: Run = (easy) => easy.perform();
async function inAgent(easy: Easy): Promise<void> {
  await using agent = new Agent();
  await agent.perform(easy);
}
const runs: Readonly<Record<string, Run>> = { blocking, agent: inAgent };

/** Runs one, and ignores its error. */
async function end(run: Run, easy: Easy): Promise<void> {
  try {
    await run(easy);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "number") throw error;
  }
  for (const each of garbage.splice(0)) each.close();
}

async function refused(): Promise<unknown> {
  const called: Record<string, string[]> = {}, wrong = new Set<string>();
  for (const [name, run] of Object.entries(runs)) {
    const kinds = new Set<string>();
    for (const own of [WITHOUT_TRAILERS, { URL: `${base}/echo` }]) {
      using easy = new Easy();
      easy.setOpts(options((kind) => {
        if (kinds.has(kind)) return;
        kinds.add(kind);
        tryRefused(easy, 93, wrong);
      }));
      easy.setOpts(own);
      await run(easy);
      for (const each of garbage.splice(0)) each.close();
    }
    called[name] = [...kinds].sort();
  }
  return { called, wrong: [...wrong] };
}

/** Sets options between two calls of libcurl by an agent, with no callback on the stack. */
async function between(): Promise<unknown> {
  const wrong = new Set<string>();
  await using agent = new Agent();
  using easy = new Easy();
  easy.setOpts({ ...options(() => {}), ...WITHOUT_TRAILERS });
  let turns = 0, over = false;
  const running = agent.perform(easy).finally(() => over = true);
  while (!over && turns < 50) {
    tryRefused(easy, 43, wrong);
    turns++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await running;
  for (const each of garbage.splice(0)) each.close();
  return { turns: turns > 1, wrong: [...wrong], status: easy.getInfo("RESPONSE_CODE") };
}

/**
 * Sets each option that may be set, with each value, in each callback: none may end the process.
 */
async function allowed(): Promise<unknown> {
  const wrong = new Set<string>(), isWhole = process.env["CURLEW_SWEEP"] === "whole";
  let transfers = 0, turn = 0;
  for (const [name] of rows.filter(([name, row]) => mayBeSet(name, row))) {
    for (const kind of KINDS) {
      turn++;
      for (const [i, run] of Object.values(runs).entries()) {
        if (!isWhole && (turn + i) % 2) continue; // alternately one of the two runs
        using easy = new Easy();
        easy.setOpts(options((now) => {
          if (now !== kind) return;
          for (const value of valuesOf(name)) {
            const got = codeOf(() => easy.setOpt(name as never, value as never));
            // 4 not built in, 48 unknown to this libcurl; 93 the function that is being called
            if (![0, 4, 43, 48, 93].includes(got as number)) wrong.add(`${name} ${kind}: ${got}`);
          }
          churn();
        }));
        easy.setOpt("TIMEOUT_MS", 300); // some values make it wait
        await end(run, easy);
        transfers++;
      }
    }
  }
  return { transfers, wrong: [...wrong] };
}

const parts: Readonly<Record<string, () => Promise<unknown>>> = { refused, between, allowed };
console.log(JSON.stringify(await parts[process.argv[4] as string]!()));

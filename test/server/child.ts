import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PATIENCE } from "../patience.ts";

const ROOT = new URL("../../", import.meta.url);

export interface ChildOptions {
  readonly args?: readonly string[];
  /** The working directory; by default this process's own. */
  readonly cwd?: string;
  /** Variables to add to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the child, with its arguments, such as `["unshare", "-m"]`. */
  readonly via?: readonly string[];
  /** The time after which the child gets SIGKILL; by default 15 seconds. */
  readonly timeoutMs?: number;
}

export interface ChildResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
  readonly timedOut: boolean;
}

/** The command line of this runtime for a TypeScript file. */
function command(file: string): string[] {
  if ("Bun" in globalThis) return ["run", file];
  // A file in the temp folder must still find this project's settings.
  const config = fileURLToPath(new URL("deno.json", ROOT));
  return ["run", "-A", "--no-check", "--no-lock", "--config", config, file];
}

function text(stream: NodeJS.ReadableStream): () => string {
  let all = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => all += chunk);
  return () => all;
}

/** Runs a program with `options.args`. */
export function runProgram(program: string, options: ChildOptions): Promise<ChildResult> {
  const started = performance.now();
  const [first, ...args] = [...(options.via ?? []), program, ...(options.args ?? [])];
  const child = spawn(first as string, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = text(child.stdout);
  const stderr = text(child.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, (options.timeoutMs ?? 15_000) * PATIENCE);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const ms = performance.now() - started;
      resolve({ code, signal, stdout: stdout(), stderr: stderr(), ms, timedOut });
    });
  });
}

function run(file: string, options: ChildOptions): Promise<ChildResult> {
  return runProgram(process.execPath, {
    ...options,
    args: [...command(file), ...(options.args ?? [])],
  });
}

/**
 * Runs TypeScript in a new process of the runtime that runs the test.
 *
 * `code` is the path of a file, or source text with a line break in it; there `"#root/x.ts"`
 * imports the project's `x.ts`.
 */
export async function runChild(code: string, options: ChildOptions = {}): Promise<ChildResult> {
  if (!code.includes("\n")) return await run(code, options);
  const folder = await mkdtemp(join(tmpdir(), "curlew-child-"));
  try {
    const file = join(folder, "child.ts");
    await writeFile(file, code.replaceAll(/(["'])#root\//g, `$1${ROOT.href}`));
    return await run(file, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A program that runs until it is closed. */
export interface RunningChild {
  /** The first line that the child has printed. */
  readonly line: string;
  /**
   * Sends a signal to the child, and waits for its end. Returns the lines that it has printed. (Not
   * its exit code: on Deno a child that got a signal has none, even if it has ended by itself.)
   */
  readonly end: (signal: NodeJS.Signals) => Promise<readonly string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a TypeScript file that does not end by itself, and waits for its first line. */
export async function startChild(file: string, ...args: string[]): Promise<RunningChild> {
  const child = spawn(process.execPath, [...command(file), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const output = createInterface(child.stdout), lines: string[] = [];
  output.on("line", (line) => lines.push(line));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
    return lines;
  };
  const line = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    output.once("line", resolve);
    ended.then(() => reject(new Error(`${file} ended before it said anything`)));
  });
  return {
    line,
    end,
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
    },
  };
}

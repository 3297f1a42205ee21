/** Runs examples: with any arguments, or by the command in their heads. */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type ChildResult, runChild } from "../server/child.ts";

/** The folder of the clone. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
const RUNTIME = "Bun" in globalThis ? "bun" : "deno";

/** The folder of the examples. */
export const EXAMPLES: URL = new URL("../../examples/", import.meta.url);

/** The path of an example such as `http/get.ts`, or of a program in another folder of the clone. */
export const pathOf = (name: string, folder = "examples"): string => join(ROOT, folder, name);

/** Runs an example with all permissions. */
export function example(name: string, ...args: string[]): Promise<ChildResult> {
  return runChild(pathOf(name), { args });
}

/** The content of an example's head. */
export interface Head {
  /** The command of each runtime, as text for a shell. */
  readonly commands: { readonly bun: string; readonly deno: string };
  /** The lines on standard output and on standard error; `…` stands for any text. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** Reads the comment at the beginning of an example. */
export async function headOf(name: string, folder = "examples"): Promise<Head> {
  const text = await readFile(pathOf(name, folder), "utf8");
  const [head = ""] = /^(?:\/\/.*\n)+/.exec(text) ?? [];
  const lines = head.replaceAll(/ \\\n\/\/ +/g, " ").split("\n");
  const after = (start: RegExp) =>
    lines.filter((line) => start.test(line)).map((line) => line.replace(start, "").trimEnd());
  const commands = after(/^\/\/ {3}(?=(?:\w+=\S+ )*(?:bun|deno run) )/);
  const [deno = "", bun = ""] = commands;
  expect([commands.length, / ?deno run /.test(deno), /(?:^| )bun /.test(bun)], name)
    .toEqual([2, true, true]);
  const both = commands.map((command) => command.slice(command.indexOf(` ${folder}/${name}`)));
  expect(both[0], "both runtimes get the same").toBe(both[1]);
  return { commands: { bun, deno }, stdout: after(/^\/\/ {3}> ?/), stderr: after(/^\/\/ {3}2> ?/) };
}

/** Replacements for texts in a head, such as `["https://example.com/", server.url("/")]`. */
export type Instead = readonly (readonly [said: string, real: string])[];

const replaced = (text: string, instead: Instead) =>
  instead.reduce((text, [said, real]) => text.replaceAll(said, real), text);

/** A path as one word of a shell command, whatever is in its name. */
const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;

/** A pattern for the output lines of a head; a line that is only `…` is any number of lines. */
function pattern(lines: readonly string[], instead: Instead): RegExp {
  const parts = lines.map((line) =>
    line === "…"
      ? "(?:.*\n)*"
      : `${
        replaced(line, instead).split("…").map((part) =>
          part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
            .replaceAll(
              /[a-z]+(?:\\\.[a-z]+)*\\\.(?:example|example\\\.com|com)\b/g,
              "(?:$&|127\\.0\\.0\\.1)",
            )
        ).join(".*")
      }\n`
  );
  return new RegExp(`^${parts.join("")}$`);
}

/** A folder whose `bun` and `deno` are the tested runtime; the latter writes no lock file. */
async function shims(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "curlew-shims-"));
  const run = RUNTIME === "bun" ? `"$@"` : `"$1" --no-lock --no-prompt "$\{@:2}"`;
  const path = join(folder, RUNTIME);
  await writeFile(path, `#!/bin/bash\nexec "${process.execPath}" ${run}\n`);
  await chmod(path, 0o755);
  return folder;
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a shell command in a process group, which is ended when `isDone` returns true. Returns the
 * exit code.
 */
async function shell(
  line: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
  isDone: (output: Output) => boolean,
): Promise<Output & { readonly code: number | null }> {
  const stdio = ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"];
  const child = spawn("bash", ["-c", line], { ...options, stdio, detached: true });
  const got = { stdout: "", stderr: "" };
  const end = () => child.exitCode === null && process.kill(-child.pid!, "SIGKILL");
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      got[stream] += chunk;
      if (isDone(got)) end();
    });
  }
  const timer = setTimeout(end, 15_000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  return { ...got, code };
}

/** Output without the characters that a terminal does not show. */
const shown = (text: string) => text.replaceAll("\r\n", "\n").replace(/\s*$/, "\n").trimStart();

interface Running {
  /** The working directory of the command. */
  readonly cwd: string;
  readonly instead?: Instead;
  /** Whether the program does not end by itself: then it is ended when it has printed all lines. */
  readonly serves?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of the program in the clone, "examples" by default. */
  readonly folder?: string;
}

/** Runs the command of the head unchanged, and expects the output of the head. */
export async function runsAsItSays(name: string, running: Running): Promise<void> {
  const { cwd, instead = [], serves = false, folder = "examples" } = running;
  const head = await headOf(name, folder);
  const command = replaced(head.commands[RUNTIME], instead)
    .replace(` ${folder}/${name}`, ` ${quoted(pathOf(name, folder))}`);
  const stdout = pattern(head.stdout, instead), stderr = pattern(head.stderr, instead);
  const shim = await shims(), PATH = [shim, process.env["PATH"]].join(delimiter);
  const env = { ...process.env, ...running.env, PATH };
  const got = await shell(command, { cwd, env }, (so) => serves && stdout.test(so.stdout));
  await rm(shim, { recursive: true });
  expect([shown(got.stdout), shown(got.stderr)], `${command} ended with ${got.code}`).toEqual([
    expect.stringMatching(stdout),
    expect.stringMatching(stderr),
  ]);
  if (!serves) expect(got.code).toBe(0);
}

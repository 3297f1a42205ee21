/** Children that run with `curlew/register`, as a user starts them. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ChildResult, runProgram } from "../server/child.ts";
import { findNode } from "../server/node.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const REGISTER = path("../../register.ts"), CONFIG = path("../../deno.json");

/** Removes the proxies of this machine's environment. */
const NO_PROXIES = {
  ...{ http_proxy: "", https_proxy: "", HTTPS_PROXY: "", all_proxy: "", ALL_PROXY: "" },
  ...{ no_proxy: "", NO_PROXY: "" },
};

/** Runs a program of this folder with `register.ts` preloaded, or without it. */
export function runRegistered(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  isRegistered = true,
): Promise<ChildResult> {
  const preload = isRegistered ? ["--preload", REGISTER] : [];
  const run = "Bun" in globalThis
    ? [...preload, path(file)]
    : ["run", "-A", "--no-check", "--no-lock", "--config", CONFIG, ...preload, path(file)];
  const all = { ...NO_PROXIES, ...env };
  return runProgram(process.execPath, { args: [...run, ...args], env: all, timeoutMs: 30_000 });
}

/** Starts the server for the SDKs. */
export async function startApi(): Promise<{ readonly port: string; close(): void }> {
  const child = spawn(findNode(), [path("api_server.mjs")], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server did not start: ${code}`)));
    createInterface({ input: child.stdout }).once("line", resolve);
  });
  return { port, close: () => child.stdin.end() };
}

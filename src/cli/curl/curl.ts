/**
 * `curlew curl`: runs a curl command with the loaded libcurl.
 *
 * @module
 */

import { CommandCode, CurlCommandError, type CurlPlace } from "../../command/command_error.ts";
import type { Group } from "../../command/read/group.ts";
import { readConfig, readWords } from "../../command/read/read_command.ts";
import { type Action, Reading } from "../../command/read/reading.ts";
import { argumentWords, type Word } from "../../command/shell/words.ts";
import { rows } from "../../command/table/rows.ts";
import { spelled } from "../../command/table/lookup.ts";
import { Easy } from "../../handles/easy/easy.ts";
import { versionInfo } from "../../version.ts";
import { type Io, print } from "../io.ts";
import { configPath } from "./environment.ts";
import { askPassword } from "./password.ts";
import { runAll } from "./run.ts";

/** Runs the command with these arguments. Returns curl's exit code. */
export function runCurl(args: readonly string[], io: Io): Promise<number> {
  return runWords(argumentWords(args), io);
}

/** Does the same for the words of a text. */
export async function runWords(words: readonly Word[], io: Io): Promise<number> {
  const last = words.at(-1);
  const end: CurlPlace = last?.placeOf(last.text.length) ?? { where: "the end", offset: 0 };
  let reading: Reading;
  try {
    reading = newReading(io);
    readOwnConfig(reading, words, io);
    readWords(reading, words);
    if (!reading.action) askPasswords(reading, end);
  } catch (error) {
    if (!(error instanceof CurlCommandError)) throw error;
    print(io, `curl: (${error.code}) ${error.message}\n`, 2);
    return error.code;
  }
  if (reading.action) return act(reading.action, io);
  return await runAll(reading, end, io);
}

function newReading(io: Io): Reading {
  return new Reading({
    env: io.env,
    readFile: (path) => io.readFile(path),
    fileTime: (path) => io.fileTime(path),
    protocols: versionInfo().protocols,
  });
}

/** Reads the configuration file that curl reads by default, unless the first argument is `-q`. */
function readOwnConfig(reading: Reading, [first]: readonly Word[], io: Io): void {
  if (first && (first.text.startsWith("-q") || first.text === "--disable")) return;
  const path = configPath(io);
  if (path !== null) readConfig(reading, path, { where: path, offset: 0 });
}

/** Prompts for the passwords that the command leaves out. */
function askPasswords(reading: Reading, end: CurlPlace): void {
  for (const group of reading.groups) {
    if (!group.options.has("XOAUTH2_BEARER")) ask(group, "USERPWD", "host", end);
    ask(group, "PROXYUSERPWD", "proxy", end);
  }
}

function ask(group: Group, name: "USERPWD" | "PROXYUSERPWD", kind: string, end: CurlPlace): void {
  const user = group.options.get(name);
  if (typeof user !== "string" || user.includes(":") || user.startsWith(";")) return;
  try {
    group.options.set(name, `${user}:${askPassword(`Enter ${kind} password for user '${user}':`)}`);
  } catch (cause) {
    const expected = `a ${kind} password after a colon, or a terminal to ask for one`;
    throw new CurlCommandError(end, expected, "", CommandCode.FAILED_INIT, { cause });
  }
}

function act({ name }: Action, io: Io): number {
  if (name === "version") print(io, versionText());
  else if (name === "engines") print(io, enginesText());
  else print(io, helpText());
  return 0;
}

function enginesText(): string {
  using easy = new Easy();
  const engines = easy.getInfo("SSL_ENGINES");
  return `Build-time engines:\n${engines.map((one) => `  ${one}\n`).join("") || "  <none>\n"}`;
}

function versionText(): string {
  const { version, host, ssl, libraries, protocols, features } = versionInfo();
  const others = Object.entries(libraries).map(([name, number]) => `${name}/${number}`);
  return `curl ${version} (${host}) ${[`libcurl/${version}`, ssl ?? "", ...others].join(" ")}\n` +
    `Protocols: ${protocols.join(" ")}\nFeatures: ${features.join(" ")}\n`;
}

function helpText(): string {
  const lines = Object.entries(rows).map(([name, { letter, takes, none }]) => {
    const short = letter === undefined ? "    " : `-${letter}, `;
    const value = takes === "nothing" || takes === "switch" ? "" : ` <${takes}>`;
    return ` ${short}${spelled(name)}${value}${none === undefined ? "" : "  (no effect here)"}\n`;
  });
  return `Usage: curlew curl [options...] <url>\n${lines.join("")}` +
    "\nWhat each does: https://curl.se/docs/manpage.html\n";
}

/**
 * The entry point of the program `curlew`, which chooses the command.
 *
 * @module
 */

import { CURLEW_VERSION } from "../curlew_version.ts";
import { runDoctor } from "../doctor/command.ts";
import { versionInfo } from "../version.ts";
import { type Io, print } from "./io.ts";

const USAGE = `Usage: curlew COMMAND

  curl ARGS…            runs a curl command, with curl's options and exit codes
  code 'curl …'         prints a program in TypeScript that does the same
  trace URL…            fetches URLs, and draws where the time went
  doctor [--json]       tells which libcurl is used, and whether curlew works here
  --version             tells the versions of curlew and of that libcurl
`;

type Command = (args: readonly string[], io: Io) => Promise<number>;

/** The commands. Each is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  curl: async () => (await import("./curl/curl.ts")).runCurl,
  code: async () => (await import("./code/code.ts")).runCode,
  trace: async () => (await import("./trace.ts")).runTrace,
  doctor: () => Promise.resolve((args) => runDoctor(args)),
};

/** Runs a command. Returns the exit code. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name = "", ...rest] = args;
  if (Object.hasOwn(COMMANDS, name)) {
    const command = await (COMMANDS[name] as () => Promise<Command>)();
    return await command(rest, io);
  }
  if (name === "--version" || name === "-V") {
    print(io, `curlew ${CURLEW_VERSION}\nlibcurl ${versionInfo().version}\n`);
    return 0;
  }
  const isAsked = name === "help" || name === "--help" || name === "-h";
  print(io, USAGE, isAsked ? 1 : 2);
  return isAsked ? 0 : 2;
}

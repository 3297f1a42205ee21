/**
 * `curlew code`: prints a program that does the same as a curl command.
 *
 * @module
 */

import { CurlCommandError, type CurlPlace } from "../../command/command_error.ts";
import { globalOf } from "../../command/make/tool.ts";
import { type Planned, transfersOf } from "../../command/make/transfers.ts";
import type { Group } from "../../command/read/group.ts";
import { readCommand } from "../../command/read/read_command.ts";
import type { Reading } from "../../command/read/reading.ts";
import { splitCommand, withoutProgram } from "../../command/shell/split.ts";
import { argumentWords, type Word } from "../../command/shell/words.ts";
import { versionInfo } from "../../version.ts";
import { type Io, print } from "../io.ts";
import { Program } from "./body_code.ts";
import { transferCode } from "./transfer_code.ts";

/** The largest number of transfers in a program. */
const MOST_TRANSFERS = 100;

/** Prints the program for the text of a command, or for its arguments. Returns the exit code. */
export function runCode(args: readonly string[], io: Io): Promise<number> {
  try {
    print(io, codeFor(args, io));
    return Promise.resolve(0);
  } catch (error) {
    if (!(error instanceof CurlCommandError)) throw error;
    print(io, `curlew code: ${error.message}\n`, 2);
    return Promise.resolve(error.code);
  }
}

/** The source text. Throws `CurlCommandError` where the command cannot be read. */
export function codeFor(args: readonly string[], io: Io): string {
  const words = wordsOf(args, io), { protocols } = versionInfo();
  const { env } = io, last = words.at(-1);
  const reading = readCommand(words, {
    env,
    protocols,
    readFile: (path) => io.readFile(path),
    fileTime: (path) => io.fileTime(path),
  });
  const end: CurlPlace = last?.placeOf(last.text.length) ?? { where: "the end", offset: 0 };
  if (reading.action) throw new CurlCommandError(end, "a transfer", `--${reading.action.name}`);
  const planned: Planned[] = [];
  for (const one of transfersOf(reading, end)) {
    if (planned.length === MOST_TRANSFERS) {
      throw new CurlCommandError(end, `no more than ${MOST_TRANSFERS} transfers`);
    }
    planned.push(one);
  }
  return programText(reading, planned);
}

/**
 * The words of the arguments. A single argument that begins with `curl ` is split as by a shell; a
 * prompt and a path may precede that name.
 */
function wordsOf(args: readonly string[], io: Io): Word[] {
  const [first = "", ...rest] = args;
  if (rest.length === 0 && /^\s*(?:[$%]\s+)?\S*curl(?:\.exe)?\s/.test(first)) {
    return splitCommand(first, undefined, io.env);
  }
  return argumentWords(withoutProgram(args));
}

function programText(reading: Reading, planned: readonly Planned[]): string {
  const program = new Program(), global = globalOf(reading.global);
  const context = {
    program,
    reading,
    isVerbose: global.verbose > 0 || global.trace !== null,
    isOne: planned.length === 1,
  };
  const blocks = planned.map((one) => transferCode(context, one));
  const body = context.isOne
    ? blocks.join("")
    : global.parallel > 1
    ? `await Promise.all([\n${
      blocks.map((one) => `  (async () => {\n${indented(one, 4)}  })(),\n`).join("")
    }]);\n`
    : blocks.map((one) => `{\n${indented(one, 2)}}\n`).join("");
  return leftOut(reading) + program.text(body);
}

const indented = (text: string, by: number) =>
  text.split("\n").map((line) => line === "" ? "" : " ".repeat(by) + line).join("\n");

/** Options of curl's tool that act outside the transfers, and that the program leaves out. */
const TOOL_ONLY: readonly string[] = [
  "continue-at",
  "create-dirs",
  "dump-header",
  "etag-compare",
  "etag-save",
  "remote-header-name",
  "remote-time",
  "remove-on-error",
  "retry",
  "skip-existing",
  "write-out",
];

function leftOut({ groups, notes }: Reading): string {
  const isSet = (group: Group, name: string) => {
    const value = group.tool.get(name);
    return value !== undefined && value !== false && value !== 0;
  };
  const lines = notes.filter(({ isAboutFetch }) => !isAboutFetch)
    .map(({ option, reason }) => `// ${option} has no effect: ${reason}\n`);
  for (const name of TOOL_ONLY) {
    if (groups.some((group) => isSet(group, name))) lines.push(`// left out: --${name}\n`);
  }
  return lines.length === 0 ? "" : `${[...new Set(lines)].join("")}\n`;
}

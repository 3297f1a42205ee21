/**
 * Splits the text of a command into words, by the quoting of either shell.
 *
 * @module
 */

import { CurlCommandError } from "../command_error.ts";
import { bashWords } from "./bash.ts";
import { cmdWords, looksLikeCmd } from "./cmd.ts";
import { placesIn, type Word } from "./words.ts";
import type { Variables } from "./variables.ts";

/** The supported shells. */
export type CurlShell = "bash" | "cmd";

/** The arguments of the curl command in a text. Throws `CurlCommandError` where there is none. */
export function splitCommand(
  text: string,
  shell: CurlShell | undefined,
  variables: Variables,
): Word[] {
  const kind = shell ?? (looksLikeCmd(text) ? "cmd" : "bash");
  const words = kind === "cmd" ? cmdWords(text, variables) : bashWords(text, variables);
  const [program, ...rest] = isPrompt(words[0]?.text) ? words.slice(1) : words;
  const place = program?.placeOf(0) ?? placesIn(text)(text.length);
  if (!program) throw new CurlCommandError(place, "curl", "nothing");
  if (!isCurl(program.text)) {
    throw new CurlCommandError(place, "curl", "another word");
  }
  return rest;
}

const isPrompt = (text: string | undefined) => text === "$" || text === "%";
const isCurl = (text: string) => /^(?:.*[/\\])?curl(?:\.exe)?$/i.test(text);

/** The arguments without the program, which a copied command begins with. */
export function withoutProgram(args: readonly string[]): readonly string[] {
  const from = isPrompt(args[0]) ? 1 : 0;
  return isCurl(args[from] ?? "") ? args.slice(from + 1) : args;
}

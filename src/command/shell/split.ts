/**
 * The words of a command, in whichever shell's quoting it is.
 *
 * @module
 */

import { CurlCommandError } from "../command_error.ts";
import { bashWords, type Variables } from "./bash.ts";
import { cmdWords, looksLikeCmd } from "./cmd.ts";
import { placesIn, type Word } from "./words.ts";

/** The shells whose quoting is known. */
export type CurlShell = "bash" | "cmd";

/** The arguments of the curl command in a text. Throws `CurlCommandError` where there is none. */
export function splitCommand(
  text: string,
  shell: CurlShell | undefined,
  variables: Variables,
): Word[] {
  const kind = shell ?? (looksLikeCmd(text) ? "cmd" : "bash");
  const words = kind === "cmd" ? cmdWords(text, variables) : bashWords(text, variables);
  const isPrompt = words[0]?.text === "$" || words[0]?.text === "%";
  const [program, ...rest] = isPrompt ? words.slice(1) : words;
  const place = program?.placeOf(0) ?? placesIn(text)(text.length);
  if (!program) throw new CurlCommandError(place, "curl", "nothing");
  if (!/^(?:.*[/\\])?curl(?:\.exe)?$/i.test(program.text)) {
    throw new CurlCommandError(place, "curl", "another word");
  }
  return rest;
}

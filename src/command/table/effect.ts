/**
 * What a row of the table may say about an option of curl.
 *
 * @module
 */

import type { EasyOptionName } from "../../handles/easy/easy.ts";

/** Options of libcurl that are newer than curlew's tables: the loaded library knows their kind. */
export type NewerName =
  | "HTTPSIG_ALGORITHM"
  | "HTTPSIG_HEADERS"
  | "HTTPSIG_KEY"
  | "HTTPSIG_KEYID";

/** The name of an easy option. */
export type Name = EasyOptionName | NewerName;

/** Easy options and their values. */
export type Values = Readonly<Partial<Record<Name, number | string>>>;

/**
 * What an option takes: `"nothing"`, `"switch"` (nothing, and `--no-…` switches it off), `"text"`,
 * `"file"` (a path), `"count"` (a number from 0 on) or `"seconds"` (with decimals; ms in here).
 */
export type Takes = "nothing" | "switch" | "text" | "file" | "count" | "seconds";

/** What is done with the option's value. All that a row has is done. */
export interface Effect {
  /** Easy options that get the value, */
  readonly set?: readonly Name[];
  /** read as a number with a unit, an octal number, a number from -1 on, or one of these words. */
  readonly as?: "size" | "octal" | "limit" | Readonly<Record<string, number>>;
  /** Whether an empty text is a value for them. */
  readonly blank?: true;
  /** Easy options that are unset by it. */
  readonly drop?: readonly Name[];
  /** Easy options that get a value where it is switched on, and are unset where it is off. */
  readonly on?: Values;
  /** The other way round. */
  readonly off?: Values;
  /** Bits that it switches in an easy option. */
  readonly bits?: readonly [name: Name, mask: number];
  /** An easy option whose list gets the value. */
  readonly list?: Name;
  /** The command line tool has to do it; it is noted under the option's name. */
  readonly tool?: true;
  /** As `tool`, once for all transfers of the command. */
  readonly global?: true;
  /** A function of `read/` does it. */
  readonly does?: string;
  /** It has no effect here, and this is why. */
  readonly none?: string;
  /** It is done without a word, and this is why. */
  readonly met?: string;
  /** `fetch` does not do it, and this is why. */
  readonly fetch?: string;
  /** Its value is nobody's business. */
  readonly secret?: true;
  /** It is another name of that option. */
  readonly aliasOf?: string;
}

/** An option of curl. */
export interface OptionRow extends Effect {
  readonly takes: Takes;
  /** The version of curl that brought it. */
  readonly since: string;
  readonly letter?: string;
  /** The version of curl since which it does nothing. */
  readonly deadSince?: string;
}

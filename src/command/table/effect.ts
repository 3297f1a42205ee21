/**
 * The members of a row of the option table.
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
 * The value of an option: `"nothing"`, `"switch"` (none, and `--no-…` switches it off), `"text"`,
 * `"file"` (a path), `"count"` (a whole number from 0 on) or `"seconds"` (with decimals; ms in the
 * result).
 */
export type Takes = "nothing" | "switch" | "text" | "file" | "count" | "seconds";

/** The effects of an option. All members of a row take effect. */
export interface Effect {
  /** Easy options that are set to the value. */
  readonly set?: readonly Name[];
  /**
   * The syntax of the value: a number with a unit, an octal number, a number from -1 on, or a word.
   */
  readonly as?: "size" | "octal" | "limit" | Readonly<Record<string, number>>;
  /** Whether an empty text is a valid value for them. */
  readonly blank?: true;
  /** Easy options that are unset. */
  readonly drop?: readonly Name[];
  /** Easy options with the value that they get where the option is on; off unsets them. */
  readonly on?: Values;
  /** Easy options with the value that they get where the option is off; on unsets them. */
  readonly off?: Values;
  /** The bits of an easy option that are switched. */
  readonly bits?: readonly [name: Name, mask: number];
  /** An easy option to whose list the value is appended. */
  readonly list?: Name;
  /** The command line tool implements the option: it is recorded under its name. */
  readonly tool?: true;
  /** As `tool`, but once for all transfers of the command. */
  readonly global?: true;
  /** The name of a function of `read/` that implements the option. */
  readonly does?: string;
  /** The reason why the option has no effect here. */
  readonly none?: string;
  /** The reason why the option needs no code: its effect is always there. */
  readonly met?: string;
  /** The reason why `fetch` does not support the option. */
  readonly fetch?: string;
  /** Whether the value is secret. */
  readonly secret?: true;
  /** The option that this one is an alias of. */
  readonly aliasOf?: string;
}

/** An option of curl. */
export interface OptionRow extends Effect {
  readonly takes: Takes;
  /** The version of curl that introduced the option. */
  readonly since: string;
  readonly letter?: string;
  /** The version of curl since which the option has no effect. */
  readonly deadSince?: string;
}

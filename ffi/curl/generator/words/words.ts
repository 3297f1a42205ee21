/**
 * `Words`: descriptions of options and infos, which curl's tables do not have.
 *
 * @module
 */

/**
 * The description of one option or info, and the pattern of the names of its constants, if it has
 * some.
 */
export type Entry = string | readonly [says: string, constants: RegExp];

/** The descriptions by curl's names, without the prefix. */
export type Words = Readonly<Record<string, Entry>>;

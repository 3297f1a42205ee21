/**
 * `Words`: what the generator is told of an option or info that curl's tables do not have.
 *
 * @module
 */

/** The sentence of one, and where it takes or gives constants, the pattern of their names. */
export type Entry = string | readonly [says: string, constants: RegExp];

/** The words by curl's names, without the prefix. */
export type Words = Readonly<Record<string, Entry>>;

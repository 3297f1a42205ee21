/**
 * A class of connections, as a handle remembers it: `connections/connection_class.ts` finds it out.
 *
 * @module
 */

/** A class of connections. */
export interface ConnectionClass {
  /** Equal for equal classes; `""` is the class of all that ask for nothing of their own. */
  readonly key: string;
  /** Decides what names resolve to, so it needs a name cache of its own. */
  readonly names: boolean;
  /** Nobody else may use the connection, not even the same class. */
  readonly alone: boolean;
}

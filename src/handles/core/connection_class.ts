/**
 * A connection class as a handle keeps it; `connections/connection_class.ts` computes it.
 *
 * @module
 */

/** A connection class. */
export interface ConnectionClass {
  /** The key, equal for equal classes; `""` for handles whose options set nothing that matters. */
  readonly key: string;
  /**
   * Whether an option decides the addresses of names, so that the class needs its own name cache.
   */
  readonly names: boolean;
  /** Whether no other transfer may use the connection, not even one of the same class. */
  readonly alone: boolean;
}

/**
 * The data of a `Share`. libcurl does not expect another handle to use the data while one handle
 * does: so while a callback of one handle is on the stack, calls on all handles with the same
 * `Share` throw.
 *
 * @module
 */

/** The data of a `Share`, as the handles that use it see it. */
export class SharedData {
  /** How many callbacks of handles that use the data are on the stack. */
  depth = 0;
}

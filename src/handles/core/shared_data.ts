/**
 * Data that several handles share, by a `Share`. libcurl does not expect that another handle touches
 * it while one of them is in the middle of something with it: so while a callback of one is on the
 * stack, no call may be made on another that uses the same.
 *
 * @module
 */

/** What a share is for the handles that use it. */
export class SharedData {
  /** How many callbacks of handles that use it are on the stack. */
  depth = 0;
}

/**
 * The version of curlew.
 *
 * @module
 */

/** The version of this package; a test compares it with `package.json`. */
export const CURLEW_VERSION = "0.1.0";

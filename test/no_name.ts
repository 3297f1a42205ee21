/**
 * A name that is never sent to a DNS server: its first label is longer than the 63 letters allowed.
 */
export const NO_NAME: string = `${"a".repeat(64)}.invalid`;

/** A name that no resolver asks another machine about: a label has 63 letters at most. */
export const NO_NAME: string = `${"a".repeat(64)}.invalid`;

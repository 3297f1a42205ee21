/** Quotes texts as browsers do when they copy a command, by implementations of their algorithms. */

/** Chrome, "Copy as cURL (bash)": `$'…'` for controls, `!` and apostrophes. */
export function chromeBash(text: string): string {
  // deno-lint-ignore no-control-regex
  if (!/[\0-\x1f\x7f-\x9f!']/.test(text)) return `'${text}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r")
    // deno-lint-ignore no-control-regex
    .replace(/[\0-\x1f\x7f-\x9f!]/g, (unit) => `\\u${hex(unit, 4)}`);
  return `$'${escaped}'`;
}

/** Firefox and Safari: `$'…'` for all that is not printable ASCII. */
export function firefoxBash(text: string): string {
  if (!/[^\x20-\x7e]|'|!/.test(text)) return `'${text}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r")
    .replace(
      /[^\x20-\x7e]|!/g,
      (unit) =>
        unit.charCodeAt(0) < 256 && unit.charCodeAt(0) < 0x80
          ? `\\x${hex(unit, 2)}`
          : `\\u${hex(unit, 4)}`,
    );
  return `$'${escaped}'`;
}

/** Chrome, "Copy as cURL (cmd)": carets before all characters that cmd may interpret. */
export function chromeCmd(text: string): string {
  const escaped = text.replace(/\\/g, "\\\\").replace(/"/g, '\\"')
    .replace(/[^a-zA-Z0-9\s_\-:=+~'/.',?;()*`]/g, "^$&")
    .replace(/%(?=[a-zA-Z0-9_])/g, "%^")
    .replace(/\r?\n/g, "^\n\n");
  return `^"${escaped}^"`;
}

/** Older browsers on Windows: double quotes, doubled inside. */
export function oldCmd(text: string): string {
  return `"${text.replace(/"/g, '""')}"`;
}

const hex = (unit: string, digits: number) => unit.charCodeAt(0).toString(16).padStart(digits, "0");

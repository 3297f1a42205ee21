/**
 * Writes JavaScript values as source text.
 *
 * @module
 */

/** Source text that is inserted unchanged, such as a variable's name. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const WIDTH = 90, NAME = /^[A-Za-z_$][\w$]*$/;

/**
 * The source text of a value, on one line where it is short. `indent` is the indentation of the
 * line.
 */
export function literal(value: unknown, indent = ""): string {
  if (value instanceof Expression) return value.text;
  if (value instanceof Uint8Array) return bytesLiteral(value);
  if (typeof value === "string") return stringLiteral(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => literal(item, inner))
    : Object.entries(value).map(([key, item]) => `${keyText(key)}: ${literal(item, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return open + close;
  const short = isList ? `[${items.join(", ")}]` : `{ ${items.join(", ")} }`;
  if (!short.includes("\n") && indent.length + short.length <= WIDTH) return short;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`;
}

const keyText = (key: string) => NAME.test(key) ? key : JSON.stringify(key);

/** A string literal, in which line separators and control characters are escaped. */
function stringLiteral(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function bytesLiteral(bytes: Uint8Array): string {
  return `Uint8Array.from([${bytes.join(", ")}])`;
}

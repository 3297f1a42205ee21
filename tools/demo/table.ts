/**
 * A plain table: columns as wide as needed, text to the left, numbers to the right.
 *
 * @module
 */

/** The content of a cell. */
export type Cell = string | number;

const NUMERIC = /^(\d|–)/;

/** Formats rows. A row that is a string takes the whole line. `head` is `null` for no heading. */
export function table(head: readonly string[] | null, rows: readonly (Cell[] | string)[]): string {
  const cells = rows.filter((row) => typeof row !== "string").map((row) => row.map(String));
  const lines = head ? [head, ...cells] : cells;
  const columns = Math.max(0, ...lines.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, at) => Math.max(...lines.map((row) => row[at]?.length ?? 0)),
  );
  const right = widths.map((_, at) => cells.every((row) => NUMERIC.test(row[at] ?? "")));
  const line = (row: readonly Cell[]) =>
    "  " + row.map((cell, at) => {
      const text = String(cell), width = widths[at] ?? 0;
      return right[at] ? text.padStart(width) : text.padEnd(width);
    }).join("  ").trimEnd();
  const rule = line(widths.map((width) => "─".repeat(width)));
  const body = rows.map((row) => typeof row === "string" ? `  ${row}` : line(row));
  return [...(head ? [line(head), rule] : []), ...body, ""].join("\n");
}

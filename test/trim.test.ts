// Text of a peer may be long: no regular expression of the library may be quadratic in it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { trimmed, trimmedEnd } from "../src/trim.ts";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));

test("characters are removed from the ends only", () => {
  for (const text of ["", " ", " \t ", "a", " a", "a\t", "\t a b \t", "a \t b", " é "]) {
    expect(trimmed(text, " \t")).toBe(text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, ""));
    expect(trimmedEnd(text, " \t")).toBe(text.replace(/[ \t]+$/, ""));
  }
});

/** A literal of a regular expression, behind what may precede one. */
const LITERAL =
  /(?<=[=>(,:?[&|!{;]\s*|return )\/((?![*/])(?:\[(?:\\.|[^\]\\\n])*\]|\\.|[^/\\[\n])+)\/([dgimsuvy]*)/g;

/** The regular expressions of the library. */
async function expressions(): Promise<{ path: string; expression: RegExp }[]> {
  const found: { path: string; expression: RegExp }[] = [];
  for (const name of await readdir(SOURCES, { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const path = name.replaceAll("\\", "/"), whole = await readFile(join(SOURCES, name), "utf8");
    const text = whole.replace(/\/\*\*[^]*?\*\/|^\s*\/\/.*$/gm, ""); // without comments
    for (const [, source = "", flags] of text.matchAll(LITERAL)) {
      try {
        found.push({ path, expression: new RegExp(source, flags) });
      } catch (error) {
        throw new Error(`${path}: /${source}/`, { cause: error });
      }
    }
  }
  return found;
}

/** The shortest time, of some, that an expression takes for all its matches in a text. */
function timeOf(expression: RegExp, text: string): number {
  const times = [1, 2, 3].map(() => {
    expression.lastIndex = 0;
    const start = performance.now();
    text.replace(expression, "");
    return performance.now() - start;
  });
  return Math.min(...times);
}

const STARTS = ["x", "", "x:x", "1 x", "etag:x"];
/** A text with a run inside: its end is neither in the run nor what may follow it. */
const withRun = (start: string, unit: string, count: number) =>
  `${start}${unit.repeat(count)}\u0100x`;

/** Whether ten times the length takes far more than ten times as long. */
function isQuadratic(expression: RegExp): boolean {
  return STARTS.some((start) =>
    [" ", "\t", "/", "=", "0", "a", ".", ":"].some((unit) => {
      // most are done with a text of this length in microseconds
      const short = timeOf(expression, withRun(start, unit, 2000));
      if (short < 0.1) return false;
      return timeOf(expression, withRun(start, unit, 20_000)) > 40 * short;
    })
  );
}

test("no regular expression takes quadratic time for a run of one character", async () => {
  expect(isQuadratic(/ +$/)).toBe(true);
  const all = await expressions();
  expect(all.length).toBeGreaterThan(150);
  const found = all.filter(({ expression }) => isQuadratic(expression));
  expect(found.map(({ path, expression }) => `${path}: ${expression}`)).toEqual([]);
});

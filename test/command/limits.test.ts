import process from "node:process";
import { expect, test } from "vitest";
import { CurlCommandError, parseCurl } from "../../command.ts";
import { PATIENCE } from "../patience.ts";

const U = "http://x.test/";

/** The CPU time of this process, in ms: other processes do not add to it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const doubling = Array.from({ length: 60 }, () => ["--expand-variable", "a={{a}}{{a}}"]).flat();
const growing = `{{a${":json".repeat(60)}}}`;
const nested = (levels: number) => [
  ...Array.from({ length: levels }, () => ["-F", "=("]).flat(),
  ...["-F", "a=b"],
  ...Array.from({ length: levels }, () => ["-F", "=)"]).flat(),
];

test.for(
  [
    ["variables that double", ["--variable", "a=0123456789", ...doubling, U], /10000000 expanded/],
    ["functions that double", ["--variable", "a=\\", "--expand-data", growing, U], /10000000 exp/],
    ["parts in 101 levels", [...nested(101), U], /100 levels/],
    ["parts in 100,000 levels", [...nested(100_000), U], /100 levels/],
    ["a long range", [`${U}[0-99999999999]`], /100000 transfers/],
    ["a product of ranges", [`${U}[1-999]/[1-999]/[1-999]`], /100000 transfers/],
    ["URLs times uploads", ["-T", "[1-999]", `${U}[1-999]/`], /100000 transfers/],
    ["a sum of ranges", [`${U}[1-60000]`, `${U}[1-60000]`], /100000 transfers/],
  ] as const,
)("%s are refused before they fill the process", ([, args, expected]) => {
  let read = 0;
  const readFile = () => {
    read++;
    return new Uint8Array();
  };
  let thrown: unknown;
  const start = cpuMs();
  try {
    parseCurl(args, { readFile });
  } catch (error) {
    thrown = error;
  }
  const ms = cpuMs() - start;
  expect(thrown).toBeInstanceOf(CurlCommandError);
  expect((thrown as CurlCommandError).expected).toMatch(expected);
  expect(ms).toBeLessThan(2000);
  expect(read).toBe(0);
});

test("what is at the limit is read", () => {
  expect(parseCurl([...nested(100), U]).init.method).toBe("POST");
  const half = "x".repeat(5_000_000);
  const { init } = parseCurl(["--variable", `a=${half}`, "--expand-data", "{{a}}{{a}}", U]);
  expect((init.body as string).length).toBe(10_000_000);
});

/** What may stand many times in a command. */
const LISTS: readonly (readonly string[])[] = [
  ["-H", "A: b"],
  ["--proxy-header", "A: b"],
  ["--resolve", "a:1:127.0.0.1"],
  ["-Q", "NOOP"],
  ["-b", "a=b"],
  ["-d", "a"],
  ["-F", "a=b;c"],
  [U],
  ["-o", "file"],
  ["-T", "-"],
  ["--next", U, "-e", ";auto"],
];

const FEW = 5_000, MANY = 40_000;

/** A command with so many of the words: as arguments, and as the text of bash and of cmd. */
function commandsOf(words: readonly string[], count: number): (string | string[])[] {
  const args = [U, ...Array.from({ length: count }, () => words).flat()];
  return [
    args,
    `curl ${args.map((word) => `'${word}'`).join(" \\\n")}`,
    `curl ${args.map((word) => `^"${word}^"`).join(" ^\n ")}`,
  ];
}

/**
 * The CPU time to read many words at once, divided by that to read as many in parts: 1 where the
 * time grows with the number, `MANY / FEW` where it grows with its square.
 */
function growth(few: string | string[], many: string | string[]): number {
  const readFile = () => new Uint8Array(), start = cpuMs();
  for (let read = 0; read < MANY; read += FEW) parseCurl(few, { readFile });
  const between = cpuMs();
  parseCurl(many, { readFile });
  return (cpuMs() - between) / (between - start);
}

test.for(LISTS)(
  "%s takes time by the number of them, not its square",
  { timeout: 30_000 * PATIENCE },
  (words) => {
    const few = commandsOf(words, FEW), many = commandsOf(words, MANY);
    for (const [form, command] of many.entries()) {
      let least = Infinity;
      // a collection of garbage may fall into one of the two
      for (let attempt = 0; attempt < 3 && least > MANY / FEW / 2; attempt++) {
        least = Math.min(least, growth(few[form]!, command));
      }
      expect(least, `the form ${form}`).toBeLessThan(MANY / FEW / 2);
    }
  },
);

import { expect, test } from "vitest";
import { CurlCommandError, parseCurl } from "../../command.ts";

const U = "http://x.test/";

/** How long the function takes, in ms. */
function timeOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
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
  const ms = timeOf(() => {
    try {
      parseCurl(args, { readFile });
    } catch (error) {
      thrown = error;
    }
  });
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

test.for(LISTS)(
  "%s takes time by the number of them, not its square",
  { timeout: 30_000 },
  (words) => {
    const many = Array.from({ length: 40_000 }, () => words).flat(), args = [U, ...many];
    const lines = `curl ${args.map((word) => `'${word}'`).join(" \\\n")}`;
    const cmd = `curl ${args.map((word) => `^"${word}^"`).join(" ^\n ")}`;
    const readFile = () => new Uint8Array();
    for (const command of [args, lines, cmd]) {
      expect(timeOf(() => parseCurl(command, { readFile }))).toBeLessThan(4000);
    }
  },
);

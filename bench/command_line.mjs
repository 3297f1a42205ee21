// The command line.
import { parseArgs } from "node:util";
import { CLIENT_NAMES } from "./clients.mjs";
import { GROWTH } from "./growth.mjs";
import { SCENARIOS } from "./scenarios.mjs";

const [NAMES, GROWTH_NAMES] = [SCENARIOS, GROWTH].map((list) => list.map(({ name }) => name));

export const HELP = `Measures processor and wall time of transfers, as ratios to a C program on the
same libcurl. All of it takes about half an hour, on a machine that does nothing else.

Usage: npm run bench [-- options]

  --only NAME    one scenario, or one client (C is always measured); may be given again
  --rounds N     how often each client runs, 5 unless given
  --quick        a minute at most, for a first look and for CI: smaller, so its figures mean little
  --scale        instead, how costs grow up to 10,000 transfers: a quarter of an hour
  --json         print all figures as JSON
  --write        put table and chart into README.md, all figures into bench/RESULTS.md; those of
                 --scale into bench/RESULTS.md and bench/scale.svg
  --help         show this

Scenarios: ${NAMES.join(" ")}
Of --scale: ${GROWTH_NAMES.join(" ")}
Clients:   ${CLIENT_NAMES.join(" ")}

The exit code is 1 where a client failed, 2 for bad arguments; a figure never makes it fail.
`;

const OPTIONS = {
  only: { type: "string", multiple: true, default: [] },
  rounds: { type: "string" },
  quick: { type: "boolean", default: false },
  scale: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

/** The error of a wrong command line. */
export class UsageError extends Error {}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Reads the options; `command` is the text of the command, for the documents. */
export function readCommandLine(args) {
  const { only, rounds, ...values } = parse(args);
  const names = [...(values.scale ? GROWTH_NAMES : NAMES), ...CLIENT_NAMES];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no "${unknown}"`);
  if (rounds !== undefined && !/^[1-9]\d?$/.test(rounds)) {
    throw new UsageError(`--rounds takes a number from 1 to 99, not "${rounds}"`);
  }
  const long = SCENARIOS.find(({ name, quick }) => only.includes(name) && !quick);
  if (values.quick && long) throw new UsageError(`--quick does not do ${long.name}`);
  if (values.quick && values.scale) throw new UsageError("--scale has no short form");
  if (values.write && (values.quick || only.length > 0)) {
    throw new UsageError("--write takes all scenarios, in full");
  }
  const command = ["npm run bench", ...(args.length > 0 ? ["--"] : []), ...args].join(" ");
  return {
    ...values,
    command,
    only,
    rounds: Number(rounds ?? (values.quick ? 1 : values.scale ? 3 : 5)),
  };
}

/**
 * `curlew doctor`, the command.
 *
 * @module
 */

import process from "node:process";
import { examine, reportText } from "./report.ts";

const USAGE = "Usage: curlew doctor [--json]\n";

/** Runs the checks, prints the report, and returns the exit code: 1 where a check failed. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const isJson = args[0] === "--json";
  if (args.length > (isJson ? 1 : 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = await examine();
  process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.problems.length === 0 ? 0 : 1;
}

/**
 * The doctor as a command.
 *
 * @module
 */

import process from "node:process";
import { examine, reportText } from "./report.ts";

const USAGE = "Usage: curlew doctor [--json]\n";

/** Examines, prints the report, and gives the code to exit with: 1 where something is broken. */
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

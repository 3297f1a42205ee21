// The factor for time limits on a slow machine: `npm run test:arm64` sets CURLEW_PATIENCE, because
// it emulates the processor. No vitest here: the child processes and vitest's configuration use it.
import process from "node:process";

/** The factor for each time limit that only ends a test or a program that hangs. */
export const PATIENCE: number = Number(process.env["CURLEW_PATIENCE"] ?? "1");

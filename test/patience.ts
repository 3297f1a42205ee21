// How much longer than usual a thing may take, where the machine is slow: npm run test:arm64
// emulates one, and says so by CURLEW_PATIENCE. No vitest here: its configuration uses this too.
import process from "node:process";

/** A factor for every limit of time that only ends what hangs. */
export const PATIENCE: number = Number(process.env["CURLEW_PATIENCE"] ?? "1");

// Time limits of each kind, and their errors.
//
//   deno run --allow-ffi docs/cookbook/timeouts.ts https://example.com/never https://example.com/slow
//   bun docs/cookbook/timeouts.ts https://example.com/never https://example.com/slow
//   > timeout: CURLE_OPERATION_TIMEDOUT
//   > signal: TimeoutError
//   > too slow: CURLE_OPERATION_TIMEDOUT
import process from "node:process";
import { CurlEasyError, fetch, type FetchInit } from "curlew";

const [never, slow] = process.argv.slice(2);
if (!never || !slow) throw new Error("Usage: timeouts.ts URL SLOW_URL");

async function failure(url: string, init: FetchInit): Promise<string> {
  try {
    await (await fetch(url, init)).text();
    return "none";
  } catch (error) {
    const cause = error instanceof TypeError ? error.cause : error;
    return cause instanceof CurlEasyError ? cause.codeName : (cause as Error).name;
  }
}

console.log("timeout:", await failure(never, { timeout: 200 })); // the whole call, body included
console.log("signal:", await failure(never, { signal: AbortSignal.timeout(200) }));
// less than 1 MB a second, for one second: for downloads of unknown length
console.log(
  "too slow:",
  await failure(slow, {
    curl: { LOW_SPEED_LIMIT: 1_000_000, LOW_SPEED_TIME: 1 },
  }),
);

// Aborts a request: by a button, by a timer, or both, whichever is first. A signal rejects with its
// own reason, `timeout` with a TypeError whose cause is libcurl's error.
//
//   deno run --allow-ffi examples/http/abort.ts https://slow.example/
//   bun examples/http/abort.ts https://slow.example/
//   > button: AbortError after … bytes
//   > clock: TimeoutError after … bytes
//   > both: AbortError after 0 bytes
//   > timeout: CURLE_OPERATION_TIMEDOUT after … bytes
import process from "node:process";
import { CurlEasyError, fetch } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: abort.ts URL");

/** Reads the whole body, and prints how that ended. */
async function get(title: string, init: Parameters<typeof fetch>[1]): Promise<void> {
  let bytes = 0;
  try {
    const response = await fetch(url as string, init);
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    console.log(`${title}: ${bytes} bytes`);
  } catch (error) {
    const cause = (error as Error).cause;
    const why = cause instanceof CurlEasyError ? cause.codeName : (error as Error).name;
    console.log(`${title}: ${why} after ${bytes} bytes`);
  }
}

const button = new AbortController();
setTimeout(() => button.abort(), 300);
await get("button", { signal: button.signal });
await get("clock", { signal: AbortSignal.timeout(300) });
await get("both", { signal: AbortSignal.any([button.signal, AbortSignal.timeout(300)]) });
await get("timeout", { timeout: 300 });

// Hundreds of URLs through one Agent: at most 50 at a time, each with a handle that is reused.
//
//   deno run --allow-ffi examples/http/many.ts https://example.com/ https://example.org/
//   bun examples/http/many.ts https://example.com/ https://example.org/
//   > 2 transfers, 0 failed, … connections, … bytes
import process from "node:process";
import { Agent, CurlEasyError, Easy } from "curlew";

const CONCURRENCY = 50;
const urls = process.argv.slice(2);
const waiting = urls.values();
let bytes = 0, failed = 0, connections = 0;

/** Transfers one URL after the other until none is left. */
async function work(agent: Agent): Promise<void> {
  using easy = new Easy();
  easy.setOpts({
    TIMEOUT: 60,
    WRITEFUNCTION: (chunk) => {
      bytes += chunk.length;
      return chunk.length;
    },
  });
  for (const url of waiting) {
    try {
      easy.setOpt("URL", url);
      await agent.perform(easy);
    } catch (error) {
      if (!(error instanceof CurlEasyError)) throw error;
      failed++;
      console.error(`${url}: ${error.codeName}: ${error.message}`);
    }
    connections += easy.getInfo("NUM_CONNECTS");
  }
}

await using agent = new Agent();
const workers = Math.min(CONCURRENCY, urls.length);
await Promise.all(Array.from({ length: workers }, () => work(agent)));
console.log(
  `${urls.length} transfers, ${failed} failed, ${connections} connections, ${bytes} bytes`,
);
process.exitCode = failed === 0 ? 0 : 1;

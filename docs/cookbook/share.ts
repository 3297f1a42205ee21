// Two agents that share names and TLS sessions, so that the second one need not resolve the name
// again.
//
//   deno run --allow-ffi docs/cookbook/share.ts https://example.com/
//   bun docs/cookbook/share.ts https://example.com/
//   > 200, then 200
import process from "node:process";
import { Agent, constants, fetch, Share } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: share.ts URL");

using share = new Share();
share.setOpt("SHARE", constants.CURL_LOCK_DATA_DNS);
share.setOpt("SHARE", constants.CURL_LOCK_DATA_SSL_SESSION);
const statuses: number[] = [];
for (let i = 0; i < 2; i++) {
  await using agent = new Agent({ share, maxHostConnections: 6 });
  const response = await fetch(url, { agent, timeout: 10_000 });
  await response.body?.cancel();
  statuses.push(response.status);
}
console.log(statuses.join(", then "));

// A POST of JSON: `json` of createFetch sets the method and the headers.
//
//   deno run --allow-ffi docs/cookbook/post_json.ts https://example.com/birds
//   bun docs/cookbook/post_json.ts https://example.com/birds
//   > 200: whimbrel as application/json
import process from "node:process";
import { createFetch } from "curlew/session";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: post_json.ts URL");

const api = createFetch({ timeout: 10_000, throwOnStatus: true });
const response = await api(url, { json: { bird: "whimbrel" } });
const seen = await response.json() as {
  json: { bird: string };
  headers: Record<string, string>;
};
console.log(`${response.status}: ${seen.json.bird} as ${seen.headers["content-type"]}`);

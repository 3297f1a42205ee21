// A REST API: JSON is sent and received, and requests are retried after temporary errors. A POST is
// retried only because the server recognizes by the key whether it has executed it already.
//
//   deno run --allow-ffi examples/http/rest.ts https://birds.example/v1
//   bun examples/http/rest.ts https://birds.example/v1
//   > 2 birds: godwit, snipe
//   > created {"id":3,"name":"curlew","seen":1}
//   > changed {"id":3,"name":"curlew","seen":2}
//   > deleted
//   > GET of bird 3: 404 {"error":"there is no bird 3"}
//   2> attempt 1 failed: 503
//   2> attempt 1 failed: CURLE_GOT_NOTHING
import process from "node:process";
import { CurlEasyError } from "curlew";
import { createFetch, HttpError, type RetryEvent } from "curlew/session";

interface Bird {
  readonly id: number;
  readonly name: string;
  readonly seen: number;
}

const [baseUrl] = process.argv.slice(2);
if (!baseUrl) throw new Error("Usage: rest.ts BASE_URL");

function onRetry({ attempt, status, error }: RetryEvent): void {
  const cause = error instanceof Error ? error.cause : undefined;
  const why = cause instanceof CurlEasyError ? cause.codeName : error;
  console.error(`attempt ${attempt} failed: ${status ?? why}`);
}

const api = createFetch({
  baseUrl,
  headers: { Accept: "application/json" },
  timeout: 30_000, // for all attempts
  throwOnStatus: true,
  // for GET, PUT, DELETE and other safe methods; the pause is that of Retry-After
  retry: { limit: 3, onRetry },
});

const birds = await (await api("birds", { query: { order: "name" } })).json() as Bird[];
console.log(`${birds.length} birds: ${birds.map(({ name }) => name).join(", ")}`);

const created = await (await api("birds", {
  json: { name: "curlew", seen: 1 }, // sends a POST
  headers: { "Idempotency-Key": crypto.randomUUID() },
  retry: { limit: 3, methods: ["POST"], onRetry },
})).json() as Bird;
console.log("created", JSON.stringify(created));

const path = `birds/${created.id}`;
const changed = await api(path, { method: "PUT", json: { ...created, seen: created.seen + 1 } });
console.log("changed", await changed.text());

await api(path, { method: "DELETE" });
console.log("deleted");
try {
  await api(path);
} catch (error) {
  if (!(error instanceof HttpError)) throw error;
  console.log(`GET of bird ${created.id}: ${error.status}`, await error.response.text());
}

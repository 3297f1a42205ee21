// A client for an API with a login: defaults, cookies in a file for the next run, retries, and one
// kind of error for all failures.
//
//   deno run --allow-ffi --allow-read --allow-write examples/http/session.ts \
//     https://example.com/api cookies.txt users name=Ada
//   bun examples/http/session.ts https://example.com/api cookies.txt users name=Ada
//   > [{"id":1,"name":"Ada"}]
//   2> GET /api/users 200
//   2> cookie sid of example.com
import { existsSync } from "node:fs";
import process from "node:process";
import { CookieJar, createFetch, HttpError } from "curlew/session";

const [baseUrl, file, path = "", ...fields] = process.argv.slice(2);
if (!baseUrl || !file) throw new Error("Usage: session.ts BASE_URL JAR [PATH] [NAME=VALUE...]");

const cookies = new CookieJar();
if (existsSync(file)) await cookies.load(file);

const api = createFetch({
  baseUrl,
  cookies,
  headers: { Accept: "application/json" },
  timeout: 30_000,
  throwOnStatus: true,
  retry: {
    limit: 3,
    onRetry({ attempt, delay, status, error }) {
      const why = status ?? (error as Error).message;
      console.error(`attempt ${attempt} in ${Math.round(delay)} ms: ${why}`);
    },
  },
  hooks: {
    request({ headers }) {
      headers.set("X-Request-Id", crypto.randomUUID());
    },
    response(response, { url, method }) {
      console.error(`${method} ${url.pathname} ${response.status}`);
    },
  },
});

try {
  const query = Object.fromEntries(fields.map((field) => field.split("=", 2)));
  const response = await api(path, { query });
  console.log(await response.text());
} catch (error) {
  if (error instanceof HttpError) console.error(await error.response.text());
  console.error((error as Error).message);
  process.exitCode = 1;
}
await cookies.save(file);
for (const { name, domain } of cookies) console.error(`cookie ${name} of ${domain}`);

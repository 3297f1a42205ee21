// Tests of code that uses curlew, without a network. Pass a fake fetch, if only the response
// matters; or lead the real fetch to a server of the test, by CONNECT_TO: then URLs, headers,
// bodies and retries are tested too, and the code under test need not be changed.
//
//   deno run --allow-ffi --allow-net examples/http/testing.ts
//   bun examples/http/testing.ts
//   > ok: an answer of a fetch that is none
//   > ok: a server of the test, under the name of the real one
import { deepEqual, equal, rejects } from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createFetch } from "curlew/session";

/** The part of `fetch` that the code under test needs. */
type Get = (url: string) => Promise<Response>;

/** The code under test. */
async function weather(api: Get, city: string): Promise<string> {
  const response = await api(`http://weather.example/v1/${encodeURIComponent(city)}`);
  if (!response.ok) throw new Error(`No weather: ${response.status}`);
  const { sky, degrees } = await response.json();
  return `${sky}, ${degrees} °C`;
}

async function withFakeFetch(): Promise<void> {
  const asked: string[] = [];
  const fake = (status: number, body: unknown): Get => (url) => {
    asked.push(url);
    return Promise.resolve(Response.json(body, { status }));
  };
  equal(await weather(fake(200, { sky: "rain", degrees: 12 }), "Żywiec"), "rain, 12 °C");
  await rejects(weather(fake(404, {}), "x"), { message: "No weather: 404" });
  equal(asked[0], "http://weather.example/v1/%C5%BBywiec");
}

async function withFakeServer(): Promise<void> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    if (seen.length === 1) response.writeHead(503, { "Retry-After": "0" }).end();
    else response.end(JSON.stringify({ sky: "sun", degrees: 21 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const api = createFetch({
    retry: 1,
    curl: { CONNECT_TO: [`weather.example:80:127.0.0.1:${port}`], NOPROXY: "*" },
  });
  try {
    equal(await weather(api, "Oslo"), "sun, 21 °C");
    deepEqual(seen.map(({ url, headers }) => [url, headers.host]), [
      ["/v1/Oslo", "weather.example"],
      ["/v1/Oslo", "weather.example"],
    ]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

await withFakeFetch();
console.log("ok: an answer of a fetch that is none");
await withFakeServer();
console.log("ok: a server of the test, under the name of the real one");

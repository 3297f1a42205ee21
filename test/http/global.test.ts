// In the place of the built-in fetch, curlew's serves a client library that knows nothing of it.
import ky, { HTTPError, isTimeoutError } from "ky";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fetch } from "../../mod.ts";
import { useServer } from "../use.ts";
import { type Echo, failure, sent, sentText } from "./support.ts";

const server = useServer("http");
let client: typeof ky;
const builtIn = globalThis.fetch;
beforeEach(() => {
  globalThis.fetch = fetch as typeof globalThis.fetch;
  client = ky.create({ timeout: 5000, retry: 0 });
});
afterEach(() => {
  globalThis.fetch = builtIn;
});

test("ky's requests are curlew's", async () => {
  const arrived = await client.get(server.url("/echo")).json<Echo>();
  expect(sent(arrived, "user-agent")[0]).toMatch(/^curlew\//);
});

test("ky gets JSON, text, bytes and streams", async () => {
  expect(await client.get(server.url("/small")).json()).toMatchObject({ ok: true });
  expect(await client.get(server.url("/gzip")).text()).toContain("compressed by gzip");
  expect((await client.get(server.url("/bytes/100000")).arrayBuffer()).byteLength).toBe(100_000);
  const response = await client.get(server.url("/stream/3/5"));
  const text = response.body!.pipeThrough(new TextDecoderStream() as never);
  expect(await Array.fromAsync(text as AsyncIterable<string>).then((all) => all.join("")))
    .toBe("chunk 0\nchunk 1\nchunk 2\n");
});

test("ky sends JSON, forms and search parameters", async () => {
  const json = await client.post(server.url("/echo"), { json: { a: "é" } }).json<Echo>();
  expect(json.method).toBe("POST");
  expect(JSON.parse(sentText(json))).toEqual({ a: "é" });
  expect(sent(json, "content-type")).toEqual(["application/json"]);
  expect(sent(json, "content-length")).toEqual(["10"]);
  const body = new URLSearchParams({ b: "1 2" });
  expect(sentText(await client.put(server.url("/echo"), { body }).json<Echo>())).toBe("b=1+2");
  const searchParams = { q: "x y" };
  const searched = await client.get(server.url("/echo"), { searchParams }).json<Echo>();
  expect(searched.url).toBe("/echo?q=x+y");
});

test("ky's body is sent again by a redirect", async () => {
  const url = server.url("/redirect-to?url=/echo&status=307");
  const arrived = await client.post(url, { json: [1] }).json<Echo>();
  expect(sentText(arrived)).toBe("[1]");
});

test("ky's hooks, extended clients and errors work", async () => {
  const seen: string[] = [];
  const extended = client.extend({
    prefix: server.url("/"),
    headers: { "x-own": "1" },
    hooks: { afterResponse: [({ response }) => void seen.push(response.url)] },
  });
  expect(sent(await extended.get("echo").json<Echo>(), "x-own")).toEqual(["1"]);
  expect(seen).toEqual([server.url("/echo")]);
  const error = await failure(extended.get("status/404"));
  expect(error).toBeInstanceOf(HTTPError);
  expect((error as HTTPError).response.status).toBe(404);
});

test("ky's timeout, retries and signal work", async () => {
  const late = await failure(client.get(server.url("/hold"), { timeout: 100 }));
  expect(isTimeoutError(late)).toBe(true);
  let tries = 0;
  const retry = { limit: 2, delay: () => 5 };
  const hooks = { beforeRetry: [() => void tries++] };
  await failure(client.get(server.url("/status/503"), { retry, hooks }));
  await failure(client.get("http://127.0.0.1:1/", { retry, hooks }));
  expect(tries).toBe(4);
  const controller = new AbortController();
  const running = failure(client.get(server.url("/hold"), { signal: controller.signal }));
  setTimeout(() => controller.abort(), 20);
  expect(await running).toMatchObject({ name: "AbortError" });
});

test("ky's progress of a download works", async () => {
  const percents: number[] = [];
  const onDownloadProgress = ({ percent }: { percent: number }) => void percents.push(percent);
  await client.get(server.url("/bytes/500000"), { onDownloadProgress }).arrayBuffer();
  expect(percents.at(-1)).toBe(1);
});

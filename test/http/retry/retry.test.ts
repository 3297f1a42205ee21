// The option retry: of createFetch, download and upload.
import { readFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constants, download, type RetryEvent, type RetryOptions, upload } from "../../../mod.ts";
import { createFetch, HttpError } from "../../../session.ts";
import { retryAfter } from "../../../src/http/retry/attempts.ts";
import { codeOf, failure, scripted, statuses } from "../session/support.ts";
import { useFolder } from "../../use.ts";

// deno-lint-ignore no-explicit-any -- what TypeScript would not let a caller do
type Any = any;

const soon = () => 1;
/** A `fetch` whose calls never take longer than ten seconds, and that hardly waits. */
const make = (retry: RetryOptions = {}) =>
  createFetch({ timeout: 10_000, retry: { backoff: soon, ...retry } });

const folder = useFolder("retry");

/** A port of the loopback interface on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("by default", () => {
  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])("%s is made again", async (method) => {
    await using server = await scripted(statuses([503, 503]));
    const response = await make()(server.url, { method });
    expect([response.status, server.got.length]).toEqual([200, 3]);
  });

  test.each(["POST", "PATCH"])("%s is not", async (method) => {
    await using server = await scripted(statuses([503]));
    expect((await make()(server.url, { method })).status).toBe(503);
    expect(server.got.length).toBe(1);
  });

  test.each([408, 413, 429, 500, 502, 503, 504])("%i is a reason", async (status) => {
    await using server = await scripted(statuses([status]));
    expect((await make()(server.url)).status).toBe(200);
  });

  test.each([400, 401, 404, 501, 505])("%i is none", async (status) => {
    await using server = await scripted(statuses([status]));
    expect((await make()(server.url)).status).toBe(status);
  });

  test("there are two retries, and then the last response", async () => {
    await using server = await scripted(() => 503);
    const response = await make()(server.url);
    expect([response.status, await response.text(), server.got.length]).toEqual([503, "no 503", 3]);
  });

  test("the pauses grow, by chance up to half shorter", async () => {
    await using server = await scripted(() => 503);
    const delays: number[] = [];
    await createFetch({ timeout: 10_000 })(server.url, {
      retry: { onRetry: ({ delay }) => void delays.push(delay) },
    });
    const [first = 0, second = 0] = delays;
    expect(first).toBeGreaterThanOrEqual(150);
    expect(first).toBeLessThanOrEqual(300);
    expect(second).toBeGreaterThanOrEqual(300);
    expect(second).toBeLessThanOrEqual(600);
    const waited = (server.got[2]?.at ?? 0) - (server.got[0]?.at ?? 0);
    expect(waited).toBeGreaterThanOrEqual(first + second - 5);
  });

  test("a connection that cannot be made is made again", async () => {
    const seen: (string | undefined)[] = [];
    const api = make({ onRetry: ({ error }) => void seen.push(codeOf(error)) });
    const error = await failure(api(`http://127.0.0.1:${await closedPort()}/`));
    expect([codeOf(error), seen]).toEqual([
      "CURLE_COULDNT_CONNECT",
      ["CURLE_COULDNT_CONNECT", "CURLE_COULDNT_CONNECT"],
    ]);
  });

  test("a connection that breaks is made again", async () => {
    await using server = await scripted((_got, response, number, request) => {
      if (number < 2) request.socket.destroy();
      else response.end("ok");
    });
    expect(await (await make()(server.url)).text()).toBe("ok");
    expect(server.got.length).toBe(3);
  });

  test("an error of other codes is none", async () => {
    await using server = await scripted((_got, response) => {
      response.writeHead(302, { location: "/" }).end();
    });
    const error = await failure(make()(server.url));
    expect(codeOf(error)).toBe("CURLE_TOO_MANY_REDIRECTS");
    expect(server.got.length).toBe(21);
  });

  test("there is no retry without the option", async () => {
    await using server = await scripted(() => 503);
    expect((await createFetch({ timeout: 5000 })(server.url)).status).toBe(503);
    expect(server.got.length).toBe(1);
  });
});

describe("a member", () => {
  test("limit, or a number, says how often", async () => {
    await using server = await scripted(() => 500);
    const api = make({ limit: 3 });
    await api(server.url);
    await api(server.url, { retry: 1 });
    await api(server.url, { retry: 0 });
    await api(server.url, { retry: { limit: 0 } });
    expect(server.got.length).toBe(4 + 2 + 1 + 1);
  });

  test("methods, in any letter case", async () => {
    await using server = await scripted(statuses([500, 500]));
    const response = await make({ methods: ["post"] })(server.url, { method: "POST", body: "b" });
    expect([response.status, server.got.map(({ body }) => body)]).toEqual([200, ["b", "b", "b"]]);
    await using other = await scripted(() => 500);
    await make({ methods: new Set(["POST"]) })(other.url);
    expect(other.got.length).toBe(1);
  });

  test("statusCodes", async () => {
    await using server = await scripted(statuses([404, 503]));
    expect((await make({ statusCodes: [404] })(server.url)).status).toBe(503);
  });

  test.each<[string, RetryOptions["errors"]]>([
    ["by name", ["CURLE_TOO_MANY_REDIRECTS"]],
    ["by number", [constants.CURLE_TOO_MANY_REDIRECTS]],
  ])("errors, %s", async (_, errors) => {
    await using server = await scripted((_got, response, number) => {
      if (number > 20) return 200;
      response.writeHead(302, { location: "/" }).end();
    });
    expect((await make({ errors } as Any)(server.url)).status).toBe(200);
    const api = make({ errors, limit: 1 } as Any), port = await closedPort();
    let retries = 0;
    const onRetry = () => void retries++;
    await failure(api(`http://127.0.0.1:${port}/`, { retry: { onRetry } }));
    expect(retries).toBe(0);
  });

  test("backoff gets the number of the retry, and maxDelay bounds it", async () => {
    await using server = await scripted(() => 500);
    const attempts: number[] = [], delays: number[] = [];
    await make({
      backoff: (attempt) => (attempts.push(attempt), attempt * 1e9),
      maxDelay: 7,
      onRetry: ({ delay }) => void delays.push(delay),
    })(server.url);
    expect([attempts, delays]).toEqual([[1, 2], [7, 7]]);
  });

  test.each<[string, unknown, string]>([
    ["NaN", NaN, "NaN"],
    ["a negative number", -1, "-1"],
    ["a promise", Promise.resolve(1), "an object"],
    ["nothing", undefined, "undefined"],
  ])("backoff that gives %s ends the call", async (_, delay, got) => {
    await using server = await scripted(() => 500);
    const error = await failure(make({ backoff: () => delay as Any })(server.url));
    expect(String(error)).toBe(
      `TypeError: Cannot fetch: the result of retry.backoff(1) must be a number of ms, 0 or more, got ${got}`,
    );
    expect(server.got.length).toBe(1);
  });

  test("onRetry is told of each, with the response, and awaited", async () => {
    await using server = await scripted(statuses([500, 502], { "x-a": "1" }));
    const events: RetryEvent[] = [], texts: string[] = [];
    const response = await make({
      async onRetry(event) {
        events.push(event);
        expect(server.got.length).toBe(event.attempt);
        texts.push(await event.response?.text() ?? "");
      },
    })(server.url);
    expect(response.status).toBe(200);
    expect(events.map(({ attempt, delay, status, error }) => [attempt, delay, status, error]))
      .toEqual([[1, 1, 500, undefined], [2, 1, 502, undefined]]);
    expect(texts).toEqual(["no 500", "no 502"]);
  });

  test.each<[string, () => void | Promise<void>]>([
    ["throws", () => {
      throw new Error("enough");
    }],
    ["rejects", () => Promise.reject(new Error("enough"))],
  ])("onRetry that %s ends its own call alone", async (_, onRetry) => {
    await using server = await scripted((got) => got.url === "/bad" ? 500 : 200);
    const api = createFetch({ timeout: 5000, baseUrl: server.url });
    const [bad, good] = await Promise.allSettled([
      api("bad", { retry: { backoff: soon, onRetry } }),
      api("good"),
    ]);
    expect(bad).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(server.got.length).toBe(2);
  });

  test("of a call is added to the defaults", async () => {
    await using server = await scripted(() => 404);
    await make({ statusCodes: [404], limit: 1 })(server.url, { retry: { limit: 4 } });
    expect(server.got.length).toBe(5);
  });
});

describe("Retry-After", () => {
  test("in seconds is waited for", async () => {
    await using server = await scripted(statuses([503], { "retry-after": "1" }));
    expect((await make()(server.url)).status).toBe(200);
    const [first, second] = server.got;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
  });

  test("as a date is waited for", async () => {
    await using server = await scripted((_got, response, number) => {
      if (number > 0) return 200;
      const date = new Date(Date.now() + 2000).toUTCString(); // without its milliseconds
      response.writeHead(429, { "retry-after": date }).end();
    });
    expect((await make()(server.url)).status).toBe(200);
    const [first, second] = server.got;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(900);
  });

  test("that is longer than maxDelay ends it", async () => {
    await using server = await scripted(statuses([503], { "retry-after": "61" }));
    expect((await make()(server.url)).status).toBe(503);
    expect((await make({ maxDelay: 999 })(server.url)).status).toBe(200); // the second answer
    await using other = await scripted(statuses([503], { "retry-after": "1" }));
    expect((await make({ maxDelay: 999 })(other.url)).status).toBe(503);
  });

  const NOW = Date.UTC(2030, 0, 1);
  test.each<[string | null, number | null]>([
    [null, null],
    ["0", 0],
    [" 120 ", 120_000],
    ["Tue, 01 Jan 2030 00:00:05 GMT", 5000],
    ["Tuesday, 01-Jan-30 00:00:05 GMT", 5000],
    ["Tue Jan  1 00:00:05 2030 GMT", 5000],
    ["Mon, 31 Dec 2029 23:59:00 GMT", 0],
    ["", null],
    ["-1", null],
    ["1.5", null],
    ["1e3", null],
    ["soon", null],
    ["soon, 1 2", null],
  ])("%j is read as %j", (value, expected) => {
    expect(retryAfter(value, NOW)).toBe(expected);
  });
});

describe("a body", () => {
  test.each<[string, () => Any, string]>([
    ["a string", () => "text", "text"],
    ["bytes", () => new Uint8Array([1, 2]), "\x01\x02"],
    ["URLSearchParams", () => new URLSearchParams("a=1"), "a=1"],
    ["a Blob", () => new Blob(["blob"]), "blob"],
    ["an empty string", () => "", ""],
  ])("that is %s is sent again", async (_, body, text) => {
    await using server = await scripted(statuses([500]));
    const response = await make()(server.url, { method: "PUT", body: body() });
    expect([response.status, server.got.map(({ body }) => body)]).toEqual([200, [text, text]]);
  });

  test("that is a form is sent again", async () => {
    await using server = await scripted(statuses([500]));
    const form = new FormData();
    form.append("file", new Blob(["content"]), "name.txt");
    expect((await make()(server.url, { method: "PUT", body: form })).status).toBe(200);
    expect(server.got.map(({ body }) => body.includes("content"))).toEqual([true, true]);
  });

  test("that is a stream is not", async () => {
    await using server = await scripted(statuses([500]));
    const body = new Blob(["stream"]).stream();
    expect((await make()(server.url, { method: "PUT", body, duplex: "half" })).status).toBe(500);
    async function* chunks() {
      yield "chunk";
    }
    await using other = await scripted(statuses([500]));
    expect((await make()(other.url, { method: "PUT", body: chunks() })).status).toBe(500);
  });

  test("of a Request is sent again where it is all there", async () => {
    await using server = await scripted(statuses([500]));
    const request = new Request(server.url, { method: "PUT", body: "whole" });
    expect((await make()(request)).status).toBe(200);
    expect(server.got.map(({ body }) => body)).toEqual(["whole", "whole"]);
  });

  test("of json is sent again", async () => {
    await using server = await scripted(statuses([500]));
    await make()(server.url, { json: { a: 1 }, method: "PUT" });
    expect(server.got.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });
});

describe("an end", () => {
  test("timeout covers all attempts: no pause goes beyond it", async () => {
    await using server = await scripted(() => 503);
    const started = performance.now();
    const api = createFetch({ timeout: 600, retry: { limit: 100, backoff: () => 250 } });
    expect((await api(server.url)).status).toBe(503);
    expect(performance.now() - started).toBeLessThan(600);
    expect(server.got.length).toBe(3);
  });

  test("timeout covers all attempts: the last one is cut off by it", async () => {
    await using server = await scripted((_got, _response, number) =>
      number === 0 ? 503 : undefined
    );
    const started = performance.now();
    const api = createFetch({ timeout: 500, retry: { limit: 100, backoff: () => 300 } });
    expect(codeOf(await failure(api(server.url)))).toBe("CURLE_OPERATION_TIMEDOUT");
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(450);
    expect(took).toBeLessThan(2000);
    expect(server.got.length).toBe(2);
  });

  test("timeout ends an onRetry that does not come back", async () => {
    await using server = await scripted(() => 503);
    const api = createFetch({
      timeout: 200,
      retry: { backoff: soon, onRetry: () => new Promise(() => {}) },
    });
    const error = await failure(api(`${server.url}/x?secret`));
    expect(String(error)).toContain("it takes longer than the timeout of 200 ms");
    expect(String(error)).not.toContain("secret");
    expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
  });

  test("an abort ends the pause, with its reason", async () => {
    await using server = await scripted(() => 503);
    const stop = new AbortController(), reason = new Error("stopped");
    const running = failure(
      make({ backoff: () => 60_000, maxDelay: 60_000 })(server.url, {
        signal: stop.signal,
        timeout: 0,
        retry: { onRetry: () => void setTimeout(() => stop.abort(reason), 50) },
      }),
    );
    expect(await running).toBe(reason);
    expect(server.got.length).toBe(1);
  });

  test("an abort is no reason for another attempt", async () => {
    await using server = await scripted(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const error = await failure(make()(server.url, { signal: stop.signal }));
    expect((error as Error).name).toBe("AbortError");
    expect(server.got.length).toBe(1);
  });

  test("throwOnStatus looks at the last response", async () => {
    await using server = await scripted(() => 503);
    const error = await failure(make()(server.url, { throwOnStatus: true }));
    expect(error).toBeInstanceOf(HttpError);
    expect(server.got.length).toBe(3);
    await using other = await scripted(statuses([503]));
    expect((await make()(other.url, { throwOnStatus: true })).status).toBe(200);
  });
});

describe("download", () => {
  const retry = { backoff: soon };

  test("is made again for a status, and gives the last error", async () => {
    await using server = await scripted(statuses([503, 429], { "retry-after": "0" }));
    const path = join(folder, "status");
    const { bytes } = await download(server.url, path, { retry, timeout: 5000 });
    expect([bytes, await readFile(path, "utf8"), server.got.length]).toEqual([2, "ok", 3]);
    await using other = await scripted(() => 503);
    const error = await failure(download(other.url, path, { retry: 1, timeout: 5000 }));
    expect(String(error)).toContain("the server answered 503 Service Unavailable");
    expect(other.got.length).toBe(2);
  });

  test("goes on where a broken connection has left it", async () => {
    const whole = "0123456789".repeat(10_000), events: RetryEvent[] = [];
    await using server = await scripted((got, response, number) => {
      const from = Number(/^bytes=(\d+)-$/.exec(got.headers.range ?? "")?.[1] ?? 0);
      const rest = whole.slice(from), length = rest.length;
      const range = { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` };
      response.writeHead(from > 0 ? 206 : 200, {
        "content-length": length,
        etag: '"one"',
        ...(from > 0 ? range : {}),
      });
      if (number === 2) response.end(rest);
      else response.write(rest.slice(0, 30_000), () => response.destroy());
    });
    const path = join(folder, "resumed");
    const result = await download(server.url, path, {
      timeout: 10_000,
      retry: { ...retry, onRetry: (event) => void events.push(event) },
    });
    expect(result).toMatchObject({ resumed: true, bytes: whole.length });
    expect(await readFile(path, "utf8") === whole).toBe(true);
    expect(server.got.map(({ headers }) => headers.range)).toEqual([
      undefined,
      "bytes=30000-",
      "bytes=60000-",
    ]);
    expect(events.map(({ error, status }) => [codeOf(error), status])).toEqual([
      ["CURLE_PARTIAL_FILE", null],
      ["CURLE_PARTIAL_FILE", null],
    ]);
  });

  test("ends with its timeout and its signal", async () => {
    await using server = await scripted(() => 503);
    const slow = { backoff: () => 10_000 },
      path = join(folder, "ended"),
      started = performance.now();
    expect(String(await failure(download(server.url, path, { retry: slow, timeout: 300 }))))
      .toContain("503");
    const signal = AbortSignal.timeout(100);
    const error = await failure(download(server.url, path, { retry: slow, signal }));
    expect(error).toBe(signal.reason);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("refuses a retry that is wrong before it starts", async () => {
    await using server = await scripted();
    const retry = { limit: "2" as Any };
    const error = await failure(download(server.url, join(folder, "x"), { retry }));
    expect(String(error)).toContain("Cannot download: retry.limit must be a whole number");
    expect(server.got.length).toBe(0);
  });
});

describe("upload", () => {
  const retry = { backoff: soon }, timeout = 5000;

  test("of bytes and of a file is made again", async () => {
    await using server = await scripted(statuses([500, 200, 500]));
    expect(await upload(new Uint8Array(3).fill(65), server.url, { retry, timeout }))
      .toMatchObject({ status: 200, bytes: 3 });
    const path = join(folder, "source");
    await (await import("node:fs/promises")).writeFile(path, "file");
    expect(await upload(path, server.url, { retry, timeout })).toMatchObject({
      status: 200,
      bytes: 4,
    });
    expect(server.got.map(({ body }) => body)).toEqual(["AAA", "AAA", "file", "file"]);
  });

  test("gives the last status, and the last error", async () => {
    await using server = await scripted(() => 503);
    expect((await upload(new Uint8Array(1), server.url, { retry, timeout })).status).toBe(503);
    expect(server.got.length).toBe(3);
    const nobody = `http://127.0.0.1:${await closedPort()}/`;
    let retries = 0;
    const onRetry = () => void retries++;
    const running = upload(new Uint8Array(1), nobody, { retry: { ...retry, onRetry }, timeout });
    expect([codeOf(await failure(running)), retries]).toEqual(["CURLE_COULDNT_CONNECT", 2]);
  });

  test("with POST is not, unless the option says so", async () => {
    await using server = await scripted(() => 503);
    await upload(new Uint8Array(1), server.url, { retry, timeout, method: "POST" });
    expect(server.got.length).toBe(1);
    const post = { ...retry, methods: ["POST"] };
    await upload(new Uint8Array(1), server.url, { retry: post, timeout, method: "POST" });
    expect(server.got.length).toBe(4);
  });

  test("of a stream is not", async () => {
    await using server = await scripted(() => 503);
    await upload(new Blob(["x"]).stream(), server.url, { retry, timeout });
    expect(server.got.length).toBe(1);
  });

  test("by mail is not: it could arrive twice", async () => {
    const url = `smtp://127.0.0.1:${await closedPort()}/`, seen: number[] = [];
    const curl = { MAIL_FROM: "a@example.com", MAIL_RCPT: ["b@example.com"] };
    const onRetry = ({ attempt }: RetryEvent) => void seen.push(attempt);
    const mail = new TextEncoder().encode("Subject: x\r\n\r\nx\r\n");
    await failure(upload(mail, url, { curl, timeout, retry: { ...retry, onRetry } }));
    expect(seen).toEqual([]);
    const methods = ["POST"];
    await failure(upload(mail, url, { curl, timeout, retry: { ...retry, onRetry, methods } }));
    expect(seen).toEqual([1, 2]);
  });

  test("refuses a retry that is wrong before it starts", async () => {
    await using server = await scripted();
    const running = upload(new Uint8Array(1), server.url, { retry: { maxDelay: "x" as Any } });
    expect(String(await failure(running))).toContain("Cannot upload: retry.maxDelay must be");
    expect(server.got.length).toBe(0);
  });
});

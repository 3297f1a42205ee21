// The option hooks of createFetch.
import { describe, expect, test } from "vitest";
import { createFetch, type FetchHooks, type HookContext, HttpError } from "../../../session.ts";
import { codeOf, failure, scripted, sleep, statuses } from "./support.ts";

// deno-lint-ignore no-explicit-any -- what TypeScript would not let a caller do
type Any = any;

const make = (hooks: FetchHooks) => createFetch({ timeout: 10_000, hooks });

describe("a request hook", () => {
  test("sees the request, and changes its headers and URL", async () => {
    await using server = await scripted();
    const seen: unknown[] = [];
    const api = make({
      request({ url, headers, method, attempt }) {
        seen.push([url.href, headers.get("x-a"), headers.get("content-type"), method, attempt]);
        url.searchParams.set("signed", "yes");
        headers.set("X-New", "1");
        headers.delete("x-b");
        headers.set("x-c", "changed");
      },
    });
    const headers = { "X-A": "a", "X-B": "b", "X-C": "c", "X-D": "d" };
    await api(`${server.url}/p`, { method: "POST", body: "text", headers });
    const type = "text/plain;charset=UTF-8";
    expect(seen).toEqual([[`${server.url}/p`, "a", type, "POST", 0]]);
    const { url, rawHeaders = [], body } = server.got[0] ?? {};
    expect([url, body]).toEqual(["/p?signed=yes", "text"]);
    const own = rawHeaders.filter((_, i) => /^x-/i.test(rawHeaders[i - i % 2] ?? ""));
    expect(own).toEqual(["X-A", "a", "X-D", "d", "x-c", "changed", "x-new", "1"]);
  });

  test("leaves alone what it does not touch: case, order, repeats and what null takes away", async () => {
    await using server = await scripted();
    const headers: [string, string | null][] = [["X-Two", "1"], ["x-tWO", "2"], ["Accept", null]];
    await make({ request: ({ headers }) => headers.set("x-z", "z") })(server.url, { headers });
    const { rawHeaders = [] } = server.got[0] ?? {};
    expect(rawHeaders.slice(-6)).toEqual(["X-Two", "1", "x-tWO", "2", "x-z", "z"]);
    expect(rawHeaders).not.toContain("Accept");
  });

  test("is called in turn, awaited, before each attempt", async () => {
    await using server = await scripted(statuses([500, 500]));
    const calls: string[] = [];
    const api = make({
      request: [
        async ({ attempt }) => {
          await sleep(5);
          calls.push(`first ${attempt}`);
        },
        ({ attempt, headers }) => {
          headers.set("x-attempt", `${attempt}`);
          calls.push(`second ${attempt}`);
        },
      ],
    });
    await api(server.url, { retry: { backoff: () => 1 } });
    expect(calls).toEqual(["first 0", "second 0", "first 1", "second 1", "first 2", "second 2"]);
    expect(server.got.map(({ headers }) => headers["x-attempt"])).toEqual(["0", "1", "2"]);
  });

  test("may give the response itself; nothing is sent then", async () => {
    await using server = await scripted();
    const api = make({
      request: [() => Promise.resolve(new Response("mock", { status: 201 })), () => {
        throw new Error("not called");
      }],
    });
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    const response = await api(server.url, { method: "POST", body, duplex: "half" });
    expect([response.status, await response.text(), server.got.length]).toEqual([201, "mock", 0]);
    expect(cancelled).toBe(true);
  });

  test("cannot misstate the length of the body", async () => {
    await using server = await scripted();
    const api = make({ request: ({ headers }) => headers.set("content-length", "9") });
    expect(String(await failure(api(server.url, { method: "PUT", body: "x" }))))
      .toContain('the length of the body is not the Content-Length "9"');
    expect(String(await failure(api(server.url)))).toContain("there is no body");
    expect(server.got.length).toBe(0);
  });

  test("cannot replace the context", async () => {
    await using server = await scripted();
    const api = make({
      request(context) {
        (context as Any).url = new URL("http://127.0.0.1:1/");
      },
    });
    expect(await failure(api(server.url))).toBeInstanceOf(TypeError);
  });

  test("has its own context in each call", async () => {
    await using server = await scripted();
    const contexts = new Set<HookContext>();
    const api = make({ request: (context) => void contexts.add(context) });
    await Promise.all([api(server.url), api(server.url)]);
    expect(contexts.size).toBe(2);
  });
});

describe("a response hook", () => {
  test("sees each response with its request, and may give another one", async () => {
    await using server = await scripted(statuses([503]));
    const seen: unknown[] = [];
    const api = make({
      response: [
        (response, { attempt, url }) => void seen.push([response.status, attempt, url.pathname]),
        async (response) => new Response(`${await response.text()}!`, { status: response.status }),
        (response) => void seen.push(response.status),
      ],
    });
    const response = await api(`${server.url}/p`, { retry: { backoff: () => 1 } });
    expect(await response.text()).toBe("ok!");
    expect(seen).toEqual([[503, 0, "/p"], 503, [200, 1, "/p"], 200]);
  });

  test("decides whether there is another attempt, and what throwOnStatus sees", async () => {
    await using server = await scripted();
    const api = make({ response: () => new Response(null, { status: 503 }) });
    const error = await failure(
      api(server.url, { retry: { backoff: () => 1 }, throwOnStatus: true }),
    );
    expect(error).toBeInstanceOf(HttpError);
    expect(server.got.length).toBe(3);
  });

  test("can make the request again with what it has learnt", async () => {
    let token = "old";
    await using server = await scripted((got) => got.headers.authorization === "new" ? 200 : 401);
    const api = make({
      request: ({ headers }) => headers.set("authorization", token),
      async response(response, { url, attempt }) {
        if (response.status !== 401 || attempt > 0 || token === "new") return;
        token = "new";
        return await api(url);
      },
    });
    expect((await api(server.url)).status).toBe(200);
    expect(server.got.length).toBe(2);
  });
});

describe("an error hook", () => {
  test("sees what the call rejects with, and may give another error", async () => {
    await using server = await scripted(() => 404);
    const seen: unknown[] = [], better = new Error("better");
    const api = make({
      error: [
        (error, { url, attempt }) => void seen.push([(error as Error).name, url.pathname, attempt]),
        () => Promise.resolve(better),
        (error) => void seen.push(error),
      ],
    });
    expect(await failure(api(`${server.url}/p`, { throwOnStatus: true }))).toBe(better);
    expect(seen).toEqual([["HttpError", "/p", 0], better]);
  });

  test("is called after the last attempt, for failures and aborts", async () => {
    await using server = await scripted((_got, _response, _number, request) => {
      request.socket.destroy();
    });
    const seen: unknown[] = [];
    const api = make({ error: (error, { attempt }) => void seen.push([codeOf(error), attempt]) });
    await failure(api(server.url, { retry: { backoff: () => 1 } }));
    await failure(api(server.url, { signal: AbortSignal.abort(new Error("stopped")) }));
    expect(seen).toEqual([[expect.stringMatching(/^CURLE_/), 2], [undefined, 0]]);
  });

  test("is not called where all is well, nor for arguments that are wrong", async () => {
    await using server = await scripted();
    const api = make({
      error() {
        throw new Error("not called");
      },
    });
    expect((await api(server.url)).status).toBe(200);
    expect(String(await failure(api("nonsense")))).toContain("invalid URL");
  });
});

describe("a hook that fails", () => {
  const enough = new Error("enough");
  const fails: Readonly<Record<string, () => never | Promise<never>>> = {
    throws: () => {
      throw enough;
    },
    rejects: () => Promise.reject(enough),
  };

  test.each(
    (["request", "response", "error"] as const).flatMap((name) =>
      Object.keys(fails).map((how) => [name, how] as const)
    ),
  )("(%s %s) ends its own call alone, with no other attempt", async (name, how) => {
    await using server = await scripted((got) => got.url === "/bad" ? 503 : 200);
    const api = createFetch({ timeout: 5000, baseUrl: server.url });
    const hooks = { [name]: fails[how] } as FetchHooks;
    const retry = name === "error" ? 0 : { backoff: () => 1 };
    const [bad, good] = await Promise.allSettled([
      api("bad", { hooks, retry, throwOnStatus: true }),
      api("good"),
    ]);
    expect(bad).toEqual({ status: "rejected", reason: enough });
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(server.got.length).toBe(name === "request" ? 1 : 2);
  });

  test("is no reason for another attempt, even with an error that would be one", async () => {
    await using server = await scripted();
    const inner = createFetch({ timeout: 5000 });
    let calls = 0;
    const api = make({
      async request() {
        calls++;
        await inner("http://127.0.0.1:1/");
      },
    });
    const error = await failure(api(server.url, { retry: { backoff: () => 1 } }));
    expect([codeOf(error), calls]).toEqual(["CURLE_COULDNT_CONNECT", 1]);
  });

  test.each(["request", "response"] as const)(
    "(%s) by not coming back, with the timeout",
    async (name) => {
      await using server = await scripted();
      const api = createFetch({ timeout: 150, hooks: { [name]: () => new Promise(() => {}) } });
      const error = await failure(api(server.url));
      expect(String(error)).toContain("it takes longer than the timeout of 150 ms");
      expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
      const reason = new Error("stopped"), stop = new AbortController();
      setTimeout(() => stop.abort(reason), 30);
      expect(await failure(api(server.url, { timeout: 0, signal: stop.signal }))).toBe(reason);
    },
  );

  test.each<[keyof FetchHooks, unknown, string]>([
    ["request", 5, "the result of hooks.request must be a Response or undefined, got 5"],
    ["response", {}, "the result of hooks.response must be a Response or undefined, got an object"],
    ["error", "x", 'the result of hooks.error must be an Error or undefined, got "x"'],
  ])("(%s) by its result %j", async (name, result, message) => {
    await using server = await scripted(() => 500);
    const api = make({ [name]: () => result } as Any);
    const error = await failure(api(server.url, { throwOnStatus: true }));
    expect(String(error)).toBe(`TypeError: Cannot fetch: ${message}`);
  });
});

// createFetch: defaults, what a call adds to them, json, query, throwOnStatus and extend.
import net from "node:net";
import { describe, expect, test } from "vitest";
import { Agent, fetch as curlewFetch } from "../../../mod.ts";
import {
  CookieJar,
  createFetch,
  type CurlFetchDefaults,
  type CurlFetchInit,
  HttpError,
} from "../../../session.ts";
import { codeOf, failure, scripted } from "./support.ts";

// deno-lint-ignore no-explicit-any -- what TypeScript would not let a caller do
type Any = any;

/** A `fetch` whose calls never take longer than ten seconds. */
const make = (defaults: CurlFetchDefaults = {}) => createFetch({ timeout: 10_000, ...defaults });

describe("baseUrl", () => {
  test.each([
    ["/api", "users", "/api/users"],
    ["/api", "/users", "/api/users"],
    ["/api/", "users", "/api/users"],
    ["/api/", "//users", "/api/users"],
    ["/api", "", "/api"],
    ["/api/", "", "/api/"],
    ["/api", "?a=1", "/api?a=1"],
    ["/api", "users/../x?y#z", "/api/x?y"],
    ["", "users", "/users"],
    ["/api", "\\\\other.test/x", "/api/other.test/x"],
    ["/api", "/\t/other.test/x", "/api/other.test/x"],
  ])("%j and %j are %j", async (path, input, expected) => {
    await using server = await scripted();
    await make({ baseUrl: server.url + path })(input);
    expect(server.got.map(({ url }) => url)).toEqual([expected]);
  });

  test("leaves an absolute URL, a URL and a Request alone", async () => {
    await using server = await scripted();
    const api = make({ baseUrl: "http://127.0.0.1:1/api" });
    await api(`${server.url}/a`);
    await api(new URL(`${server.url}/b`));
    await api(new Request(`${server.url}/c`));
    expect(server.got.map(({ url }) => url)).toEqual(["/a", "/b", "/c"]);
  });

  test("may be that of a call", async () => {
    await using server = await scripted();
    await make({ baseUrl: "http://127.0.0.1:1/" })("x", { baseUrl: new URL(`${server.url}/v2`) });
    expect(server.got[0]?.url).toBe("/v2/x");
  });

  test("is asked for where a relative URL has none", async () => {
    const error = await failure(make()("users"));
    expect(String(error)).toBe(
      "TypeError: Cannot fetch: invalid URL; a relative one needs baseUrl",
    );
  });

  test("decides where credentials of the defaults go", async () => {
    await using own = await scripted();
    await using other = await scripted();
    const api = make({
      baseUrl: own.url,
      headers: { Authorization: "Bearer x", Cookie: "a=1", "X-Id": "7" },
      curl: { USERAGENT: "probe", COOKIE: "b=2" },
    });
    await api("a");
    await api(`${other.url}/b`);
    await api(`${other.url}/c`, { headers: { Authorization: "Bearer y" } });
    expect(own.got[0]?.headers).toMatchObject({ authorization: "Bearer x", "x-id": "7" });
    const [b, c] = other.got;
    expect(b?.headers).toMatchObject({ "x-id": "7", "user-agent": "probe" });
    expect(Object.keys(b?.headers ?? {})).not.toContain("authorization");
    expect(Object.keys(b?.headers ?? {})).not.toContain("cookie");
    expect(c?.headers.authorization).toBe("Bearer y");
  });
});

describe("headers", () => {
  test("of a call replace those of the same name; null takes one away", async () => {
    await using server = await scripted();
    const api = make({ headers: { "X-One": "1", "X-Two": "2", "x-three": "3" } });
    await api(server.url, { headers: { "X-TWO": "zwei", "X-Three": null } });
    expect(server.got[0]?.headers).toMatchObject({ "x-one": "1", "x-two": "zwei" });
    expect(Object.keys(server.got[0]?.headers ?? {})).not.toContain("x-three");
    const { rawHeaders = [] } = server.got[0] ?? {};
    expect(rawHeaders.slice(-4)).toEqual(["X-One", "1", "X-TWO", "zwei"]);
  });

  test("of a Request are added to the defaults, unless the call gives some", async () => {
    await using server = await scripted();
    const api = make({ headers: { "X-One": "1" }, method: "DELETE" });
    const request = new Request(server.url, {
      headers: { "X-Two": "2" },
      method: "PUT",
      body: "b",
    });
    await api(request);
    await api(new Request(server.url, { headers: { "X-Two": "2" } }), { headers: {} });
    const [first, second] = server.got;
    expect(first).toMatchObject({
      method: "PUT",
      body: "b",
      headers: { "x-one": "1", "x-two": "2" },
    });
    expect(second).toMatchObject({ method: "GET", headers: { "x-one": "1" } });
    expect(Object.keys(second?.headers ?? {})).not.toContain("x-two");
  });
});

describe("json", () => {
  test.each<[string, unknown]>([
    ["an object", { a: [1, "ü"] }],
    ["null", null],
    ["a string", "text"],
    ["a number", 0],
    ["false", false],
    ["what has toJSON", new Date(0)],
  ])("of %s is sent with POST, Content-Type and Accept", async (_, json) => {
    await using server = await scripted();
    await make()(server.url, { json });
    const { method, body, headers } = server.got[0] ?? {};
    expect(method).toBe("POST");
    expect(new TextDecoder().decode(Uint8Array.from(body ?? "", (c) => c.charCodeAt(0))))
      .toBe(JSON.stringify(json));
    expect(headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
    });
  });

  test("leaves the method and headers of the call and of the defaults", async () => {
    await using server = await scripted();
    const api = make({ headers: { Accept: "text/plain" } });
    const headers = { "Content-Type": "application/ld+json" };
    await api(server.url, { json: 1, method: "PATCH", headers });
    expect(server.got[0]).toMatchObject({
      method: "PATCH",
      headers: { "content-type": "application/ld+json", accept: "text/plain" },
    });
  });

  test("is the body of a Request that has another one", async () => {
    await using server = await scripted();
    await make()(new Request(server.url, { method: "PUT", body: "old" }), { json: [] });
    expect(server.got[0]).toMatchObject({ method: "PUT", body: "[]" });
  });

  test.each<[string, CurlFetchInit, string]>([
    ["a function", { json: () => 1 }, "json cannot be serialized: it is a function"],
    ["a symbol", { json: Symbol("s") }, "json cannot be serialized: it is a symbol"],
    ["a bigint", { json: 1n }, "json cannot be serialized"],
    ["beside a body", { json: 1, body: "x" }, "body and json exclude each other"],
    ["with GET", { json: 1, method: "GET" }, "a GET request has no body"],
  ])("is refused: %s", async (_, init, message) => {
    const error = await failure(make()("http://127.0.0.1:1/", init));
    expect(String(error)).toBe(`TypeError: Cannot fetch: ${message}`);
  });
});

describe("query", () => {
  test.each<[string, string, CurlFetchInit["query"]]>([
    ["URLSearchParams", "/?a=1&a=x+y", new URLSearchParams([["a", "1"], ["a", "x y"]])],
    ["a record", "/?a=1&b=true&c=9&d=e%26f", { a: 1, b: true, c: 9n, d: "e&f" }],
    ["arrays", "/?a=1&a=2", { a: [1, null, 2], b: [] }],
    ["null and undefined", "/?c=", { a: null, b: undefined, c: "" }],
    ["nothing", "/", {}],
  ])("takes %s", async (_, expected, query) => {
    await using server = await scripted();
    await make()(server.url, { query });
    expect(server.got[0]?.url).toBe(expected);
  });

  test("is appended to what the URL has, and replaces names of the defaults", async () => {
    await using server = await scripted();
    const api = make({ query: { key: "k", page: 1 } });
    await api(`${server.url}/?x=%20y#part`, { query: { page: 2 } });
    await api(new Request(`${server.url}/?z`), { query: { page: 3 } });
    expect(server.got.map(({ url }) => url)).toEqual(["/?x=%20y&key=k&page=2", "/?z&key=k&page=3"]);
  });
});

describe("throwOnStatus", () => {
  test.each([400, 404, 499, 500, 599])("rejects %i with the response", async (status) => {
    await using server = await scripted(() => status);
    const error = await failure(make({ throwOnStatus: true })(`${server.url}/x?secret`));
    if (!(error instanceof HttpError)) throw error;
    expect(error.message).toContain(`Cannot fetch ${server.url}/x: the server answered ${status}`);
    expect([error.name, error.status, error.response.status]).toEqual([
      "HttpError",
      status,
      status,
    ]);
    expect(await error.response.text()).toBe(`no ${status}`);
  });

  test("lets other statuses be, and all where a call says so", async () => {
    await using server = await scripted((_got, _response, number) =>
      [304, 200, 500][number] as number
    );
    const api = make({ throwOnStatus: true });
    expect((await api(server.url)).status).toBe(304);
    expect((await api(server.url)).status).toBe(200);
    expect((await api(server.url, { throwOnStatus: false })).status).toBe(500);
  });
});

describe("other defaults", () => {
  test("timeout, connectTimeout, maxBodySize, curl and agent are those of each call", async () => {
    await using server = await scripted((got, response) => {
      if (got.url === "/slow") return;
      response.end("0123456789");
    });
    await using agent = new Agent();
    const curl = { USERAGENT: "mine", ACCEPT_ENCODING: null };
    const api = createFetch({ baseUrl: server.url, timeout: 10_000, maxBodySize: 5, curl, agent });
    expect(codeOf(await failure(api("slow", { timeout: 100 })))).toBe("CURLE_OPERATION_TIMEDOUT");
    const failed = failure((await api("x")).text());
    expect(codeOf(await failed)).toBe("CURLE_FILESIZE_EXCEEDED");
    await (await api("x", { maxBodySize: 10, curl: { accept_encoding: "gzip" } as Any })).text();
    expect(server.got[2]?.headers).toMatchObject({
      "user-agent": "mine",
      "accept-encoding": "gzip",
    });
    expect(agent.stats.sockets).toBeGreaterThan(0);
    const silent = net.createServer(() => {}); // no TLS, so connecting does not end
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as net.AddressInfo;
    const connecting = failure(api(`https://127.0.0.1:${port}/`, { connectTimeout: 100 }));
    expect(codeOf(await connecting)).toBe("CURLE_OPERATION_TIMEDOUT");
    silent.close();
  });

  test("signal and redirect are those of each call, or of its Request", async () => {
    await using server = await scripted((got, response) => {
      if (got.url === "/") return 200;
      response.writeHead(302, { location: "/" }).end();
    });
    const api = make({ redirect: "manual", signal: AbortSignal.abort("stopped") });
    expect(await failure(api(server.url))).toBe("stopped");
    expect((await api(`${server.url}/r`, { signal: null })).status).toBe(302);
    expect((await api(new Request(`${server.url}/r`))).status).toBe(200);
  });

  test("undefined leaves a default as it is", async () => {
    await using server = await scripted(() => 404);
    const api = make({ baseUrl: server.url, throwOnStatus: true, query: { a: 1 } });
    const given = {
      throwOnStatus: undefined,
      query: undefined,
      headers: undefined,
      retry: undefined,
    };
    expect(await failure(api("x", given as Any))).toBeInstanceOf(HttpError);
    expect(server.got[0]?.url).toBe("/x?a=1");
  });
});

test("extend() adds to the defaults, and leaves the first as it was", async () => {
  await using server = await scripted();
  const calls: string[] = [];
  const first = make({
    baseUrl: server.url,
    headers: { "X-One": "1" },
    hooks: { request: () => void calls.push("first") },
  });
  const second = first.extend({
    headers: { "X-Two": "2" },
    query: { a: 1 },
    hooks: { request: [() => void calls.push("second")] },
  });
  await second("x", { hooks: { request: () => void calls.push("call") } });
  expect(calls).toEqual(["first", "second", "call"]);
  await first("y");
  expect(server.got[0]).toMatchObject({ url: "/x?a=1", headers: { "x-one": "1", "x-two": "2" } });
  expect(server.got[1]?.url).toBe("/y");
  expect(Object.keys(server.got[1]?.headers ?? {})).not.toContain("x-two");
});

test("without options it is fetch", async () => {
  await using server = await scripted();
  const plain = createFetch();
  const response = await plain(server.url, { method: "POST", body: "b" });
  expect([response instanceof Response, await response.text()]).toEqual([true, "ok"]);
  expect(server.got[0]).toMatchObject({ method: "POST", body: "b" });
  expect(await (await plain("data:,x")).text()).toBe("x");
});

test("preconnect() of both checks its URL and has no other effect", async () => {
  await using server = await scripted();
  for (const { preconnect } of [curlewFetch, createFetch()]) {
    preconnect(server.url, { dns: true });
    expect(() => preconnect("nonsense")).toThrow("Cannot preconnect: invalid URL");
  }
  expect(server.got).toEqual([]);
});

test("a call reads its options at once, each once", async () => {
  await using server = await scripted();
  const reads: string[] = [];
  const init = new Proxy({ query: { a: 1 } }, {
    get(target, key) {
      reads.push(String(key));
      return Reflect.get(target, key);
    },
  });
  const running = make()(server.url, init);
  const count = reads.length;
  expect(new Set(reads).size).toBe(count);
  await running;
  expect(reads.length).toBe(count);
});

test("what is on Object.prototype is no option", async () => {
  await using server = await scripted(() => 500);
  const names = {
    baseUrl: "http://127.0.0.1:1/",
    query: { evil: 1 },
    json: { evil: 1 },
    throwOnStatus: true,
    retry: 5,
    limit: 5,
    hooks: { request: () => new Response("evil") },
    request: () => new Response("evil"),
    cookies: {},
  };
  const { prototype } = Object as Any;
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  try {
    const response = await createFetch({})(server.url, { timeout: 5000 });
    expect([response.status, server.got.length, server.got[0]?.method]).toEqual([500, 1, "GET"]);
    await createFetch({ retry: {}, hooks: {} })(server.url, { method: "POST", timeout: 5000 });
    expect(server.got.length).toBe(2);
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});

/** Options that are wrong, and what the message says of each. */
const WRONG: readonly [CurlFetchInit, string][] = [
  [
    { baseUrl: "users" },
    "baseUrl must be a URL of http or https without query and fragment, got an invalid URL",
  ],
  [
    { baseUrl: "ftp://x/" },
    "baseUrl must be a URL of http or https without query and fragment, got one of ftp:",
  ],
  [
    { baseUrl: "http://x/?a" },
    "baseUrl must be a URL of http or https without query and fragment, got",
  ],
  [
    { baseUrl: 5 as Any },
    "baseUrl must be a URL of http or https without query and fragment, got 5",
  ],
  [{ query: "a=1" as Any }, 'query must be URLSearchParams or a record, got "a=1"'],
  [{ query: [["a", "1"]] as Any }, "query must be URLSearchParams or a record, got an array"],
  [
    { query: { a: {} as Any } },
    "query.a must be a string, a number, a boolean, null or an array, got an object",
  ],
  [
    { query: { a: [Symbol("s") as Any] } },
    "query.a must be a string, a number, a boolean, null or an array",
  ],
  [{ throwOnStatus: 1 as Any }, "throwOnStatus must be a boolean, got 1"],
  [{ retry: "2" as Any }, 'retry must be a number or an object, got "2"'],
  [{ retry: null as Any }, "retry must be a number or an object, got null"],
  [{ retry: 1.5 }, "retry must be a whole number from 0 to 1000000, got 1.5"],
  [{ headers: 5 as Any }, "Cannot read headers: expected an object, got 5"],
  [{ headers: [5] as Any }, "Cannot read headers: expected pairs of name and value, got 5"],
  [{ retry: { limits: 3 } as Any }, 'retry has no member "limits" (the nearest is limit)'],
  [{ retry: { delay: 3 } as Any }, 'retry has no member "delay"'],
  [
    { hooks: { beforeRequest: [] } as Any },
    'hooks has no member "beforeRequest" (the nearest is request)',
  ],
  [{ hooks: [() => {}] as Any }, 'hooks has no member "0" (the nearest is'],
  [{ retry: { limit: -1 } }, "retry.limit must be a whole number from 0 to 1000000, got -1"],
  [{ retry: { limit: NaN } }, "retry.limit must be a whole number from 0 to 1000000, got NaN"],
  [{ retry: { methods: "GET" as Any } }, 'retry.methods must be an array, got "GET"'],
  [{ retry: { methods: ["GET", "a b"] } }, 'retry.methods[1] must be a method, got "a b"'],
  [
    { retry: { statusCodes: [500, 42] } },
    "retry.statusCodes[1] must be a status from 200 to 999, got 42",
  ],
  [{ retry: { statusCodes: 500 as Any } }, "retry.statusCodes must be an array, got 500"],
  [
    { retry: { errors: ["ECONNRESET"] } },
    "retry.errors[0] must be the name or number of a CURLcode",
  ],
  [{ retry: { errors: [0] } }, "retry.errors[0] must be the name or number of a CURLcode"],
  [{ retry: { errors: [12345] } }, "retry.errors[0] must be the name or number of a CURLcode"],
  [{ retry: { backoff: 100 as Any } }, "retry.backoff must be a function, got 100"],
  [
    { retry: { maxDelay: -1 } },
    "retry.maxDelay must be a number of ms from 0 to 2147483647, got -1",
  ],
  [{ retry: { onRetry: {} as Any } }, "retry.onRetry must be a function, got an object"],
  [{ hooks: 5 as Any }, "hooks must be an object, got 5"],
  [
    { hooks: { request: "x" as Any } },
    'hooks.request must be a function, or an array of them, got "x"',
  ],
  [
    { hooks: { response: [1 as Any] } },
    "hooks.response must be a function, or an array of them, got 1",
  ],
  [
    { hooks: { error: null as Any } },
    "hooks.error must be a function, or an array of them, got null",
  ],
  [{ timeout: -1 }, "timeout must be a number from 0 to 2147483647, got -1"],
  [{ connectTimeout: "1" as Any }, 'connectTimeout must be a number from 0 to 2147483647, got "1"'],
  [{ maxBodySize: NaN }, "maxBodySize must be a number from 0 to Infinity, got NaN"],
  [{ onProgress: 1 as Any }, "onProgress must be a function, got 1"],
  [{ agent: {} as Any }, "Cannot use the agent: expected an Agent, got an object"],
  [{ cookies: new Map() as Any }, "cookies must be a CookieJar or null, got an object"],
  [
    { cookies: new CookieJar(), curl: { COOKIEFILE: "" } },
    "cookies and the option COOKIEFILE of curl exclude each other",
  ],
  [{ headers: { "a b": "1" } }, 'Cannot send the header "a b": bad name'],
  [{ curl: { URL: "x" } as Any }, "Cannot set URL for fetch: use the first argument"],
  [{ method: "a b" }, '"a b" is not a method'],
  [{ redirect: "never" as Any }, 'unknown redirect mode "never"'],
  [{ signal: {} as Any }, "the signal is not an AbortSignal"],
  [{ referrerPolicy: "none" as Any }, 'unknown referrer policy "none"'],
];

test.each(WRONG)("%o is refused by createFetch, extend and a call", async (given, message) => {
  const isWrong = (error: unknown) => {
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(message);
  };
  const { timeout = 5000, ...rest } = given;
  for (const run of [() => createFetch(given), () => createFetch().extend(given)]) {
    try {
      run();
    } catch (error) {
      isWrong(error);
      continue;
    }
    throw new Error("It was not refused");
  }
  isWrong(await failure(createFetch()("http://127.0.0.1:1/", { ...rest, timeout })));
});

test.each(["body", "json"])("%s is refused by createFetch", (name) => {
  expect(() => createFetch({ [name]: "x" } as Any))
    .toThrow(`Cannot make a fetch: ${name} belongs to a call, not to the defaults`);
});

test.each([null, 5, "x"])("%j are no options", async (options) => {
  const got = typeof options === "string" ? '"x"' : String(options);
  if (options !== null) {
    expect(() => createFetch(options as Any)).toThrow(`the options must be an object, got ${got}`);
    expect(String(await failure(createFetch()("http://127.0.0.1:1/", options as Any))))
      .toContain(`Cannot fetch: the options must be an object, got ${got}`);
  } else expect(createFetch(options as Any)).toBeTypeOf("function");
});

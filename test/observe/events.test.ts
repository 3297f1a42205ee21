// observe and publish: which events come, in which order, and what they tell.
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Agent, CurlEasyError, download, Easy, fetch, upload } from "../../mod.ts";
import { observe, type ObservedTransfer, publish } from "../../observe.ts";
import { createFetch } from "../../session.ts";
import { ALPN } from "../versions.ts";
import { runChild } from "../server/child.ts";
import { failure, reported, sleep, until, World } from "./support.ts";
import { useFolder, useServer } from "../use.ts";

const folder = useFolder("observe");
const world = new World(useServer("http", "https", "h2", "ftp"));
afterAll(() => world.close());
beforeEach(() => world.reset());

const url = (path: string) => world.server.url(path);
const only = (): ObservedTransfer => {
  expect(world.ended).toHaveLength(1);
  return world.ended[0] as ObservedTransfer;
};

describe("each transfer starts, has a head and ends", () => {
  test("of a fetch", async () => {
    await world.read(url("/small?a=1"));
    expect(world.events).toEqual(["start 0", "head 0 200", "end 0 done 200"]);
    const transfer = only(), { startTime, headTime, endTime } = transfer;
    expect(transfer).toMatchObject({
      method: "GET",
      url: url("/small?a=REDACTED"),
      state: "done",
      error: undefined,
      attempt: 0,
      redirects: 0,
      chain: [],
    });
    expect(transfer.info).toMatchObject({ bytesIn: 98, httpVersion: "1.1" });
    expect(startTime).toBeLessThanOrEqual(headTime as number);
    expect(headTime).toBeLessThanOrEqual(endTime as number);
    expect(transfer.call).toEqual(expect.any(Number));
  });

  test("with a status that is no success", async () => {
    await world.read(url("/status/404"));
    expect(world.events).toEqual(["start 0", "head 0 404", "end 0 done 404"]);
    expect(only().error).toBeUndefined();
  });

  test("of each redirect, with the URLs before it", async () => {
    await world.read(url("/redirect/2?x=1"));
    expect(world.events).toEqual([0, 1, 2, 3].flatMap((n) => {
      const status = n < 3 ? 302 : 200;
      return [`start ${n}`, `head ${n} ${status}`, `end ${n} done ${status}`];
    }));
    expect(world.ended.map(({ redirects }) => redirects)).toEqual([0, 1, 2, 3]);
    expect(world.ended[3]?.chain).toEqual(
      [2, 1, 0].map((n) => url(`/redirect/${n}?x=REDACTED`)),
    );
    expect(new Set(world.ended.map(({ call }) => call)).size).toBe(1);
  });

  test("of each attempt", async () => {
    const api = createFetch({ agent: world.agent, retry: { limit: 2, backoff: () => 1 } });
    await (await api(url("/status/503"), { timeout: 10_000 })).text();
    await until(() => world.ended.length === 3);
    expect(world.ended.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
    expect(new Set(world.ended.map(({ call }) => call)).size).toBe(1);
    expect(world.events.filter((event) => event.startsWith("head"))).toHaveLength(3);
  });

  test("that is refused", async () => {
    await failure(world.get("http://127.0.0.1:1/"));
    expect(world.events).toEqual(["start 0", "end 0 failed null"]);
    const { error, info } = only();
    expect(error).toBeInstanceOf(CurlEasyError);
    expect((error as CurlEasyError).codeName).toBe("CURLE_COULDNT_CONNECT");
    expect(info).toMatchObject({ bytesIn: 0, tls: 0 });
  });

  test("that is aborted before the head, and in the body", async () => {
    const first = new AbortController(), reason = new Error("enough");
    const waiting = failure(world.get(url("/hold"), { signal: first.signal }));
    await sleep(30);
    first.abort(reason);
    expect(await waiting).toBe(reason);
    expect(world.events).toEqual(["start 0", "end 0 aborted null"]);
    expect(only().error).toBe(reason);

    world.reset();
    const second = new AbortController();
    const response = await world.get(url("/slow/1000/20"), { signal: second.signal });
    second.abort(reason);
    expect(await failure(response.text())).toBe(reason);
    await until(() => world.ended.length === 1);
    expect(world.events).toEqual(["start 0", "head 0 200", "end 0 aborted 200"]);
  });

  test("that takes too long", async () => {
    await failure(world.get(url("/hold"), { timeout: 50 }));
    expect(world.events).toEqual(["start 0", "end 0 failed null"]);
    expect((only().error as CurlEasyError).codeName).toBe("CURLE_OPERATION_TIMEDOUT");
  });

  test("whose body is cancelled", async () => {
    const response = await world.get(url("/slow/1000/20"));
    await response.body?.cancel();
    await until(() => world.ended.length === 1);
    expect(world.events).toEqual(["start 0", "head 0 200", "end 0 cancelled 200"]);
    expect(only().error).toBeUndefined();
    expect(only().info?.primaryPort).toBe(world.server.http);
  });

  test("whose body breaks off", async () => {
    await failure(world.read(url("/truncated")));
    expect(world.events).toEqual(["start 0", "head 0 200", "end 0 failed 200"]);
    expect((only().error as CurlEasyError).codeName).toBe("CURLE_PARTIAL_FILE");
  });

  test("over TLS and HTTP/2", async () => {
    const curl = { CAINFO: world.server.ca };
    await world.read(world.server.url("/small", "https"), { curl });
    await world.read(world.server.url("/small", "h2"), { curl: { ...curl, ...ALPN } });
    expect(world.events).toEqual([
      ...["start 0", "head 0 200", "end 0 done 200"],
      ...["start 1", "head 1 200", "end 1 done 200"],
    ]);
    expect(world.ended.map(({ info }) => info?.httpVersion)).toEqual(["1.1", "2"]);
    expect(world.ended[0]?.info?.tls).toBeGreaterThan(0);
  });

  test("of a download and an upload", async () => {
    const timeout = 10_000, { agent } = world;
    await download(url("/redirect-to?url=/bytes/3000"), join(folder, "a"), { agent, timeout });
    await upload(new Uint8Array(50), url("/upload"), { agent, timeout });
    await download(world.server.url("/hello.txt", "ftp"), join(folder, "b"), { agent, timeout });
    expect(world.events).toEqual([
      ...["start 0", "head 0 302", "end 0 done 302"],
      ...["start 1", "head 1 200", "end 1 done 200"],
      ...["start 2", "head 2 201", "end 2 done 201"],
      ...["start 3", "end 3 done 226"],
    ]);
    expect(world.ended.map(({ method }) => method)).toEqual(["GET", "GET", "PUT", null]);
    expect(world.ended[1]).toMatchObject({ redirects: 1, info: { bytesIn: 3000 } });
    expect(world.ended[2]?.info?.bytesOut).toBe(50);
  });

  test("of an Easy, which has no head", async () => {
    using easy = new Easy();
    easy.setOpts({ URL: url("/redirect/0?a=b"), FOLLOWLOCATION: 1, TIMEOUT_MS: 10_000 });
    easy.setOpt("WRITEFUNCTION", (bytes) => bytes.length);
    await world.agent.perform(easy);
    easy.setOpt("URL", "http://127.0.0.1:1/");
    await failure(world.agent.perform(easy));
    expect(world.events).toEqual([
      ...["start 0", "end 0 done 200"],
      ...["start 1", "end 1 failed null"],
    ]);
    // the handle has been used again since
    expect(world.ended[0]).toMatchObject({ method: "GET", url: url("/small"), call: null });
    expect(world.ended[0]?.info?.bytesIn).toBe(98);
  });

  test("of an Easy that is closed or aborted meanwhile", async () => {
    const easy = new Easy(), stop = new AbortController();
    easy.setOpts({ URL: url("/hold"), TIMEOUT_MS: 10_000 });
    const first = failure(world.agent.perform(easy, { signal: stop.signal }));
    stop.abort();
    await first;
    const second = failure(world.agent.perform(easy));
    easy.close();
    await second;
    expect(world.events).toEqual([
      ...["start 0", "end 0 aborted null"],
      ...["start 1", "end 1 failed null"],
    ]);
  });
});

describe("an observer", () => {
  test("is not told of what never starts", async () => {
    await failure(world.get(url("/small"), { signal: AbortSignal.abort() }));
    await failure(world.get("nothing:"));
    await (await world.get("data:,x")).text();
    using easy = new Easy();
    easy.setOpts({ URL: url("/hold"), TIMEOUT_MS: 10_000 });
    const stop = new AbortController(), { signal } = stop;
    const running = failure(world.agent.perform(easy, { signal }));
    await failure(world.agent.perform(easy, { signal })); // CURLM_ADDED_ALREADY
    stop.abort();
    await running;
    expect(world.events).toEqual(["start 0", "end 0 aborted null"]);
  });

  test("that throws fails no transfer, is reported once, and not called again", async () => {
    for (const name of ["start", "head", "end"] as const) {
      await using agent = new Agent();
      let calls = 0;
      const error = new Error(`from ${name}`);
      const fail = () => {
        calls++;
        throw error;
      };
      observe(agent, { [name]: fail });
      const texts: string[] = [];
      const errors = await reported(async () => {
        for (let i = 0; i < 3; i++) {
          const response = await fetch(url("/small"), { agent, timeout: 10_000 });
          texts.push(await response.text());
        }
      });
      expect({ name, calls, errors, texts: texts.length }).toEqual({
        name,
        calls: 1,
        errors: [error],
        texts: 3,
      });
    }
  });

  test("that throws does not end the process, also without a listener for errors", async () => {
    const { code, stdout, stderr } = await runChild(
      `import process from "node:process";
      import { fetch } from "#root/mod.ts";
      import { observe } from "#root/observe.ts";
      const fail = () => {
        throw new Error("mine");
      };
      observe(null, { start: fail, head: fail, end: fail });
      const response = await fetch(process.argv[2], { timeout: 5000, verbose: fail });
      console.log((await response.text()).length);`,
      { args: [url("/bytes/5")], timeoutMs: 20_000 },
    );
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: "5\n" });
    expect(stderr.match(/^curlew: a function of the caller's has failed:/gm)).toHaveLength(2); // the observer, and verbose
  });

  test("is called until it is detached, also where a transfer runs", async () => {
    await using agent = new Agent();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(name);
    const observation = observe(agent, { start: note("start"), end: note("end") });
    await (await fetch(url("/small"), { agent, timeout: 10_000 })).text();
    const running = fetch(url("/delay/50"), { agent, timeout: 10_000 });
    observation.detach();
    observation.detach();
    await (await running).text();
    await (await fetch(url("/small"), { agent, timeout: 10_000 })).text();
    expect(seen).toEqual(["start", "end", "start"]);
  });

  test("sees its own agent only, and another one the same", async () => {
    await using other = new Agent();
    const seen: Record<string, ObservedTransfer[]> = { a: [], b: [], other: [] };
    using _a = observe(world.agent, { end: (transfer) => seen["a"]?.push(transfer) });
    using _b = observe(world.agent, { end: (transfer) => seen["b"]?.push(transfer) });
    using _c = observe(other, { end: (transfer) => seen["other"]?.push(transfer) });
    await world.read(url("/small"));
    await (await fetch(url("/bytes/5"), { agent: other, timeout: 10_000 })).text();
    expect(seen["a"]).toHaveLength(1);
    expect(seen["b"]).toEqual(seen["a"]);
    expect(seen["b"]?.[0]).toBe(seen["a"]?.[0]);
    expect(seen["other"]?.map((transfer) => transfer.url)).toEqual([url("/bytes/5")]);
  });

  test("of null sees the default agent", async () => {
    const seen: ObservedTransfer[] = [];
    using _ = observe(null, { end: (transfer) => seen.push(transfer) });
    await (await fetch(url("/bytes/6"))).text();
    await (await fetch(url("/redirect/0"))).text();
    expect(seen.map(({ url }) => url)).toEqual(["/bytes/6", "/redirect/0", "/small"].map(url));
    const [first, second, third] = seen.map(({ call, attempt }) => `${call} ${attempt}`);
    expect(second).toBe(third);
    expect(first).not.toBe(second);
    expect(seen.map(({ attempt }) => attempt)).toEqual([0, 0, 0]);
  });

  test("starts in the call of whoever makes the transfer", async () => {
    const store = new AsyncLocalStorage<string>(), seen: (string | undefined)[] = [];
    using _ = observe(world.agent, { start: () => seen.push(store.getStore()) });
    await store.run("first", () => world.read(url("/redirect/0")));
    await store.run("second", () => world.read(url("/echo"), { method: "POST", body: "x" }));
    expect(seen).toEqual(["first", "first", "second"]);
  });

  test("may do what it likes with the agent and the handle", async () => {
    await using agent = new Agent();
    using _ = observe(agent, { start: () => void agent.close(), end: () => void agent.close() });
    const error = await failure(fetch(url("/small"), { agent, timeout: 10_000 }));
    expect((error as TypeError).cause).toBeInstanceOf(CurlEasyError);
    const easy = new Easy();
    easy.setOpts({ URL: url("/small"), TIMEOUT_MS: 10_000 });
    using _close = observe(world.agent, { start: () => easy.close() });
    await failure(world.agent.perform(easy));
    expect(world.events).toEqual(["start 0", "end 0 failed null"]);
    expect(only().info?.bytesIn).toBe(0);
  });

  test("is refused where it is none, with its name", () => {
    const observe_ = observe as unknown as (...args: unknown[]) => unknown;
    expect(() => observe_({}, {})).toThrow(/expected an Agent, got an object/);
    expect(() => observe_(null, null)).toThrow(/the observer must be an object, got null/);
    expect(() => observe_(null, { head: 1 })).toThrow(/observer\.head must be a function, got 1/);
    const hostile = {
      get end(): never {
        throw new Error("mine");
      },
    };
    expect(() => observe_(null, hostile)).toThrow("mine");
  });

  test("gets what can be written as JSON", async () => {
    await world.read(url("/small"));
    await failure(world.get("http://127.0.0.1:1/"));
    const [good, bad] = JSON.parse(JSON.stringify(world.ended));
    expect(good).toMatchObject({ status: 200, error: null, info: { bytesIn: 98 } });
    expect(bad.error).toMatch(/connect/i);
  });
});

test("publish puts the same on channels, an error before the end", async () => {
  const seen: string[] = [], names = ["start", "head", "error", "end"];
  const listeners = names.map((name) => (message: unknown) => {
    const { transfer } = message as { transfer: ObservedTransfer };
    seen.push(`${name} ${transfer.status} ${transfer.state}`);
  });
  names.forEach((name, i) => subscribe(`curlew:transfer:${name}`, listeners[i]!));
  using observation = publish(world.agent);
  await world.read(url("/small"));
  await failure(world.get("http://127.0.0.1:1/"));
  observation.detach();
  await world.read(url("/small"));
  names.forEach((name, i) => unsubscribe(`curlew:transfer:${name}`, listeners[i]!));
  expect(seen).toEqual([
    "start null running",
    "head 200 done",
    "end 200 done",
    "start null running",
    "error null failed",
    "end null failed",
  ]);
});

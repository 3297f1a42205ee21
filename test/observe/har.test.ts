// recordHar: HTTP archives that are valid, say what happened, and are written whole or not at all.
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Agent, download, Easy, fetch, type FetchInit, upload, versionInfo } from "../../mod.ts";
import { type Har, type HarEntry, recordHar } from "../../observe.ts";
import { record } from "../http/support.ts";
import { ALPN } from "../versions.ts";
import { failure, until, World } from "./support.ts";
import { useFolder, useServer } from "../use.ts";

const validate = createRequire(import.meta.url)("har-validator").har as (har: Har) => Promise<Har>;

const folder = useFolder("har");
const world = new World(useServer("http", "https", "h2", "ftp"));
afterAll(() => world.close());

const url = (path: string) => world.server.url(path);

/** The entries of what `call` does on an agent of its own. */
async function entriesOf(
  call: (get: (path: string, init?: FetchInit) => Promise<string>, agent: Agent) => unknown,
  options: Parameters<typeof recordHar>[1] = {},
): Promise<readonly HarEntry[]> {
  await using agent = new Agent();
  using recorder = recordHar(agent, options);
  await call(
    async (path, init) => {
      const full = path.startsWith("/") ? url(path) : path;
      return await (await fetch(full, { agent, timeout: 10_000, ...init })).text();
    },
    agent,
  );
  return (await validate(recorder.har())).log.entries;
}

const sumOf = ({ timings: { ssl: _, ...phases } }: HarEntry) =>
  Object.values(phases).reduce((sum, ms) => sum + Math.max(ms, 0), 0);

test("fifty transfers of all kinds make a valid archive, whose phases add up", async () => {
  const curl = { CAINFO: world.server.ca };
  const one = async (i: number, get: (path: string, init?: FetchInit) => Promise<string>) => {
    await get(`/bytes/${i * 1000}`);
    await get("/gzip");
    await get("/status/404");
    await failure(get("http://127.0.0.1:1/"));
    await failure(get("/truncated"));
    await get("/redirect/0?x=1");
    await get("/echo", { method: "POST", body: new Blob(["ü".repeat(i)]).stream() });
    await get(world.server.url("/small", "https"), { curl });
    await get(world.server.url("/small", "h2"), { curl: { ...curl, ...ALPN } });
  };
  const entries = await entriesOf(async (get, agent) => {
    await Promise.all([0, 1, 2, 3, 4].map((i) => one(i, get)));
    using easy = new Easy();
    easy.setOpts({ URL: url("/trailers"), TIMEOUT_MS: 10_000 });
    await agent.perform(easy);
    await download(url("/bytes/9"), join(folder, "a"), { agent, timeout: 10_000 });
    await upload(new Uint8Array(9), url("/upload"), { agent, timeout: 10_000 });
    await download(world.server.url("/hello.txt", "ftp"), join(folder, "b"), { agent });
  }, { content: 1000 });
  expect(entries).toHaveLength(54);
  for (const entry of entries) {
    expect(Math.abs(sumOf(entry) - entry.time), JSON.stringify(entry.timings)).toBeLessThan(0.01);
    expect(entry.startedDateTime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const { timings } = entry;
    if (entry._reused && entry.serverIPAddress) {
      expect(timings).toMatchObject({ dns: -1, connect: -1, ssl: -1 });
    }
  }
  const started = Date.parse(entries[0]!.startedDateTime);
  expect(Math.abs(started - Date.now())).toBeLessThan(60_000);
});

describe("an entry tells", () => {
  test("what libcurl has sent and the server has answered", async () => {
    const [entry] = await entriesOf((get) => get("/cookies/set?a=1&b=2"), { redact: false });
    const { request, response } = entry as HarEntry;
    expect(request).toMatchObject({
      method: "GET",
      url: url("/cookies/set?a=1&b=2"),
      httpVersion: "HTTP/1.1",
      queryString: [{ name: "a", value: "1" }, { name: "b", value: "2" }],
      bodySize: 0,
    });
    const names = request.headers.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(["Host", "User-Agent", "Accept", "Accept-Encoding"]);
    expect(request.headersSize).toBeGreaterThan(80);
    expect(response).toMatchObject({
      status: 200,
      statusText: "OK",
      httpVersion: "HTTP/1.1",
      content: { size: response.bodySize, mimeType: "application/json" },
    });
    expect(response.cookies).toMatchObject([
      { name: "a", value: "1", path: "/", httpOnly: false },
      { name: "b", value: "2", path: "/", secure: false },
    ]);
    expect(entry).toMatchObject({ serverIPAddress: "127.0.0.1", _serverPort: world.server.http });
  });

  test("the phases, of a new connection and of a kept one", async () => {
    const entries = await entriesOf(async (get) => {
      const https = world.server.url("/delay/60", "https"), curl = { CAINFO: world.server.ca };
      await get(https, { curl });
      await get(https, { curl });
    });
    const [fresh, kept] = entries.map(({ timings }) => timings);
    expect(fresh!.connect).toBeGreaterThan(fresh!.ssl);
    expect(fresh!.ssl).toBeGreaterThan(0);
    for (const { wait } of [fresh!, kept!]) expect(wait).toBeGreaterThan(50);
    expect(kept).toMatchObject({ dns: -1, connect: -1, ssl: -1 });
    expect(entries.map(({ _reused }) => _reused)).toEqual([false, true]);
    expect(entries[0]?.connection).toBe(entries[1]?.connection);
    expect(entries[0]?.connection).toMatch(/^\d+$/);
  });

  test("how long a transfer waited for a connection", async () => {
    await using agent = new Agent({ maxConnections: 1 });
    using recorder = recordHar(agent);
    const get = async () => {
      const response = await fetch(url("/delay/100"), { agent, timeout: 10_000 });
      return await response.text();
    };
    await Promise.all([get(), get()]);
    const [first, second] = recorder.har().log.entries.map(({ timings }) => timings);
    expect(second!.blocked).toBeGreaterThan(first!.blocked + 50);
    expect(second!.wait).toBeGreaterThan(80);
    expect(second!.receive).toBeLessThan(second!.wait);
  });

  test("where a transfer has ended that failed", async () => {
    const [refused, late] = await entriesOf(async (get) => {
      await failure(get("http://127.0.0.1:1/"));
      await failure(get("/hold", { timeout: 400 }));
    });
    expect(refused).toMatchObject({ _state: "failed", response: { status: 0, httpVersion: "" } });
    expect(refused?.response._error).toMatch(/connect/i);
    expect(refused?.timings.connect).toBeGreaterThan(0);
    expect(late?.timings.wait).toBeGreaterThan(150);
    expect(late?.response._error).toMatch(/timed out/i);
  });

  test("the version and the headers of HTTP/2", async () => {
    const curl = { CAINFO: world.server.ca, ...ALPN };
    const [entry] = await entriesOf((get) => get(world.server.url("/small", "h2"), { curl }));
    expect(entry?.request.httpVersion).toBe("HTTP/2");
    expect(entry?.response.httpVersion).toBe("HTTP/2");
    expect(entry?.response.headers.map(({ name }) => name)).toContain("content-type");
  });

  test("a head that is too long for one piece", async () => {
    const headers = { "X-Long": "x".repeat(70_000) };
    const [entry] = await entriesOf(async (_, agent) => {
      await using server = await record();
      await (await fetch(server.url, { agent, headers, timeout: 10_000 })).text();
    }, { redact: false });
    expect(entry?.request.headers).toContainEqual({ name: "X-Long", value: headers["X-Long"] });
    expect(entry?.response.status).toBe(200);
  });

  test("call, attempt and redirects", async () => {
    const entries = await entriesOf((get) => get("/redirect/1"));
    expect(entries.map(({ _redirects }) => _redirects)).toEqual([0, 1, 2]);
    expect(entries[0]?.response.redirectURL).toBe("/redirect/0");
    expect(new Set(entries.map(({ _call }) => _call)).size).toBe(1);
  });

  test("the last exchange, where libcurl has answered a challenge", async () => {
    const [entry, ...more] = await entriesOf(
      (get) =>
        get(url("/digest/joe/secret").replace("//", "//joe:secret@"), {
          method: "POST",
          body: "a=b",
          curl: { HTTPAUTH: 2 },
        }),
      { content: 100 },
    );
    expect(more).toEqual([]);
    expect(entry?.response.status).toBe(200);
    expect(entry?.request.postData?.text).toBe("a=b");
  });
});

describe("bodies", () => {
  test("are not recorded unless that is asked for", async () => {
    const [entry] = await entriesOf((get) => get("/echo", { method: "POST", body: "secret" }));
    expect(entry?.request.postData).toBeUndefined();
    expect(entry?.response.content.text).toBeUndefined();
    expect(entry?.response.content.size).toBeGreaterThan(100);
  });

  test("are recorded up to the limit, decoded", async () => {
    const [gzip, bytes, long] = await entriesOf(async (get) => {
      await get("/gzip");
      await get("/bytes/200");
      await get("/echo", { method: "POST", body: "ü".repeat(400) });
    }, { content: 301 });
    const { content, bodySize } = gzip!.response;
    expect(content.text).toMatch(/^compressed by gzip\n/);
    expect(content).toMatchObject({ size: 1900, comment: "the first 301 of 1900 bytes" });
    expect(content.compression).toBe(1900 - bodySize);
    const pattern = Uint8Array.from({ length: 200 }, (_, i) => i);
    expect(bytes?.response.content).toMatchObject({
      encoding: "base64",
      text: pattern.toBase64?.() ?? btoa(String.fromCharCode(...pattern)),
    });
    // a character that is cut in two is left out
    expect(long?.request.postData).toMatchObject({
      text: "ü".repeat(150),
      comment: "the first 301 of 800 bytes",
    });
  });

  test("that were sent in chunks are recorded without them", async () => {
    const send = (text: string) => ({ method: "POST", body: new Blob([text]).stream() });
    const [short, long] = await entriesOf(async (get) => {
      await get("/echo", send("hello"));
      await get("/echo", send("x".repeat(5000)));
    }, { content: 1000 });
    expect(short?.request.postData).toEqual({ mimeType: "", text: "hello" });
    const { text, comment } = long!.request.postData!;
    expect(text).toMatch(/^x{900,1000}$/);
    expect(comment).toBe(`the first ${text.length} bytes`);
  });

  test("of an Easy are recorded as well, and its DEBUGFUNCTION is called as before", async () => {
    const traced: number[] = [];
    const [quiet, loud] = await entriesOf(async (_, agent) => {
      using easy = new Easy();
      easy.setOpts({ URL: url("/small"), TIMEOUT_MS: 10_000 });
      easy.setOpt("DEBUGFUNCTION", (_easy, type) => void traced.push(type));
      await agent.perform(easy);
      expect(traced).toEqual([]); // VERBOSE is not set
      easy.setOpt("VERBOSE", 1);
      await agent.perform(easy);
    }, { content: 1000 });
    expect(quiet?.response.content.text).toContain("small");
    expect(loud?.response.content.text).toContain("small");
    expect(traced).toContain(2);
  });
});

describe("recording", () => {
  test("leaves the handles as they were, and a second recorder alone", async () => {
    await using agent = new Agent();
    using easy = new Easy(), first = recordHar(agent), second = recordHar(agent);
    const lines: string[] = [];
    easy.setOpts({ URL: url("/small"), TIMEOUT_MS: 10_000 });
    await agent.perform(easy);
    first.detach();
    await agent.perform(easy);
    second.detach();
    using copy = easy.duplicate();
    for (const handle of [easy, copy]) {
      handle.setOpt("DEBUGFUNCTION", (_easy, _type, bytes) => void lines.push(`${bytes.length}`));
      await agent.perform(handle);
    }
    expect(lines).toEqual([]); // VERBOSE is off again
    expect(first.har().log.entries).toHaveLength(1);
    expect(second.har().log.entries).toHaveLength(2);
  });

  test("ends in the middle of a transfer", async () => {
    await using agent = new Agent();
    const recorder = recordHar(agent), response = fetch(url("/delay/50"), { agent, timeout: 9999 });
    recorder.detach();
    await (await response).text();
    expect(recorder.har().log.entries).toEqual([]);
  });

  test("refuses options that are wrong, by their names", () => {
    const record = recordHar as unknown as (...args: unknown[]) => unknown;
    expect(() => record(null, { content: -1 })).toThrow(/content must be .*, got -1/);
    expect(() => record(null, { redact: 1 })).toThrow(/redact must be a boolean, got 1/);
    expect(() => record(null, null)).toThrow(/the options must be an object/);
    expect(() => record(1)).toThrow(/expected an Agent, got 1/);
  });

  test("is written in one step, and leaves the old file where that fails", async () => {
    await using agent = new Agent();
    using recorder = recordHar(agent);
    await (await fetch(url("/small"), { agent, timeout: 10_000 })).text();
    const path = join(folder, "x.har");
    await writeFile(path, "old");
    await recorder.save(path);
    const har: Har = JSON.parse(await readFile(path, "utf8"));
    expect(har).toEqual(recorder.har());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await validate(har)).log.entries).toHaveLength(1);

    const full = join(folder, "full");
    await mkdir(join(full, "x.har"), { recursive: true }); // a folder cannot be replaced
    const error = await failure(recorder.save(join(full, "x.har"))) as TypeError;
    expect(error.message).toMatch(/^Cannot write .*x\.har: /);
    expect(await readdir(full)).toEqual(["x.har"]);
    expect(await failure(recorder.save(""))).toBeInstanceOf(TypeError);
    expect(await failure(recorder.save("/no/such/folder/x"))).toBeInstanceOf(TypeError);
    await chmod(path, 0o600);
  });
});

test("libcurl that writes its trace to STDERR itself goes on doing so", async () => {
  const path = join(folder, "trace.txt");
  const [entry] = await entriesOf(async (_, agent) => {
    using easy = new Easy();
    easy.setOpts({ URL: url("/small"), TIMEOUT_MS: 10_000, VERBOSE: 1, STDERR: path });
    await agent.perform(easy);
  }, { content: 1000 });
  await until(async () => (await readFile(path, "utf8")).includes("> GET /small"));
  expect(entry?.response).toMatchObject({ status: 200, headers: [] });
  expect(entry?.response.content.text).toContain("small");
  expect(versionInfo().version).toMatch(/^\d/);
});

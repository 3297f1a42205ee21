// Nothing secret is in events, archives, charts and verbose lines, unless that is asked for.
import { Buffer } from "node:buffer";
import { afterAll, describe, expect, test } from "vitest";
import { Agent, Easy, fetch, type FetchInit } from "../../mod.ts";
import { observe, type ObservedTransfer, recordHar, waterfall } from "../../observe.ts";
import { CookieJar } from "../../session.ts";
import { ALPN } from "../versions.ts";
import { record } from "../http/support.ts";
import { runChild } from "../server/child.ts";
import { failure, reported, World } from "./support.ts";
import { useServer } from "../use.ts";

const world = new World(useServer("http", "https", "h2", "proxy"));
afterAll(() => world.close());

/** Words that must not be seen; each place has its own. */
const SECRET = /s3cr3t[a-z]*/;

interface Place {
  readonly name: string;
  readonly url: (world: World) => string;
  readonly init?: (world: World) => FetchInit;
}

const path = (at: string) => ({ server }: World) => server.url(at);
const proxied = (auth: string) => ({ server }: World): FetchInit => ({
  curl: { PROXY: `http://${auth}127.0.0.1:${server.proxy}` },
});
const jar = () => {
  const cookies = new CookieJar();
  cookies.set({ name: "sid", value: "s3cr3tjar", domain: "127.0.0.1" });
  return cookies;
};
const withUser = (url: string) => url.replace("://", "://s3cr3tuser:s3cr3tpass@");

const PLACES: readonly Place[] = [
  { name: "the user of the URL", url: ({ server }) => withUser(server.url("/small")) },
  { name: "the query", url: path("/small?token=s3cr3tquery&b=s3cr3tmore") },
  { name: "a query of one word", url: path("/small?s3cr3tword") },
  { name: "the fragment", url: path("/small#s3cr3tfragment") },
  {
    name: "headers",
    url: path("/small"),
    init: () => ({
      headers: {
        Authorization: "Bearer s3cr3tbearer",
        Cookie: "a=s3cr3tcookie; b=s3cr3tother",
        "X-Api-Key": "s3cr3tkey",
        "X-Auth-Token": "s3cr3ttoken",
        Referer: "http://s3cr3tuser:x@example.com/?s3cr3tquery",
      },
    }),
  },
  {
    name: "options",
    url: path("/small"),
    init: () => ({
      curl: {
        USERPWD: "s3cr3tuser:s3cr3tpass",
        COOKIE: "c=s3cr3tcookie",
        REFERER: "http://a/?s3cr3tr",
      },
    }),
  },
  {
    name: "a bearer",
    url: path("/small"),
    init: () => ({ curl: { HTTPAUTH: 64, XOAUTH2_BEARER: "s3cr3tbearer" } }),
  },
  {
    name: "Set-Cookie",
    url: path("/cookies/set?sid=s3cr3tset"),
    init: () => ({ curl: { COOKIEFILE: "" } }),
  },
  { name: "a jar", url: path("/cookies"), init: () => ({ cookies: jar() }) },
  { name: "answers' headers", url: path("/with?X-Session=s3cr3tsession&Refresh-Token=s3cr3tr") },
  {
    name: "the target of a redirect",
    url: path(`/redirect-to?url=${encodeURIComponent("/small?code=s3cr3tcode")}`),
  },
  {
    name: "a challenge that is answered",
    url: ({ server }) => withUser(server.url("/digest/s3cr3tuser/s3cr3tpass?q=s3cr3tq")),
    init: () => ({ curl: { HTTPAUTH: 2 } }),
  },
  { name: "a proxy", url: path("/small"), init: proxied("s3cr3tuser:s3cr3tpass@") },
  {
    name: "a proxy that is asked for a tunnel",
    url: ({ server }) => server.url("/small?q=s3cr3tquery", "https"),
    init: (world) => ({
      curl: { ...proxied("s3cr3tuser:s3cr3tpass@")(world).curl, CAINFO: world.server.ca },
    }),
  },
  {
    name: "headers for a proxy",
    url: path("/small"),
    init: ({ server }) => ({
      curl: {
        PROXY: `http://127.0.0.1:${server.proxy}`,
        PROXYHEADER: ["X-Proxy-Key: s3cr3tkey", "Proxy-Authorization: Basic s3cr3tbasic"],
      },
    }),
  },
  {
    name: "HTTP/2",
    url: ({ server }) => withUser(server.url("/cookies/set?sid=s3cr3tset", "h2")),
    init: ({ server }) => ({
      headers: { Cookie: "a=s3cr3tcookie", "X-Key": "s3cr3tkey" },
      curl: { CAINFO: server.ca, COOKIEFILE: "", ...ALPN },
    }),
  },
  { name: "a connection that fails", url: () => "http://s3cr3tuser:x@127.0.0.1:1/?s3cr3tquery" },
  {
    name: "a body",
    url: path("/echo"),
    init: () => ({ method: "POST", body: "password=s3cr3tbody" }),
  },
];

/** The same in the forms in which credentials travel. */
const encoded = (text: string) =>
  [...text.matchAll(/(?:basic|bearer)\s+([\w+/=]{8,})/gi)].map(([, value = ""]) =>
    Buffer.from(value, "base64").toString("latin1")
  ).join();

/** The path of this route is not secret. */
const DIGEST = /\/digest\/s3cr3tuser\/s3c[^\s?"<]*/g;

function expectNoSecret(what: string, all: string): void {
  const text = all.replace(DIGEST, "/digest");
  expect(SECRET.exec(text)?.[0], `${what}:\n${text}`).toBeUndefined();
  expect(SECRET.exec(encoded(text))?.[0], what).toBeUndefined();
}

describe("no secret of", () => {
  test.for(PLACES)("$name is seen", async ({ name, url, init }) => {
    await using agent = new Agent();
    const seen: ObservedTransfer[] = [], lines: string[] = [], errors: unknown[] = [];
    using _ = observe(agent, {
      start: (transfer) => lines.push(JSON.stringify(transfer)),
      head: (transfer) => lines.push(JSON.stringify(transfer)),
      end: (transfer) => seen.push(transfer),
    });
    using recorder = recordHar(agent);
    const verbose = (line: string) => void lines.push(line);
    const call = fetch(url(world), { agent, timeout: 10_000, verbose, ...init?.(world) });
    await call.then((response) => response.text(), (error) => errors.push(error));
    expect(errors).toHaveLength(name === "a connection that fails" ? 1 : 0);
    expect(seen.length).toBeGreaterThan(0);
    expect(lines.length).toBeGreaterThan(3);
    expectNoSecret("verbose", lines.join("\n"));
    expectNoSecret("events", JSON.stringify(seen) + seen.map(({ chain }) => chain).join());
    expectNoSecret("archive", JSON.stringify(recorder.har(), null, 1));
    const charts = [waterfall(recorder.har()), waterfall(seen)];
    for (const chart of charts) expectNoSecret("chart", chart.text({ width: 200 }) + chart.svg());
  });
});

test("all of it is in an archive that is asked for it", async () => {
  await using agent = new Agent();
  using recorder = recordHar(agent, { redact: false, content: 1000 });
  const url = withUser(world.server.url("/cookies/set?sid=s3cr3tset"));
  const headers = { Cookie: "a=s3cr3tcookie", "X-Key": "s3cr3tkey" };
  await (await fetch(url, { agent, timeout: 10_000, headers })).text();
  const [entry] = recorder.har().log.entries;
  expect(entry?.request.url).toBe(url);
  expect(entry?.request.cookies).toEqual([{ name: "a", value: "s3cr3tcookie" }]);
  expect(entry?.response.cookies).toMatchObject([{ name: "sid", value: "s3cr3tset" }]);
  expect(entry?.request.headers).toContainEqual({ name: "X-Key", value: "s3cr3tkey" });
  expect(entry?.request.queryString).toEqual([{ name: "sid", value: "s3cr3tset" }]);
  expect(entry?.response.content.text).toContain("s3cr3tset");
});

test("no secret of an Easy is seen", async () => {
  await using agent = new Agent();
  const seen: ObservedTransfer[] = [];
  using _ = observe(agent, { end: (transfer) => seen.push(transfer) });
  using recorder = recordHar(agent), easy = new Easy();
  easy.setOpts({
    URL: withUser(world.server.url("/cookies/set?sid=s3cr3tset")),
    COOKIE: "a=s3cr3tcookie",
    COOKIEFILE: "",
    TIMEOUT_MS: 10_000,
  });
  await agent.perform(easy);
  expect(seen).toHaveLength(1);
  expectNoSecret("events", JSON.stringify(seen));
  expectNoSecret("archive", JSON.stringify(recorder.har()));
});

describe("verbose", () => {
  test("has the lines of curl -v", async () => {
    const lines: string[] = [], verbose = (line: string) => void lines.push(line);
    await world.read(world.server.url("/small?a=b"), { verbose });
    expect(lines).toContain("> GET /small?a=REDACTED HTTP/1.1");
    expect(lines).toContain(`> Host: 127.0.0.1:${world.server.http}`);
    expect(lines).toContain("> ");
    expect(lines).toContain("< HTTP/1.1 200 OK");
    expect(lines.some((line) => /^< content-type: application\/json/i.test(line))).toBe(true);
    expect(lines).toContain("{ [98 bytes data]");
    expect(lines[0]).toMatch(/^\* /);
    for (const line of lines) expect(line).toMatch(/^[*<>{}] [^\r\n]*$/);
  });

  test("shows no line that continues a header", async () => {
    const lines: string[] = [];
    await using answer = await record(
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=b;\r\n s3cr3tfold: s3cr3tmore\r\nContent-Length: 2\r\n\r\nok",
    );
    await world.read(answer.url, { verbose: (line) => void lines.push(line) });
    expect(lines).toContain("< Content-Length: 2");
    expectNoSecret("verbose", lines.join("\n"));
  });

  test("goes on over redirects, and with a DEBUGFUNCTION of the caller's", async () => {
    const lines: string[] = [], types = new Set<number>();
    await world.read(world.server.url("/redirect/0"), {
      verbose: (line) => void lines.push(line),
      curl: { VERBOSE: 1, DEBUGFUNCTION: (_easy, type) => void types.add(type) },
    });
    const requests = lines.filter((line) => line.startsWith("> GET"));
    expect(requests).toEqual(["> GET /redirect/0 HTTP/1.1", "> GET /small HTTP/1.1"]);
    expect(types).toContain(2);
  });

  test("that throws fails nothing, and is reported once", async () => {
    const error = new Error("mine");
    let calls = 0;
    const errors = await reported(async () => {
      const text = await world.read(world.server.url("/small"), {
        verbose() {
          calls++;
          throw error;
        },
      });
      expect(text).toContain("small");
    });
    expect([calls, errors]).toEqual([1, [error]]);
  });

  test("of true goes to standard error; of false nowhere", async () => {
    const lines: string[] = [], { error } = console;
    console.error = (line: string) => void lines.push(line);
    try {
      await world.read(world.server.url("/small"), { verbose: true });
      const { length } = lines;
      expect(length).toBeGreaterThan(5);
      await world.read(world.server.url("/small"), { verbose: false });
      expect(lines).toHaveLength(length);
    } finally {
      console.error = error;
    }
  });

  test("of anything else is refused", async () => {
    const error = await failure(world.get(world.server.url("/small"), { verbose: 1 as never }));
    expect((error as Error).message).toBe(
      "Cannot fetch: verbose must be true or a function, got 1",
    );
  });
});

test("of a DoH request nothing is on standard error", async () => {
  for (const how of ["recordHar(agent)", "verbose"]) {
    const { code, stderr } = await runChild(
      `import process from "node:process";
      import { Agent, fetch } from "#root/mod.ts";
      import { recordHar } from "#root/observe.ts";
      const agent = new Agent(), lines = [];
      const init = { agent, timeout: 5000, curl: {
        DOH_URL: process.argv[2], DOH_SSL_VERIFYPEER: 0, DOH_SSL_VERIFYHOST: 0, NOPROXY: "*",
      } };
      ${how === "verbose" ? "init.verbose = (line) => lines.push(line);" : `${how};`}
      await fetch("http://name.example/", init).catch(() => {});
      console.log(lines.length);
      await agent.close();`,
      {
        args: [world.server.url("/sink?token=s3cr3t", "https").replace("//", "//user:s3cr3t@")],
        timeoutMs: 20_000,
      },
    );
    expect([how, code, stderr]).toEqual([how, 0, ""]);
  }
});

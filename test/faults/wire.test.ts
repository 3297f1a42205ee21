// What can go wrong on the wire, for each kind of transfer by both interfaces: it ends with the
// right code, and nothing else on the same agent notices.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Agent, constants, fetch } from "../../mod.ts";
import { connections, counters, easyFor, sleep, until } from "../driver/support.ts";
import { isPattern } from "../http/support.ts";
import { NO_NAME } from "../no_name.ts";
import { runChild } from "../server/child.ts";
import { buildSlowResolver } from "../server/slow_resolver.ts";
import { useServer } from "../use.ts";
import { ALPN, libcurl } from "../versions.ts";
import { APIS, ending, KINDS, LONG_MS, SHORT_MS, type Wanted } from "./wire.ts";
import { ALPN_MS, type Fault, FAULTS } from "./wire_table.ts";

vi.setConfig({ maxConcurrency: 16, testTimeout: 200_000, hookTimeout: 120_000 });

const server = useServer("faults", "https", "mtls", "expired", "wronghost");
let agent: Agent;
let before: unknown, sockets: number;
/** What runs beside the faults: how many bytes each has had. */
let beside: Promise<number[]>, smallOnes: Promise<number>;
let isOver = false;

const port = (name: string): number =>
  name === "refused" ? 1 : server.faults[name] ?? server[name as "mtls"];
const good = (path: string): string => `http://127.0.0.1:${server.faults["good"]}${path}`;
const streams = (path: string): string => `https://127.0.0.1:${server.faults["h2-streams"]}${path}`;

/** Checks the pattern as it comes. */
function checker(): { take(bytes: Uint8Array): number; bytes: number } {
  return {
    bytes: 0,
    take(bytes) {
      if (!isPattern(bytes, this.bytes)) throw new Error(`wrong after ${this.bytes} bytes`);
      this.bytes += bytes.length;
      return bytes.length;
    },
  };
}

async function longByFetch(): Promise<number> {
  const check = checker(), response = await fetch(good("/beside"), { agent });
  for await (const bytes of response.body ?? []) check.take(bytes);
  return check.bytes;
}

async function longByPerform(url: string): Promise<number> {
  const check = checker();
  using easy = easyFor(url, {
    CAINFO: server.ca,
    ...ALPN,
    TIMEOUT_MS: 0,
    WRITEFUNCTION: (bytes) => check.take(bytes),
  });
  await agent.perform(easy);
  return check.bytes;
}

async function manySmall(): Promise<number> {
  let count = 0;
  for (; !isOver; count++) {
    const init = { method: "PUT", body: `${count}`, agent, timeout: LONG_MS };
    const text = await (await fetch(good("/"), init)).text();
    if (text !== `PUT ${`${count}`.length}`) throw new Error(`small ${count}: ${text}`);
    await sleep(5);
  }
  return count;
}

/** The native callbacks are made with the first transfer of each kind, and stay. */
async function warmUp(): Promise<void> {
  await using agent = new Agent();
  const all = KINDS.flatMap((kind) =>
    APIS.map((api) => ending(api, { url: good("/"), kind, agent, curl: {}, timeout: LONG_MS }))
  );
  expect(new Set(await Promise.all(all))).toEqual(new Set(["OK"]));
}

beforeAll(async () => {
  await warmUp();
  before = counters();
  sockets = connections();
  agent = new Agent();
  const long = [longByFetch(), longByPerform(good("/beside")), longByPerform(streams("/beside"))];
  beside = Promise.all(long);
  smallOnes = manySmall();
  beside.catch(() => {}); // told by the test that waits for it
  smallOnes.catch(() => {});
});
afterAll(async () => {
  isOver = true;
  await agent?.close();
});

test("every fault of the servers has its row", () => {
  const others = /^(good|h2-streams|stale-.*|doh-.*|h2-ping-flood)$/;
  const served = Object.keys(server.faults).filter((name) => !others.test(name));
  const more = ["refused", "mtls", "expired", "wronghost"];
  expect(FAULTS.map(({ name }) => name).toSorted()).toEqual([...served, ...more].toSorted());
});

/** How a fault is met: which URL, through what. */
function meet(
  { name, by, curl, silent }: Fault,
  kind: string,
): Pick<Wanted, "url" | "curl" | "timeout"> {
  const all = { CAINFO: server.ca, FRESH_CONNECT: 1, FORBID_REUSE: 1, ...curl };
  const timeout = silent ?? LONG_MS;
  const here = `127.0.0.1:${port(name)}`;
  if (by === "proxy") {
    const url = `https://127.0.0.1:${server.https}/${kind}`;
    return { url, curl: { ...all, PROXY: `http://${here}` }, timeout };
  }
  if (by === "socks") {
    return { url: good("/"), curl: { ...all, PROXY: `socks5h://${here}` }, timeout };
  }
  return { url: `${by === "http" ? "http" : "https"}://${here}/${kind}`, curl: all, timeout };
}

/** All transfers that meet a fault: what is wrong with the ends that they came to. */
async function wrongEnds(fault: Fault): Promise<string[]> {
  const { code, own, perform } = fault;
  const all = KINDS.flatMap((kind) =>
    APIS.map(async (api) => {
      const expected = api === "perform" && perform || kind !== "get" && fault[kind] || code;
      const got = await ending(api, { ...meet(fault, kind), kind, agent, ...own && { own } });
      return expected.split("|").includes(got) ? [] : [`${api} ${kind}: ${got}, not ${expected}`];
    })
  );
  return (await Promise.all(all)).flat();
}

describe.concurrent("a fault ends a transfer with its code", () => {
  test.for([...FAULTS])("$by: $name", async (fault, { expect }) => {
    expect(await wrongEnds(fault)).toEqual([]);
  });

  // node:http2 resets these; on the same connection is the download beside all of it
  test("h2: RST_STREAM of one stream harms no other on its connection", async ({ expect }) => {
    const curl = { CAINFO: server.ca, PIPEWAIT: 1, ...ALPN };
    const paths = ["first", "body"].flatMap((when) =>
      [1, 2, 8, 11].map((code) => `/${when}/${code}`)
    );
    const ends = await Promise.all(
      paths.flatMap((path) =>
        KINDS.flatMap((kind) =>
          APIS.map((api) =>
            ending(api, { url: streams(path), kind, agent, curl, timeout: LONG_MS })
          )
        )
      ),
    );
    // one that had no answer yet on a used connection is tried again, where it can be; an upload
    // may just write to the stream that is closed by then
    const code = libcurl.tellsResets.holds
      ? /^(HTTP2_STREAM|SEND_FAIL_REWIND|SEND_ERROR)$/
      : /^(HTTP2_STREAM|SEND_FAIL_REWIND|SEND_ERROR|RECV_ERROR|PARTIAL_FILE)$/;
    for (const end of ends) expect(end).toMatch(code);
    expect(ends).toContain("HTTP2_STREAM");
  });

  test("h2: GOAWAY lets what has begun come to its end", async ({ expect }) => {
    const curl = { CAINFO: server.ca, FRESH_CONNECT: 1, FORBID_REUSE: 1, ...ALPN };
    const url = streams("/goaway");
    const ends = await Promise.all(
      KINDS.flatMap((kind) =>
        APIS.map((api) => ending(api, { url, kind, agent, curl, timeout: LONG_MS }))
      ),
    );
    expect(new Set(ends)).toEqual(new Set(["OK"]));
  });

  const pings = libcurl.survivesPings;
  test.skipIf(!pings.holds)(`h2: a flood of pings ends${pings.note}`, async ({ expect }) => {
    const curl = { CAINFO: server.ca, HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS, ...ALPN };
    const url = `https://127.0.0.1:${port("h2-ping-flood")}/`;
    for (const api of APIS) {
      const wanted = { url, kind: "get", agent, curl, timeout: SHORT_MS } as const;
      expect(await ending(api, wanted)).toMatch(/^(HTTP2|RECV_ERROR|OPERATION_TIMEDOUT)$/);
    }
  });

  test("dns: a name that is none", async ({ expect }) => {
    const common = { kind: "get", agent, timeout: LONG_MS } as const;
    for (const api of APIS) {
      const name = { ...common, url: `http://${NO_NAME}/`, curl: {} };
      expect(await ending(api, name)).toBe("COULDNT_RESOLVE_HOST");
      const proxy = { ...common, url: good("/"), curl: { PROXY: `http://${NO_NAME}:1` } };
      // libcurl 8 names the host where the lookup has failed before its first wait
      expect(await ending(api, proxy)).toMatch(/^COULDNT_RESOLVE_(PROXY|HOST)$/);
    }
  });

  test.for(
    [
      ["doh-500", "COULDNT_RESOLVE_HOST", LONG_MS],
      ["doh-garbage", "COULDNT_RESOLVE_HOST", LONG_MS],
      ["doh-silent", "OPERATION_TIMEDOUT", ALPN_MS],
    ] as const,
  )("dns: %s%$", async ([name, code, timeout], { expect }) => {
    const curl = { DOH_URL: `https://127.0.0.1:${port(name)}/`, CAINFO: server.ca };
    const ends = await Promise.all(
      KINDS.flatMap((kind) =>
        APIS.map((api) => ending(api, { url: "http://doh.test/", kind, agent, curl, timeout }))
      ),
    );
    expect(new Set(ends)).toEqual(new Set([code]));
  });
});

// it answers once on each connection, which it keeps until the second request comes
describe.concurrent("a kept connection that ends as it is used again", () => {
  test.for(["stale-close", "stale-reset", "stale-soon"])("%s", async (name, { expect }) => {
    await using agent = new Agent();
    const url = `http://127.0.0.1:${port(name)}/`,
      common = { url, agent, curl: {}, timeout: LONG_MS };
    for (let i = 0; i < 20; i++) {
      for (const api of APIS) {
        expect(await ending(api, { ...common, kind: i % 2 ? "get" : "download" })).toBe("OK");
        const upload = await ending(api, { ...common, kind: "upload" });
        // what was sent of a stream cannot be sent again; after that the next one is the first
        expect(upload).toMatch(/^(OK|SEND_FAIL_REWIND|SEND_ERROR|RECV_ERROR|GOT_NOTHING)$/);
      }
    }
  });
});

const SLOW_CHILD = `
import process from "node:process";
import { Agent } from "#root/mod.ts";
import { APIS, ending, KINDS } from "#root/test/faults/wire.ts";
const [port, timeout] = process.argv.slice(2).map(Number);
await using agent = new Agent();
let small = 0, over = false;
const beside = (async () => {
  while (!over) {
    const url = "http://127.0.0.1:" + port + "/", wanted = { url, kind: "get", agent, curl: {}, timeout: 30000 } as const;
    if (await ending("fetch", wanted) === "OK") small++;
  }
})();
const all = ["slow", "fail"].flatMap((how) => KINDS.flatMap((kind) => APIS.map((api) => {
  const slow = how === "slow", url = "http://" + (slow ? 3000 : 100) + "." + how + ".test:" + port + "/";
  return ending(api, { url, kind, agent, curl: {}, timeout: slow ? timeout : 30000 });
})));
const ends = await Promise.all(all);
over = true;
await beside;
console.log(JSON.stringify({ ends: [...new Set(ends)], small, active: agent.active }));
`;

test("dns: a slow name ends in time, one that fails slowly with its code, and no other transfer is delayed", async ({ skip }) => {
  const LD_PRELOAD = await buildSlowResolver();
  if (!LD_PRELOAD) return skip("no C compiler, or not Linux");
  const args = [`${server.faults["good"]}`, `${SHORT_MS}`];
  const child = await runChild(SLOW_CHILD, { args, env: { LD_PRELOAD }, timeoutMs: 150_000 });
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  const said = JSON.parse(child.stdout) as { ends: string[]; small: number; active: number };
  expect(said.ends.toSorted()).toEqual(["COULDNT_RESOLVE_HOST", "OPERATION_TIMEDOUT"]);
  expect(said.small).toBeGreaterThan(0);
  expect(said.active).toBe(0);
});

test("the transfers beside have noticed nothing", async () => {
  isOver = true;
  expect(await smallOnes).toBeGreaterThan(0);
  await fetch(good("/beside/end"), { agent, timeout: LONG_MS });
  for (const bytes of await beside) {
    expect(bytes).toBeGreaterThan(0);
    expect(bytes % 3000).toBe(0);
  }
});

test("the agent goes on, and leaves nothing behind", async () => {
  const timeout = LONG_MS, curl = { CAINFO: server.ca, ...ALPN };
  for (const url of [good("/"), streams("/good")]) {
    for (const api of APIS) {
      for (const kind of KINDS) {
        expect(await ending(api, { url, kind, agent, curl, timeout })).toBe("OK");
      }
    }
  }
  expect(agent.active).toBe(0);
  await agent.close();
  expect(agent.stats.sockets).toBe(0);
  await vi.waitFor(() => expect(counters()).toEqual(before)); // a thread that waited comes back
  await until(() => connections() <= sockets); // a peer may take its time to let go
  expect(connections()).toBeLessThanOrEqual(sockets);
});

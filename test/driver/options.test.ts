// What an agent's options really do, counted by the server.
import { expect, test } from "vitest";
import {
  Agent,
  type AgentOptions,
  constants,
  type CurlEasyError,
  type EasyOptions,
  Share,
} from "../../mod.ts";
import type { UrlKind } from "../server/start.ts";
import { useServer } from "../use.ts";
import { easyFor, failure, get, sleep } from "./support.ts";
import { ALPN, libcurl } from "../versions.ts";

const server = useServer("http", "h2");
const second = useServer("http");

interface Seen {
  readonly connections: number;
  readonly open: number;
}

// by ALPN: 7.88.1 fails all but the first of several transfers by prior knowledge (h2c)
const H2: EasyOptions = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0, PIPEWAIT: 1, ...ALPN };

/** Runs `count` transfers at once; the connections that they cost. */
async function connectionsFor(
  options: AgentOptions,
  count: number,
  kind: UrlKind = "http",
  more: EasyOptions = {},
): Promise<number> {
  await using agent = new Agent(options);
  {
    await using other = new Agent();
    await get(other, server.url("/stats/reset", kind), more);
  }
  const url = server.url("/delay/30", kind);
  await Promise.all(Array.from({ length: count }, () => get(agent, url, more)));
  const seen = JSON.parse(await get(agent, server.url("/stats", kind), more)) as Seen;
  return seen.connections;
}

test("without options every transfer of a burst has its connection", async () => {
  expect(await connectionsFor({}, 30)).toBe(30);
});

test("maxConnections limits the connections, and the others wait", async () => {
  expect(await connectionsFor({ maxConnections: 3 }, 30)).toBeLessThanOrEqual(3);
  expect(await connectionsFor({ maxConnections: 1 }, 10)).toBe(1);
});

test("maxHostConnections limits the connections to each host and port", async () => {
  expect(await connectionsFor({ maxHostConnections: 4 }, 20)).toBeLessThanOrEqual(4);
  await using agent = new Agent({ maxHostConnections: 1 });
  const started = performance.now();
  const urls = [server.url("/delay/200"), second.url("/delay/200")];
  await Promise.all([...urls, ...urls].map((url) => get(agent, url)));
  expect(performance.now() - started).toBeGreaterThan(390);
  expect(performance.now() - started).toBeLessThan(700);
});

test("a transfer that waits for a connection can be aborted, and gets it when one is free", async () => {
  await using agent = new Agent({ maxConnections: 1 });
  const held = easyFor(server.url("/hold"));
  const holding = failure(agent.perform(held));
  const controller = new AbortController();
  using aborted = easyFor(server.url("/small"));
  const waiting = failure(agent.perform(aborted, { signal: controller.signal }));
  await sleep(50);
  controller.abort("no more");
  expect(await waiting).toBe("no more");
  const last = get(agent, server.url("/small"));
  held.close();
  await holding;
  expect(await last).toContain('"ok":true');
});

test("a transfer that waits for a connection times out all the same", async () => {
  await using agent = new Agent({ maxConnections: 1 });
  const controller = new AbortController();
  using first = easyFor(server.url("/hold"), { TIMEOUT_MS: 0 });
  const holding = failure(agent.perform(first, controller));
  const waits = [{ TIMEOUT_MS: 300 }, { TIMEOUT: 1 }, { TIMEOUT_MS: 600 }].map(async (option) => {
    using easy = easyFor(server.url("/small"), option);
    const started = performance.now();
    const { codeName } = await failure(agent.perform(easy)) as CurlEasyError;
    return [codeName, performance.now() - started] as const;
  });
  // one that is given more time on the way
  using patient = easyFor(server.url("/small"), { TIMEOUT_MS: 200 });
  const last = agent.perform(patient);
  await sleep(50);
  patient.setOpt("TIMEOUT_MS", 10_000);
  const times = await Promise.all(waits);
  expect(times.map(([codeName]) => codeName)).toEqual(Array(3).fill("CURLE_OPERATION_TIMEDOUT"));
  for (const [i, least] of [300, 1000, 600].entries()) {
    expect(times[i]?.[1]).toBeGreaterThan(least - 1);
    expect(times[i]?.[1]).toBeLessThan(least + 3000);
  }
  controller.abort("enough");
  expect(await holding).toBe("enough");
  await last;
  expect(patient.getInfo("RESPONSE_CODE")).toBe(200);
  expect(agent.active).toBe(0);
});

test("maxCachedConnections limits the idle connections", async () => {
  await using agent = new Agent({ maxCachedConnections: 2 });
  const urls = Array.from({ length: 10 }, () => second.url("/delay/30"));
  await Promise.all(urls.map((url) => get(agent, url)));
  await using other = new Agent();
  const open = async () => (JSON.parse(await get(other, second.url("/stats"))) as Seen).open;
  await sleep(100);
  expect(await open()).toBeLessThanOrEqual(3); // with that of the question
});

test("the cache grows with the load, so that a second burst needs no connection", async () => {
  await using agent = new Agent();
  const burst = async () => {
    const easies = Array.from({ length: 150 }, () => easyFor(server.url("/delay/150")));
    await Promise.all(easies.map((easy) => agent.perform(easy)));
    const made = easies.reduce((sum, easy) => sum + easy.getInfo("NUM_CONNECTS"), 0);
    for (const easy of easies) easy.close();
    return made;
  };
  expect(await burst()).toBe(150);
  expect(await burst()).toBe(0);
});

test.skipIf(!libcurl.sharesFirst.holds)(
  `fifty transfers share one HTTP/2 connection${libcurl.sharesFirst.note}`,
  async () => {
    expect(await connectionsFor({}, 50, "h2", H2)).toBe(1);
  },
);

test("multiplex: false gives each its own", async () => {
  expect(await connectionsFor({ multiplex: false }, 10, "h2", H2)).toBe(10);
});

test("maxConcurrentStreams limits the transfers on a connection", async () => {
  const connections = await connectionsFor(
    { maxConcurrentStreams: 5 },
    20,
    "h2",
    H2,
  );
  // 7.74 may put one or two more on a connection that it has just made
  expect(connections).toBeGreaterThanOrEqual(libcurl.sharesFirst.holds ? 4 : 3);
});

test("share gives the handles common cookies, except those with a share of their own", async () => {
  using share = new Share(), own = new Share();
  for (const one of [share, own]) one.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
  await using agent = new Agent({ share });
  const engine = { COOKIEFILE: "" };
  await get(agent, server.url("/cookies/set?taste=sweet"), engine);
  expect(await get(agent, server.url("/cookies"), engine)).toBe('{"taste":"sweet"}');
  expect(await get(agent, server.url("/cookies"), { ...engine, SHARE: own })).toBe("{}");
});

test("an option out of range is refused", () => {
  for (const wrong of [0.5, NaN, 2 ** 40, "3"]) {
    expect(() => new Agent({ maxCachedConnections: wrong as number })).toThrow();
  }
});

// The promises of examples/scale/crawler.ts, on a real Redis: nothing is lost, and no completed
// page is fetched twice, whichever of its processes are killed.
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { pathOf, ROOT, runsAsItSays } from "../examples/support.ts";
import { type ChildResult, runChild, startChild } from "../server/child.ts";
import { onServer } from "./support.ts";

const NAME = "scale/crawler.ts", HOSTS = ["127.0.0.1", "localhost"];
/** Pages of each host, and the milliseconds between two requests to it. */
const PAGES = 60, GAP = 20;
/** The page whose first response is a 503. */
const FAILS_ONCE = 7;
/** A page of a killed process is free after a lock of 10 s and two checks, 5 s apart. */
const LONG = 60_000;

interface Site {
  readonly origins: readonly string[];
  /** The times of the requests for each URL, in milliseconds. */
  readonly asked: ReadonlyMap<string, readonly number[]>;
  readonly total: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Hosts whose pages form a tree, with further links: across, repeated, with fragments, to other
 * hosts, broken.
 */
async function startSite(): Promise<Site> {
  const asked = new Map<string, number[]>();
  let total = 0;
  const server = createServer((request, response) => {
    const url = `http://${request.headers.host}${request.url}`, times = asked.get(url) ?? [];
    asked.set(url, [...times, performance.now()]);
    total++;
    const { pathname, port } = new URL(url), page = Number(/^\/p\/(\d+)$/.exec(pathname)?.[1]);
    const isFailing = page === FAILS_ONCE && times.length === 0;
    const links = [2 * page + 1, 2 * page + 2].filter((page) => page < PAGES).flatMap((page) => [
      `/p/${page}`,
      `${page}#part`,
      ...HOSTS.map((host) => `http://${host}:${port}/p/${page}`),
    ]);
    const all = [...links, "/moved", "http://127.0.0.9:1/", "mailto:a@x.test", "http://[", ""];
    setTimeout(() => { // so that a process that is killed has pages in flight
      if (pathname === "/moved") response.writeHead(301, { Location: "/p/1" }).end();
      else {
        response.writeHead(isFailing ? 503 : 200, { "Content-Type": "text/html" });
        response.end(all.map((href) => `<a class="x" href="${href}">x</a>`).join("\n"));
      }
    }, 60);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origins: HOSTS.map((host) => `http://${host}:${port}`),
    asked,
    total: () => total,
    [Symbol.asyncDispose]() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Every URL of the site that a crawler should fetch. */
const urlsOf = ({ origins }: Site) =>
  origins.flatMap((origin) => [
    `${origin}/moved`,
    ...Array.from({ length: PAGES }, (_, page) => `${origin}/p/${page}`),
  ]).sort();

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !holds();) {
    if (performance.now() > end) throw new Error("It does not come to that within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

onServer("redis", "the crawler", ({ port }) => {
  const redis = `redis://127.0.0.1:${port}`;
  const args = ({ origins }: Site) => [redis, String(GAP), ...origins.map((one) => `${one}/p/0`)];
  const start = (site: Site) => startChild(pathOf(NAME), ...args(site));
  const run = (site: Site) => runChild(pathOf(NAME), { args: args(site), timeoutMs: LONG });

  /** The URLs that Redis has in a state. */
  async function inState(site: Site, state: "active" | "completed" | "failed"): Promise<string[]> {
    const connection = new Redis(redis, { maxRetriesPerRequest: null });
    const found = await Promise.all(site.origins.map(async (origin) => {
      const queue = new Queue(encodeURIComponent(new URL(origin).host), {
        connection,
        prefix: "crawl",
      });
      const jobs = await queue.getJobs([state]);
      await queue.close();
      return jobs.map(({ data }) => data.url as string);
    }));
    await connection.quit();
    return found.flat().sort();
  }

  /** The number of pages that each process has reported in its last line. */
  const pagesHere = (all: readonly ChildResult[]) =>
    all.map(({ code, stdout, stderr }) => {
      expect([code, stderr.replaceAll(/^503 .*\n/gm, "")]).toEqual([0, ""]);
      const [, here, completed] =
        /\n?(\d+) pages here; of all processes (\d+) completed, 0 failed\n$/.exec(stdout) ?? [];
      expect(Number(completed)).toBe(2 * (PAGES + 1));
      return Number(here);
    });

  /**
   * Checks that every page is completed once, and that only those of `again` were fetched more
   * often.
   */
  async function isWhole(site: Site, again: readonly string[]): Promise<void> {
    expect(await inState(site, "completed")).toEqual(urlsOf(site));
    expect([...site.asked.keys()].sort()).toEqual(urlsOf(site));
    const failing = site.origins.map((origin) => `${origin}/p/${FAILS_ONCE}`);
    const more = [...site.asked].filter(([, times]) => times.length > 1).map(([url]) => url);
    expect(more.filter((url) => !again.includes(url) && !failing.includes(url))).toEqual([]);
    for (const url of more) {
      const most = Number(failing.includes(url)) + Number(again.includes(url)) + 1;
      expect(site.asked.get(url)!.length, url).toBeLessThanOrEqual(most);
    }
  }

  test("its head says what it prints", async () => {
    await using site = await startSite();
    const { port } = new URL(site.origins[0]!);
    const page = createServer((_request, response) => response.end("no links"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(page.address() as AddressInfo).port}/`;
    try {
      expect(port).not.toBe(new URL(at).port);
      await runsAsItSays(NAME, {
        cwd: ROOT,
        instead: [["redis://127.0.0.1:6379", redis], ["https://example.com/", at]],
      });
    } finally {
      page.closeAllConnections();
      page.close();
    }
  });

  test("two processes share the pages and the limit on requests to a host", async () => {
    await using site = await startSite();
    const here = pagesHere(await Promise.all([run(site), run(site)]));
    expect(here[0]! + here[1]!).toBe(2 * (PAGES + 1));
    for (const count of here) expect(count).toBeGreaterThan(PAGES / 4);
    await isWhole(site, []);
    for (const origin of site.origins) {
      const times = [...site.asked].filter(([url]) => url.startsWith(origin)).flatMap(([, at]) =>
        at
      );
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(
        (times.length - 1) * GAP * 0.9,
      );
    }
    const before = site.total();
    expect(pagesHere([await run(site)])).toEqual([0]);
    expect(site.total()).toBe(before);
  }, LONG);

  test(
    "after a kill of both, two others go on: nothing is lost, nothing completed fetched again",
    async () => {
      await using site = await startSite();
      const both = await Promise.all([start(site), start(site)]);
      await until(() => site.total() > PAGES);
      await Promise.all(both.map((one) => one.end("SIGKILL")));
      // Redis reads what the processes had sent
      await new Promise((resolve) => setTimeout(resolve, 200));
      const completed = await inState(site, "completed"), active = await inState(site, "active");
      expect(completed.length).toBeGreaterThan(PAGES / 2);
      expect(completed.length).toBeLessThan(2 * PAGES);
      expect(active.length).toBeGreaterThan(0); // otherwise no page was in flight
      const asked = new Map(site.asked);
      const here = pagesHere(await Promise.all([run(site), run(site)]));
      expect(here[0]! + here[1]!).toBe(2 * (PAGES + 1) - completed.length);
      for (const url of completed) expect(site.asked.get(url), url).toEqual(asked.get(url));
      await isWhole(site, active);
    },
    LONG,
  );

  test("after a kill of one, the other finishes its pages as well", async () => {
    await using site = await startSite();
    const other = run(site), one = await start(site);
    await until(() => site.total() > PAGES);
    await one.end("SIGKILL");
    const active = await inState(site, "active"); // of both processes, since the owner is unknown
    pagesHere([await other]);
    await isWhole(site, active);
  }, LONG);

  test(
    "Ctrl-C ends a process after its pages in flight, so that no other has to wait",
    async () => {
      await using site = await startSite();
      const one = await start(site);
      await until(() => site.total() > PAGES);
      expect((await one.end("SIGINT")).at(-1)).toMatch(/^\d+ pages here; of all processes /);
      expect(await inState(site, "active")).toEqual([]);
      const completed = await inState(site, "completed"), begun = performance.now();
      expect(completed.length).toBeLessThan(2 * PAGES);
      expect(pagesHere([await run(site)])).toEqual([2 * (PAGES + 1) - completed.length]);
      expect(performance.now() - begun).toBeLessThan(10_000); // less than the lifetime of a lock
      await isWhole(site, []);
    },
    LONG,
  );

  test("a process goes on when it has lost its connections to Redis", async () => {
    await using site = await startSite();
    const running = run(site), admin = new Redis(redis);
    await until(() => site.total() > PAGES);
    const lost = await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(lost).toBeGreaterThan(2);
    const active = await inState(site, "active");
    await admin.quit();
    const { code, stdout } = await running;
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(`${2 * (PAGES + 1)} completed, 0 failed`),
    ]);
    await isWhole(site, active);
  }, LONG);
});

test("the crawler says in one sentence that there is no Redis", async () => {
  const args = ["redis://:secret@127.0.0.1:1", "100", "http://127.0.0.1:1/"];
  expect(await runChild(pathOf(NAME), { args })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "Cannot reach Redis at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n",
  });
});

test.for([
  [],
  ["redis://127.0.0.1:1", "100"],
  ["http://127.0.0.1:1", "100", "http://127.0.0.1:1/"],
  ["redis://127.0.0.1:1", "0", "http://127.0.0.1:1/"],
  ["redis://127.0.0.1:1", "100", "ftp://127.0.0.1:1/"],
  ["redis://127.0.0.1:1", "100", "http://127.0.0.1:1/", "x"],
])("the crawler says what it takes when it is given %j", async (args) => {
  expect(await runChild(pathOf(NAME), { args })).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "Usage: crawler.ts REDIS_URL MS_BETWEEN_REQUESTS_TO_A_HOST URL…\n",
  });
});

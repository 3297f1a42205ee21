// A crawler whose pages are in Redis, as jobs of BullMQ. Start it once for each core, on one or
// more machines: the processes share the pages, and the rate limit for each host. It stays on the
// hosts of its first URLs. Ctrl-C ends it after the pages in flight, and the same command
// continues.
//
// Whichever process is killed, and when: no page is lost, and no completed page is fetched again. A
// page is completed when its links and its result are in Redis, so an unfinished page of a killed
// process is fetched once more, some 20 seconds later. After 5 such processes a page counts as
// failed, and after 3 responses of 429, 5xx or none. If Redis itself may be killed, this holds as
// far as its `appendfsync` guarantees.
//
//   deno run -A examples/scale/crawler.ts redis://127.0.0.1:6379 1000 https://example.com/
//   bun examples/scale/crawler.ts redis://127.0.0.1:6379 1000 https://example.com/
//   > 200 https://example.com/
//   > 1 pages here; of all processes 1 completed, 0 failed
import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, fetch } from "curlew";

const [redisUrl = "", gap, ...urls] = process.argv.slice(2);
const has = (url: string, scheme: RegExp) => scheme.test(URL.parse(url)?.protocol ?? "");
const arePages = urls.length > 0 && urls.every((url) => has(url, /^https?:$/));
if (!has(redisUrl, /^rediss?:$/) || !(Number(gap) > 0) || !arePages) {
  console.error("Usage: crawler.ts REDIS_URL MS_BETWEEN_REQUESTS_TO_A_HOST URL…");
  process.exit(2);
}

const say = (error: Error) => console.error(error.message);
const connection = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: null });
connection.connect().catch(() => {}); // the event has the reason
try {
  await once(connection, "ready");
} catch (error) {
  console.error(`Cannot reach Redis at ${new URL(redisUrl).host}: ${(error as Error).message}`);
  process.exit(1);
}
connection.on("error", say); // from now on it reconnects

await using agent = new Agent({ maxHostConnections: 6 });
const prefix = "crawl", hosts = new Map<string, Queue>();
const defaultJobOptions = { attempts: 3, backoff: { type: "exponential", delay: 1000 } };
for (const host of new Set(urls.map((url) => new URL(url).host))) {
  hosts.set(host, new Queue(encodeURIComponent(host), { connection, prefix, defaultJobOptions }));
}

/** Adds pages of these hosts to Redis, except for those that it has already, completed or not. */
async function add(links: readonly string[], base?: string): Promise<void> {
  const pages = links.map((link) => URL.parse(link, base));
  for (const [host, queue] of hosts) {
    const own = pages.filter((page) => page?.protocol.startsWith("http") && page.host === host);
    const urls = new Set(own.map((page) => page!.href.replace(/#.*/s, "")));
    await queue.addBulk([...urls].map((url) => {
      const jobId = createHash("sha256").update(url).digest("hex");
      return { name: "page", data: { url }, opts: { jobId } };
    }));
  }
}

/** The URLs of the links on a page. */
function linksOf(page: string): string[] {
  const hrefs = page.matchAll(/<a\s[^>]*?href="([^"]*)"/gi);
  return [...hrefs].map(([, href = ""]) => href.replaceAll("&amp;", "&"));
}

let pages = 0;
async function crawl({ data: { url } }: Job<{ url: string }>): Promise<{ status: number }> {
  const init = { agent, timeout: 30_000, maxBodySize: 5_000_000, redirect: "manual" } as const;
  const response = await fetch(url, init), { status, headers } = response;
  const body = await response.text(), location = headers.get("location");
  if (status === 429 || status >= 500) throw new Error(`${status} ${url}`);
  const isPage = headers.get("content-type")?.startsWith("text/html");
  await add(location ? [location] : isPage ? linksOf(body) : [], url);
  console.log(status, url);
  pages++;
  return { status }; // this completes the page
}

/** The number of pages in one of these states. */
async function count(...states: ("waiting" | "active" | "delayed" | "completed" | "failed")[]) {
  const counts = await Promise.all(
    [...hosts.values()].map((queue) => queue.getJobCounts(...states)),
  );
  return counts.flatMap((one) => Object.values(one)).reduce((sum, value) => sum + value, 0);
}

/** Whether no page is left: no host had one, and none was finished while the counts were read. */
async function isDone(): Promise<boolean> {
  const before = await count("completed", "failed");
  const left = await count("waiting", "active", "delayed");
  return left === 0 && before === await count("completed", "failed");
}

await add(urls);
const workers = [...hosts.values()].map(({ name }) =>
  new Worker(name, crawl, {
    ...{ connection, prefix, concurrency: 6, limiter: { max: 1, duration: Number(gap) } },
    ...{ lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 5 },
  }).on("failed", (_job, error) => say(error)).on("error", say)
);
let isStopped = false;
process.once("SIGINT", () => isStopped = true);
while (!isStopped && !await isDone()) await sleep(250);
await Promise.all(workers.map((worker) => worker.close()));
const [completed, failed] = [await count("completed"), await count("failed")];
console.log(`${pages} pages here; of all processes ${completed} completed, ${failed} failed`);
await Promise.all([...hosts.values()].map((queue) => queue.close()));
await connection.quit();

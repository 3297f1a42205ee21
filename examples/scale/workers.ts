// Uses all cores of a machine: one Worker for each, with an Agent of its own, since an Agent runs
// in the thread that made it. The Workers fetch pages and count their words; the main thread
// distributes the URLs, a few ahead, and adds the counts at the end.
//
//   deno run --allow-ffi --allow-read examples/scale/workers.ts 2 https://example.com/ https://example.org/
//   bun examples/scale/workers.ts 2 https://example.com/ https://example.org/
//   > 2 pages with … words in … s, by 2 Workers
//   > domain: 4
//   > example: 4
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMainThread, type MessagePort, parentPort, Worker } from "node:worker_threads";
import { Agent, fetch } from "curlew";

/** The number of simultaneous pages of a Worker: one is parsed while others arrive. */
const AT_ONCE = 8;
type Words = Map<string, number>;

const segmenter = new Intl.Segmenter("en", { granularity: "word" });

/** Counts the words of a page: the work for which one core would be too slow. */
function count(page: string, words: Words): void {
  const text = page.replaceAll(/<(script|style)\b.*?<\/\1>|<[^>]*>|&\w+;/gis, " ").toLowerCase();
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike) words.set(segment, (words.get(segment) ?? 0) + 1);
  }
}

/** Runs in a Worker: answers a URL with its error or null, and null with all counts, and ends. */
function serve(port: MessagePort): void {
  const agent = new Agent(), words: Words = new Map();
  port.on("message", async (url: string | null) => {
    if (url === null) {
      await agent.close();
      return port.postMessage(words);
    }
    try {
      const response = await fetch(url, { agent, timeout: 60_000 });
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      count(await response.text(), words);
      port.postMessage("");
    } catch (error) {
      port.postMessage((error as Error).message);
    }
  });
}

/** Starts a Worker for URLs of a shared iterator. Returns its counts and number of failures. */
function start(urls: Iterator<string>): Promise<{ words: Words; failed: number }> {
  const worker = new Worker(fileURLToPath(import.meta.url));
  let given = 0, failed = 0;
  const give = () => {
    const { done, value } = urls.next();
    if (!done) worker.postMessage(value);
    if (!done) given++;
    else if (given === 0) worker.postMessage(null);
  };
  return new Promise((resolve, reject) => {
    worker.once("error", reject).on("message", (message: string | Words) => {
      if (typeof message !== "string") {
        resolve({ words: message, failed });
        return worker.terminate();
      }
      if (message) failed++, console.error(message);
      given--;
      give();
    });
    worker.once("online", () => {
      give();
      for (let ahead = 1; ahead < AT_ONCE && given > 0; ahead++) give();
    });
  });
}

async function main(): Promise<void> {
  const [number, ...urls] = process.argv.slice(2);
  if (!(Number(number) >= 1)) throw new Error("Usage: workers.ts NUMBER_OF_WORKERS URL…");
  const begun = performance.now(), waiting = urls.values(), words: Words = new Map();
  const workers = Array.from({ length: Number(number) }, () => start(waiting));
  let failed = 0;
  for (const each of await Promise.all(workers)) {
    for (const [word, times] of each.words) words.set(word, (words.get(word) ?? 0) + times);
    failed += each.failed;
  }
  const all = [...words.values()].reduce((sum, times) => sum + times, 0);
  const seconds = ((performance.now() - begun) / 1000).toFixed(2), pages = urls.length - failed;
  console.log(`${pages} pages with ${all} words in ${seconds} s, by ${workers.length} Workers`);
  const top = [...words].sort(([a, i], [b, j]) => j - i || (a < b ? -1 : 1)).slice(0, 5);
  for (const [word, times] of top) console.log(`${word}: ${times}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (isMainThread) await main();
else serve(parentPort!);

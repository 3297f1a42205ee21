// Workers for the cores of a machine; scale/crawler.ts needs a Redis, and is in test/servers.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { example } from "./support.ts";

const PAGES = 60;
const asked = new Map<string, number>();
/** Page n has the word "all" and n times "some". */
const server = createServer(({ url }, response) => {
  const page = Number(url!.slice(1));
  asked.set(url!, (asked.get(url!) ?? 0) + 1);
  if (Number.isNaN(page)) return response.writeHead(404).end();
  response.end(`<title>All</title><script>no()</script><p class="no">${"some ".repeat(page)}&amp;`);
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const some = (PAGES * (PAGES + 1)) / 2;

test.for([1, 2, 3])(
  "workers.ts counts the words of each page once, by %i Workers",
  async (count) => {
    asked.clear();
    const urls = Array.from({ length: PAGES }, (_, page) => `${origin()}/${page + 1}`);
    const { code, stdout, stderr } = await example("scale/workers.ts", String(count), ...urls);
    expect([code, stderr]).toEqual([0, ""]);
    const [first, ...words] = stdout.trimEnd().split("\n");
    expect(first).toMatch(
      new RegExp(`^${PAGES} pages with ${PAGES + some} words in [\\d.]+ s, by ${count} Workers$`),
    );
    expect(words).toEqual([`some: ${some}`, `all: ${PAGES}`]);
    expect([...asked.values()]).toEqual(urls.map(() => 1));
  },
);

test("workers.ts names what failed, and goes on", async () => {
  const urls = ["http://127.0.0.1:1/", `${origin()}/x`, `${origin()}/2`];
  const { code, stdout, stderr } = await example("scale/workers.ts", "2", ...urls);
  expect([code, stdout.split(" words")[0]]).toEqual([1, "1 pages with 3"]);
  expect(stderr).toContain("CURLE_COULDNT_CONNECT");
  expect(stderr).toContain(`${origin()}/x: 404\n`);
});

test.for([[], ["0"], ["http://127.0.0.1:1/"]])(
  "workers.ts says what it takes: %j",
  async (args) => {
    const { code, stderr } = await example("scale/workers.ts", ...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining("Usage: workers.ts NUMBER_OF")]);
  },
);

test("workers.ts ends where there is nothing to do", async () => {
  const { code, stdout } = await example("scale/workers.ts", "2");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^0 pages with 0 words in .*\n$/)]);
});

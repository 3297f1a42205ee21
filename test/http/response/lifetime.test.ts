// What a Response that nobody reads does to its connection and to the process.
import { expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";

/** A server keeps its connections for a minute; in ms. */
const AT_ONCE = 5000;

const server = useServer("http", "unix");

/** Garbage is collected only where the runtime is told that it may be. */
const env = { DENO_V8_FLAGS: "--expose-gc" };

const HELPERS = `
const stats = async () => {
  const curl = { UNIX_SOCKET_PATH: ports.unix };
  return (await (await ask("http://x/stats/all", { curl })).json()).http;
};
const closed = async (count) => {
  for (let i = 0; i < 100 && (await stats()).open > count; i++) {
    globalThis.junk = new Uint8Array(1 << 20);
    collect();
    await sleep(20);
  }
  return (await stats()).open <= count;
};`;

test("a forgotten Response ends its transfer, full or not", async () => {
  const child = await inChild(
    server,
    `${HELPERS}
    for (const path of ["/bytes/2147483648", "/slow/1000/100"]) {
      const before = await stats();
      await (async () => {
        for (let i = 0; i < 5; i++) await fetch(base + path, { curl: { FRESH_CONNECT: 1 } });
      })();
      const made = (await stats()).connections - before.connections; // some may be closed already
      await sleep(50);
      // a conservative stack may still point to the last one
      say([path, made, await closed(before.open + 1)]);
    }
    process.exit(0);`,
    { env },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.said).toEqual([["/bytes/2147483648", 5, true], ["/slow/1000/100", 5, true]]);
});

test("a body that is being read is not forgotten", async () => {
  const child = await inChild(
    server,
    `const read = async () => {
      const response = await fetch(base + "/slow/20/50");
      return (await response.bytes()).length;
    };
    const iterate = async () => {
      let size = 0;
      for await (const chunk of (await fetch(base + "/slow/20/50")).body) size += chunk.length;
      return size;
    };
    const timer = setInterval(() => {
      globalThis.junk = new Uint8Array(1 << 20);
      collect();
    }, 10);
    say(await Promise.all([read(), iterate(), read(), iterate()]));
    clearInterval(timer);`,
    { env },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.said).toEqual([[20, 20, 20, 20]]);
});

test("a body that is not read does not keep the process alive", async () => {
  const child = await inChild(
    server,
    `globalThis.kept = await fetch(base + "/bytes/2147483648");
    await sleep(300);
    mark();`,
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.exitMs).toBeLessThan(AT_ONCE);
});

test("a body that is being read does", async () => {
  const child = await inChild(
    server,
    `fetch(base + "/slow/10/50").then((response) => response.text()).then((t) => say(t.length));`,
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.said).toEqual([10]);
});

test("idle connections do not", async () => {
  const child = await inChild(
    server,
    `await Promise.all([1, 2, 3].map(async () => (await fetch(base + "/small")).text()));
    mark();`,
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.exitMs).toBeLessThan(AT_ONCE);
});

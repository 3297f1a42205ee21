// Bodies that unpack far. libcurl unpacks a whole read at once and keeps 64 MiB of it for a transfer
// that is paused: so nothing of curlew's own may pause in the middle of more.
import process from "node:process";
import { describe, expect, test } from "vitest";
import { Agent, constants, Easy, type EasyOptions, fetchSync, transferInfo } from "../../../mod.ts";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import type { UrlKind } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { codeOf, failure, get, hasFeature, sleep, until } from "../support.ts";

const server = useServer("http", "h2");

/** The size by which CPU time is measured, and one that is a little more than libcurl keeps. */
const FAR = 100_000_000, TOO_FAR = 70_000_000;
const SLOW = { timeout: 120_000 };
const UNVERIFIED: EasyOptions = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };

const hasBrotli = hasFeature(constants.CURL_VERSION_BROTLI);
const hasZstd = hasFeature(constants.CURL_VERSION_ZSTD);
const isKnown = (encoding: string) =>
  encoding === "br" ? hasBrotli : encoding === "zstd" ? hasZstd : true;
const encodings: string[] = ["gzip", "deflate", "br", "zstd", "gzip, gzip"].filter(isKnown);

/** The URL of a body: `test/server/routes/unpack.mjs`. */
function urlOf(
  kind: string,
  size: number,
  encoding: string,
  framing = "length",
  scheme: UrlKind = "http",
): string {
  return server.url(`/unpack/${kind}/${size}/${encodeURIComponent(encoding)}/${framing}`, scheme);
}

/** `fetch` with a minute, which large bodies need on a busy machine. */
const ask = (url: string, init: FetchInit = {}) => get(url, { timeout: 60_000, ...init });

async function read(url: string, init: FetchInit = {}): Promise<number> {
  let size = 0;
  for await (const chunk of (await ask(url, init)).body!) size += chunk.length;
  return size;
}

async function perform(agent: Agent, url: string, curl: EasyOptions = {}): Promise<number> {
  using easy = new Easy();
  let size = 0;
  easy.setOpts({
    URL: url,
    ACCEPT_ENCODING: "",
    TIMEOUT_MS: 60_000,
    WRITEFUNCTION: (bytes) => (size += bytes.length, bytes.length),
    ...curl,
  });
  await agent.perform(easy);
  return size;
}

/** The ways to receive a body, and how many bytes come. */
const ways: Record<string, (url: string, curl?: EasyOptions) => Promise<number>> = {
  "text()": async (url, curl = {}) => (await (await ask(url, { curl })).text()).length,
  "arrayBuffer()": async (url, curl = {}) =>
    (await (await ask(url, { curl })).arrayBuffer()).byteLength,
  "a reader": (url, curl = {}) => read(url, { curl }),
  "a reader with a buffer of its own": async (url, curl = {}) => {
    // with a signal the body is a byte stream, also one that has arrived whole on Bun
    const { signal } = new AbortController();
    const reader = (await ask(url, { curl, signal })).body!.getReader({ mode: "byob" });
    let size = 0;
    for (let buffer = new Uint8Array(100_000);;) {
      const { done, value } = await reader.read(buffer);
      if (done) return size;
      size += value.length;
      buffer = new Uint8Array(value.buffer);
    }
  },
  "Agent.perform": async (url, curl = {}) => {
    await using agent = new Agent();
    return await perform(agent, url, curl);
  },
};

/** On a busy machine five attempts were not always enough. */
const ATTEMPTS = 15;

/** The CPU time of this process that a call takes, in milliseconds. */
async function cpuOf(call: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * Expects that a call takes no more CPU than `limit` of that of the other. Other threads of the
 * process work too, and the first calls compile, so it has some attempts.
 */
async function expectCpu(
  call: () => unknown,
  other: () => unknown,
  limit: (ms: number) => number,
): Promise<void> {
  let least = Infinity, most = 0;
  for (let i = 0; i < ATTEMPTS && least >= limit(most); i++) {
    least = Math.min(least, await cpuOf(call));
    most = Math.max(most, await cpuOf(other));
  }
  expect(least).toBeLessThan(limit(most));
}

const measured: [kind: string, size: number, encoding: string][] = [
  ["zeros", FAR, "gzip"],
  ["zeros", FAR, "br"],
  ["zeros", FAR, "zstd"],
  ["lines", 73_000_000, "br"],
];

describe.each(measured.filter(([, , encoding]) => isKnown(encoding)))(
  "%s, %i bytes by %s",
  (kind, size, encoding) => {
    test.each(Object.keys(ways))(
      "by %s, in one and a half times the CPU of fetchSync",
      SLOW,
      async (way) => {
        const url = urlOf(kind, size, encoding);
        // fetchSync never pauses and holds all of the body, but it does not make text of it
        const bytes = new Uint8Array(size);
        const text = way === "text()" ? await cpuOf(() => new TextDecoder().decode(bytes)) : 0;
        await expectCpu(
          async () => expect(await ways[way]!(url)).toBe(size),
          () => expect(fetchSync(url).body.length).toBe(size),
          (ms) => 1.5 * ms + text,
        );
      },
    );
  },
);

describe("whole, whatever the body", () => {
  const cases = encodings.flatMap((encoding) =>
    ["mixed", "zeros"].flatMap((kind) =>
      ["length", "chunks"].map((framing) => ({ encoding, kind, framing }))
    )
  );
  test.each(cases)("$kind by $encoding, $framing", SLOW, async ({ kind, encoding, framing }) => {
    const url = urlOf(kind, TOO_FAR, encoding, framing);
    expect(await ways["a reader"]!(url)).toBe(TOO_FAR);
    expect(await ways["Agent.perform"]!(url)).toBe(TOO_FAR);
  });

  test.each(encodings)("by %s over HTTP/2", SLOW, async (encoding) => {
    const url = urlOf("mixed", TOO_FAR, encoding, "length", "h2");
    for (const way of ["arrayBuffer()", "a reader", "Agent.perform"]) {
      expect(await ways[way]!(url, UNVERIFIED), way).toBe(TOO_FAR);
    }
  });

  test.each(encodings)("by %s with a BUFFERSIZE of the user's", SLOW, async (encoding) => {
    const url = urlOf("mixed", TOO_FAR, encoding);
    for (const BUFFERSIZE of [1024, 512 * 1024]) {
      expect(await ways["a reader"]!(url, { BUFFERSIZE }), `${BUFFERSIZE}`).toBe(TOO_FAR);
    }
    expect(await ways["Agent.perform"]!(url, { BUFFERSIZE: 512 * 1024 })).toBe(TOO_FAR);
  });

  test("for a reader that stops in the middle for a while", SLOW, async () => {
    for (const encoding of encodings) {
      let size = 0, next = 1_000_000;
      for await (const chunk of (await ask(urlOf("mixed", TOO_FAR, encoding))).body!) {
        size += chunk.length;
        if (size < next) continue;
        next *= 10;
        await sleep(50);
      }
      expect(size, encoding).toBe(TOO_FAR);
    }
  });

  test("a reader that goes away ends its transfer", SLOW, async () => {
    await using agent = new Agent();
    for (const encoding of encodings) {
      const { body } = await ask(urlOf("zeros", TOO_FAR, encoding), { agent });
      const reader = body!.getReader();
      await reader.read();
      await reader.cancel();
    }
    await until(() => agent.active === 0);
    expect(agent.active).toBe(0);
  });
});

/** Endless downloads beside something, which go on meanwhile. */
async function besideDownloads(
  agent: Agent,
  count: number,
  call: () => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  let bytes = 0;
  const running = Array.from({ length: count }, async () => {
    using easy = new Easy();
    easy.setOpts({
      URL: server.url("/bytes/1000000000000"),
      WRITEFUNCTION: (piece) => (bytes += piece.length, piece.length),
    });
    await failure(agent.perform(easy, controller));
  });
  await until(() => bytes > 0);
  const before = bytes;
  try {
    await call();
    expect(bytes).toBeGreaterThan(before);
  } finally {
    controller.abort();
    await Promise.all(running);
  }
}

describe.each(encodings)("beside others, by %s", (encoding) => {
  test("the body is whole, and endless downloads go on", SLOW, async () => {
    await using agent = new Agent();
    const url = urlOf("mixed", TOO_FAR, encoding);
    await besideDownloads(agent, 4, async () => {
      expect(await perform(agent, url)).toBe(TOO_FAR);
      expect(await read(url, { agent })).toBe(TOO_FAR);
    });
  });

  test("timers and small requests go on", SLOW, async () => {
    await using agent = new Agent();
    let done = false, ticks = 0, small = 0;
    const timer = setInterval(() => ticks++, 1);
    const url = urlOf("mixed", TOO_FAR, encoding, "chunks"); // several reads, however small
    const large = Promise.all([1, 2, 3].map(() => read(url, { agent }))).then((sizes) => {
      done = true;
      return sizes;
    });
    while (!done) {
      await (await ask(server.url("/small"), { agent })).text();
      if (!done) small++;
    }
    clearInterval(timer);
    expect(await large).toEqual([TOO_FAR, TOO_FAR, TOO_FAR]);
    expect(small).toBeGreaterThan(1);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe("maxBodySize", () => {
  const LIMIT = 1_000_000, TIMES = 20;

  async function bombs(url: string): Promise<void> {
    for (let i = 0; i < TIMES; i++) {
      const error = await failure((async () => {
        await (await ask(url, { maxBodySize: LIMIT })).arrayBuffer();
      })());
      expect(codeOf(error)).toBe("CURLE_FILESIZE_EXCEEDED");
    }
  }

  function bombsSync(url: string): void {
    for (let i = 0; i < TIMES; i++) {
      expect(() => fetchSync(url, { maxBodySize: LIMIT })).toThrow("larger than maxBodySize");
    }
  }

  async function bodies(url: string): Promise<void> {
    for (let i = 0; i < TIMES; i++) {
      const response = await ask(url, { maxBodySize: LIMIT });
      expect((await response.arrayBuffer()).byteLength).toBe(LIMIT);
    }
  }

  const cases = encodings.flatMap((encoding) =>
    ["zeros", "mixed"].map((kind) => ({ encoding, kind }))
  );
  test.each(cases)(
    "ends $kind by $encoding within twice the CPU of a body of that size",
    SLOW,
    async ({ encoding, kind }) => {
      const url = urlOf(kind, FAR, encoding), least = urlOf(kind, LIMIT, encoding);
      // the decoder of brotli unpacks megabytes before it gives any to libcurl
      const other = encoding === "br" ? () => bombsSync(url) : () => bodies(least);
      await expectCpu(() => bombs(url), other, (ms) => 2 * ms);
    },
  );

  test("lets a body of that size through, however far it unpacks", SLOW, async () => {
    for (const encoding of encodings) {
      const response = await ask(urlOf("zeros", FAR, encoding), { maxBodySize: FAR });
      expect((await response.arrayBuffer()).byteLength, encoding).toBe(FAR);
    }
  });
});

const farther = ["br", "zstd"].filter(isKnown);
test.skipIf(farther.length === 0)(
  "what unpacks to more than 256 MiB at once has an error, and costs no more memory",
  SLOW,
  async () => {
    const child = await inChild(
      server,
      `const { readFileSync } = await import("node:fs");
      const highest = () => /VmHWM:\\s*(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1];
      const before = highest();
      for (const encoding of ${JSON.stringify(farther)}) {
        try {
          let size = 0;
          const response = await fetch(base + "/unpack/zeros/1000000000/" + encoding + "/length");
          for await (const chunk of response.body) size += chunk.length;
          say(["whole", size]);
        } catch (error) {
          say([error.name, error.cause?.codeName, error.message]);
        }
        say((await (await fetch(base + "/small")).json()).ok);
      }
      say((highest() - before) / 1024);`,
      { timeoutMs: 110_000 },
    );
    expect(child, child.stderr).toMatchObject({ code: 0 });
    const memory = child.said.pop() as number;
    for (const encoding of farther) {
      const [error, alive] = child.said.splice(0, 2) as [string[], boolean];
      expect(error.slice(0, 2), encoding).toEqual(["TypeError", "CURLE_TOO_LARGE"]);
      expect(error[2]).toContain("256 MiB");
      expect(alive).toBe(true);
    }
    expect(memory).toBeLessThan(450);
  },
);

describe.each(farther)("a maxBodySize of the caller's is the only limit, by %s", (encoding) => {
  const SIZE = 300_000_000;
  const bomb = (maxBodySize?: number | null) =>
    ask(
      urlOf("zeros", SIZE, encoding),
      maxBodySize === undefined ? {} : { maxBodySize } as FetchInit,
    );

  test.each([SIZE, Infinity])("%d lets more than 256 MiB through", SLOW, async (limit) => {
    expect((await (await bomb(limit)).arrayBuffer()).byteLength).toBe(SIZE);
    let size = 0;
    for await (const chunk of (await bomb(limit)).body!) size += chunk.length;
    expect(size).toBe(SIZE);
  });

  test("a lower one ends the body with its own message", SLOW, async () => {
    for (const limit of [SIZE - 1, 280_000_000]) {
      const error = await failure((async () => (await bomb(limit)).arrayBuffer())());
      expect(codeOf(error)).toBe("CURLE_FILESIZE_EXCEEDED");
      expect((error as Error).message).toContain(`maxBodySize, ${limit} bytes`);
    }
  });

  test("without one the message names what helps", SLOW, async () => {
    for (const none of [undefined, null]) {
      const error = await failure((async () => (await bomb(none)).arrayBuffer())());
      expect(codeOf(error)).toBe("CURLE_TOO_LARGE");
      expect((error as Error).message).toContain("set maxBodySize to the size that you accept");
    }
  });
});

test.each(encodings)("a body by %s that is not read stops its server", SLOW, async (encoding) => {
  await using agent = new Agent();
  const response = await ask(urlOf("noise", 50_000_000, encoding), { agent });
  await sleep(1000);
  const { bytesIn } = transferInfo(response), { turns } = agent.stats;
  await sleep(200);
  expect(transferInfo(response).bytesIn).toBe(bytesIn);
  expect(bytesIn).toBeLessThan(10_000_000);
  expect(agent.stats.turns - turns).toBeLessThan(150); // libcurl 8.14 would have the loop spin
  await response.body!.cancel();
});

test("CURL_WRITEFUNC_PAUSE of the user's own keeps libcurl's meaning", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  let calls = 0, size = 0;
  easy.setOpts({
    URL: urlOf("zeros", 10_000_000, "gzip"),
    ACCEPT_ENCODING: "",
    TIMEOUT_MS: 20_000,
    WRITEFUNCTION: (bytes) => {
      if (calls++ === 0) return constants.CURL_WRITEFUNC_PAUSE;
      size += bytes.length;
      return bytes.length;
    },
  });
  const running = agent.perform(easy);
  await until(() => calls > 0);
  await sleep(50);
  expect([calls, size]).toEqual([1, 0]);
  easy.pause(constants.CURLPAUSE_CONT);
  await running;
  expect(size).toBe(10_000_000);
});

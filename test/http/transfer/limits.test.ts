// init.timeout, connectTimeout, maxBodySize, onProgress, and libcurl's own limits of speed.
import net from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fetch } from "../../../src/http/fetch.ts";
import type { FetchInit, FetchProgress } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { codeOf, failure, get, record, sleep } from "../support.ts";
import { libcurl } from "../../versions.ts";

const server = useServer("http", "silent");

/** A busy machine is late, but not by this many ms. */
const SOON = 4000;

/** What a fetch fails with, and after how many milliseconds. */
async function fails(
  url: string,
  init: FetchInit,
): Promise<[code: string | undefined, ms: number]> {
  const started = performance.now();
  const error = await failure(fetch(url, init));
  expect(error).toBeInstanceOf(TypeError);
  return [codeOf(error), performance.now() - started];
}

describe("a timeout", () => {
  test("ends a fetch that gets no answer", async () => {
    const [code, ms] = await fails(server.url("/hold"), { timeout: 200 });
    expect(code).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(ms).toBeGreaterThan(180);
    expect(ms).toBeLessThan(SOON);
  });

  test("counts until the end of the body, which then fails", async () => {
    const started = performance.now();
    const response = await fetch(server.url("/slow/100/50"), { timeout: 300 });
    const error = await failure(response.text());
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(performance.now() - started).toBeLessThan(SOON);
  });

  test("counts while the body is not read", async () => {
    const response = await fetch(server.url("/bytes/2147483648"), { timeout: 200 });
    await sleep(400);
    let size = 0;
    const error = await failure((async () => {
      for await (const chunk of response.body!) size += chunk.length;
    })());
    expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(size).toBeGreaterThan(100_000); // what had come before
  });

  test("counts all redirects together", async () => {
    const url = server.url(`/redirect-to?url=${encodeURIComponent("/delay/5000")}`);
    const [code, ms] = await fails(url, { timeout: 300 });
    expect(code).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(ms).toBeLessThan(SOON);
  });

  test("of nothing, or of zero, is none", async () => {
    expect((await fetch(server.url("/delay/100"), { timeout: 0 })).status).toBe(200);
    expect((await fetch(server.url("/delay/100"), { timeout: 5000.5 })).status).toBe(200);
  });

  test("for the connection ends with TLS", async () => {
    const silent = `https://127.0.0.1:${server.silent}/`;
    const [code, ms] = await fails(silent, { connectTimeout: 200, timeout: 5000 });
    expect(code).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(ms).toBeLessThan(SOON);
    const plain = `http://127.0.0.1:${server.silent}/`;
    const [, longer] = await fails(plain, { connectTimeout: 100, timeout: 400 });
    expect(longer).toBeGreaterThan(350);
  });

  test("that is no number is refused", async () => {
    for (const timeout of [-1, NaN, Infinity, "5", null]) {
      for (const init of [{ timeout }, { connectTimeout: timeout }]) {
        if (timeout === null && "timeout" in init) continue; // as if it were not there
        const error = await failure(fetch(server.url("/small"), init as never));
        expect(error).toBeInstanceOf(TypeError);
      }
    }
  });
});

describe("maxBodySize", () => {
  test("lets through what is no larger", async () => {
    const response = await get(server.url("/bytes/1000"), { maxBodySize: 1000 });
    expect((await response.bytes()).length).toBe(1000);
  });

  test("fails the body that is larger, read or not", async () => {
    for (const pause of [0, 100]) {
      for (const path of ["/bytes/3000000", "/chunked/3000000"]) {
        const response = await get(server.url(path), { maxBodySize: 1_000_000 });
        await sleep(pause);
        let size = 0;
        const error = await failure((async () => {
          for await (const chunk of response.body!) size += chunk.length;
        })());
        expect(error).toBeInstanceOf(TypeError);
        expect(codeOf(error)).toBe("CURLE_FILESIZE_EXCEEDED");
        expect(String(error)).toContain("maxBodySize, 1000000 bytes");
        expect(size).toBeLessThanOrEqual(1_000_000);
      }
    }
  });

  test("fails at once where more is announced, however slowly it comes", async () => {
    const slow = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000\r\n\r\nfirst");
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const { port } = slow.address() as net.AddressInfo, started = performance.now();
    const init = { maxBodySize: 1000, timeout: 2 * SOON };
    const response = await get(`http://127.0.0.1:${port}/`, init);
    expect(codeOf(await failure(response.text()))).toBe("CURLE_FILESIZE_EXCEEDED");
    expect(performance.now() - started).toBeLessThan(SOON);
    slow.close();
  });

  test("counts decoded bytes, not those that are announced", async () => {
    const packed = gzipSync(crypto.getRandomValues(new Uint8Array(1000)));
    expect(packed.length).toBeGreaterThan(1000);
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}`;
    await using packing = await record(`${head}\r\n\r\n${packed.toString("latin1")}`);
    const response = await get(packing.url, { maxBodySize: 1000 });
    expect((await response.bytes()).length).toBe(1000);
  });

  test("counts decoded bytes", async () => {
    const response = await get(server.url("/gzip"), { maxBodySize: 500 });
    expect(response.headers.get("content-length")).toMatch(/^\d\d$/);
    expect(codeOf(await failure(response.text()))).toBe("CURLE_FILESIZE_EXCEEDED");
  });
});

describe("onProgress", () => {
  test("tells how much was received and sent", async () => {
    const seen: FetchProgress[] = [];
    const body = new Blob([new Uint8Array(2_000_000)]);
    const init = { method: "POST", body, onProgress: (now: FetchProgress) => seen.push(now) };
    await (await get(server.url("/sink"), init)).text();
    expect(seen.at(-1)).toMatchObject({ uploaded: 2_000_000, uploadTotal: 2_000_000 });
    seen.length = 0;
    await (await get(server.url("/bytes/2000000"), { onProgress: (now) => seen.push(now) }))
      .bytes();
    expect(seen.at(-1)).toEqual({
      downloaded: 2_000_000,
      downloadTotal: 2_000_000,
      uploaded: 0,
      uploadTotal: null,
    });
    expect(seen.map(({ downloaded }) => downloaded))
      .toEqual(seen.map(({ downloaded }) => downloaded).toSorted((a, b) => a - b));
  });

  test("that throws ends the fetch with that as the cause of its cause", async () => {
    const thrown = new Error("mine");
    const onProgress = () => {
      throw thrown;
    };
    const error = await failure(get(server.url("/small"), { onProgress })) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error)).toBe("CURLE_ABORTED_BY_CALLBACK");
    expect((error.cause as Error).cause).toBe(thrown);
  });
});

describe("libcurl's own limits", () => {
  const { limitsPaused } = libcurl; // what is read too slowly is paused, as is an upload
  test.skipIf(!limitsPaused.holds)(
    `MAX_RECV_SPEED_LARGE slows down${limitsPaused.note}`,
    async () => {
      const curl = { MAX_RECV_SPEED_LARGE: 500_000 }, started = performance.now();
      await (await get(server.url("/bytes/700000"), { curl })).bytes();
      expect(performance.now() - started).toBeGreaterThan(400);
    },
  );

  test.skipIf(!limitsPaused.holds)(
    `MAX_SEND_SPEED_LARGE slows down${limitsPaused.note}`,
    async () => {
      const curl = { MAX_SEND_SPEED_LARGE: 500_000 }, body = new Uint8Array(700_000);
      for (const sent of [body, new Blob([body]), new Blob([body]).stream()]) {
        const started = performance.now();
        await (await get(server.url("/sink"), { method: "PUT", body: sent, curl })).text();
        expect(performance.now() - started).toBeGreaterThan(400);
      }
    },
  );

  test("LOW_SPEED_LIMIT and LOW_SPEED_TIME end what is too slow", async () => {
    const curl = { LOW_SPEED_LIMIT: 1000, LOW_SPEED_TIME: 1 };
    const response = await get(server.url("/slow/1000/50"), { curl });
    expect(codeOf(await failure(response.text()))).toBe("CURLE_OPERATION_TIMEDOUT");
  });

  test("MAXFILESIZE_LARGE refuses by the length told", async () => {
    const curl = { MAXFILESIZE_LARGE: 1000 };
    const error = await failure((async () => {
      await (await get(server.url("/bytes/2000"), { curl })).text();
    })());
    expect(codeOf(error)).toBe("CURLE_FILESIZE_EXCEEDED");
  });
});

// Bodies that are whole files, which libcurl's READFUNCTION reads from the disk: Bun.file(), and the
// paths of upload().
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { constants, upload } from "../../../mod.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { useFolder, useServer } from "../../use.ts";
import { ALPN, having } from "../../versions.ts";
import { descriptors, echo, failure, get, isBun, sent, sleep, until } from "../support.ts";

type Named = Blob & { name?: string };
const { Bun } = globalThis as unknown as { Bun: { file(path: string): Named } };

const folder = useFolder("whole");
const server = useServer("http", "h2", "silent");

/** Whether a function can run when the connection is there and the request is not sent yet. */
const hasPrereq = having("PREREQFUNCTION").holds;

const contentOf = (size: number, seed = 0) =>
  Uint8Array.from({ length: size }, (_, i) => i * 7 + (i >> 8) + seed);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function fileOf(content: Uint8Array | string, name = "file"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const plain = () => ({}), h2 = () => ({ CAINFO: server.ca, ...ALPN });
const digest = { HTTPAUTH: constants.CURLAUTH_DIGEST, USERPWD: "user:pass" };

type Way = readonly [what: string, url: () => string, curl: () => FetchCurlOptions];

/** The ways to send a body once or several times, with the URL that answers like `/echo`. */
const WAYS: readonly Way[] = [
  ["by HTTP/1.1", () => server.url("/echo"), plain],
  ["by HTTP/2", () => server.url("/echo", "h2"), h2],
  ["after a redirect", () => server.url("/redirect-to?status=307&url=/echo"), plain],
  ["after a redirect of HTTP/2", () => server.url("/redirect-to?status=308&url=/echo", "h2"), h2],
];

describe.skipIf(!isBun)("Bun.file() (Deno has none)", () => {
  for (const [what, url, curl] of WAYS) {
    test(`arrives ${what}, whatever its size`, async () => {
      for (const size of [1, 65_535, 65_536, 65_537, 262_144, 262_145, 3_000_001]) {
        const content = contentOf(size), body = Bun.file(fileOf(content));
        const arrived = await echo(url(), { method: "PUT", body, curl: curl() });
        expect([arrived.length, arrived.sha256], String(size)).toEqual([size, sha256(content)]);
        expect(sent(arrived, "content-length")).toEqual([String(size)]);
      }
    });
  }

  test("is sent again for a digest authentication", async () => {
    for (const size of [10, 300_000]) {
      const body = Bun.file(fileOf(contentOf(size)));
      const url = server.url("/digest/user/pass");
      const response = await get(url, { method: "POST", body, curl: digest });
      expect(await response.json()).toEqual({ authenticated: true, user: "user" });
    }
  });

  test("is the file that it was made for, whatever its name says now", async () => {
    const own = contentOf(100_000), other = contentOf(100_000, 5);
    for (const name of ["other", "none", "a\0b", "\ud800", ""]) {
      const body = Bun.file(fileOf(own));
      if (name === "other") fileOf(other, name);
      body.name = name && join(folder, name);
      const arrived = await echo(server.url("/echo"), { method: "PUT", body });
      expect(arrived.sha256, name).toBe(sha256(own));
    }
  });

  test.skipIf(!hasPrereq)("may have a relative path, in the folder of the call", async () => {
    const own = contentOf(100_000), before = process.cwd();
    mkdirSync(join(folder, "inner"));
    fileOf(own, "relative");
    fileOf(contentOf(100_000, 5), "inner/relative");
    const PREREQFUNCTION = () => {
      process.chdir(join(folder, "inner"));
      return constants.CURL_PREREQFUNC_OK;
    };
    process.chdir(folder);
    try {
      const init = { method: "PUT", body: Bun.file("relative"), curl: { PREREQFUNCTION } };
      expect((await echo(server.url("/echo"), init)).sha256).toBe(sha256(own));
    } finally {
      process.chdir(before);
    }
  });

  test("that is deleted meanwhile is sent as it was, or fails", async () => {
    const own = contentOf(100_000),
      microtasks = async (count: number) => {
        for (let i = 0; i < count; i++) await null;
      };
    const delays = [
      ...[0, 1, 2, 3, 5, 10].map((count) => () => microtasks(count)),
      ...[0, 1, 2, 4].map((ms) => () => sleep(ms)),
      () => new Promise((resolve) => setImmediate(resolve)),
    ];
    for (const [i, delay] of [...delays, ...delays, ...delays].entries()) {
      const path = fileOf(own, "deleted");
      const body = i % 2 ? Bun.file(path) : Bun.file(path).slice(0, 100_000);
      const sending = echo(server.url("/echo"), { method: "PUT", body });
      const ended = sending.then(({ sha256 }) => sha256, (error: Error) => error.message);
      await delay();
      rmSync(path);
      const end = await ended;
      if (end !== sha256(own)) expect(end, String(i)).toMatch(/ENOENT|No such file/);
    }
  });

  test("a slice is sent as that slice, also where it claims the size of the whole", async () => {
    const content = contentOf(200_000), path = fileOf(content);
    for (
      const [from, to] of [[0, 200_000], [50_000, 250_000], [1, 200_000], [0, 199_999]] as const
    ) {
      const body = Bun.file(path).slice(from, to);
      const arrived = await echo(server.url("/echo"), { method: "PUT", body });
      expect(arrived.sha256, `${from} to ${to}`).toBe(sha256(content.subarray(from, to)));
    }
  });

  test("leaves no descriptor, however its request ends", async () => {
    const path = fileOf(contentOf(12_000_000), "left"), body = () => Bun.file(path);
    const ends: readonly (() => Promise<unknown>)[] = [
      async () => (await get(server.url("/echo"), { method: "PUT", body: body() })).text(),
      () =>
        get(server.url("/echo"), { method: "PUT", body: body(), signal: AbortSignal.timeout(5) }),
      () =>
        get(`http://127.0.0.1:${server.silent}/`, { method: "PUT", body: body(), timeout: 300 }),
      () => get("http://127.0.0.1:1/", { method: "PUT", body: body() }),
      () => get(server.url("/reset"), { method: "PUT", body: body() }),
    ];
    for (const [i, end] of ends.entries()) {
      await end().catch(() => {});
      await until(() => descriptors("/left") === 0);
      expect(descriptors("/left"), `end ${i}`).toBe(0);
    }
  });

  test("that is replaced is read as the new file by the next request", async () => {
    const path = fileOf("old", "replaced"), file = Bun.file(path);
    const put = async () => (await echo(server.url("/echo"), { method: "PUT", body: file })).sha256;
    expect(await put()).toBe(sha256(new TextEncoder().encode("old")));
    renameSync(fileOf("new", "next"), path);
    expect(await put()).toBe(sha256(new TextEncoder().encode("new")));
  });

  test.skipIf(!hasPrereq)(
    "that is gone when it is opened fails with its path",
    async () => {
      const path = fileOf("content", "gone"), body = Bun.file(path);
      const PREREQFUNCTION = () => {
        renameSync(path, join(folder, "moved"));
        return constants.CURL_PREREQFUNC_OK;
      };
      const sending = get(server.url("/echo"), { method: "PUT", body, curl: { PREREQFUNCTION } });
      expect((await failure(sending) as Error).message)
        .toContain(`Cannot read ${path}: No such file or directory (errno 2)`);
    },
  );
});

describe("upload() of a path", () => {
  for (const [what, url, curl] of WAYS) {
    test(`arrives ${what}, whatever its size`, async () => {
      for (const size of [1, 65_536, 262_145, 3_000_001]) {
        const path = fileOf(contentOf(size), "up");
        const { status, bytes } = await upload(path, url(), { curl: curl(), timeout: 10_000 });
        expect([status, bytes]).toEqual([200, size]);
      }
    });
  }

  test("a relative path belongs to the folder of the call", async () => {
    const before = process.cwd();
    mkdirSync(join(folder, "away"));
    fileOf("here", "up");
    fileOf("in another folder", "away/up");
    process.chdir(folder);
    try {
      const sending = upload("up", server.url("/echo"), { timeout: 10_000 });
      process.chdir("away");
      expect((await sending).bytes).toBe(4);
    } finally {
      process.chdir(before);
    }
  });

  test("that is no regular file is read by a stream, or fails", async () => {
    expect(await failure(upload(folder, server.url("/echo")))).toMatchObject({
      message: expect.stringContaining("it is a folder"),
    });
    const { bytes } = await upload("/dev/null", server.url("/echo"), { timeout: 10_000 });
    expect(bytes).toBe(0);
  });
});

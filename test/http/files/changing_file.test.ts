// upload of a file that changes meanwhile: the length that was promised is what is sent.
import {
  appendFileSync,
  createWriteStream,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { Agent, fetch, upload } from "../../../mod.ts";
import { failure } from "../../driver/support.ts";
import { strictServer } from "../strict_server.ts";
import { testFolder } from "./support.ts";

const folder = testFolder();
/** More than what sockets and libcurl take before the server reads. */
const SIZE = 12_000_000;
const SMUGGLED = "GET /admin/delete HTTP/1.1\r\nHost: x\r\n\r\n";
const path = () => folder.path("log");

const CHANGES: readonly (readonly [what: string, change: () => void, left: number])[] = [
  ["grows by a byte", () => appendFileSync(path(), "x"), SIZE],
  ["grows by what looks like a request", () => appendFileSync(path(), SMUGGLED), SIZE],
  ["grows by a lot", () => appendFileSync(path(), "x".repeat(SIZE)), SIZE],
  ["is deleted", () => rmSync(path()), SIZE],
  ["is replaced", () => {
    writeFileSync(folder.path("new"), "n".repeat(10));
    renameSync(folder.path("new"), path());
  }, SIZE],
  ["loses a byte", () => truncateSync(path(), SIZE - 1), SIZE - 1],
  ["loses its end", () => truncateSync(path(), SIZE - 1_000_000), SIZE - 1_000_000],
  ["loses all of it", () => truncateSync(path(), 0), 0],
];

for (const [what, change, left] of CHANGES) {
  test(`a file that ${what} while it is sent`, async () => {
    await using server = await strictServer();
    await using agent = new Agent();
    writeFileSync(path(), "a".repeat(SIZE));
    server.onFirst = (socket) => {
      socket.pause();
      setTimeout(() => {
        change();
        socket.resume();
      }, 100);
    };
    const sending = upload(path(), server.url, { agent, timeout: 10_000 });
    if (left === SIZE) {
      expect(await sending).toMatchObject({ status: 200, bytes: SIZE });
      expect(server.seen().requests.map(({ body }) => body)).toEqual(["a".repeat(SIZE)]);
    } else {
      const error = await failure(sending) as Error;
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        /^Cannot upload http\S+: TypeError: The file has only \d+ bytes, 12000000 were promised$/,
      );
      expect(error.cause).toBeInstanceOf(TypeError);
      expect(server.seen().requests).toEqual([]);
    }
    server.onFirst = () => {};
    const next = await fetch(server.url + "next", { agent, timeout: 10_000 });
    expect(await next.text()).toBe("0");
    expect(server.seen().faults).toEqual([]);
    expect(server.seen().requests.at(-1)?.line).toBe("GET /next HTTP/1.1");
  });
}

test("a file that is still written to is sent up to where it was", async () => {
  await using server = await strictServer();
  await using agent = new Agent();
  const log = createWriteStream(path());
  const writing = setInterval(() => log.write("line\n".repeat(2000)), 1);
  try {
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { bytes } = await upload(path(), server.url, { agent, timeout: 10_000 });
      expect(server.seen().requests.at(-1)?.body.length).toBe(bytes);
    }
    expect(server.seen()).toMatchObject({ faults: [], rest: 0 });
    expect(server.wires).toHaveLength(1);
  } finally {
    clearInterval(writing);
    log.end();
    await finished(log);
  }
});

const hasProc = statSync("/proc/self/status", { throwIfNoEntry: false }) !== undefined;

(hasProc ? test : test.skip)(
  "a file whose size the system does not know is sent in chunks",
  async () => {
    await using server = await strictServer();
    await using agent = new Agent();
    writeFileSync(path(), "");
    for (
      const source of ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled", path()]
    ) {
      if (!statSync(source, { throwIfNoEntry: false })) continue;
      const { bytes } = await upload(source, server.url, { agent, timeout: 10_000 });
      const { body, chunked } = server.seen().requests.at(-1)!;
      expect([body.length, chunked], source).toEqual([bytes, source !== path()]);
      expect(bytes > 0, source).toBe(source !== path());
    }
  },
);

// Nothing is left of a download, an upload or a fetchSync, however it ends.
import { openSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { Agent, download, fetchSync, upload } from "../../../mod.ts";
import { DiskFile, diskFiles } from "../../../src/handles/easy/disk_file.ts";
import { openOrCreateOwn, PRIVATE } from "../../../src/http/files/own_file.ts";
import { counters, descriptors, failure } from "../../driver/support.ts";
import { useServer } from "../../use.ts";
import { bytesOf, hasBytes, names, testFolder } from "./support.ts";

const folder = testFolder();
const server = useServer("http", "ftp");

/** Each way to end, once. */
async function everyWay(agent: Agent): Promise<void> {
  const at = (name: string) => folder.path(name);
  const signal = AbortSignal.timeout(5);
  await writeFile(at("source"), bytesOf(100_000));
  await Promise.allSettled([
    download(server.url("/bytes/100000"), at("a"), { agent }),
    download(server.url("/redirect/3"), at("b"), { agent }),
    download(server.url("/status/404"), at("c"), { agent }),
    download(server.url("/truncated"), at("d"), { agent }),
    download(server.url("/slow/100/20"), at("e"), { agent, signal }),
    download(server.url("/big.bin", "ftp"), at("f"), { agent }),
    download(server.url("/bytes/100000"), "/dev/full", { agent }),
    download(server.url("/bytes/10"), at("no/g"), { agent }),
    upload(at("source"), server.url("/sink"), { agent }),
    upload(bytesOf(1000), server.url("/sink"), { agent }),
    upload(new Blob([bytesOf(1000)]).stream(), server.url("/sink"), { agent }),
    upload(at("source"), server.url("/up", "ftp"), { agent }),
    upload(at("source"), server.url("/hold"), { agent, signal }),
    upload(at("none"), server.url("/sink"), { agent }),
  ]);
  fetchSync(server.url("/redirect/3"));
  expect(() => fetchSync("http://127.0.0.1:1/")).toThrow(TypeError);
}

test("handles, memory, files and descriptors are given back", async () => {
  // the first time makes the callbacks, which stay
  for (let i = 0; i < 2; i++) {
    const agent = new Agent();
    await everyWay(agent);
    await agent.close();
  }
  await settled();
  const before = { ...counters(), files: diskFiles.open, fds: descriptors() };
  for (let i = 0; i < 10; i++) {
    const agent = new Agent();
    await everyWay(agent);
    await agent.close();
  }
  await settled();
  expect({ ...counters(), files: diskFiles.open, fds: descriptors() }).toEqual(before);
  expect(await names(folder.path())).toEqual(["a", "b", "f", "source"]);
});

/** The test server's sockets and timers of this process have their last word. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

test("an agent that is closed meanwhile rejects, and leaves nothing open", async () => {
  const before = diskFiles.open, agent = new Agent();
  const path = folder.path("x");
  await writeFile(folder.path("source"), bytesOf(1000));
  const running = [
    download(server.url("/slow/100/50"), path, { agent }),
    upload(folder.path("source"), server.url("/hold"), { agent }),
  ];
  setTimeout(() => agent.close(), 100);
  for (const outcome of await Promise.all(running.map(failure))) {
    expect(outcome).toMatchObject({ cause: { codeName: "CURLE_ABORTED_BY_CALLBACK" } });
  }
  expect(diskFiles.open).toBe(before);
});

const opened = (path: string) => new DiskFile(openOrCreateOwn(path, PRIVATE));

test("a file keeps others out until its descriptor is closed", () => {
  const path = folder.path("x");
  const one = opened(path), other = opened(path);
  expect([one.lock(), other.lock()]).toEqual([true, false]);
  one.close();
  expect(other.lock()).toBe(false);
  one.release();
  expect(other.lock()).toBe(true);
  other.release();
  other.close();
  other.close();
  other.release();
});

test("a descriptor that cannot be written says why, and is closed", () => {
  const before = { files: diskFiles.open, fds: descriptors() };
  const path = folder.path("x");
  writeFileSync(path, "");
  expect(() => new DiskFile(openSync(path, "r"))).toThrow(/^Invalid argument/);
  expect({ files: diskFiles.open, fds: descriptors() }).toEqual(before);
});

test("what is truncated is written from there", async () => {
  const file = opened(folder.path("x"));
  await writeFile(folder.path("x"), bytesOf(1000));
  file.truncate(10);
  file.close();
  file.release();
  expect(await hasBytes(folder.path("x"), bytesOf(10))).toBe(true);
});

test("a download does not hold the process's other work up", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await download(server.url("/slow/50/10"), folder.path("x"));
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(20);
  expect(await failure(download(server.url("/status/500"), folder.path("x")))).toBeDefined();
});

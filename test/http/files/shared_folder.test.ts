// download in a folder where others may write: nothing of theirs is followed, read or overwritten.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { download } from "../../../mod.ts";
import { failure, isFull } from "../../driver/support.ts";
import { findNode } from "../../server/node.ts";
import { bytesOf, fileServer, hasBytes, names, rawServer, reply, testFolder } from "./support.ts";

const folder = testFolder();
const PART = ".f.bin.curlew-part", RECORD = `${PART}.json`;
const target = () => folder.path("f.bin");
const permissions = (name: string) => statSync(folder.path(name)).mode & 0o777;
const isRoot = process.getuid?.() === 0;

const file = () => ({
  body: bytesOf(5000),
  headers: { ETag: '"one"', "Accept-Ranges": "bytes" },
  ranges: true,
  cut: Infinity,
});

/** Has the first attempt of a download break off after half of the file. */
async function breakOff(): Promise<void> {
  await using server = await fileServer({ ...file(), cut: 2500 });
  await failure(download(server.url("/f"), target()));
}

test("links that appear at any moment are never followed or written to", async () => {
  mkdirSync(folder.path("shared"));
  const victim = folder.path("victim"), path = folder.path("shared/f.bin");
  writeFileSync(victim, "precious", { mode: 0o640 });
  utimesSync(victim, 1000, 1000);
  await using server = await fileServer(file());
  const script = fileURLToPath(new URL("attacker.mjs", import.meta.url));
  const attacker = spawn(findNode(), [script, folder.path("shared"), victim], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => attacker.once("close", resolve));
  await new Promise((resolve) => attacker.stdout.once("data", resolve));
  const errors = new Set<string>();
  let complete = 0;
  try {
    for (const end = performance.now() + (isFull ? 20_000 : 3000); performance.now() < end;) {
      try {
        await download(server.url("/f"), path, { timeout: 10_000 });
      } catch (error) {
        errors.add((error as Error).message.replace(/^.*(: |\/)/, ""));
        continue;
      }
      complete++;
      expect(lstatSync(path).isFile() && await hasBytes(path, file().body)).toBe(true);
      rmSync(path);
    }
  } finally {
    attacker.kill("SIGKILL");
    await gone;
  }
  const { mode, mtimeMs } = statSync(victim);
  expect({ text: readFileSync(victim, "utf8"), mode: mode & 0o777, mtimeMs })
    .toEqual({ text: "precious", mode: 0o640, mtimeMs: 1_000_000 });
  // the attacker was in time, and downloads went on to succeed where it was not
  expect([...errors]).toContain(`${PART} is in the way`);
  expect(complete).toBeGreaterThan(0);
}, 60_000);

const fifo = (path: string) => void execFileSync("mkfifo", [path]);

/** What may stand where curlew wants a file of its own. */
const PLANTS: readonly (readonly [what: string, plant: (path: string) => void])[] = [
  ["a symbolic link", (path) => symlinkSync("precious", path)],
  ["a symbolic link to nothing", (path) => symlinkSync("nothing", path)],
  ["another name of a file", (path) => linkSync(folder.path("precious"), path)],
  ["a FIFO", fifo],
  ["a folder", (path) => mkdirSync(path)],
  ["a device", (path) => symlinkSync("/dev/zero", path)],
];

for (const [what, plant] of PLANTS) {
  for (const name of [PART, RECORD]) {
    test(`${what} in the place of the ${name === PART ? "part" : "record"} is refused`, async () => {
      writeFileSync(folder.path("precious"), "mine");
      plant(folder.path(name));
      const { ino } = lstatSync(folder.path(name));
      await using server = await fileServer(file());
      const error = await failure(download(server.url("/f"), target())) as Error;
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(new RegExp(`${name} is in the way$`));
      expect(lstatSync(folder.path(name)).ino).toBe(ino);
      expect(readFileSync(folder.path("precious"), "utf8")).toBe("mine");
      expect(await names(folder.path())).not.toContain("nothing");
      expect(await names(folder.path())).not.toContain("f.bin");
    });
  }
}

test("a record that is too large to be one is refused unread", async () => {
  await breakOff();
  writeFileSync(folder.path(RECORD), " ".repeat(100_000));
  await using server = await fileServer(file());
  const error = await failure(download(server.url("/f"), target())) as Error;
  expect(error.message).toMatch(/\.json is in the way$/);
});

test("a record that is put in the place while the head comes is not written to", async () => {
  writeFileSync(folder.path("precious"), "mine");
  await using server = await rawServer((_request, socket) => {
    symlinkSync("precious", folder.path(RECORD));
    reply(socket, "200 OK", { ETag: '"one"' }, bytesOf(10));
  });
  await download(server.url("/f"), target());
  expect(await hasBytes(target(), bytesOf(10))).toBe(true);
  expect(readFileSync(folder.path("precious"), "utf8")).toBe("mine");
});

test("a part that is put in the place of ours is not taken for the file", async () => {
  await using server = await rawServer((_request, socket) => {
    rmSync(folder.path(PART));
    writeFileSync(folder.path(PART), "0123456789");
    reply(socket, "200 OK", {}, bytesOf(10));
  });
  const error = await failure(download(server.url("/f"), target())) as Error;
  expect(error.message).toMatch(/curlew-part is in the way$/);
  expect(await names(folder.path())).toEqual([PART]);
});

(isRoot ? test : test.skip)(
  "what another user has left there is refused (needs root)",
  async () => {
    for (const name of [PART, RECORD]) {
      writeFileSync(folder.path(name), "{}");
      lchownSync(folder.path(name), 65534, 65534);
      await using server = await fileServer(file());
      const error = await failure(download(server.url("/f"), target())) as Error;
      expect(error.message).toMatch(new RegExp(`${name} is in the way$`));
      rmSync(folder.path(name));
    }
  },
);

(isRoot ? test : test.skip)("a link of another user is not followed (needs root)", async () => {
  writeFileSync(folder.path("precious"), "mine");
  symlinkSync("precious", target());
  lchownSync(target(), 65534, 65534);
  await using server = await fileServer(file());
  const error = await failure(download(server.url("/f"), target())) as Error;
  expect(error.message).toMatch(/it is a link of another user$/);
  expect(readFileSync(folder.path("precious"), "utf8")).toBe("mine");
});

const NEW = 0o666 & ~process.umask();

for (const mode of [null, 0o600, 0o640, 0o444, 0o755]) {
  const has = mode === null ? "is new" : `has the mode ${mode.toString(8)}`;
  const own = (mode ?? 0) | 0o600;
  test(`nobody may read the part who may not read the target, which ${has}`, async () => {
    if (mode !== null) {
      writeFileSync(target(), "old");
      chmodSync(target(), mode);
    }
    const seen: number[] = [];
    const look = () => {
      for (const name of [PART, RECORD]) seen.push(permissions(name));
    };
    await using server = await rawServer((_request, socket) => {
      seen.push(permissions(PART)); // no byte has come yet
      reply(socket, "200 OK", { ETag: '"one"' }, bytesOf(100), 50);
    });
    await failure(download(server.url("/f"), target(), { onProgress: look }));
    look();
    expect(seen.map((bits) => bits & ~own).filter((more) => more !== 0)).toEqual([]);
    chmodSync(folder.path(PART), 0o666); // an older version left it so
    await using other = await fileServer({ ...file(), body: bytesOf(100) });
    seen.length = 0;
    const onProgress = () => seen.push(permissions(PART));
    await download(other.url("/f"), target(), { onProgress });
    expect(seen.map((bits) => bits & ~own).filter((more) => more !== 0)).toEqual([]);
    expect(permissions("f.bin")).toBe(mode ?? NEW);
  });
}

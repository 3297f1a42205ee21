// load() and save() of CookieJar: files in Netscape's format.
import { spawnSync } from "node:child_process";
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { CookieJar } from "../../../session.ts";
import { temporaryFolder } from "../../handles/temporary_files.ts";
import { get } from "../../handles/easy_support.ts";
import { runChild, runProgram } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { failure } from "../session/support.ts";

const { newFile } = temporaryFolder();
const server = useServer("http");

const LATER = Math.floor(Date.now() / 1000) + 3600;
const ALL = [
  { name: "session", value: "1", domain: "example.com" },
  { name: "lasting", value: "ü=2", domain: ".example.com", path: "/p", expires: LATER * 1000 },
  { name: "hidden", value: "", domain: "127.0.0.1", secure: true, httpOnly: true },
];
const jar = () => CookieJar.fromJSON(ALL);
const byName = (cookies: CookieJar) => [...cookies].sort((a, b) => a.name < b.name ? -1 : 1);

async function loaded(text: string | Uint8Array): Promise<CookieJar> {
  const path = newFile(), fresh = new CookieJar();
  await writeFile(path, text);
  await fresh.load(path);
  return fresh;
}

describe("save()", () => {
  test("writes what load() reads, with the cookies of the session", async () => {
    const path = newFile(), other = new CookieJar();
    await jar().save(path);
    await other.load(path);
    expect(byName(other)).toEqual(byName(jar()));
    const lines = (await readFile(path, "latin1")).split("\n");
    expect(lines[0]).toBe("# Netscape HTTP Cookie File");
    expect(lines).toContain(`.example.com\tTRUE\t/p\tFALSE\t${LATER}\tlasting\tü=2`);
    expect(lines).toContain("#HttpOnly_127.0.0.1\tFALSE\t/\tTRUE\t0\thidden\t");
  });

  test("writes what libcurl itself reads, and load() reads what libcurl has written", async () => {
    const path = newFile(), back = newFile();
    await CookieJar.fromJSON([{ name: "a", value: "1", domain: "127.0.0.1" }]).save(path);
    const easy = get(server.url("/cookies"), { COOKIEFILE: path, COOKIEJAR: back });
    expect(JSON.parse(easy.text)).toEqual({ a: "1" });
    easy.close();
    const other = new CookieJar();
    await other.load(back);
    expect([...other]).toMatchObject([{ name: "a", value: "1", domain: "127.0.0.1" }]);
  });

  test("makes the file readable by its owner only, also where others could read the old one", async () => {
    const path = newFile();
    await writeFile(path, "old");
    await chmod(path, 0o644);
    await jar().save(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("leaves no other file, and replaces the old one in one step", async () => {
    const path = join(newFile(), "jar.txt");
    await mkdir(dirname(path));
    await writeFile(path, "old");
    const old = newFile();
    await link(path, old);
    await Promise.all(Array.from({ length: 20 }, () => jar().save(path)));
    expect(await readdir(dirname(path))).toEqual(["jar.txt"]);
    expect(await readFile(old, "utf8")).toBe("old"); // not written over
    const other = new CookieJar();
    await other.load(path);
    expect(other.size).toBe(ALL.length);
  });

  test("follows a link", async () => {
    const way = newFile(), path = newFile();
    await writeFile(path, "old");
    await symlink(path, way);
    await jar().save(way);
    expect(await readFile(path, "latin1")).toContain("lasting");
  });

  test("of an empty jar is a file without cookies", async () => {
    const path = newFile();
    await new CookieJar().save(path);
    expect((await loaded(await readFile(path))).size).toBe(0);
  });

  test.skipIf(process.getuid?.() === 0)(
    "leaves the old file where the folder is read-only (not as root)",
    async () => {
      const path = join(newFile(), "jar.txt");
      await mkdir(dirname(path));
      await writeFile(path, "old");
      await chmod(dirname(path), 0o500);
      expect(await failure(jar().save(path))).toBeInstanceOf(TypeError);
      expect(await readFile(path, "utf8")).toBe("old");
      await chmod(dirname(path), 0o700);
    },
  );

  test("that cannot replace leaves what is there, and no other file", async () => {
    const path = join(newFile(), "jar.txt");
    await mkdir(join(path, "inside"), { recursive: true }); // a folder, which rename cannot replace
    const error = await failure(jar().save(path)) as TypeError;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`Cannot write ${path}: `);
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/^E(ISDIR|EXIST|NOTEMPTY)$/);
    expect(await readdir(dirname(path))).toEqual(["jar.txt"]);
    expect(await readdir(path)).toEqual(["inside"]);
  });

  test("leaves the old file whole where the disk is full", async ({ skip }) => {
    const folder = newFile();
    await mkdir(folder);
    const via = [
      ...["unshare", "-m", "sh", "-c"],
      `mount -t tmpfs -o size=64k none "$FOLDER" && exec "$0" "$@"`,
    ];
    const env = { FOLDER: folder };
    const mounts = await runProgram("true", { via, env }).catch(() => ({ code: 1 }));
    if (mounts.code !== 0) {
      return skip("only root can mount a small disk, in a namespace of its own");
    }
    const child = await runChild(
      `import { CookieJar } from "#root/session.ts";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
const folder = process.env.FOLDER!, path = folder + "/jar.txt", jar = new CookieJar();
jar.set({ name: "first", domain: "example.com" });
await jar.save(path);
for (let i = 0; i < 40; i++) {
  jar.set({ name: "n" + i, value: "x".repeat(4000), domain: "example.com" });
}
const error = await jar.save(path).catch((error) => error);
console.log(error.name, error.cause?.code, readdirSync(folder).join());
console.log(readFileSync(path, "utf8").trim().split("\\n").at(-1));
`,
      { via, env },
    );
    expect(child.stderr).toBe("");
    expect(child.stdout).toBe(
      "TypeError ENOSPC jar.txt\nexample.com\tFALSE\t/\tFALSE\t0\tfirst\n",
    );
  });

  test("names the file and the error", async () => {
    const path = join(newFile(), "no", "folder"),
      error = await failure(jar().save(path)) as TypeError;
    expect(error.message).toContain(`Cannot write ${path}: `);
    expect((error.cause as NodeJS.ErrnoException).code).toBe("ENOENT");
  });
});

describe("load()", () => {
  const line = (...fields: (string | number)[]) => fields.join("\t");

  test("adds to what is there, and replaces", async () => {
    const path = newFile(), cookies = jar();
    const rows = [
      line("example.com", "FALSE", "/", "FALSE", 0, "session", "new"),
      line("b.test", "FALSE", "/", "FALSE", 0, "b", "2"),
    ];
    await writeFile(path, rows.join("\r\n"));
    await cookies.load(path);
    expect([cookies.size, cookies.get("session")?.value, cookies.get("b")?.value])
      .toEqual([4, "new", "2"]);
  });

  test("passes over comments and empty lines, and leaves out what has expired", async () => {
    const rows = [
      "# Netscape HTTP Cookie File",
      "",
      "   ",
      line("a.test", "FALSE", "/", "FALSE", 1, "old", "1"),
      line("#HttpOnly_a.test", "FALSE", "/", "TRUE", LATER, "good", "1"),
      line(".a.test", "TRUE", "/", "FALSE", 0, "empty"),
    ];
    expect(byName(await loaded(rows.join("\n")))).toMatchObject([
      { name: "empty", value: "", domain: "a.test", hostOnly: false },
      { name: "good", httpOnly: true, secure: true, hostOnly: true, expires: LATER * 1000 },
    ]);
  });

  test("takes bytes that are no UTF-8 as they are", async () => {
    const head = new TextEncoder().encode(line("a.test", "FALSE", "/", "FALSE", 0, "a", ""));
    const cookies = await loaded(new Uint8Array([...head, 0xff, 0xfe]));
    expect(cookies.get("a")?.value).toBe("\xff\xfe");
  });

  test.each([
    ["nonsense", "nonsense"],
    ["too few fields", "a.test\tFALSE\t/\tFALSE\t0"],
    ["an expiry that is no number", "a.test\tFALSE\t/\tFALSE\tsoon\ta\t1"],
    ["no name", "a.test\tFALSE\t/\tFALSE\t0\t\t1"],
    ["a file of another kind", "<html></html>"],
  ])("refuses %s, and adds nothing", async (_, text) => {
    const path = newFile(), cookies = new CookieJar();
    await writeFile(path, `${line("b.test", "FALSE", "/", "FALSE", 0, "b", "2")}\n${text}\n`);
    expect(String(await failure(cookies.load(path)))).toBe(
      `TypeError: Cannot read ${path}: line 2 is neither a comment nor a cookie in Netscape's format`,
    );
    expect(cookies.size).toBe(0);
  });

  test("of a file that does not exist names it, and the error", async () => {
    const path = newFile(), error = await failure(new CookieJar().load(path)) as TypeError;
    expect(error.message).toContain(`Cannot read ${path}: `);
    expect((error.cause as NodeJS.ErrnoException).code).toBe("ENOENT");
  });
});

test.each(["", "a\0b", 5, undefined])("%j is no path", async (path) => {
  const message =
    "Cannot use a file of cookies: its path must be a string, not empty, without NUL, got";
  for (const name of ["load", "save"] as const) {
    const error = await failure(new CookieJar()[name](path as string));
    expect(String(error)).toBe(`TypeError: ${message} ${JSON.stringify(path)}`);
  }
});

test("what is no regular file is not replaced", async () => {
  const fifo = newFile();
  spawnSync("mkfifo", [fifo]);
  await expect(new CookieJar().save(fifo)).rejects.toThrow("it is not a regular file");
  expect((await lstat(fifo)).isFIFO()).toBe(true);
  const device = newFile(); // one of the test's own: a fault would replace that of the system
  if (spawnSync("mknod", [device, "c", "1", "3"]).status !== 0) return; // only root may
  await new CookieJar().save(device);
  expect((await lstat(device)).isCharacterDevice()).toBe(true);
});

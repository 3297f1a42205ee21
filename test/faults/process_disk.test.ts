// A disk that is full, and a folder that cannot be written: the download says so, and leaves no
// file that looks whole.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../server/child.ts";
import { useFolder, useServer } from "../use.ts";
import { expectQuiet, inChild } from "./process.ts";

const server = useServer("http");
const folder = useFolder("disk");
let canMount: boolean;
beforeAll(async () => {
  await Promise.all(["owned", "limited"].map((name) => mkdir(join(folder, name))));
  canMount = await mounts();
});

const LONG = 90_000;
const NO_MOUNT = "only root can mount a small disk, in a namespace of its own";

/** A disk of 256 KiB at FOLDER, seen by one process only; `ro`, and nobody can write there. */
const onSmallDisk = (mode: "rw" | "ro"): string[] => [
  "unshare",
  "-m",
  "sh",
  "-c",
  `mount -t tmpfs -o size=256k,${mode} none "$FOLDER" && exec "$0" "$@"`,
];

/** Whether this user may mount something. */
async function mounts(): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const via = onSmallDisk("rw"), env = { FOLDER: folder };
  try {
    return (await runProgram("true", { via, env })).code === 0;
  } catch {
    return false; // there is no such command
  }
}

/** In the child: what a download comes to, and what is in the folder then. */
const SET_UP = `
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const folder = process.env.FOLDER;
const bytes = (count) => base + "/bytes/" + count;
async function attempt(count, name, options = {}) {
  try {
    const { resumed } = await download(bytes(count), folder + "/" + name, { timeout: 40_000, ...options });
    return { ended: "done", resumed };
  } catch (error) {
    return { ended: names(error), message: error.message };
  }
}
const visible = () => readdirSync(folder).filter((name) => !name.startsWith("."));
const isRight = (name, size) => {
  const bytes = readFileSync(folder + "/" + name);
  return bytes.length === size && bytes.every((byte, i) => byte === (i & 0xff));
};
`;

test.concurrent(
  "on a full disk a download fails with CURLE_WRITE_ERROR, others go on, and a later attempt goes on where it ended",
  {
    timeout: LONG,
  },
  async ({ skip }) => {
    if (!canMount) return skip(NO_MOUNT);
    const child = await inChild(
      server,
      `${SET_UP}
    const agent = new Agent();
    const others = [1, 2, 3].map(() => end(take(agent, base + "/delay/300")));
    say(await attempt(1_000_000, "large", { agent }));
    say(visible());
    rmSync(folder + "/.large.curlew-part", { force: true });
    rmSync(folder + "/.large.curlew-part.json", { force: true });
    writeFileSync(folder + "/filler", "x".repeat(200_000));
    say(await attempt(150_000, "middle", { agent }));
    say(visible());
    rmSync(folder + "/filler");
    say(await attempt(150_000, "middle", { agent }));
    say([...visible(), isRight("middle", 150_000)]);
    say(await Promise.all(others));
    await agent.close();`,
      { env: { FOLDER: folder }, via: onSmallDisk("rw") },
    );
    expectQuiet(child);
    const [large, afterLarge, middle, afterMiddle, again, whole, others] = child.said;
    const full = {
      ended: "TypeError < CURLE_WRITE_ERROR",
      // of C's fwrite() libcurl only knows that it took less than all of it
      message: expect.stringMatching(/is the disk full\? \(CURLE_WRITE_ERROR\)$/),
    };
    expect(large).toEqual(full);
    expect(afterLarge).toEqual([]);
    expect(middle).toEqual(full);
    expect(afterMiddle).toEqual(["filler"]);
    expect(again).toEqual({ ended: "done", resumed: true });
    expect(whole).toEqual(["middle", true]);
    expect(others).toEqual(["done", "done", "done"]);
  },
);

test.concurrent(
  "on a full disk the last bytes, which C keeps until the end, are missed with ENOSPC",
  {
    timeout: LONG,
  },
  async ({ skip }) => {
    if (!canMount) return skip(NO_MOUNT);
    const child = await inChild(
      server,
      `${SET_UP}
    writeFileSync(folder + "/old", "old");
    try {
      writeFileSync(folder + "/filler", "x".repeat(1_000_000));
    } catch (error) {
      say(error.code);
    }
    await using agent = new Agent();
    say(await attempt(3000, "small", { agent }));
    say(await attempt(3000, "old", { agent }));
    say([...visible().sort(), readFileSync(folder + "/old", "utf8")]);
    rmSync(folder + "/filler");
    say(await attempt(3000, "old", { agent }));
    say(isRight("old", 3000));`,
      { env: { FOLDER: folder }, via: onSmallDisk("rw") },
    );
    expectQuiet(child);
    const full = {
      ended: expect.stringMatching(/^TypeError < (Error|CURLE_WRITE_ERROR)$/),
      message: expect.stringMatching(/No space left on device|ENOSPC/),
    };
    const [filled, small, old, names, again, right] = child.said;
    expect(filled).toBe("ENOSPC");
    expect(small).toEqual(full);
    expect(old).toEqual(full);
    expect(names).toEqual(["filler", "old", "old"]);
    expect(again).toMatchObject({ ended: "done" });
    expect(right).toBe(true);
  },
);

test.concurrent("a disk that is mounted to be read only refuses a download with EROFS", {
  timeout: LONG,
}, async ({ skip }) => {
  if (!canMount) return skip(NO_MOUNT);
  const child = await inChild(
    server,
    `${SET_UP}
    await using agent = new Agent();
    const others = [1, 2, 3].map(() => end(take(agent, base + "/delay/50")));
    say(await attempt(1000, "x", { agent }));
    say(await end(download(bytes(1000), folder, { agent })));
    say(visible());
    say(await Promise.all(others));`,
    { env: { FOLDER: folder }, via: onSmallDisk("ro") },
  );
  expectQuiet(child);
  expect(child.said).toEqual([
    { ended: "TypeError < Error", message: expect.stringContaining("EROFS") },
    "TypeError < Error",
    [],
    ["done", "done", "done"],
  ]);
});

test.concurrent("a folder that another user owns refuses a download with EACCES", {
  timeout: LONG,
}, async () => {
  const child = await inChild(
    server,
    `${SET_UP}
    import { chmodSync } from "node:fs";
    import { libcPath } from "#root/ffi/libc.ts";
    import { native } from "#root/ffi/runtime.ts";
    const { geteuid, seteuid } = native.open(libcPath, {
      geteuid: { args: [], result: "i32" },
      seteuid: { args: ["i32"], result: "i32" },
    });
    await using agent = new Agent();
    await attempt(1000, "first", { agent }); // loads what it needs, while it may
    chmodSync(folder, 0o555);
    const user = geteuid();
    if (user === 0) seteuid(65534); // modes are nothing to root
    say(await attempt(1000, "x", { agent }));
    if (user === 0) seteuid(user);
    say(visible());
    chmodSync(folder, 0o755);
    say((await attempt(1000, "x", { agent })).ended);`,
    { env: { FOLDER: join(folder, "owned") } },
  );
  expectQuiet(child);
  expect(child.said).toEqual([
    { ended: "TypeError < Error", message: expect.stringContaining("EACCES") },
    ["first"],
    "done",
  ]);
});

test.concurrent("a file that may not grow any more fails a download with CURLE_WRITE_ERROR", {
  timeout: LONG,
}, async () => {
  const child = await inChild(
    server,
    `${SET_UP}
    await using agent = new Agent();
    say(await attempt(1_000_000, "big", { agent }));
    say(visible().includes("big"));
    say((await attempt(10_000, "little", { agent })).ended);`,
    // in blocks of 512 bytes; without the trap the signal would end the process
    {
      env: { FOLDER: join(folder, "limited") },
      via: ["sh", "-c", `trap "" XFSZ; ulimit -f 200; exec "$0" "$@"`],
    },
  );
  expectQuiet(child);
  expect(child.said).toEqual([
    {
      ended: "TypeError < CURLE_WRITE_ERROR",
      message: expect.stringMatching(/\(CURLE_WRITE_ERROR\)$/),
    },
    false,
    "done",
  ]);
});

// Blobs that are files on the disk: Bun.file(), whose size may be wrong, and Bun.stdin.
import { execFileSync } from "node:child_process";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Agent, fetch, upload } from "../../../mod.ts";
import { runProgram } from "../../server/child.ts";
import { useStrictServer } from "../strict_server.ts";
import { failure, isBun } from "../support.ts";
import { useFolder } from "../../use.ts";

type File = Blob & { readonly name?: string };
const { Bun } = globalThis as unknown as { Bun: { file(path: string): File } };

/** More than what sockets and libcurl take before the server reads. */
const SIZE = 12_000_000;

const folder = useFolder("blob");
const used = useStrictServer();

function fileOf(content: string | Uint8Array, name = "file"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Sends a body by `fetch` and by `upload`, and gives what arrived: both the same. */
async function arrived(body: () => Blob | FormData): Promise<{ body: string; chunked: boolean }> {
  const before = used.server.seen().requests.length;
  const response = await fetch(used.server.url, {
    method: "PUT",
    body: body(),
    agent: used.agent,
    timeout: 5000,
  });
  await response.arrayBuffer();
  const first = body();
  if (first instanceof Blob) {
    await upload(first, used.server.url, { agent: used.agent, timeout: 5000 });
  }
  const [one, other = one] = used.server.seen().requests.slice(before);
  expect(other?.body).toBe(one?.body);
  expect(used.server.seen()).toMatchObject({ faults: [], rest: 0 });
  return { body: one!.body, chunked: one!.chunked };
}

describe.skipIf(!isBun)("Bun.file() (Deno has none)", () => {
  test("that cannot be read is a TypeError with its path and the system's error", async () => {
    const form = (blob: Blob) => {
      const data = new FormData();
      data.append("file", blob);
      return data;
    };
    const cases = [[folder, "EISDIR"], ["/proc/self/mem", "EIO"]] as const;
    for (const [path, code] of cases) {
      for (const body of [Bun.file(path), form(Bun.file(path))]) {
        const error = await failure(
          fetch(used.server.url, { method: "PUT", body, agent: used.agent, timeout: 5000 }),
        ) as Error;
        expect([path, error]).toEqual([path, expect.any(TypeError)]);
        expect(error.message).toContain(`Cannot read ${path}: ${code}`);
        let { cause } = error;
        while ((cause as Error).cause) cause = (cause as Error).cause;
        expect(cause).toMatchObject({ code });
      }
    }
  });

  test("has a length where its size is true", async () => {
    for (const size of [0, 1, 5, 70_000, 700_000]) {
      const path = fileOf("x".repeat(size));
      expect(await arrived(() => Bun.file(path))).toEqual({
        body: "x".repeat(size),
        chunked: false,
      });
    }
  });

  test("is sent in chunks where the system does not know its size", async () => {
    for (const path of ["/proc/self/cmdline", "/sys/kernel/mm/transparent_hugepage/enabled"]) {
      const { body, chunked } = await arrived(() => Bun.file(path));
      expect([body.length > 0, chunked], path).toEqual([true, true]);
    }
  });

  test("may be a FIFO", async () => {
    const fifo = join(folder, "fifo"), source = fileOf("y".repeat(300_000));
    execFileSync("mkfifo", [fifo]);
    const { body, chunked } = await arrived(() => {
      void runProgram("cp", { args: [source, fifo] });
      return Bun.file(fifo);
    });
    expect([body.length, chunked]).toEqual([300_000, true]);
  });

  const SLICES: readonly (readonly [from: number, to: number | undefined, chunked: boolean])[] = [
    [0, 3, false],
    [2, 4, false],
    [4, 5, false],
    [0, 0, false],
    [3, 3, false],
    [2, 100, false], // its size is 98 before Bun has looked at the file
    [2, undefined, false],
    [0, undefined, false],
    [4, 6, false],
    [5, 6, false],
    [100, 200, false],
  ];
  test.for(SLICES)("may be a slice from %d to %s", async ([from, to, chunked]) => {
    const path = fileOf("hello");
    const sent = await arrived(() => Bun.file(path).slice(from, to));
    expect(sent.body).toBe("hello".slice(from, to));
    expect(sent.chunked && !chunked, "its size is known").toBe(false);
  });

  test("that has grown since its size was asked for is sent with that size", async () => {
    const path = fileOf("hello"), file = Bun.file(path);
    expect(file.size).toBe(5);
    appendFileSync(path, "GET / HTTP/1.1\r\n\r\n");
    expect(await arrived(() => file)).toEqual({ body: "hello", chunked: false });
  });

  test("that has become shorter since then is sent with the size that it has", async () => {
    const path = fileOf("hello"), file = Bun.file(path);
    expect(file.size).toBe(5);
    truncateSync(path, 2);
    expect(await arrived(() => file)).toEqual({ body: "he", chunked: false });
  });

  test("that becomes shorter while it is sent is an error", async () => {
    const path = fileOf("x".repeat(SIZE));
    used.server.onFirst = () => truncateSync(path, 10);
    await using own = new Agent();
    const init = { method: "PUT", body: Bun.file(path), agent: own, timeout: 5000 };
    const error = await failure(fetch(used.server.url, init)) as Error;
    used.server.onFirst = () => {};
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/has only \d+ bytes, 12000000 were promised/);
  });

  test("of which a slice is sent arrives as that slice", async () => {
    const text = Array.from({ length: 100_000 }, (_, i) => String(i).padStart(8, "0")).join("");
    const path = fileOf(text);
    for (const [from, to] of [[0, 1], [7, 300_000], [123_457, 700_001], [799_999, 800_000]]) {
      const { body } = await arrived(() => Bun.file(path).slice(from, to));
      expect(body === text.slice(from, to), `${from} to ${to}`).toBe(true);
    }
  });

  test("a slice beyond the end has the length of its bytes, in a form too", async () => {
    const path = fileOf("x".repeat(100_000));
    for (const from of [0, 65_536, 99_999, 100_000, 200_000]) {
      for (const to of [100_001, 300_000, 1e12, undefined]) {
        const form = new FormData();
        form.append("part", Bun.file(path).slice(from, to), "part");
        const size = Math.max(100_000 - from, 0), sent = await arrived(() => form);
        expect(sent.chunked, `${from} to ${to}`).toBe(false);
        expect(sent.body.split("x").length - 1).toBe(size);
        expect(await arrived(() => Bun.file(path).slice(from, to)))
          .toEqual({ body: "x".repeat(size), chunked: false });
      }
    }
  });

  test("a slice of a file of the system's is sent in chunks", async () => {
    const path = "/sys/kernel/mm/transparent_hugepage/enabled";
    for (const [from, to] of [[1, undefined], [1, 5000]]) {
      const { body, chunked } = await arrived(() => Bun.file(path).slice(from, to));
      expect([body.length > 0, chunked]).toEqual([true, true]);
    }
  });

  test("in a form: its own size, and its last name only", async () => {
    const path = fileOf("hello");
    const form = new FormData();
    form.append("file", Bun.file(path));
    form.append("slice", Bun.file(path).slice(1, 3), "slice.txt");
    form.append("proc", Bun.file("/proc/self/cmdline"), "given.txt");
    form.append("path", Bun.file(path), "a/b.txt");
    const { body, chunked } = await arrived(() => form);
    expect(chunked).toBe(true);
    expect([...body.matchAll(/filename="([^"]*)"/g)].map((match) => match[1]))
      .toEqual(["file", "slice.txt", "given.txt", "a/b.txt"]);
    expect(body).not.toContain(folder);
    expect(body).toContain("\r\n\r\nhello\r\n--");
    expect(body).toContain("\r\n\r\nel\r\n--");
    expect(body).toMatch(/given\.txt"\r\nContent-Type: [^\r]*\r\n\r\n[^\r]/);
  });

  test("that is missing, or a folder, is a TypeError, in a form too", async () => {
    const before = used.server.seen().requests.length;
    for (const path of [join(folder, "none"), folder]) {
      const form = new FormData();
      form.append("a", Bun.file(path), "given");
      for (const body of [Bun.file(path), form]) {
        const error = await failure(
          fetch(used.server.url, { method: "PUT", body, agent: used.agent }),
        );
        expect(error, path).toBeInstanceOf(TypeError);
      }
    }
    expect(used.server.seen().requests).toHaveLength(before);
  });

  test.for(["pipe", "file"])("Bun.stdin is sent, when it is a %s", async (kind) => {
    const path = fileOf("from stdin"), script = join(folder, "stdin.ts");
    const mod = new URL("../../../mod.ts", import.meta.url).href;
    writeFileSync(
      script,
      `import { fetch } from ${JSON.stringify(mod)};
      const init = { method: "PUT", body: Bun.stdin, timeout: 5000 };
      console.log(await (await fetch(${JSON.stringify(used.server.url)}, init)).text());`,
    );
    const bun = process.execPath, from = kind === "pipe" ? `cat "${path}" |` : "";
    const line = `${from} "${bun}" "${script}" ${kind === "file" ? `< "${path}"` : ""}`;
    const { stdout, stderr } = await runProgram("sh", { args: ["-c", line] });
    expect(stdout.trim(), stderr).toBe("10");
    expect(used.server.seen().requests.at(-1)).toMatchObject({ body: "from stdin", chunked: true });
  });

  test("that grows while it is sent is sent with the size that it had", async () => {
    const path = fileOf("x".repeat(SIZE));
    used.server.onFirst = () => appendFileSync(path, "y".repeat(SIZE));
    await using own = new Agent();
    const init = { method: "PUT", body: Bun.file(path), agent: own, timeout: 5000 };
    await (await fetch(used.server.url, init)).arrayBuffer();
    used.server.onFirst = () => {};
    expect(used.server.seen()).toMatchObject({ faults: [], rest: 0 });
    expect(used.server.seen().requests.at(-1)?.body === "x".repeat(SIZE)).toBe(true);
  });
});

test("a Blob in memory is known, whatever its size", async () => {
  for (const size of [0, 1, 300_000]) {
    const sent = await arrived(() => new Blob(["z".repeat(size)]));
    expect(sent).toEqual({ body: "z".repeat(size), chunked: false });
  }
});

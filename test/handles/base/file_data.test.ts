// Files by path or descriptor where libcurl takes a `FILE *`: WRITEDATA, READDATA and STDERR.
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Agent, CurlEasyError, Easy, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "curlew-file-data-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const inFolder = (name: string) => join(folder, name);
const base: EasyOptions = { TIMEOUT_MS: 10_000, NOPROXY: "*", HTTPHEADER: ["Expect:"] };
/** Both ways to run a transfer. */
const WAYS = {
  "perform()": (easy: Easy) => easy.perform(),
  async "an Agent"(easy: Easy) {
    await using agent = new Agent();
    await agent.perform(easy);
  },
};
/** A name of every kind for the file at `path`; what must be closed is added to `open`. */
const NAMES = {
  path: (path: string) => path,
  bytes: (path: string) => new TextEncoder().encode(path),
  descriptor(path: string, flags: string, open: number[]) {
    const fd = openSync(path, flags);
    open.push(fd);
    return fd;
  },
};

function codeOf(error: unknown): string {
  expect(error).toBeInstanceOf(CurlEasyError);
  return (error as CurlEasyError).codeName;
}

async function failureOf(run: () => unknown): Promise<CurlEasyError> {
  try {
    await run();
  } catch (error) {
    return error as CurlEasyError;
  }
  throw new Error("it did not fail");
}

describe.each(Object.entries(WAYS))("by %s", (_way, run) => {
  describe.each(Object.entries(NAMES))("a %s", (_kind, nameOf) => {
    const open: number[] = [];
    afterEach(() => open.splice(0).forEach((fd) => closeSync(fd)));

    test("in WRITEDATA gets the body, at once, and later bodies after it", async () => {
      const path = inFolder("body é.bin");
      using easy = new Easy();
      easy.setOpts({ ...base, URL: server.url("/bytes/100000") });
      easy.setOpts({ WRITEDATA: nameOf(path, "w", open) });
      await run(easy);
      expect(readFileSync(path)).toHaveLength(100_000);
      easy.setOpt("URL", server.url("/bytes/10"));
      await run(easy);
      expect(readFileSync(path)).toHaveLength(100_010);
    });

    test("in READDATA is the body of an upload, also after a redirect", async () => {
      const path = inFolder("source é.bin"), body = "0123456789".repeat(5000);
      writeFileSync(path, body);
      using easy = new Easy();
      let text = "";
      easy.setOpts({
        ...base,
        URL: server.url("/redirect-to?status=307&url=/echo"),
        FOLLOWLOCATION: 1,
        UPLOAD: 1,
        INFILESIZE: body.length,
        READDATA: nameOf(path, "r", open),
        WRITEFUNCTION(bytes) {
          text += new TextDecoder().decode(bytes);
          return bytes.length;
        },
      });
      await run(easy);
      expect(JSON.parse(text)).toMatchObject({ method: "PUT", length: body.length });
    });
  });

  test("a function beside the name gets the name, and no file is opened", async () => {
    const path = inFolder("not there"), seen = new Set<unknown>();
    using easy = new Easy();
    easy.setOpts({ ...base, URL: server.url("/echo"), UPLOAD: 1 });
    easy.setOpts({ WRITEDATA: path, READDATA: path });
    easy.setOpts({
      READFUNCTION: (_buffer, data) => (seen.add(data), 0),
      WRITEFUNCTION: (bytes, data) => (seen.add(data), bytes.length),
    });
    await run(easy);
    expect([...seen]).toEqual([path]);
    expect(() => readFileSync(path)).toThrow("ENOENT");
  });

  test("other data, a function or reset() close the file", async () => {
    const [first, second] = [inFolder("first"), inFolder("second")] as const;
    using easy = new Easy();
    easy.setOpts({ ...base, URL: server.url("/bytes/10"), WRITEDATA: first });
    await run(easy);
    easy.setOpt("WRITEDATA", second);
    await run(easy);
    let counted = 0;
    easy.setOpt("WRITEFUNCTION", (bytes) => (counted += bytes.length, bytes.length));
    await run(easy);
    easy.setOpt("WRITEFUNCTION", null);
    await run(easy); // truncated and written again
    expect([first, second].map((path) => readFileSync(path).length)).toEqual([10, 10]);
    expect(counted).toBe(10);
    easy.reset();
    easy.setOpts({ ...base, URL: server.url("/bytes/10"), WRITEFUNCTION: ({ length }) => length });
    await run(easy);
    expect(readFileSync(second)).toHaveLength(10);
  });

  test("READDATA that is replaced by a function, and the other way round", async () => {
    const path = inFolder("source");
    writeFileSync(path, "from the file");
    let left = "from the function", text = "";
    const fill = (buffer: Uint8Array) => {
      const { written } = new TextEncoder().encodeInto(left, buffer);
      left = "";
      return written;
    };
    using easy = new Easy();
    easy.setOpts({ ...base, URL: server.url("/echo"), UPLOAD: 1, READDATA: path });
    easy.setOpt("WRITEFUNCTION", (bytes) => {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    });
    const sent = async () => {
      text = "";
      await run(easy);
      return JSON.parse(text).length;
    };
    expect(await sent()).toBe(13);
    easy.setOpt("READFUNCTION", fill);
    expect(await sent()).toBe(17);
    easy.setOpt("READFUNCTION", null);
    expect(await sent()).toBe(13);
    easy.setOpt("READDATA", null);
    expect(await sent()).toBe(0);
  });

  test("an upload of another length than the promised one fails, and sends nothing more", async () => {
    const path = inFolder("source");
    writeFileSync(path, "12345");
    using easy = new Easy();
    easy.setOpts({ ...base, URL: server.url("/echo"), UPLOAD: 1, READDATA: path, INFILESIZE: 6 });
    easy.setOpt("WRITEFUNCTION", ({ length }) => length);
    expect(codeOf(await failureOf(() => run(easy)))).toBe("CURLE_READ_ERROR");
  });

  test("what cannot be opened, read or written fails with C's words", async () => {
    const cases: [EasyOptions, string, RegExp][] = [
      [{ WRITEDATA: inFolder("a/b") }, "CURLE_WRITE_ERROR", /WRITEDATA.*a\/b.*No such file/],
      [{ WRITEDATA: folder }, "CURLE_WRITE_ERROR", /WRITEDATA.*Is a directory/],
      [{ WRITEDATA: 987_654 }, "CURLE_WRITE_ERROR", /WRITEDATA, the descriptor 987654/],
      [{ WRITEDATA: -1 }, "CURLE_WRITE_ERROR", /descriptor -1: no such descriptor/],
      [{ WRITEDATA: NaN }, "CURLE_WRITE_ERROR", /descriptor NaN: no such descriptor/],
      [{ WRITEDATA: "a\0b" }, "CURLE_BAD_FUNCTION_ARGUMENT", /WRITEDATA.*NUL/],
      [{ WRITEDATA: "/dev/full" }, "CURLE_WRITE_ERROR", /./],
      [{ UPLOAD: 1, READDATA: inFolder("c") }, "CURLE_READ_ERROR", /READDATA.*No such file/],
    ];
    for (const [options, code, words] of cases) {
      using easy = new Easy();
      easy.setOpts({ ...base, URL: server.url("/echo"), ...options });
      const error = await failureOf(() => run(easy));
      expect(codeOf(error), String(words)).toBe(code);
      expect(error.message).toMatch(words);
    }
    using easy = new Easy();
    easy.setOpts({ ...base, URL: server.url("/echo"), UPLOAD: 1, READDATA: folder });
    easy.setOpt("WRITEFUNCTION", ({ length }) => length);
    expect(String((await failureOf(() => run(easy))).cause)).toMatch(/READDATA.*Is a directory/);
  });

  test("a duplicate has the same file, which outlives its parent", async () => {
    const path = inFolder("body");
    const parent = new Easy();
    parent.setOpts({ ...base, URL: server.url("/bytes/10"), WRITEDATA: path });
    await run(parent);
    using child = parent.duplicate();
    parent.close();
    await run(child);
    expect(readFileSync(path)).toHaveLength(20);
  });

  test("no descriptor is left open", async () => {
    const count = () => readFileSync("/proc/self/status", "utf8").match(/FDSize:\s*(\d+)/)?.[1];
    const path = inFolder("body");
    const once = async () => {
      using easy = new Easy();
      easy.setOpts({ ...base, URL: server.url("/echo"), UPLOAD: 1, READDATA: "/dev/null" });
      easy.setOpt("WRITEDATA", path);
      await run(easy);
    };
    await once();
    const before = openSync("/dev/null", "r");
    closeSync(before);
    for (let i = 0; i < 20; i++) await once();
    const after = openSync("/dev/null", "r");
    closeSync(after);
    expect(after).toBeLessThanOrEqual(before + 2); // the lowest free number
    expect(count()).toBeDefined();
  });
});

test("a file that may not be written is refused", async () => {
  if (isRoot) return expect(isRoot).toBe(true); // root may write everything
  const path = inFolder("read only");
  writeFileSync(path, "", { mode: 0o400 });
  using easy = new Easy();
  easy.setOpts({ ...base, URL: server.url("/bytes/10"), WRITEDATA: path });
  expect((await failureOf(() => easy.perform())).message).toMatch("Permission denied");
});

test("STDERR takes a descriptor, which stays open", () => {
  const path = inFolder("trace"), fd = openSync(path, "w");
  using easy = new Easy();
  easy.setOpts({ ...base, URL: server.url("/bytes/10"), VERBOSE: 1, STDERR: fd });
  easy.setOpt("WRITEFUNCTION", ({ length }) => length);
  easy.perform();
  closeSync(fd); // throws where it is closed
  expect(readFileSync(path, "utf8")).toContain("GET /bytes/10");
  mkdirSync(inFolder("sub"));
  for (const bad of [inFolder("sub"), 987_654, -1]) {
    expect(() => easy.setOpt("STDERR", bad)).toThrow(/STDERR.*path or descriptor \(/);
  }
});

// Parts that are files: sent again, by duplicates, and what is no regular file.
import { appendFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Easy, type EasyOptions, Mime, type MimePart, Multi } from "../../../mod.ts";
import { mimeCount } from "../../../src/handles/mime/tree.ts";
import { readerCount } from "../../../src/handles/mime/part_reader.ts";
import { useFolder, useServer } from "../../use.ts";
import { failure, get, header, Transfer } from "../easy_support.ts";
import { linesOf, partsOf } from "./support.ts";

const server = useServer("http");
const folder = useFolder("file");

function file(text: string): string {
  const path = join(folder, "a.txt");
  writeFileSync(path, text);
  return path;
}

const mimes: Mime[] = [];
afterEach(() => {
  for (const mime of mimes.splice(0)) mime.close();
});

function options(way: "MIMEPOST" | "HTTPPOST", path: string): EasyOptions {
  if (way === "HTTPPOST") return { HTTPPOST: [{ name: "f", file: path }] };
  const mime = new Mime().addPart({ name: "d", data: "d" }).addPart({ name: "f", file: path });
  mimes.push(mime);
  return { MIMEPOST: mime };
}

/** The content of the file in what a transfer has received since `from`. */
async function contentOf(transfer: Transfer, from = 0): Promise<string | undefined> {
  const parts = await partsOf(JSON.parse(transfer.text.slice(from)));
  return parts.find(({ name }) => name === "f")?.data.toString();
}

const WAYS = ["MIMEPOST", "HTTPPOST"] as const;

test.each(WAYS)(
  "a file is sent again after a redirect, and in the next transfers: %s",
  async (way) => {
    const path = file("x".repeat(100_000));
    using transfer = get(server.url("/redirect-to?url=/echo&status=307&read=1"), {
      ...options(way, path),
      FOLLOWLOCATION: 1,
    });
    expect(await contentOf(transfer)).toBe("x".repeat(100_000));
    for (const text of ["y".repeat(100_000), "z".repeat(100_001)]) {
      const from = transfer.text.length;
      writeFileSync(path, text);
      transfer.perform();
      // HTTPPOST finds the size at each transfer, a Mime keeps that of addPart
      expect(await contentOf(transfer, from)).toBe(
        way === "HTTPPOST" ? text : text.slice(0, 100_000),
      );
    }
  },
);

test.each(WAYS)("a file is sent again for digest authentication: %s", (way) => {
  const path = file("x".repeat(100_000));
  using transfer = get(server.url("/digest/user/secret"), {
    ...options(way, path),
    HTTPAUTH: 2,
    USERPWD: "user:secret",
  });
  expect(transfer.getInfo("RESPONSE_CODE")).toBe(200);
});

test.each(WAYS)("duplicates, and duplicates of these, send files of their own: %s", async (way) => {
  const path = file("one");
  using first = new Transfer(server.url("/echo"), options(way, path));
  appendFileSync(path, " two");
  const duplicate = (easy: Transfer): Easy => easy.duplicate();
  using second = duplicate(first) as Easy;
  using third = duplicate(second as Transfer);
  first.close();
  for (const easy of [second, third]) {
    using result = new Transfer(server.url("/echo"));
    easy.setOpt("WRITEFUNCTION", result.write);
    easy.perform();
    expect(await contentOf(result)).toBe("one two");
  }
});

test("a handle is duplicated while its file is sent", async () => {
  const path = file("x".repeat(200_000));
  using transfer = new Transfer(server.url("/echo"), options("MIMEPOST", path));
  let copy: Easy | null = null;
  using multi = new Multi();
  multi.addHandle(transfer);
  copy = transfer.duplicate();
  multi.removeHandle(transfer);
  transfer.perform();
  expect(await contentOf(transfer)).toBe("x".repeat(200_000));
  using result = new Transfer(server.url("/echo"));
  copy.setOpt("WRITEFUNCTION", result.write);
  copy.perform();
  copy.close();
  expect(await contentOf(result)).toBe("x".repeat(200_000));
});

test("a duplicate has the method that an option has set later", () => {
  using first = new Transfer(server.url("/echo"), options("MIMEPOST", file("x")));
  first.setOpts({ HTTPGET: 1 });
  using second = first.duplicate();
  using result = new Transfer(server.url("/echo"));
  second.setOpt("WRITEFUNCTION", result.write);
  second.perform();
  expect(result.json.method).toBe("GET");
});

test("the options that send forms replace each other", () => {
  const path = file("x");
  using transfer = new Transfer(server.url("/echo"));
  const sent = () => {
    const from = transfer.text.length;
    transfer.perform();
    return linesOf(JSON.parse(transfer.text.slice(from))).filter((line) => line.includes("name="));
  };
  const named = (name: string, more = "") =>
    `Content-Disposition: form-data; name="${name}"${more}`;
  const asFile = '; filename="a.txt"';
  using mime = new Mime().addPart({ name: "m", file: path });
  transfer.setOpt("HTTPPOST", [{ name: "h", file: path }]);
  expect(sent()).toEqual([named("h", asFile)]);
  transfer.setOpt("MIMEPOST", mime);
  expect(sent()).toEqual([named("m", asFile)]);
  transfer.setOpt("HTTPPOST", [{ name: "h", file: path }]);
  expect(sent()).toEqual([named("h", asFile)]);
  transfer.setOpt("HTTPPOST", [{ name: "t", contents: "1" }]);
  expect(sent()).toEqual([named("t")]);
  transfer.setOpt("HTTPPOST", [{ name: "h", file: path }]);
  transfer.setOpt("HTTPPOST", null);
  expect(sent()).toEqual([]);
});

test("a file of HTTPPOST that is not there fails the transfer, until it is there", async () => {
  const path = join(folder, "late.txt");
  using transfer = new Transfer(server.url("/echo"), options("HTTPPOST", path));
  expect(failure(() => transfer.perform())).toMatchObject({
    code: 26,
    message: expect.stringContaining(`${path}": No such file`),
  });
  writeFileSync(path, "here");
  transfer.perform();
  expect(await contentOf(transfer)).toBe("here");
  rmSync(path);
  expect(failure(() => transfer.perform())).toMatchObject({ code: 26 });
});

const hasProc = statSync("/proc/self/fd", { throwIfNoEntry: false }) !== undefined;

(hasProc ? test : test.skip)("no file stays open, nor anything else", () => {
  const open = () => readdirSync("/proc/self/fd").length;
  const path = file("x".repeat(50_000));
  const once = () => {
    for (const way of WAYS) {
      using transfer = get(server.url("/echo"), options(way, path));
      writeFileSync(path, "x");
      if (way === "MIMEPOST") expect(failure(() => transfer.perform())).toMatchObject({ code: 26 });
      writeFileSync(path, "x".repeat(50_000));
      using copy = transfer.duplicate();
      copy.setOpt("WRITEFUNCTION", () => 0);
      expect(failure(() => copy.perform())).toMatchObject({ code: 23 });
    }
  };
  once();
  const closed = () => {
    for (const mime of mimes.splice(0)) mime.close();
    return { readers: readerCount(), trees: mimeCount.open };
  };
  const before = closed(), descriptors = open();
  for (let i = 0; i < 20; i++) once();
  expect(closed()).toEqual(before);
  expect(open()).toBeLessThanOrEqual(descriptors + 2);
});

(hasProc ? test : test.skip)(
  "a file whose size the system does not know is sent in chunks",
  async () => {
    const path = "/proc/self/status";
    for (const way of WAYS) {
      using transfer = get(server.url("/echo"), options(way, path));
      expect(await contentOf(transfer)).toContain("State:");
      expect(header(transfer.json, "content-length")).toBeUndefined();
    }
  },
);

test("what is no regular file is sent as libcurl reads it", async () => {
  for (const way of WAYS) {
    using transfer = get(server.url("/echo"), options(way, "/dev/null"));
    expect(await contentOf(transfer)).toBe("");
    expect(header(transfer.json, "content-length")).toBeUndefined();
  }
});

test("a type among the header lines of a file outweighs that of its name", () => {
  const typesOf = (part: Partial<MimePart>) => {
    using mime = new Mime().addPart({ name: "f", file: file("x"), ...part } as MimePart);
    using transfer = get(server.url("/echo"), { MIMEPOST: mime });
    return linesOf(transfer.json).filter((line) => /^content-type/i.test(line));
  };
  expect(typesOf({})).toEqual(["Content-Type: text/plain"]);
  expect(typesOf({ filename: null })).toEqual([]);
  expect(typesOf({ filename: "none" })).toEqual(["Content-Type: text/plain"]);
  expect(typesOf({ filename: "none", headers: ["content-type: a/b"] })).toEqual([
    "Content-Type: a/b",
  ]);
});

test("a path as bytes that are not UTF-8", async () => {
  const path = new Uint8Array([...new TextEncoder().encode(join(folder, "n")), 0xff, 0x2e, 0x67]);
  const { libc } = await import("../../../ffi/libc.ts");
  const { withNul } = await import("../../../ffi/memory.ts");
  const handle = libc.fopen(withNul(path), new TextEncoder().encode("w\0"));
  if (handle === null) return; // macOS takes names in UTF-8 only
  libc.fclose(handle);
  using mime = new Mime().addPart({ name: "f", file: path, encoder: "base64" });
  using transfer = get(server.url("/echo"), { MIMEPOST: mime });
  expect(linesOf(transfer.json).join("\n")).toContain('filename="n\xff.g"');
  const trees = mimeCount.open;
  transfer.setOpt("HTTPPOST", [{ name: "f", file: path }]);
  transfer.perform();
  expect(mimeCount.open).toBe(trees + 1);
});

// The parts of a Mime as a server's parser sees them, and what addPart refuses.
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Easy, Mime, type MimePart } from "../../../mod.ts";
import { oddities } from "../../../src/libcurl_versions.ts";
import { useFolder, useServer } from "../../use.ts";
import {
  codeOf,
  facts,
  failure,
  get,
  header,
  Transfer,
  utf8,
  versionNum,
} from "../easy_support.ts";
import { bodyOf, linesOf, partsOf, post } from "./support.ts";

const server = useServer("http");
const folder = useFolder("mime");

const send = (...parts: MimePart[]) => {
  const mime = new Mime();
  for (const part of parts) mime.addPart(part);
  return post(server.url("/echo"), mime);
};

describe("a server's parser finds", () => {
  test("text, bytes with NUL and nothing at all as they were", async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const echo = send(
      { name: "text", data: "grüße\n" },
      { name: "bytes", data: all, filename: "all.bin", type: "x/y" },
      { name: "buffer", data: all.buffer, filename: "b" },
      { name: "empty", data: "" },
      { name: "none" },
    );
    expect(header(echo, "content-length")).toBe(String(echo.length));
    const file = { data: Buffer.from(all) };
    expect(await partsOf(echo)).toMatchObject([
      { name: "text", filename: null, data: Buffer.from("grüße\n") },
      { name: "bytes", filename: "all.bin", type: "x/y", ...file },
      { name: "buffer", filename: "b", ...file },
      { name: "empty", data: Buffer.alloc(0) },
      { name: "none", data: Buffer.alloc(0) },
    ]);
  });

  test("a file, under its own name, another or none, with a type by its ending", async () => {
    const path = join(folder, "a picture.png");
    writeFileSync(path, "PNG");
    const parts = await partsOf(send(
      { name: "own", file: path },
      { name: "other", file: path, filename: "b.txt", type: "text/x" },
      { name: "none", file: path, filename: null, type: "text/plain" },
    ));
    const data = Buffer.from("PNG");
    expect(parts).toMatchObject([
      { name: "own", filename: "a picture.png", type: "image/png", data },
      { name: "other", filename: "b.txt", type: "text/x", data },
      { name: "none", filename: null, type: "text/plain", data },
    ]);
  });

  test("names with quotes, semicolons and other alphabets", async () => {
    const names = ["a;b=c", "naïve 名前", "with space", "comma, colon: slash/"];
    const parts = await partsOf(
      send(...names.map((name) => ({ name, filename: name, data: "x" }))),
    );
    expect(parts.map(({ name, filename }) => [name, filename])).toEqual(
      names.map((name) => [name, name]),
    );
    const lines = linesOf(send({ name: 'a"b\\c', filename: 'd"e', data: "x" }));
    // libcurl escapes as browsers do since 7.81
    const escaped = versionNum >= 0x075100
      ? 'form-data; name="a%22b\\c"; filename="d%22e"'
      : 'form-data; name="a\\"b\\\\c"; filename="d\\"e"';
    expect(lines).toContain(`Content-Disposition: ${escaped}`);
  });

  test("more headers, and a type among them", () => {
    const lines = linesOf(send({
      name: "a",
      data: "x",
      headers: ["X-One: 1", "Content-Type: text/a", "X-Two: 2"],
    }));
    expect(lines.slice(0, 8)).toEqual([
      "--BOUNDARY",
      'Content-Disposition: form-data; name="a"',
      "Content-Type: text/a",
      "X-One: 1",
      "X-Two: 2",
      "",
      "x",
      "--BOUNDARY--",
    ]);
  });
});

test.each(
  [
    ["binary", "ä = x\r\n"],
    ["8bit", "ä = x\r\n"],
    ["base64", "w6QgPSB4DQo="],
    ["quoted-printable", "=C3=A4 =3D x\r\n"],
  ] as const,
)("the encoder %s writes what its name says, and says so", (encoder, expected) => {
  const lines = linesOf(send({ name: "a", data: "ä = x\r\n", encoder }));
  expect(lines).toContain(`Content-Transfer-Encoding: ${encoder}`);
  const text = lines.slice(lines.indexOf("") + 1, -2).join("\r\n");
  expect(text).toBe(Buffer.from(expected).toString("latin1"));
});

test("the encoder 7bit takes seven bits, and fails the transfer for eight", () => {
  expect(linesOf(send({ name: "a", data: "abc", encoder: "7bit" }))).toContain("abc");
  using mime = new Mime().addPart({ name: "a", data: "ä", encoder: "7bit" });
  using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime });
  expect(codeOf(() => transfer.perform())).toBe(26);
});

test("base64 of a large part has lines of 76 characters and the right length", () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  const echo = send({ name: "a", data, encoder: "base64" });
  expect(header(echo, "content-length")).toBe(String(echo.length));
  const lines = linesOf(echo), begin = lines.indexOf("") + 1;
  const encoded = lines.slice(begin, lines.indexOf("--BOUNDARY--"));
  expect(Math.max(...encoded.map((line) => line.length))).toBe(76);
  expect(Buffer.from(encoded.join(""), "base64").equals(data)).toBe(true);
});

test("parts hold parts that hold parts", () => {
  const inner = new Mime().addPart({ data: "deep" });
  const middle = new Mime().addPart({ data: "a" }).addPart({
    subparts: inner,
    type: "multipart/x",
  });
  const outer = new Mime().addPart({ name: "all", subparts: middle });
  inner.addPart({ data: "later", type: "text/html" });
  expect(linesOf(post(server.url("/echo"), outer))).toEqual([
    "--BOUNDARY",
    'Content-Disposition: form-data; name="all"',
    "Content-Type: multipart/mixed; boundary=BOUNDARY",
    "",
    "--BOUNDARY",
    "",
    "a",
    "--BOUNDARY",
    "Content-Type: multipart/x; boundary=BOUNDARY",
    "",
    "--BOUNDARY",
    "",
    "deep",
    "--BOUNDARY",
    "Content-Type: text/html",
    "",
    "later",
    "--BOUNDARY--",
    "",
    "--BOUNDARY--",
    "",
    "--BOUNDARY--",
    "",
  ]);
  expect([inner.closed, middle.closed]).toEqual([true, true]);
});

test("a tree is sent again by the same handle, and after parts were added", () => {
  using mime = new Mime().addPart({ name: "a", data: "1" });
  using transfer = get(server.url("/echo"), { MIMEPOST: mime });
  const once = transfer.bytes.length;
  transfer.perform();
  expect(transfer.bytes.length).toBe(2 * once);
  mime.addPart({ name: "b", data: "2" });
  transfer.setOpt("MIMEPOST", mime);
  transfer.perform();
  expect(transfer.text.slice(2 * once)).not.toBe(transfer.text.slice(0, once));
  const echo = JSON.parse(transfer.text.slice(2 * once));
  expect(bodyOf(echo).toString()).toContain('name="b"');
});

test("a tree goes from one handle to another, until it was sent", () => {
  using mime = new Mime().addPart({ name: "a", data: "1" });
  using first = get(server.url("/echo"));
  using second = get(server.url("/echo"));
  first.setOpt("MIMEPOST", mime);
  expect(codeOf(() => second.setOpt("MIMEPOST", mime))).toBe(43);
  first.setOpt("MIMEPOST", null);
  second.setOpt("MIMEPOST", mime);
  second.perform();
  second.setOpt("MIMEPOST", null);
  // libcurl would promise its length and then send nothing
  for (const easy of [first, second]) {
    expect(failure(() => easy.setOpt("MIMEPOST", mime)).message).toContain("was sent already");
  }
  using other = new Mime();
  expect(codeOf(() => other.addPart({ subparts: mime }))).toBe(43);
});

test("what a getter says first counts", () => {
  let asked = 0;
  const headers = ["A: 1"];
  Object.defineProperty(headers, 0, { get: () => asked++ === 0 ? "A: 1" : {} });
  const once = <T>(first: T) => {
    let count = 0;
    return () => count++ === 0 ? first : { length: 1, toString: () => "x".repeat(100_000) };
  };
  const part = { data: "1", headers };
  for (const property of ["name", "type", "filename"]) {
    Object.defineProperty(part, property, { get: once("text"), enumerable: true });
  }
  using mime = new Mime().addPart(part);
  const sent = linesOf(post(server.url("/echo"), mime));
  expect(sent).toContain('Content-Disposition: form-data; name="text"; filename="text"');
  expect(sent).toContain("Content-Type: text");
  expect(sent).toContain("A: 1");
});

test("a handle that ends without a transfer has not sent its tree", () => {
  using mime = new Mime().addPart({ name: "a", data: "1" });
  for (const end of ["close", "reset", "upkeep"] as const) {
    using first = new Easy();
    first.setOpt("MIMEPOST", mime);
    first[end]();
    if (!first.closed) first.setOpt("MIMEPOST", null);
  }
  using second = get(server.url("/echo"), { MIMEPOST: mime });
  expect(second.getInfo("RESPONSE_CODE")).toBe(200);
});

test("FORMESCAPE chooses the older escapes, since 7.81", () => {
  using mime = new Mime().addPart({ name: 'a"', data: "x" });
  if (versionNum < 0x075100) return expect(versionNum).toBeGreaterThanOrEqual(0x074a00);
  using transfer = get(server.url("/echo"), { MIMEPOST: mime, MIME_OPTIONS: 1 });
  expect(bodyOf(transfer.json).toString()).toContain('name="a\\""');
});

describe("addPart refuses", () => {
  const bad: [string, unknown][] = [
    ["no object", null],
    ["text", "a"],
    ["a name with NUL", { name: "a\0b" }],
    ["a name of another type", { name: 1 }],
    ["null for a name", { name: null }],
    ["data of another type", { data: 1 }],
    ["data that is a Blob", { data: new Blob(["x"]) }],
    ["a file with NUL", { file: "a\0" }],
    ["an unknown encoder", { encoder: "rot13" }],
    ["a reader without read", { reader: {} }],
    ["a reader with a seek that is no function", { reader: { read: () => 0, seek: 1 } }],
    ["a reader of a negative size", { reader: { read: () => 0, size: -1 } }],
    ["a reader of a broken size", { reader: { read: () => 0, size: 1.5 } }],
    ["subparts that are none", { subparts: {} }],
    ["headers that are no array", { headers: "X: y" }],
    ["a header with NUL", { headers: ["X: \0"] }],
    ["two contents", { data: "x", file: "/dev/null" }],
    ["a property that it does not know", { fileName: "x" }],
  ];
  test.each(bad)("%s", (_what, part) => {
    using mime = new Mime().addPart({ name: "only", data: "x" });
    expect(facts(() => mime.addPart(part as MimePart))).toMatchObject({
      code: 43,
      codeName: "CURLE_BAD_FUNCTION_ARGUMENT",
    });
    const lines = linesOf(post(server.url("/echo"), mime));
    expect(lines.filter((line) => line === "--BOUNDARY")).toHaveLength(1);
  });

  test("a file that cannot be read, by curl's own code", () => {
    using mime = new Mime();
    expect(failure(() => mime.addPart({ file: join(folder, "gone") }))).toMatchObject({
      code: 26,
      codeName: "CURLE_READ_ERROR",
    });
  });

  test("a tree inside itself, twice in others, closed or in use", () => {
    using outer = new Mime();
    const inner = new Mime();
    expect(codeOf(() => outer.addPart({ subparts: outer }))).toBe(43);
    outer.addPart({ subparts: inner });
    expect(codeOf(() => inner.addPart({ subparts: outer }))).toBe(43);
    using third = new Mime();
    expect(codeOf(() => third.addPart({ subparts: inner }))).toBe(43);
    const closed = new Mime();
    closed.close();
    expect(codeOf(() => third.addPart({ subparts: closed }))).toBe(43);
    expect(codeOf(() => closed.addPart({ data: "x" }))).toBe(43);
    using used = new Mime();
    using transfer = get(server.url("/echo"), { MIMEPOST: used });
    expect(codeOf(() => third.addPart({ subparts: used }))).toBe(43);
    expect(codeOf(() => transfer.setOpt("MIMEPOST", inner))).toBe(43);
    expect(codeOf(() => transfer.setOpt("MIMEPOST", closed))).toBe(43);
  });

  test("everything while a transfer uses the tree, which then stays as it is", () => {
    const codes: number[] = [];
    const mime = new Mime();
    mime.addPart({
      name: "r",
      reader: {
        read: (buffer, easy) => {
          if (codes.length > 0) return 0;
          codes.push(
            codeOf(() => mime.addPart({ data: "x" })),
            codeOf(() => easy.setOpt("MIMEPOST", null)),
            codeOf(() => easy.setOpt("HTTPPOST", [])),
            codeOf(() => easy.duplicate()),
            codeOf(() => easy.close()),
            codeOf(() => easy.reset()),
          );
          mime.close();
          buffer.set(utf8("read"));
          return 4;
        },
      },
    });
    using transfer = get(server.url("/echo"), { MIMEPOST: mime });
    expect(codes).toEqual([43, 93, 93, 43, 93, 93]);
    expect(linesOf(transfer.json)).toContain("read");
  });
});

test("trailers after a Mime are sent since 8.7, and refused before", () => {
  using mime = new Mime().addPart({ name: "a", data: "x".repeat(300_000) });
  using transfer = new Transfer(server.url("/redirect-to?url=/echo&status=307&read=1"), {
    MIMEPOST: mime,
    FOLLOWLOCATION: 1,
    HTTPHEADER: ["Transfer-Encoding: chunked", "Expect:"],
    TRAILERFUNCTION: (lines) => void lines.push("X-Sum: 1"),
  });
  if (!oddities().remembersTrailers) {
    expect(transfer.run().json.trailers).toEqual([["X-Sum", "1"]]);
  } else {
    // libcurl would write before the start of its buffer when it follows the redirect
    expect(failure(() => transfer.perform())).toMatchObject({ code: 42, cause: { code: 43 } });
  }
});

test("a clone for a Worker is no Mime any more", () => {
  using mime = new Mime();
  const clone = structuredClone(mime);
  using transfer = get(server.url("/small"));
  expect(codeOf(() => transfer.setOpt("MIMEPOST", clone))).toBe(43);
  expect(() => clone.addPart({ data: "x" })).toThrow(TypeError);
});

test("32 may be in one another, not more: libcurl would exhaust the stack", () => {
  const limit = (grow: (mime: Mime) => Mime) => {
    let mime = new Mime().addPart({ data: "x" });
    for (let height = 1; height < 32; height++) mime = grow(mime);
    expect(() => grow(mime)).toThrow("more than 32 would be in one another");
    return mime;
  };
  const outward = limit((inner) => new Mime().addPart({ subparts: inner }));
  expect(post(server.url("/echo"), outward).length).toBeGreaterThan(2000);
  const roots: Mime[] = [];
  limit((outer) => {
    const inner = new Mime();
    outer.addPart({ subparts: inner });
    roots.push(outer);
    return inner;
  });
  roots[0]!.close();
  expect(roots.every((each) => each.closed)).toBe(true);
});

// HTTPPOST, the forms of curl_formadd.
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { library, native } from "../../../ffi/mod.ts";
import { type HttpPostPart, Multi } from "../../../mod.ts";
import { ownForm, readForm } from "../../../src/handles/mime/httppost.ts";
import { useFolder, useServer } from "../../use.ts";
import { codeOf, facts, get, Transfer } from "../easy_support.ts";
import { linesOf, partsOf } from "./support.ts";

const server = useServer("http");
const folder = useFolder("form");
beforeAll(() => {
  writeFileSync(join(folder, "one.txt"), "file one");
  writeFileSync(join(folder, "two.png"), "file two");
  writeFileSync(join(folder, "-"), "dash");
});

const send = (...parts: HttpPostPart[]) => {
  using transfer = get(server.url("/echo"), { HTTPPOST: parts });
  return transfer.json;
};

test("a server's parser finds each kind of part", async () => {
  const one = join(folder, "one.txt"), bytes = Uint8Array.of(0, 1, 0, 255);
  expect(
    await partsOf(send(
      { name: "text", contents: "grüße" },
      { name: "bytes", contents: bytes, type: "application/octet-stream" },
      { name: "empty", contents: "" },
      { name: "file", file: one },
      { name: "typed", file: [one], type: "a/b", filename: "other" },
      { name: "content", fileContent: one },
      { name: "buffer", buffer: bytes.buffer, filename: "b.gif" },
      { name: "nothing", buffer: new Uint8Array(0), filename: "n", headers: ["X-A: b"] },
    )),
  ).toMatchObject([
    { name: "text", filename: null, data: Buffer.from("grüße") },
    { name: "bytes", data: Buffer.from(bytes) },
    { name: "empty", data: Buffer.alloc(0) },
    { name: "file", filename: "one.txt", type: "text/plain", data: Buffer.from("file one") },
    { name: "typed", filename: "other", type: "a/b", data: Buffer.from("file one") },
    { name: "content", filename: null, data: Buffer.from("file one") },
    { name: "buffer", filename: "b.gif", type: "image/gif", data: Buffer.from(bytes) },
    { name: "nothing", filename: "n", data: Buffer.alloc(0) },
  ]);
});

test("several files of one field are parts of a part", () => {
  const file = [join(folder, "one.txt"), join(folder, "two.png")];
  const lines = linesOf(send({ name: "files", file, type: "text/x", headers: ["X-A: b"] }));
  expect(lines).toEqual(expect.arrayContaining([
    "Content-Type: multipart/mixed; boundary=BOUNDARY",
    'Content-Disposition: attachment; filename="one.txt"',
    "Content-Type: text/x",
    "X-A: b",
    "file one",
    'Content-Disposition: attachment; filename="two.png"',
    "file two",
  ]));
});

test("a file named - is a file, not the standard input", () => {
  using transfer = new Transfer(server.url("/echo"), {
    HTTPPOST: [{ name: "a", file: "-" }, { name: "b", fileContent: "-" }],
  });
  // there is none in this folder
  expect(codeOf(() => transfer.perform())).toBe(26);
});

test("the same form serves several transfers, a duplicate, and is replaced", () => {
  using first = get(server.url("/echo"), {
    HTTPPOST: [{ name: "a", contents: "1", headers: ["X: y"] }],
  });
  const second = first.duplicate();
  first.setOpt("HTTPPOST", [{ name: "b", contents: "2" }]);
  first.close();
  second.perform();
  second.setOpt("HTTPPOST", []);
  second.setOpt("HTTPPOST", null);
  second.close();
  expect(linesOf(JSON.parse(first.text.slice(first.text.indexOf("}{") + 1)))).toContain("X: y");
});

test("a form stays as it is while its handle is added to a multi", () => {
  using multi = new Multi();
  using transfer = new Transfer(server.url("/echo"), { HTTPPOST: [{ name: "a", contents: "" }] });
  multi.addHandle(transfer);
  expect(codeOf(() => transfer.setOpt("HTTPPOST", null))).toBe(43);
  multi.removeHandle(transfer);
  expect(codeOf(() => transfer.setOpt("HTTPPOST", null))).toBe(0);
});

test("what is no form is refused, and leaves nothing behind", () => {
  const before = { ...live };
  const good = { name: "good", contents: "x", headers: ["A: b"] };
  const bad: unknown[] = [
    null,
    "part",
    {},
    { name: "a" },
    { contents: "x" },
    { name: "a\0b", contents: "x" },
    { name: "a", contents: 1 },
    { name: "a", contents: "x", file: "y" },
    { name: "a", file: [] },
    { name: "a", file: ["x", 1] },
    { name: "a", file: "\0" },
    { name: "a", buffer: new Uint8Array(1) },
    { name: "a", buffer: "text", filename: "x" },
    { name: "a", contents: "x", type: 1 },
    { name: "a", contents: "x", headers: ["\0"] },
    { name: "a", contents: "x", header: [] },
  ];
  {
    using transfer = new Transfer(server.url("/echo"));
    for (const part of bad) {
      const HTTPPOST = [good, part] as HttpPostPart[];
      expect(facts(() => transfer.setOpts({ HTTPPOST })), JSON.stringify(part)).toMatchObject({
        code: 43,
        codeName: "CURLE_BAD_FUNCTION_ARGUMENT",
      });
    }
    expect(codeOf(() => transfer.setOpt("HTTPPOST", good as never))).toBe(43);
  }
  expect(live).toEqual(before);
});

test("curl_formget gives the form's bytes to a callback, which may refuse them", () => {
  const form = ownForm(readForm([{ name: "a", contents: "text" }]));
  const { curl_formget } = library().symbols;
  let got = "", taken = true;
  // size_t (*)(void *arg, const char *buf, size_t len)
  const append = native.callback(
    { args: ["u32", "pointer", "u32"], result: "u32" },
    (arg, at, length) => {
      got += `${arg}:${new TextDecoder().decode(native.view(at!, length).slice())}`;
      return taken ? length : 0;
    },
  );
  try {
    expect(curl_formget(form.pointer, native.pointer(7), append.pointer)).toBe(0);
    expect(got).toMatch(/^7:Content-Type: multipart\/form-data; boundary=-+\w+\r\n\r\n--/);
    expect(got).toContain('form-data; name="a"\r\n\r\ntext\r\n--');
    taken = false;
    expect(curl_formget(form.pointer, native.pointer(7), append.pointer)).not.toBe(0);
  } finally {
    form.release();
    append.close();
  }
});

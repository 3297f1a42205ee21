// download into a folder: which name the file gets, and that it stays inside.
import { Buffer } from "node:buffer";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import { download } from "../../../mod.ts";
import { nameOfDisposition, nameOfUrl, safeName } from "../../../src/http/files/file_name.ts";
import { failure } from "../../driver/support.ts";
import { fileServer, names, rawServer, reply, testFolder } from "./support.ts";

const folder = testFolder();

test.for(
  [
    ["a.txt", "a.txt"],
    ["../../x", "x"],
    ["/etc/passwd", "passwd"],
    ["C:\\x", "x"],
    ["C:x", "C_x"],
    ["\\\\host\\share\\f", "f"],
    ["..", null],
    [".", null],
    ["", null],
    ["a/", null],
    ["...", null],
    [" . ", null],
    [".bashrc", "bashrc"],
    ["..\u202e.hidden", "hidden"],
    ["name.", "name"],
    ["name. . ", "name"],
    ["a\0b", "ab"],
    ["\0", null],
    ["a\nb\x1b[31m", "ab[31m"],
    ["gpj\u202eexe.", "gpjexe"],
    ['a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["com1", "_com1"],
    ["LPT¹.tar.gz", "_LPT¹.tar.gz"],
    ["console", "console"],
    ["naïve 文.pdf", "naïve 文.pdf"],
    ["\ud800x", "\ufffdx"],
    ["~", "~"],
    ["-rf", "-rf"],
  ] as const,
)("%j becomes %j", ([given, name]) => {
  expect(safeName(given)).toBe(name);
});

test("a long name is cut, its extension is kept", () => {
  const long = safeName("é".repeat(500) + ".tar.gz") as string;
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200);
  expect(long).toMatch(/^é+\.tar\.gz$|^é+\.gz$/);
  expect(Buffer.byteLength(safeName("😀".repeat(500)) as string)).toBe(200);
  expect(safeName("a." + "b".repeat(5000))).toHaveLength(200);
});

test.for(
  [
    [null, null],
    ["inline", null],
    ["attachment; filename=a.txt", "a.txt"],
    ['attachment; filename="a b.txt"', "a b.txt"],
    ['attachment; filename="a\\"b.txt"', "a_b.txt"],
    ["attachment;filename=a.txt;filename*=UTF-8''%e2%82%ac.txt", "€.txt"],
    ["attachment; filename*=iso-8859-1'en'%A3.txt; filename=b", "£.txt"],
    ["attachment; filename*=koi8-r''%A3; filename=b", "b"],
    ["attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"],
    ["attachment; filename*=UTF-8''%00; filename=\"..\"", null],
    ['attachment; filename="%2e%2e%2fx"', "x"],
    ['attachment; filename="\u00e2\u0082\u00ac.txt"', "€.txt"],
    ['attachment; filename="caf\u00e9"', "café"],
    ["attachment; FileName = x ; a=b", "x"],
    ['attachment; filename=""', null],
  ] as const,
)("Content-Disposition %j names %j", ([header, name]) => {
  expect(nameOfDisposition(header)).toBe(name);
});

test.for(
  [
    ["http://h/a/b.txt?q=/x#y", "b.txt"],
    ["http://h/", null],
    ["http://h/a/", null],
    ["http://h/%2e%2e%2fx", "x"],
    ["http://h/a%20b%ff", "a%20b%ff"],
    ["ftp://h/dir/file;type=i", "file"],
    ["file:///tmp/f", "f"],
  ] as const,
)("the URL %s ends with %j", ([url, name]) => {
  expect(nameOfUrl(new URL(url))).toBe(name);
});

test.for(
  [
    ["../../x", "x"],
    ["/etc/passwd", "passwd"],
    ["C:\\\\x", "x"],
    ["..", "url.bin"],
    ["", "url.bin"],
    ["n".repeat(5000), "n".repeat(200)],
    ["a\0b", null], // libcurl refuses the header, or the name loses it
  ] as const,
)("a server that says %j stays in the folder", async ([filename, name]) => {
  await using server = await rawServer((_, socket) => {
    reply(socket, "200 OK", { "Content-Disposition": `attachment; filename="${filename}"` }, "hi");
  });
  const inner = folder.path("inner");
  await mkdir(inner);
  const outcome = await download(server.url("/url.bin"), inner).catch((error) => error);
  expect(await names(folder.path())).toEqual(["inner"]);
  if (outcome instanceof TypeError) return expect(name).toBeNull();
  expect(dirname(outcome.path)).toBe(inner);
  expect(await names(inner)).toEqual([basename(outcome.path)]);
  if (name !== null) expect(basename(outcome.path)).toBe(name);
});

test("without a name the URL that was asked for has it, then the last one", async () => {
  await using server = await rawServer(({ path }, socket) => {
    if (path === "/" || path === "/named") reply(socket, "302 Found", { Location: "/last.bin" });
    else reply(socket, "200 OK", {}, "hi");
  });
  expect(basename((await download(server.url("/named"), folder.path())).path)).toBe("named");
  expect(basename((await download(server.url("/"), folder.path())).path)).toBe("last.bin");
  expect(basename((await download(server.url("/x/"), folder.path() + "/")).path)).toBe("download");
});

test("a name that the server chose replaces nothing, unless it may", async () => {
  await using server = await rawServer((_, socket) => {
    reply(socket, "200 OK", { "Content-Disposition": "attachment; filename=precious" }, "new");
  });
  await writeFile(folder.path("precious"), "old");
  const error = await failure(download(server.url("/x"), folder.path())) as TypeError;
  expect(error.message).toMatch(/^Cannot write .*precious: it exists already$/);
  expect(await readFile(folder.path("precious"), "utf8")).toBe("old");
  expect(await names(folder.path())).toEqual(["precious"]);
  await download(server.url("/x"), folder.path(), { overwrite: true });
  expect(await readFile(folder.path("precious"), "utf8")).toBe("new");
});

test("a name of the caller's own URL replaces what is there, unless it may not", async () => {
  await using server = await rawServer((_, socket) => reply(socket, "200 OK", {}, "new"));
  await writeFile(folder.path("x"), "old");
  await download(server.url("/x"), folder.path());
  expect(await readFile(folder.path("x"), "utf8")).toBe("new");
  const kept = download(server.url("/x"), folder.path(), { overwrite: false });
  expect(await failure(kept)).toBeInstanceOf(TypeError);
});

test("a link in the folder is no way out", async () => {
  await mkdir(folder.path("in"));
  await writeFile(folder.path("outside"), "old");
  await symlink("../outside", folder.path("in/x"));
  await using server = await rawServer((_, socket) => reply(socket, "200 OK", {}, "new"));
  const error = await failure(download(server.url("/x"), folder.path("in"))) as TypeError;
  expect(error.message).toMatch(/x: it is not a regular file$/);
  expect(await readFile(folder.path("outside"), "utf8")).toBe("old");
});

test("a download into a folder goes on, too", async () => {
  const file = {
    body: Buffer.alloc(100_000, "x"),
    headers: { ETag: '"1"', "Content-Disposition": "attachment; filename=named" },
    ranges: true,
    cut: 40_000,
  };
  await using server = await fileServer(file);
  await failure(download(server.url("/f?id=1"), folder.path()));
  expect((await names(folder.path()))[0]).toMatch(/^\.f-[0-9a-f]{12}\.curlew-part$/);
  file.cut = Infinity;
  expect(await download(server.url("/f?id=1"), folder.path())).toMatchObject({ resumed: true });
  expect(await names(folder.path())).toEqual(["named"]);
});

test("an explicit path with a very long name works", async () => {
  await using server = await rawServer((_, socket) => reply(socket, "200 OK", {}, "new"));
  const name = "é".repeat(127);
  await download(server.url("/x"), folder.path(name));
  expect(await names(folder.path())).toEqual([name]);
});

// FormData as a body: the standard's bytes, and files that are read while they are sent.
import { Buffer } from "node:buffer";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { serializeForm } from "../../../src/http/request_body/form_data.ts";
import { parseForm } from "../../handles/mime/support.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { echo, get, isFull, sent, sentText } from "../support.ts";

const server = useServer("http");

type Entry = [name: string, value: string] | [name: string, value: Blob, filename?: string];

function formOf(...entries: Entry[]): FormData {
  const form = new FormData();
  for (const entry of entries) (form.append as (...args: Entry) => void)(...entry);
  return form;
}

/** The body that arrives for a form, with `B` as the boundary. */
async function bodyFor(form: FormData): Promise<string> {
  const arrived = await echo(server.url("/echo"), { method: "POST", body: form });
  const [type = ""] = sent(arrived, "content-type");
  const [, boundary] = /^multipart\/form-data; boundary=([\w-]{8,70})$/.exec(type) ?? [];
  expect(boundary, type).toBeDefined();
  expect(sent(arrived, "content-length")).toEqual([String(arrived.length)]);
  expect(sent(arrived, "transfer-encoding")).toEqual([]);
  return sentText(arrived).replaceAll(boundary as string, "B");
}

describe("the body of a FormData", () => {
  test("without an entry is the last boundary", async () => {
    expect(await bodyFor(new FormData())).toBe("--B--\r\n");
  });

  test("has fields and files in their order", async () => {
    const png = new File(["P\0NG"], "a b.png", { type: "image/png" });
    expect(await bodyFor(formOf(["a", "1"], ["f", png], ["a", ""], ["b", new Blob(["x"])]))).toBe(
      [
        "--B",
        'Content-Disposition: form-data; name="a"',
        "",
        "1",
        "--B",
        'Content-Disposition: form-data; name="f"; filename="a b.png"',
        "Content-Type: image/png",
        "",
        "P\0NG",
        "--B",
        'Content-Disposition: form-data; name="a"',
        "",
        "",
        "--B",
        'Content-Disposition: form-data; name="b"; filename="blob"',
        "Content-Type: application/octet-stream",
        "",
        "x",
        "--B--",
        "",
      ].join("\r\n"),
    );
  });

  test("has CR LF for each line end of a name or a value, but not of a file", async () => {
    const body = await bodyFor(formOf(
      ["a\nb\rc\r\nd", "1\n2\r3\r\n4\n\r5"],
      ["f", new Blob(["1\n2\r3"]), "x\ny\rz"],
    ));
    expect(body).toContain('name="a%0D%0Ab%0D%0Ac%0D%0Ad"\r\n\r\n1\r\n2\r\n3\r\n4\r\n\r\n5\r\n--B');
    expect(body).toContain('name="f"; filename="x%0Ay%0Dz"\r\n');
    expect(body).toContain("\r\n\r\n1\n2\r3\r\n--B");
  });

  test("escapes quotes and leaves everything else", async () => {
    const name = `a"b\\c;d=e'f%22 ü 名`;
    const body = await bodyFor(formOf([name, "v"], ["f", new Blob([]), name]));
    const escaped = `a%22b\\c;d=e'f%22 ü 名`;
    expect(body).toContain(`form-data; name="${escaped}"\r\n\r\nv`);
    expect(body).toContain(`form-data; name="f"; filename="${escaped}"\r\n`);
  });

  test("is what the runtime itself writes", async () => {
    const form = formOf(
      ["plain", "text\nwith\r\nlines"],
      ['quoted "name"', "grüße"],
      ["file", new File(["content\n"], 'na"me.txt', { type: "text/plain" })],
      ["file", new File([], "")],
    );
    const response = new Response(form), own = await response.clone().text();
    const [, boundary = ""] = /boundary="?([^";]+)/.exec(response.headers.get("content-type")!)!;
    // Deno leaves the last line without an end, which browsers and Bun do not
    expect(await bodyFor(form)).toBe(own.replaceAll(boundary, "B").trimEnd() + "\r\n");
  });

  const own = () => new File(["x"], "own.txt");
  const NAMES: readonly (readonly [value: () => Blob, given: string | undefined, sent: string])[] =
    [
      [() => new Blob(["x"]), undefined, "blob"],
      [() => new Blob(["x"]), "given.txt", "given.txt"],
      [own, undefined, "own.txt"],
      [own, "given.txt", "given.txt"],
      [own, 'q"uo\r\nte', "q%22uo%0D%0Ate"],
      [own, "100%22.txt", "100%22.txt"],
      [own, "ü名😀", "ü名😀"],
      [own, "a/b.txt", "a/b.txt"],
      [own, "", ""],
      [() => own().slice(0, 1), "given.txt", "given.txt"],
      [() => new File([], "dir/own.txt"), undefined, "dir/own.txt"],
      [() => new File(["--B\r\n\r\n"], "own.txt"), "given.txt", "given.txt"],
      [() => new File([new Uint8Array(50_000)], "own.txt"), "given.txt", "given.txt"],
    ];
  test("has the names that append() and set() were given", async () => {
    const form = new FormData(), twice = own();
    for (const [at, [value, given]] of NAMES.entries()) {
      if (given === undefined) form.append(`f${at}`, value());
      else if (at % 2) form.set(`f${at}`, value(), given);
      else form.append(`f${at}`, value(), given);
      form.append("text", 'not a name; filename="x"');
    }
    form.append("one", twice, "one.txt");
    form.append("two", twice, "two.txt");
    const names = (await bodyFor(form)).matchAll(/form-data; name="\w+"; filename="([^"]*)"\r\n/g);
    expect([...names].map((match) => match[1]))
      .toEqual([...NAMES.map(([, , sent]) => sent), "one.txt", "two.txt"]);
  });

  test("has them also where the form is changed right after the call", async () => {
    const form = new FormData();
    form.append("a", own(), "given.txt");
    const arriving = bodyFor(form);
    form.set("a", own(), "late.txt");
    expect(await arriving).toContain('name="a"; filename="given.txt"');
  });

  test("is read by a server's parser as it was written", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 31);
    const form = formOf(
      ["a", "1"],
      ["f", new File([bytes], "ü.bin")],
      ["g", new File([bytes, bytes], "g", { type: "a/b" })],
    );
    const arrived = await echo(server.url("/echo"), { method: "POST", body: form });
    const parts = await parseForm(
      sent(arrived, "content-type")[0] ?? "",
      Buffer.from(arrived.body ?? "", "base64"),
    );
    expect(parts).toMatchObject([
      { name: "a", filename: null, data: Buffer.from("1") },
      { name: "f", filename: "ü.bin", type: "application/octet-stream", data: Buffer.from(bytes) },
      { name: "g", filename: "g", type: "a/b", data: Buffer.concat([bytes, bytes]) },
    ]);
  });

  test("is that of the moment of the call", async () => {
    const form = formOf(["a", "1"], ["f", new Blob(["x"])]);
    const arriving = bodyFor(form);
    form.append("late", "2");
    form.delete("a");
    const body = await arriving;
    expect([body.includes("late"), body.includes('"a"')]).toEqual([false, true]);
  });
});

test("a type of the caller's own stays", async () => {
  const arrived = await echo(server.url("/echo"), {
    method: "POST",
    body: formOf(["a", "1"]),
    headers: { "Content-Type": "x/y" },
  });
  expect(sent(arrived, "content-type")).toEqual(["x/y"]);
});

test("a form is sent again for a redirect, and for credentials", async () => {
  const form = formOf(["a", "1"], ["f", new Blob(["x".repeat(100_000)])]);
  const again = await echo(server.url("/redirect-to?url=/echo&status=307&read=1"), {
    method: "POST",
    body: form,
  });
  expect(again.length).toBeGreaterThan(100_000);
  expect(sentText(again)).toContain('name="a"');
  const asked = await get(server.url("/digest/user/pass"), {
    method: "POST",
    body: form,
    curl: { HTTPAUTH: 2, USERNAME: "user", PASSWORD: "pass" },
  });
  expect(await asked.json()).toMatchObject({ authenticated: true });
});

const { Bun } = globalThis as { Bun?: { file(path: string): Blob } };
test.skipIf(!Bun)(
  `a file that cannot be read any more fails, after what stands before${
    Bun ? "" : " (NOT RUN: Deno's files are in memory)"
  }`,
  async () => {
    const path = join(await mkdtemp(join(tmpdir(), "curlew-form-")), "f");
    await writeFile(path, "12345");
    const form = new FormData();
    form.append("a", "1");
    form.append("f", Bun!.file(path));
    const chunks = (await serializeForm(form)).chunks();
    expect((await chunks.next()).value).toBeInstanceOf(Uint8Array);
    await rm(dirname(path), { recursive: true });
    await expect(chunks.next()).rejects.toThrow("no such file");
  },
);

const MIB = isFull ? 1024 : 256;

test(`a form with a file of ${MIB} MiB on the disk takes no memory to speak of`, async () => {
  const child = await inChild(
    server,
    `
    const { openAsBlob, mkdtempSync, rmSync, truncateSync, writeFileSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const folder = mkdtempSync(tmpdir() + "/curlew-big-"), path = folder + "/big.bin";
    writeFileSync(path, "");
    truncateSync(path, ${MIB} * 2 ** 20);
    // Deno reads all of it now, but once only
    const file = "Bun" in globalThis ? Bun.file(path) : await openAsBlob(path);
    const form = new FormData();
    form.append("a", "1");
    form.append("file", file, "big.bin");
    const before = rss();
    let most = before;
    const timer = setInterval(() => most = Math.max(most, rss()), 10);
    const response = await fetch(base + "/sink?hash=0", { method: "POST", body: form, timeout: 120000 });
    const { bytes } = await response.json();
    clearInterval(timer);
    rmSync(folder, { recursive: true });
    say([bytes, before, most]);`,
    { timeoutMs: 150_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  const [[bytes, before, most]] = child.said as [[number, number, number]];
  expect(bytes).toBeGreaterThan(MIB * 2 ** 20);
  expect(bytes).toBeLessThan(MIB * 2 ** 20 + 1000);
  expect((most - before) / 2 ** 20).toBeLessThan(128);
}, 160_000);

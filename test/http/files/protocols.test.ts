// download and upload over what is no HTTP: ftp, file, smtp, and ftp through an HTTP proxy.
import { Buffer } from "node:buffer";
import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { download, type DownloadProgress, upload } from "../../../mod.ts";
import { failure } from "../../driver/support.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { bytesOf, hasBytes, names, rawServer, reply, testFolder } from "./support.ts";

const BIG = 1 << 20;

const folder = testFolder();
const server = useServer("ftp");

const ftp = (path: string) => server.url(path, "ftp");

test("ftp: a file arrives whole, its name from the URL", async () => {
  const progress: DownloadProgress[] = [];
  const onProgress = (p: DownloadProgress) => void progress.push(p);
  const { path, bytes, resumed } = await download(ftp("/big.bin"), folder.path(), { onProgress });
  expect([path, bytes, resumed]).toEqual([folder.path("big.bin"), BIG, false]);
  expect(await hasBytes(path, bytesOf(BIG))).toBe(true);
  expect(progress.at(-1)).toEqual({ bytes: BIG, total: BIG, resumedFrom: 0 });
  expect(await names(folder.path())).toEqual(["big.bin"]);
});

/** Ends a download at the first bytes, and leaves so many of them. */
async function breakOff(url: string, kept: number): Promise<void> {
  const onProgress = ({ bytes }: DownloadProgress) => {
    if (bytes > 0) throw new Error("enough");
  };
  const curl = { MAX_RECV_SPEED_LARGE: 100_000 };
  await failure(download(url, folder.path("x"), { onProgress, curl }));
  expect(await names(folder.path())).toEqual([".x.curlew-part", ".x.curlew-part.json"]);
  const part = await readFile(folder.path(".x.curlew-part"));
  await writeFile(folder.path(".x.curlew-part"), part.subarray(0, kept));
}

async function rememberedTime(change: number): Promise<void> {
  const record = folder.path(".x.curlew-part.json"),
    old = JSON.parse(await readFile(record, "utf8"));
  await writeFile(
    record,
    JSON.stringify({ ...old, validator: `${Number(old.validator) + change}` }),
  );
}

test("ftp: only the rest is asked for", async () => {
  await breakOff(ftp("/big.bin"), 5000);
  const progress: DownloadProgress[] = [];
  const onProgress = (p: DownloadProgress) => void progress.push(p);
  const { resumed, bytes, info } = await download(ftp("/big.bin"), folder.path("x"), {
    onProgress,
  });
  expect([resumed, bytes, info.bytesIn]).toEqual([true, BIG, BIG - 5000]);
  expect(await hasBytes(folder.path("x"), bytesOf(BIG))).toBe(true);
  expect(progress.at(-1)).toEqual({ bytes: BIG, total: BIG, resumedFrom: 5000 });
  expect(await names(folder.path())).toEqual(["x"]);
});

test("ftp: a part that is whole is taken as it is", async () => {
  await breakOff(ftp("/big.bin"), 5000);
  await writeFile(folder.path(".x.curlew-part"), bytesOf(BIG));
  const { resumed, info } = await download(ftp("/big.bin"), folder.path("x"));
  expect([resumed, info.bytesIn]).toEqual([true, 0]);
  expect(await hasBytes(folder.path("x"), bytesOf(BIG))).toBe(true);
});

test("ftp: a changed file starts anew", async () => {
  await breakOff(ftp("/big.bin"), 5000);
  await rememberedTime(-1);
  const { resumed, bytes } = await download(ftp("/big.bin"), folder.path("x"));
  expect([resumed, bytes]).toEqual([false, BIG]);
  expect(await hasBytes(folder.path("x"), bytesOf(BIG))).toBe(true);
});

test("ftp: what is not there is an error", async () => {
  const error = await failure(download(ftp("/none"), folder.path("x"))) as TypeError;
  expect(error.message).toMatch(/^Cannot download ftp:.*CURLE_REMOTE_FILE_NOT_FOUND/);
  expect(await names(folder.path())).toEqual([]);
});

test("ftp: what is uploaded comes back, from every kind of source", async () => {
  const bytes = bytesOf(300_000);
  await writeFile(folder.path("source"), bytes);
  const stream = new Blob([bytes]).stream();
  const sources = [folder.path("source"), bytes, new Blob([bytes]), stream, new Uint8Array()];
  for (const [i, source] of sources.entries()) {
    const expected = i === 4 ? new Uint8Array() : bytes;
    const { status, bytes: sent } = await upload(source, ftp(`/up${i}`));
    expect([status, sent]).toEqual([226, expected.length]);
    await download(ftp(`/up${i}`), folder.path("back"));
    expect(await hasBytes(folder.path("back"), expected)).toBe(true);
  }
});

test("ftp: an upload that is refused is an error", async () => {
  const error = await failure(upload(bytesOf(10), ftp("/nowhere/x")));
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).message).toMatch(/CURLE_/);
});

test("ftp through an HTTP proxy: its error page is no file", async () => {
  await using proxy = await rawServer((_, socket) => reply(socket, "502 Bad", {}, "error page"));
  const curl = { PROXY: proxy.url("") };
  const error = await failure(download(ftp("/big.bin"), folder.path("x"), { curl }));
  expect(error).toBeInstanceOf(TypeError);
  await using moved = await rawServer((_, socket) =>
    reply(socket, "302 Found", { Location: "http://127.0.0.1:1/" }, "moved")
  );
  const other = { PROXY: moved.url("") };
  const second = await failure(download(ftp("/big.bin"), folder.path("x"), { curl: other }));
  expect((second as TypeError).message).toContain("answered 302");
  expect(await names(folder.path())).toEqual([]);
});

test("file: a copy, which can be gone on with", async () => {
  const source = folder.path("source file");
  await writeFile(source, bytesOf(BIG));
  const url = pathToFileURL(source);
  expect((await download(url, folder.path("y"))).bytes).toBe(BIG);
  expect(await hasBytes(folder.path("y"), bytesOf(BIG))).toBe(true);

  const { mtimeMs } = await stat(source);
  const record = { url: `file://${url.pathname}`, size: BIG };
  const validator = String(Math.floor(mtimeMs / 1000));
  await writeFile(folder.path(".x.curlew-part"), bytesOf(1000));
  await writeFile(folder.path(".x.curlew-part.json"), JSON.stringify({ ...record, validator }));
  expect(await download(url, folder.path("x"))).toMatchObject({ resumed: true, bytes: BIG });
  expect(await hasBytes(folder.path("x"), bytesOf(BIG))).toBe(true);

  await writeFile(folder.path(".x.curlew-part"), bytesOf(1000, 1));
  await writeFile(folder.path(".x.curlew-part.json"), JSON.stringify({ ...record, validator }));
  await utimes(source, 1, 1);
  expect(await download(url, folder.path("x"))).toMatchObject({ resumed: false, bytes: BIG });
  expect(await hasBytes(folder.path("x"), bytesOf(BIG))).toBe(true);
});

test("file: what is not there is an error, an empty file is none", async () => {
  const none = pathToFileURL(folder.path("none"));
  expect(await failure(download(none, folder.path("x")))).toBeInstanceOf(TypeError);
  await writeFile(folder.path("empty"), "");
  const { bytes } = await download(pathToFileURL(folder.path("empty")), folder.path("x"));
  expect(bytes).toBe(0);
  expect(await names(folder.path())).toEqual(["empty", "x"]);
});

test("file: an upload writes it", async () => {
  const { status, bytes } = await upload(bytesOf(1000), pathToFileURL(folder.path("x")));
  expect([status, bytes]).toEqual([0, 1000]);
  expect(await hasBytes(folder.path("x"), bytesOf(1000))).toBe(true);
});

test("an unknown scheme is an error", async () => {
  for (const url of ["what://h/x", "data:,x", "about:blank"]) {
    const error = await failure(download(url, folder.path("x")));
    expect(error, url).toBeInstanceOf(TypeError);
  }
  expect(await names(folder.path())).toEqual([]);
});

/** As much of an SMTP server as takes one mail. */
async function mailServer(lines: string[]): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => {
    let inMail = false, text = "";
    socket.write("220 test\r\n");
    socket.on("data", (chunk: Uint8Array) => {
      text += Buffer.from(chunk);
      for (let end; (end = text.indexOf("\r\n")) >= 0; text = text.slice(end + 2)) {
        const line = text.slice(0, end);
        lines.push(line);
        if (inMail && line !== ".") continue;
        inMail = line === "DATA";
        socket.write(inMail ? "354 go\r\n" : line === "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
      }
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("smtp: a mail is sent from a file", async () => {
  const lines: string[] = [];
  await using mail = await mailServer(lines);
  await writeFile(folder.path("mail"), "Subject: hi\r\n\r\nHello\r\n");
  // in another process: libcurl waits for the last reply, and the server here could not send it
  const { stdout, stderr } = await runChild(`
    import { upload } from "#root/mod.ts";
    const curl = { MAIL_FROM: "me@example.com", MAIL_RCPT: ["you@example.com"] };
    const url = "smtp://127.0.0.1:${mail.port}/me";
    const { status } = await upload(${JSON.stringify(folder.path("mail"))}, url, { curl });
    console.log(status);
  `);
  expect([stdout, stderr]).toEqual(["250\n", ""]);
  expect(lines).toContain("RCPT TO:<you@example.com>");
  expect(lines.join("\n")).toContain("DATA\nSubject: hi\n\nHello\n.");
});

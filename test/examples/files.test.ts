// What the examples in files/ do, beyond what their heads say.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useFolder, useServer } from "../use.ts";
import { tusServer } from "./servers.ts";
import { example } from "./support.ts";

const server = useServer("http");
const folder = useFolder("examples");

test("download.ts writes a file", async () => {
  const path = join(folder, "file.bin");
  const { code, stdout } = await example("files/download.ts", server.url("/bytes/300000"), path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^300000 bytes in [\d.]+ s: /);
  expect((await readFile(path)).length).toBe(300_000);
});

test("resume.ts downloads, and goes on with what is there", async () => {
  const path = join(folder, "resumed.bin"), url = server.url("/bytes/300000");
  const whole = await example("files/resume.ts", url, path);
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stdout).toMatch(/resumed\.bin: 300000 bytes in [\d.]+ s\n$/);
  const record = { url, validator: '"bytes-300000"', size: 300_000 };
  await writeFile(join(folder, ".resumed.bin.curlew-part"), await readFile(path).then(half));
  await writeFile(join(folder, ".resumed.bin.curlew-part.json"), JSON.stringify(record));
  const { stdout } = await example("files/resume.ts", url, path);
  expect(stdout).toMatch(/resumed\.bin: the last 150000 of 300000 bytes in [\d.]+ s\n$/);
  const failed = await example("files/resume.ts", server.url("/status/404"), path);
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toMatch(/the server answered 404 Not Found\n$/);
});

const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);

test("streaming_upload.ts sends a file, and what it is given", async () => {
  const path = join(folder, "source");
  await writeFile(path, new Uint8Array(20_000_000));
  const file = await example("files/streaming_upload.ts", server.url("/upload"), path);
  expect(file).toMatchObject({ code: 0 });
  expect(file.stdout).toMatch(/^201: 20000000 bytes in [\d.]+ s\n$/);
  const nothing = await example("files/streaming_upload.ts", server.url("/upload"));
  expect(nothing.stdout).toMatch(/^201: 0 bytes in [\d.]+ s\n$/);
});

test("resumable_upload.ts goes on after it was stopped, where the server has got to", async () => {
  await using tus = await tusServer();
  const path = join(folder, "photo.raw"), url = `${tus.origin}/upload`;
  await writeFile(path, new Uint8Array(2_000_000));
  const none = await example("files/resumable_upload.ts", server.url("/status/404"), path);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("No upload: 404")]);
  // as a run that was stopped has left it
  const headers = { "Tus-Resumable": "1.0.0", "Upload-Length": "2000000" };
  await globalThis.fetch(url, { method: "POST", headers });
  await writeFile(`${path}.upload`, `${url}/1`);
  const { code, stdout, stderr } = await example("files/resumable_upload.ts", url, path);
  expect([code, stdout], stderr).toEqual([0, `${path}: 2000000 of 2000000 bytes are there\n`]);
  expect(tus.bytes()).toBe(2_000_000);
  await expect(readFile(`${path}.upload`)).rejects.toThrow("ENOENT");
});

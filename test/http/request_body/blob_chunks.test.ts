// The parts of a form as chunks: every byte in its place, and few reads for many small files.
import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import {
  blobContent,
  type BodyPart,
  chunksOf,
} from "../../../src/http/request_body/blob_chunks.ts";
import { serializeForm } from "../../../src/http/request_body/form_data.ts";

const BATCH = 128 * 1024;

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** Bytes that tell their part and their place in it. */
const bytesOf = (part: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (part * 31 + i) % 251);

test("parts of any size are in their order", async () => {
  const sizes = [0, 1, 5, BATCH - 1, BATCH, BATCH + 1, 600_000, 3, 0, BATCH - 3, 2, 1, 1];
  for (const first of ["bytes", "blob"] as const) {
    const parts: BodyPart[] = [], expected: Uint8Array[] = [];
    for (const [at, size] of sizes.entries()) {
      const bytes = bytesOf(at, size), isBlob = (first === "blob") === (at % 2 === 0);
      expected.push(bytes);
      parts.push(isBlob ? await blobContent(new Blob([bytes])) : bytes);
    }
    const chunks = await read(chunksOf(parts));
    expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true);
    expect(chunks.every((chunk) => chunk.length > 0)).toBe(true);
  }
});

test("2,000 small files in a form are read a hundred or more at a time, twice if needed", async () => {
  const form = new FormData(), count = 2000;
  for (let i = 0; i < count; i++) form.append(`f${i}`, new Blob([`v${i}`]), `x${i}`);
  const { chunks, length } = await serializeForm(form);
  const first = await read(chunks()), text = Buffer.concat(first).toString();
  expect(text.length).toBe(length);
  expect([...text.matchAll(/\r\n\r\n(v\d+)\r\n--/g)].map(([, value]) => value))
    .toEqual(Array.from({ length: count }, (_, i) => `v${i}`));
  expect(first.length).toBeLessThan(count / 100);
  expect(Buffer.concat(await read(chunks())).toString()).toBe(text);
});

/**
 * What the tests of forms share: a multipart parser of another library, and an upload that returns
 * its parts.
 */
import { Buffer } from "node:buffer";
import busboy from "busboy";
import type { Mime } from "../../../mod.ts";
import { type Echo, get, header } from "../easy_support.ts";

/** A part as the server sees it. */
export interface ParsedPart {
  readonly name: string;
  /** `null` for a field that is no file. */
  readonly filename: string | null;
  readonly type: string;
  readonly encoding: string;
  readonly data: Buffer;
}

/** The parts of a multipart/form-data body. */
export function parseForm(contentType: string, body: Uint8Array): Promise<ParsedPart[]> {
  const headers = { "content-type": contentType };
  const parser = busboy({ headers, defParamCharset: "utf8", preservePath: true });
  const parts: ParsedPart[] = [];
  return new Promise((resolve, reject) => {
    parser.on("field", (name, value, { mimeType, encoding }) => {
      parts.push({ name, filename: null, type: mimeType, encoding, data: Buffer.from(value) });
    });
    parser.on("file", (name, stream, { filename = null, mimeType, encoding }) => {
      const part = { name, filename, type: mimeType, encoding, data: Buffer.alloc(0) };
      const chunks: Buffer[] = [];
      parts.push(part); // before the content has come, to keep the order
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => part.data = Buffer.concat(chunks));
    });
    parser.on("close", () => resolve(parts));
    parser.on("error", reject);
    parser.end(Buffer.from(body));
  });
}

/** The bytes that `/echo` received. */
export function bodyOf(echo: Echo): Buffer {
  return Buffer.from(echo.body, "base64");
}

/** The parts that `/echo` received. */
export function partsOf(echo: Echo): Promise<ParsedPart[]> {
  return parseForm(header(echo, "content-type") ?? "", bodyOf(echo));
}

/** Posts the tree to `/echo`, closes it and returns what arrived. */
export function post(url: string, mime: Mime): Echo {
  using transfer = get(url, { MIMEPOST: mime });
  mime.close();
  return transfer.json;
}

/** The lines of a body with `BOUNDARY` in place of each boundary. */
export function linesOf(echo: Echo): string[] {
  return bodyOf(echo).toString("latin1").replace(/-{24}[0-9A-Za-z]+/g, "BOUNDARY").split("\r\n");
}

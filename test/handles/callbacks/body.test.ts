// The callbacks that take bytes, each fired by a transfer: WRITE and HEADER. What a throw or
// nonsense in them does is in failures.test.ts.
import { describe, expect, test } from "vitest";
import { constants } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, facts, get, Transfer } from "../easy_support.ts";

const server = useServer("http");

describe("WRITEFUNCTION", () => {
  test("gets the body in pieces, in order, with WRITEDATA last", () => {
    const data = { any: "value" };
    const sizes: number[] = [];
    const seen = new Set<unknown>();
    let matches = true, at = 0;
    using easy = new Transfer(server.url("/bytes/1000000"), {
      WRITEDATA: data,
      WRITEFUNCTION: (bytes, value) => {
        seen.add(value);
        sizes.push(bytes.length);
        for (const byte of bytes) matches &&= byte === (at++ & 0xff);
        return bytes.length;
      },
    });
    easy.perform();
    expect([...seen]).toEqual([data]);
    expect(at).toBe(1_000_000);
    expect(sizes.length).toBeGreaterThan(10);
    using again = get(server.url("/bytes/1000000"));
    expect(again.bytes.every((byte, i) => byte === (i & 0xff)) || !matches).toBe(true);
  });

  test("taking fewer bytes than there are ends the transfer with CURLE_WRITE_ERROR", () => {
    using easy = new Transfer(server.url("/small"), { WRITEFUNCTION: (bytes) => bytes.length - 1 });
    expect(facts(() => easy.perform())).toMatchObject({
      codeName: "CURLE_WRITE_ERROR",
      message: expect.stringMatching(/writing/i),
      caused: true,
    });
  });

  test("CURL_WRITEFUNC_ERROR ends it too", () => {
    const WRITEFUNCTION = () => constants.CURL_WRITEFUNC_ERROR;
    using easy = new Transfer(server.url("/small"), { WRITEFUNCTION });
    expect(codeOf(() => easy.perform())).toBe(23);
  });

  test("is not called for an empty body", () => {
    let calls = 0;
    const WRITEFUNCTION = (bytes: Uint8Array) => (calls++, bytes.length);
    get(server.url("/status/204"), { WRITEFUNCTION }).close();
    expect(calls).toBe(0);
  });

  test("a detached buffer does no harm", () => {
    let total = 0;
    using easy = new Transfer(server.url("/bytes/200000"), {
      WRITEFUNCTION: (bytes) => {
        const { length } = bytes;
        total += length;
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        return length;
      },
    });
    easy.perform();
    expect(total).toBe(200_000);
  });

  test("may be replaced in mid-transfer", () => {
    const seen: string[] = [];
    using easy = new Transfer(server.url("/stream/3/20"), {
      WRITEFUNCTION: (bytes) => {
        seen.push("first");
        easy.setOpt("WRITEFUNCTION", (more) => (seen.push("second"), more.length));
        return bytes.length;
      },
    });
    easy.perform();
    expect(seen).toEqual(["first", "second", "second"]);
  });
});

describe("HEADERFUNCTION", () => {
  test("gets each line whole, of each response, with HEADERDATA last", () => {
    const lines: string[] = [], data: unknown[] = [];
    get(server.url("/redirect/0"), {
      FOLLOWLOCATION: true,
      HEADERDATA: "data",
      HEADERFUNCTION: (line, value) => {
        lines.push(new TextDecoder().decode(line));
        data.push(value);
        return line.length;
      },
    }).close();
    expect(lines.filter((line) => line.startsWith("HTTP/"))).toHaveLength(2);
    expect(lines.filter((line) => line === "\r\n")).toHaveLength(2);
    expect(lines.every((line) => line.endsWith("\r\n"))).toBe(true);
    expect(new Set(data)).toEqual(new Set(["data"]));
  });

  test("a wrong count ends the transfer with CURLE_WRITE_ERROR", () => {
    using easy = new Transfer(server.url("/small"), { HEADERFUNCTION: () => 1 });
    expect(codeOf(() => easy.perform())).toBe(23);
  });
});

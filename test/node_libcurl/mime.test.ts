// CurlMime and CurlMimePart: each method, and when what is said of a part counts.
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  CurlMime,
  CurlMimePart,
  type CurlyMimePart,
  Easy,
  Multi,
} from "../../node_libcurl.ts";
import { CurlReadFunc } from "../../node_libcurl.ts";
import { useFolder, useServer } from "../use.ts";
import { easyFor, type Echo, failure, thrown } from "./support.ts";

const server = useServer("http");
const folder = useFolder("mime");
let file: string;
beforeAll(() => {
  file = join(folder, "a file.txt");
  writeFileSync(file, "the file");
});

/** What the server gets of a form. */
function posted(easy: Easy, body: () => string): string {
  expect(easy.perform()).toBe(CurlCode.CURLE_OK);
  const echo = JSON.parse(body()) as Echo;
  return Buffer.from(echo.body ?? "", "base64").toString();
}

/** What the server gets of parts. */
function sent(fill: (mime: CurlMime) => void): string {
  const { easy, body } = easyFor(server.url("/echo")), mime = new CurlMime(easy);
  fill(mime);
  expect(easy.setOpt("MIMEPOST", mime)).toBe(CurlCode.CURLE_OK);
  const form = posted(easy, body);
  easy.close();
  return form;
}

describe("a part", () => {
  test("has a name, data, a type, a file name, an encoding and headers", () => {
    const form = sent((mime) => {
      const part = mime.addPart();
      expect(part).toBeInstanceOf(CurlMimePart);
      const same = part.setName("n").setData("é text").setType("text/x").setFileName("f.txt")
        .setEncoder("base64").setHeaders(["X-A: 1", "X-B: 2"]);
      expect(same).toBe(part);
      mime.addPart().setName("bytes").setData(Buffer.from("a\0b"));
    });
    expect(form).toContain('name="n"; filename="f.txt"');
    expect(form).toContain("Content-Type: text/x");
    expect(form).toMatch(/X-A: 1\r\nX-B: 2\r\n/);
    expect(form).toContain(Buffer.from("é text").toString("base64"));
    expect(form).toContain('name="bytes"\r\n\r\na\0b\r\n');
  });

  test("may be a file, whose name shows unless another is given afterwards", () => {
    const form = sent((mime) => {
      mime.addPart().setName("own").setFileData(file);
      mime.addPart().setName("other").setFileData(file).setFileName("other.txt");
      mime.addPart().setName("first").setFileName("lost.txt").setFileData(file);
      mime.addPart().setName("hidden").setFileData(file).setFileName(null);
    });
    expect(form.match(/the file/g)).toHaveLength(4);
    expect(form).toContain('name="own"; filename="a file.txt"');
    expect(form).toContain('name="other"; filename="other.txt"');
    expect(form).toContain('name="first"; filename="a file.txt"');
    expect(form).toMatch(/name="hidden"\r\n/);
  });

  test("is without what null takes away", () => {
    const form = sent((mime) => {
      mime.addPart().setName("x").setName(null).setData("x").setData(null).setType("a/b")
        .setType(null).setEncoder("base64").setEncoder(null).setHeaders(["A: b"]).setHeaders(null)
        .setFileName("f").setFileName(null).setFileData(null).setSubparts(null).setData("rest");
    });
    expect(form).toMatch(/^--\S+\r\nContent-Disposition: form-data\r\n\r\nrest\r\n--/);
  });

  test("may have parts of its own", () => {
    const form = sent((mime) => {
      const inner = new CurlMime(new Easy());
      inner.addPart().setName("inner").setData("inside");
      mime.addPart().setName("outer").setSubparts(inner);
      // still open to more
      inner.addPart().setName("later").setData("added");
      expect(() => mime.addPart().setSubparts(inner)).toThrow(TypeError);
      expect(() => inner.addPart().setSubparts(mime)).toThrow(/in themselves/);
      expect(() => mime.addPart().setSubparts(mime)).toThrow(/in themselves/);
    });
    expect(form).toContain("multipart/mixed");
    expect(form).toContain('name="inner"\r\n\r\ninside');
    expect(form).toContain('name="later"\r\n\r\nadded');
  });

  test("refuses what it cannot be, at once", () => {
    const part = new CurlMime(new Curl()).addPart();
    for (
      const method of ["setName", "setType", "setFileName", "setFileData", "setEncoder"] as const
    ) {
      for (const wrong of [1, {}, undefined]) {
        expect(thrown(() => part[method](wrong as never)), method).toBeInstanceOf(TypeError);
      }
      expect(thrown(() => part[method]("a\r\nX: y" as never)), method).toMatchObject({
        code: CurlCode.CURLE_BAD_FUNCTION_ARGUMENT,
      });
    }
    expect(() => part.setData(1 as never)).toThrow(TypeError);
    expect(() => part.setHeaders("a" as never)).toThrow(TypeError);
    expect(() => part.setHeaders([1] as never)).toThrow(TypeError);
    expect(() => part.setHeaders(["A: b\r\nC: d"])).toThrow(CurlEasyError);
    expect(() => part.setSubparts({} as never)).toThrow(TypeError);
    expect(() => part.setDataCallback("1" as never, { read: () => null })).toThrow(TypeError);
    expect(() => part.setDataCallback(1, {} as never)).toThrow(TypeError);
    expect(() => part.setDataCallback(1, null as never)).toThrow(TypeError);
    expect(thrown(() => part.setFileData(join(folder, "none")))).toMatchObject({
      code: CurlCode.CURLE_READ_ERROR,
    });
    expect(thrown(() => part.setEncoder("rot13" as never))).toMatchObject({
      code: CurlCode.CURLE_BAD_FUNCTION_ARGUMENT,
    });
    for (const wrong of [null, {}, 1]) {
      expect(() => new CurlMime(wrong as never)).toThrow(TypeError);
    }
    expect(() => new CurlMimePart()).toThrow(TypeError);
  });
});

describe("MIMEPOST", () => {
  test("sends what the parts are when a transfer begins, any number of times", () => {
    const { easy, body, chunks } = easyFor(server.url("/echo")), mime = new CurlMime(easy);
    easy.setOpt("MIMEPOST", mime);
    const part = mime.addPart().setName("n").setData("first");
    expect(posted(easy, body)).toContain("first");
    chunks.length = 0;
    expect(posted(easy, body)).toContain("first");
    part.setData("second");
    chunks.length = 0;
    expect(posted(easy, body)).toContain("second");
    expect(easy.setOpt("MIMEPOST", null)).toBe(CurlCode.CURLE_OK);
    easy.setOpt("HTTPGET", true);
    chunks.length = 0;
    expect(posted(easy, body)).toBe("");
    expect(() => easy.setOpt("MIMEPOST", {} as never)).toThrow(TypeError);
    easy.close();
  });

  test("may be the same for several handles, and goes with a copy", () => {
    const one = easyFor(server.url("/echo")), two = easyFor(server.url("/echo"));
    const mime = new CurlMime(one.easy);
    mime.addPart().setName("n").setData("shared");
    one.easy.setOpt("MIMEPOST", mime);
    two.easy.setOpt("MIMEPOST", mime);
    const copy = two.easy.dupHandle();
    expect(posted(one.easy, one.body)).toContain("shared");
    one.easy.close();
    expect(posted(two.easy, two.body)).toContain("shared");
    two.easy.close();
    two.chunks.length = 0;
    expect(posted(copy, two.body)).toContain("shared");
    copy.close();
  });
});

describe("setDataCallback()", () => {
  const text = "0123456789".repeat(20_000);
  const reader = (at = 0) => ({
    read: (size: number) => {
      const piece = text.slice(at, at + size);
      at += piece.length;
      return piece || null;
    },
    seek: (offset: number) => {
      at = offset;
      return true;
    },
  });

  test("reads text or bytes to their end, and what is too much in pieces", () => {
    const form = sent((mime) => {
      mime.addPart().setName("text").setDataCallback(text.length, reader());
      let once: Buffer | null = Buffer.from(text);
      mime.addPart().setName("bytes").setDataCallback(-1, {
        read: () => {
          const whole = once;
          once = null;
          return whole;
        },
      });
    });
    expect(form.split(text)).toHaveLength(3);
  });

  test("seek() has it sent again", () => {
    const { easy, body } = easyFor(server.url("/redirect-to?url=/echo&status=307&read=1"));
    const mime = new CurlMime(easy);
    easy.setOpt("FOLLOWLOCATION", true);
    mime.addPart().setName("n").setDataCallback(text.length, reader());
    easy.setOpt("MIMEPOST", mime);
    expect(posted(easy, body)).toContain(text);
    easy.close();
  });

  test("free() is called when the last handle lets go of it", () => {
    const { easy, body } = easyFor(server.url("/echo")), mime = new CurlMime(easy);
    let freed = 0;
    mime.addPart().setName("n").setDataCallback(text.length, { ...reader(), free: () => freed++ });
    easy.setOpt("MIMEPOST", mime);
    const copy = easy.dupHandle();
    posted(easy, body);
    easy.close();
    expect(freed).toBe(0);
    copy.reset();
    expect(freed).toBe(1);
    copy.close();
    expect(freed).toBe(1);
  });

  test("what it throws is the cause, and Abort and nonsense end the transfer", async () => {
    const multi = new Multi(), cause = new Error("in read()");
    const reads = [
      [() => {
        throw cause;
      }, cause],
      [() => 5, expect.any(TypeError)],
      [() => undefined, expect.any(TypeError)],
    ] as const;
    const sending = (read: unknown) => {
      const { easy } = easyFor(server.url("/echo")), mime = new CurlMime(easy);
      mime.addPart().setName("n").setDataCallback(10, { read: read as never });
      easy.setOpt("MIMEPOST", mime);
      return easy;
    };
    for (const [read, expected] of reads) {
      const easy = sending(read), blocking = sending(read);
      const error = await failure(multi.perform(easy));
      expect(error).toMatchObject({ code: CurlCode.CURLE_ABORTED_BY_CALLBACK, cause: expected });
      multi.removeHandle(easy);
      expect(thrown(() => blocking.perform())).toEqual(expected);
      easy.close();
      blocking.close();
    }
    const easy = sending(() => CurlReadFunc.Abort);
    expect(easy.perform()).toBe(CurlCode.CURLE_ABORTED_BY_CALLBACK);
    easy.close();
    multi.close();
  });
});

describe("streams", () => {
  const slowly = async function* (pieces: readonly string[]) {
    for (const piece of pieces) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      yield Buffer.from(piece);
    }
  };

  test("are sent as they come: setDataStream(), with an unpause of one's own", async () => {
    const multi = new Multi(), { easy, body } = easyFor(server.url("/echo"));
    const mime = new CurlMime(easy), stream = Readable.from(slowly(["a", "b", "c"]));
    let unpaused = 0;
    mime.addPart().setName("s").setDataStream(stream, () => {
      unpaused++;
      expect(easy.isPausedSend).toBe(true);
      easy.pause(0);
    });
    easy.setOpt("MIMEPOST", mime);
    await multi.perform(easy);
    expect(unpaused).toBeGreaterThan(1);
    const echo = JSON.parse(body()) as Echo;
    expect(Buffer.from(echo.body!, "base64").toString()).toContain('name="s"\r\n\r\nabc\r\n');
    multi.removeHandle(easy);
    expect(stream.destroyed).toBe(true); // it has ended
    easy.close();
    multi.close();
  });

  test("that fail fail the transfer", async () => {
    const multi = new Multi(), { easy } = easyFor(server.url("/echo"));
    const stream = new Readable({ read() {} }), cause = new Error("of the stream");
    easy.setMimePost([{ type: "stream", name: "s", stream }]);
    setTimeout(() => stream.destroy(cause), 30);
    expect(await failure(multi.perform(easy))).toMatchObject({ cause });
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });
});

describe("setMimePost()", () => {
  test("makes parts of all kinds by a description", async () => {
    const multi = new Multi(), { easy, body } = easyFor(server.url("/echo"));
    const parts: CurlyMimePart[] = [
      { type: "data", name: "text", data: "some text", mimeType: "text/plain" },
      { type: "data", name: "bytes", data: Buffer.from([1, 2]), encoder: "base64" },
      { type: "file", name: "file", file, fileName: "other.txt", headers: ["X-A: 1"] },
      { type: "stream", name: "stream", stream: Readable.from([Buffer.from("streamed")]), size: 8 },
      { type: "subparts", name: "more", parts: [{ type: "data", name: "in", data: "side" }] },
    ];
    expect(easy.setMimePost(parts)).toBe(easy);
    await multi.perform(easy);
    const form = Buffer.from((JSON.parse(body()) as Echo).body!, "base64").toString();
    for (
      const expected of [
        'name="text"\r\nContent-Type: text/plain\r\n\r\nsome text',
        "AQI=",
        'name="file"; filename="other.txt"',
        "X-A: 1",
        'name="stream"\r\n\r\nstreamed',
        'name="in"\r\n\r\nside',
      ]
    ) expect(form).toContain(expected);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("says what is wrong", () => {
    const easy = new Easy();
    for (const wrong of [null, {}, [{ type: "nothing", name: "x" }], [{ type: "data", name: 1 }]]) {
      expect(() => easy.setMimePost(wrong as never), JSON.stringify(wrong)).toThrow(TypeError);
    }
    easy.close();
  });
});

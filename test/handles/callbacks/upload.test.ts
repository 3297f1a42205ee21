// The callbacks of an upload, each fired by a transfer: READ, TRAILER, SEEK, IOCTL.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { constants, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";

const { resumesPut } = libcurl;
import { codeOf, facts, failure, Transfer, utf8 } from "../easy_support.ts";

const { CURL_READFUNC_ABORT, CURLIOCMD_RESTARTREAD } = constants;
const { CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL } = constants;

const server = useServer("http");

/** A READFUNCTION that gives those bytes, `step` at a time, and can be set back. */
class Source {
  at = 0;
  calls = 0;
  readonly bytes: Uint8Array;
  readonly step: number;
  readonly data: unknown[] = [];

  constructor(bytes: Uint8Array, step = Infinity) {
    this.bytes = bytes;
    this.step = step;
  }

  readonly read = (buffer: Uint8Array, data?: unknown): number => {
    this.calls++;
    this.data.push(data);
    const part = this.bytes.subarray(this.at, this.at + Math.min(this.step, buffer.length));
    buffer.set(part);
    this.at += part.length;
    return part.length;
  };
}

describe("READFUNCTION", () => {
  const upload = (source: Source, options: EasyOptions = {}) =>
    new Transfer(server.url("/echo"), {
      UPLOAD: true,
      READFUNCTION: source.read,
      READDATA: "data",
      ...options,
    });

  test("fills the buffer and says how much, 0 at the end, with READDATA last", () => {
    const source = new Source(utf8("one two three"), 5);
    using easy = upload(source).run();
    expect(easy.json).toMatchObject({ method: "PUT", length: 13 });
    expect(Buffer.from(easy.json.body, "base64").toString()).toBe("one two three");
    expect(source.calls).toBe(4);
    expect(new Set(source.data)).toEqual(new Set(["data"]));
  });

  test("gives a body of known size: INFILESIZE_LARGE as a bigint", () => {
    const source = new Source(new Uint8Array(300_000).fill(7));
    using easy = upload(source, { INFILESIZE_LARGE: 300_000n }).run();
    expect(easy.json.length).toBe(300_000);
    expect(easy.getInfo("SIZE_UPLOAD_T")).toBe(300_000);
  });

  test("CURL_READFUNC_ABORT ends the transfer with CURLE_ABORTED_BY_CALLBACK", () => {
    using easy = new Transfer(server.url("/echo"), {
      UPLOAD: true,
      READFUNCTION: () => CURL_READFUNC_ABORT,
    });
    expect(facts(() => easy.perform())).toMatchObject({ code: 42, caused: false });
  });

  test("a count that the buffer has no room for is a RangeError, and nothing is read", () => {
    for (const count of [-1, 1 << 26]) {
      using easy = new Transfer(server.url("/echo"), { UPLOAD: true, READFUNCTION: () => count });
      const error = failure(() => easy.perform());
      expect(error.code).toBe(42);
      expect(error.cause).toBeInstanceOf(RangeError);
    }
  });

  test.each([["a longer one", false], ["a longer one, detached", true]])(
    "the length that the user gives the buffer does not count: %s",
    (_, detaches) => {
      const READFUNCTION = (bytes: Uint8Array) => {
        Object.defineProperty(bytes, "length", { value: 1 << 26 });
        if (detaches) structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        return detaches ? 1 : 1 << 26;
      };
      using easy = new Transfer(server.url("/echo"), { UPLOAD: true, READFUNCTION });
      expect(failure(() => easy.perform()).cause).toBeInstanceOf(RangeError);
      const source = new Source(utf8("the next one gets its own"), 5);
      using next = upload(source).run();
      expect(next.json.length).toBe(25);
    },
  );

  test("adds trailers through TRAILERFUNCTION, with TRAILERDATA last", () => {
    const data: unknown[] = [];
    using easy = upload(new Source(utf8("body")), {
      HTTPHEADER: ["Trailer: X-Sum, X-Name", "Transfer-Encoding: chunked", "Expect:"],
      TRAILERDATA: 42,
      TRAILERFUNCTION: (lines, value) => {
        data.push(value);
        lines.push("X-Sum: 10", "X-Name: Zürich");
      },
    });
    const { trailers } = easy.run().json;
    expect(trailers[0]).toEqual(["X-Sum", "10"]);
    expect(Buffer.from(trailers[1][1], "latin1").toString("utf8")).toBe("Zürich");
    expect(data).toEqual([42]);
  });

  test("TRAILERFUNCTION may add none", () => {
    using easy = upload(new Source(utf8("body")), {
      HTTPHEADER: ["Trailer: X-Sum", "Transfer-Encoding: chunked"],
      TRAILERFUNCTION: () => {},
    });
    expect(easy.run().json.trailers).toEqual([]);
  });
});

describe("an upload that must be sent again", () => {
  const redirected = (source: Source, options: EasyOptions) =>
    new Transfer(server.url("/redirect-to?url=/echo&status=307&read=1"), {
      UPLOAD: true,
      FOLLOWLOCATION: true,
      INFILESIZE: source.bytes.length,
      READFUNCTION: source.read,
      ...options,
    });

  test("is set back by SEEKFUNCTION: SEEKDATA, offset, origin", () => {
    const source = new Source(utf8("again and again"));
    const seeks: unknown[][] = [];
    using easy = redirected(source, {
      SEEKDATA: "data",
      SEEKFUNCTION: (...args) => {
        seeks.push(args);
        source.at = args[1];
      },
    });
    easy.perform();
    expect(Buffer.from(easy.json.body, "base64").toString()).toBe("again and again");
    expect(seeks).toEqual([["data", 0, 0]]);
  });

  test.each([CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_CANTSEEK])(
    "fails with CURLE_SEND_FAIL_REWIND where SEEKFUNCTION returns %i",
    (result) => {
      using easy = redirected(new Source(utf8("once")), { SEEKFUNCTION: () => result });
      expect(facts(() => easy.perform())).toMatchObject({
        codeName: "CURLE_SEND_FAIL_REWIND",
        caused: false,
      });
    },
  );

  test.skipIf(!resumesPut.holds)(
    `a resumed upload seeks by its offset first, beyond 2^32 too${resumesPut.note}`,
    () => {
      const offset = 2 ** 33 + 1;
      const seeks: number[] = [];
      using easy = new Transfer(server.url("/echo"), {
        UPLOAD: true,
        RESUME_FROM_LARGE: offset,
        INFILESIZE_LARGE: offset + 3,
        READFUNCTION: new Source(utf8("end")).read,
        SEEKFUNCTION: (_, at) => void seeks.push(at),
      });
      expect(easy.run().json.length).toBe(3);
      expect(seeks).toEqual([offset]);
    },
  );

  test("is set back by IOCTLFUNCTION in the old way: handle, command, IOCTLDATA", () => {
    const source = new Source(utf8("again and again"));
    const calls: unknown[][] = [];
    using easy = redirected(source, {
      IOCTLDATA: "data",
      IOCTLFUNCTION: (...args) => {
        calls.push(args);
        source.at = 0;
      },
    });
    easy.perform();
    expect(Buffer.from(easy.json.body, "base64").toString()).toBe("again and again");
    expect(calls).toEqual([[easy, CURLIOCMD_RESTARTREAD, "data"]]);
  });

  test("fails where IOCTLFUNCTION does", () => {
    const IOCTLFUNCTION = () => constants.CURLIOE_FAILRESTART;
    using easy = redirected(new Source(utf8("once")), { IOCTLFUNCTION });
    expect(codeOf(() => easy.perform())).toBe(65);
  });
});

// Parts whose bytes a function gives.
import { createHash } from "node:crypto";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { Agent, constants, type Easy, Mime, type MimeReader, Multi } from "../../../mod.ts";
import { mimeCount } from "../../../src/handles/mime/tree.ts";
import { readerCount } from "../../../src/handles/mime/part_reader.ts";
import { useServer } from "../../use.ts";
import { codeOf, facts, failure, get, header, Transfer, utf8 } from "../easy_support.ts";
import { linesOf, partsOf } from "./support.ts";

const server = useServer("http");

/** A reader of a text that counts what is asked of it. */
function readerOf(text: string, pieceSize = 1000, known = true) {
  const bytes = utf8(text);
  const calls: string[] = [];
  let at = 0;
  const reader = {
    ...(known && { size: bytes.length }),
    read(buffer: Uint8Array) {
      const piece = bytes.subarray(at, at + Math.min(pieceSize, buffer.length));
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    seek(offset: number, origin: number) {
      calls.push(`seek ${offset} ${origin}`);
      at = offset;
    },
    free() {
      calls.push("free");
    },
  } satisfies MimeReader;
  return { reader, calls };
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a reader", () => {
  test.each([[true], [false]])("gives its bytes in pieces, its size known: %s", async (known) => {
    const text = "0123456789".repeat(5000);
    using mime = new Mime();
    for (const name of ["a", "b"]) {
      mime.addPart({ name, filename: name, reader: readerOf(text, 999, known).reader });
    }
    using transfer = get(server.url("/echo"), { MIMEPOST: mime });
    const parts = await partsOf(transfer.json);
    expect(parts.map(({ name, data }) => [name, data.toString() === text])).toEqual([
      ["a", true],
      ["b", true],
    ]);
    const length = header(transfer.json, "content-length");
    expect(length).toBe(known ? String(transfer.json.length) : undefined);
  });

  test("is encoded as other parts are", async () => {
    using mime = new Mime();
    mime.addPart({ name: "a", reader: readerOf("x".repeat(300), 7).reader, encoder: "base64" });
    using transfer = get(server.url("/echo"), { MIMEPOST: mime });
    const [part] = await partsOf(transfer.json);
    expect(atob(part?.data.toString() ?? "")).toBe("x".repeat(300));
  });

  test("gets the handle that sends it", () => {
    const seen: unknown[] = [];
    const read = (_: Uint8Array, easy: Easy) => {
      seen.push(easy);
      return 0;
    };
    using mime = new Mime().addPart({ subparts: new Mime().addPart({ reader: { read } }) });
    using transfer = get(server.url("/echo"), { MIMEPOST: mime });
    expect(seen).toEqual([transfer]);
  });

  test("goes back to the beginning for a redirect", async () => {
    const { reader, calls } = readerOf("again and again");
    using mime = new Mime().addPart({ name: "a", reader });
    using transfer = get(server.url("/redirect-to?url=/echo&status=307&read=1"), {
      MIMEPOST: mime,
      FOLLOWLOCATION: 1,
    });
    expect((await partsOf(transfer.json))[0]?.data.toString()).toBe("again and again");
    expect(calls).toEqual(["seek 0 0"]);
  });

  test.each<[string, MimeReader["seek"] | undefined]>([
    ["there is none", undefined],
    ["it says that it cannot", () => constants.CURL_SEEKFUNC_CANTSEEK],
    ["it fails", () => constants.CURL_SEEKFUNC_FAIL],
  ])("ends a redirect with SEND_FAIL_REWIND where its seek is no help: %s", (_why, seek) => {
    const { read } = readerOf("once").reader;
    using mime = new Mime().addPart({ name: "a", reader: seek ? { read, seek } : { read } });
    using transfer = new Transfer(server.url("/redirect-to?url=/echo&status=307&read=1"), {
      MIMEPOST: mime,
      FOLLOWLOCATION: 1,
    });
    expect(failure(() => transfer.perform())).toMatchObject({ code: 65 });
  });

  test("a seek that throws is the cause", () => {
    const { read } = readerOf("once").reader;
    const seek = () => {
      throw new Error("no way back");
    };
    using mime = new Mime().addPart({ name: "a", reader: { read, seek } });
    using transfer = new Transfer(server.url("/redirect-to?url=/echo&status=307&read=1"), {
      MIMEPOST: mime,
      FOLLOWLOCATION: 1,
    });
    expect(failure(() => transfer.perform())).toMatchObject({
      code: 65,
      cause: { message: "no way back" },
    });
  });
});

describe("the transfer ends with CURLE_ABORTED_BY_CALLBACK where a reader", () => {
  const bad: [string, MimeReader, unknown][] = [
    ["throws", {
      read: () => {
        throw new Error("out of bytes");
      },
    }, { message: "out of bytes" }],
    ["returns more than its buffer has", { read: (b) => b.length + 1 }, expect.any(RangeError)],
    ["returns less than nothing", { read: () => -1 }, expect.any(RangeError)],
    ["returns a Promise", { read: (() => Promise.resolve(1)) as never }, expect.any(TypeError)],
    ["returns nothing", { read: (() => {}) as never }, expect.any(TypeError)],
    ["returns half a byte", { read: () => 0.5 }, expect.any(TypeError)],
    ["gives less than it promised", { size: 10, read: () => 0 }, expect.any(RangeError)],
    ["gives more than it promised", { size: 10, read: () => 11 }, expect.any(RangeError)],
  ];
  test.each(bad)("%s", (_what, reader, cause) => {
    using mime = new Mime().addPart({ name: "a", reader });
    using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime });
    expect(failure(() => transfer.perform())).toMatchObject({ code: 42, cause });
  });

  test("says so by CURL_READFUNC_ABORT", () => {
    using mime = new Mime().addPart({
      name: "a",
      reader: { read: () => constants.CURL_READFUNC_ABORT },
    });
    using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime });
    expect(facts(() => transfer.perform())).toMatchObject({ code: 42, caused: false });
  });
});

test("a reader never sees more room than what is left of its size", () => {
  const rooms: number[] = [];
  const read = (buffer: Uint8Array) => {
    rooms.push(buffer.length);
    return Math.min(buffer.length, 6);
  };
  using mime = new Mime().addPart({ name: "a", reader: { size: 10, read } });
  get(server.url("/echo"), { MIMEPOST: mime }).close();
  expect(rooms).toEqual([10, 4]);
});

test("a pause waits for easy.pause, on an agent", async () => {
  let calls = 0;
  const read = (buffer: Uint8Array, easy: Easy) => {
    if (++calls % 2 === 1) {
      setTimeout(() => easy.pause(constants.CURLPAUSE_CONT), 5);
      return constants.CURL_READFUNC_PAUSE;
    }
    if (calls > 6) return 0;
    buffer.set(utf8("tick"));
    return 4;
  };
  await using agent = new Agent();
  using mime = new Mime().addPart({ name: "a", reader: { read } });
  using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime });
  await agent.perform(transfer);
  expect(linesOf(transfer.json)).toContain("tickticktick");
});

test("a pause may end before libcurl has seen it, while it sends earlier bytes", () => {
  let waits = false, calls = 0;
  const read = (buffer: Uint8Array) => {
    waits = ++calls % 2 === 1;
    if (waits) return constants.CURL_READFUNC_PAUSE;
    if (calls > 6) return 0;
    buffer.set(utf8("tick"));
    return 4;
  };
  using mime = new Mime().addPart({ name: "a", reader: { read } });
  using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime, HTTPHEADER: ["Expect:"] });
  using multi = new Multi();
  multi.addHandle(transfer);
  while (multi.perform() > 0) {
    if (waits) transfer.pause(constants.CURLPAUSE_CONT); // before the next turn of libcurl
    waits = false;
    multi.poll([], 10);
  }
  expect(multi.infoRead()).toMatchObject({ result: 0 });
  expect(linesOf(transfer.json)).toContain("tickticktick");
});

test("an abort in the middle ends it, and frees the reader with the tree", async () => {
  const { reader, calls } = readerOf("x".repeat(100_000), 10, false);
  const controller = new AbortController();
  let count = 0;
  const read = (buffer: Uint8Array) => {
    if (++count === 3) controller.abort(new Error("enough"));
    return reader.read(buffer);
  };
  await using agent = new Agent();
  const mime = new Mime().addPart({ name: "a", reader: { ...reader, read } });
  using transfer = new Transfer(server.url("/echo"), { MIMEPOST: mime });
  const ended = agent.perform(transfer, { signal: controller.signal });
  await expect(ended).rejects.toThrow("enough");
  mime.close();
  expect(calls).toEqual([]);
  transfer.close();
  await tick();
  expect(calls).toEqual(["free"]);
});

test("200 MiB from a reader take little memory", () => {
  const size = 200 * 1024 * 1024, hash = createHash("sha256");
  let at = 0, most = 0;
  const before = process.memoryUsage().rss;
  const read = (buffer: Uint8Array) => {
    const length = Math.min(buffer.length, size - at);
    buffer.fill(at & 0xff, 0, length);
    hash.update(buffer.subarray(0, length));
    at += length;
    if (at % (1 << 24) < length) most = Math.max(most, process.memoryUsage().rss);
    return length;
  };
  using mime = new Mime().addPart({ name: "a", reader: { size, read } });
  using transfer = get(server.url("/sink?hash=0"), {
    MIMEPOST: mime,
    TIMEOUT_MS: 60_000,
    UPLOAD_BUFFERSIZE: 262_144,
    HTTPHEADER: ["Expect:"],
  });
  expect(transfer.json.bytes).toBeGreaterThan(size);
  expect(transfer.json.bytes).toBeLessThan(size + 1000);
  expect(at).toBe(size);
  expect((most - before) / 2 ** 20).toBeLessThan(64);
}, 70_000);

describe("a duplicate", () => {
  test.each([[0], [1]])(
    "of two, the first to send reads a source that cannot seek: the %sth",
    (first) => {
      const { reader: { read } } = readerOf("text", 1000, false);
      using mime = new Mime().addPart({ name: "a", reader: { read } });
      using one = new Transfer(server.url("/echo"), { MIMEPOST: mime });
      using two = one.duplicate();
      const [begins, follows] = first === 0 ? [one, two] : [two, one];
      begins.perform();
      expect(begins.getInfo("RESPONSE_CODE")).toBe(200);
      expect(failure(() => follows.perform()).cause).toBeInstanceOf(RangeError);
    },
  );

  test("sends a tree of its own, after the first is gone", async () => {
    const mime = new Mime();
    mime.addPart({ name: "a", data: "bytes" }).addPart({ name: "h", data: "x", headers: ["X: y"] });
    const first = get(server.url("/echo"), { MIMEPOST: mime });
    const second = first.duplicate();
    const text = first.text;
    let got = "";
    second.setOpt("WRITEFUNCTION", (bytes) => {
      got += new TextDecoder().decode(bytes);
      return bytes.length;
    });
    first.close();
    mime.close();
    second.perform();
    second.close();
    expect(await partsOf(JSON.parse(got))).toEqual(await partsOf(JSON.parse(text)));
  });

  test("has the same readers, each told of its own handle, and freed once", async () => {
    const before = [mimeCount.open, readerCount()];
    const { reader, calls } = readerOf("shared");
    const seen: Easy[] = [];
    const read = (buffer: Uint8Array, easy: Easy) => {
      seen.push(easy);
      return reader.read(buffer);
    };
    const mime = new Mime().addPart({ name: "a", reader: { ...reader, read } });
    const first = get(server.url("/echo"), { MIMEPOST: mime });
    const second = first.duplicate();
    second.perform();
    first.perform();
    const text = `{}${first.text}`.replaceAll("}{", "}\n{").split("\n").slice(1);
    expect(text).toHaveLength(3);
    for (const each of text) {
      expect((await partsOf(JSON.parse(each)))[0]?.data.toString()).toBe("shared");
    }
    expect(new Set(seen)).toEqual(new Set([first, second]));
    expect(codeOf(() => second.duplicate())).toBe(43);
    mime.close();
    first.close();
    await tick();
    expect(calls).not.toContain("free");
    second.close();
    await tick();
    expect(calls.filter((call) => call === "free")).toHaveLength(1);
    expect([mimeCount.open, readerCount()]).toEqual(before);
  });

  test("a throw in its reader is its own error", () => {
    let fails = false;
    const { reader } = readerOf("x");
    const read = (buffer: Uint8Array) => {
      if (fails) throw new Error("mine");
      return reader.read(buffer);
    };
    using mime = new Mime().addPart({ reader: { ...reader, read } });
    using first = get(server.url("/echo"), { MIMEPOST: mime });
    using second = first.duplicate();
    fails = true;
    expect(failure(() => second.perform())).toMatchObject({ code: 42, cause: { message: "mine" } });
    fails = false;
    expect(codeOf(() => first.perform())).toBe(0);
  });
});

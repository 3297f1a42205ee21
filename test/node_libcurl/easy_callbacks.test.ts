// Easy's callbacks: what each gets, what its result does, a throw, and a result that is nonsense.
import process from "node:process";
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlChunk,
  CurlCode,
  CurlEasyError,
  CurlFileType,
  CurlFnMatchFunc,
  CurlHsts,
  type CurlHstsCacheCount,
  type CurlHstsCacheEntry,
  CurlHstsCallback,
  CurlInfoDebug,
  type CurlOptionName,
  CurlPreReqFunc,
  CurlProgressFunc,
  CurlReadFunc,
  CurlSshKeyMatch,
  CurlWriteFunc,
  type Easy,
  type FileInfo,
  Multi,
} from "../../node_libcurl.ts";
import { useServer } from "../use.ts";
import { oddities } from "../../src/libcurl_versions.ts";
import { libcurl } from "../versions.ts";
import { easyFor, type Echo, failure, thrown } from "./support.ts";

const server = useServer("http", "ftp");

const { CURLE_OK, CURLE_ABORTED_BY_CALLBACK, CURLE_WRITE_ERROR } = CurlCode;

/** A transfer that calls the callback of that option. */
type Setting = (name: CurlOptionName, fn: unknown) => Easy;

const plain: Setting = (name, fn) => setting(server.url("/small"), name, fn);
const upload: Setting = (name, fn) => {
  const easy = setting(server.url("/echo"), name, fn);
  easy.setOpt("UPLOAD", true);
  if (name !== "READFUNCTION") {
    let sent = false;
    easy.setOpt("READFUNCTION", (buffer) => {
      if (sent) return 0;
      sent = true;
      return buffer.write("body");
    });
  }
  return easy;
};
const chunked: Setting = (name, fn) => {
  const easy = upload(name, fn);
  easy.setOpt("HTTPHEADER", ["Transfer-Encoding: chunked", "Expect:"]);
  return easy;
};
const progress: Setting = (name, fn) => {
  const easy = plain(name, fn);
  easy.setOpt("NOPROGRESS", false);
  return easy;
};
const verbose: Setting = (name, fn) => {
  const easy = plain(name, fn);
  easy.setOpt("VERBOSE", true);
  return easy;
};
const wildcard: Setting = (name, fn) => {
  const easy = setting(server.url("/dir/*.txt", "ftp"), name, fn);
  easy.setOpt("WILDCARDMATCH", true);
  return easy;
};

function setting(url: string, name: CurlOptionName, fn: unknown): Easy {
  const { easy } = easyFor(url);
  expect(easy.setOpt(name, fn as never), name).toBe(CURLE_OK);
  return easy;
}

const EACH: readonly (readonly [name: CurlOptionName, setting: Setting, code: CurlCode])[] = [
  ["WRITEFUNCTION", plain, CURLE_WRITE_ERROR],
  ["HEADERFUNCTION", plain, CURLE_WRITE_ERROR],
  ["READFUNCTION", upload, CURLE_ABORTED_BY_CALLBACK],
  ["XFERINFOFUNCTION", progress, CURLE_ABORTED_BY_CALLBACK],
  ["PROGRESSFUNCTION", progress, CURLE_ABORTED_BY_CALLBACK],
  ["DEBUGFUNCTION", verbose, CURLE_ABORTED_BY_CALLBACK],
  ["PREREQFUNCTION", plain, CURLE_ABORTED_BY_CALLBACK],
  ["TRAILERFUNCTION", chunked, CURLE_ABORTED_BY_CALLBACK],
  ["FNMATCH_FUNCTION", wildcard, CurlCode.CURLE_FTP_BAD_FILE_LIST],
  ["CHUNK_BGN_FUNCTION", wildcard, CurlCode.CURLE_CHUNK_FAILED],
  ["CHUNK_END_FUNCTION", wildcard, CurlCode.CURLE_CHUNK_FAILED],
];
const here = EACH.filter(([name]) => name in Curl.option);

describe.for(here)("%s", ([name, make]) => {
  test("that throws has perform() throw the same", () => {
    const error = new Error(`thrown in ${name}`);
    const easy = make(name, () => {
      throw error;
    });
    expect(thrown(() => easy.perform())).toBe(error);
    easy.close();
  });

  test("that throws has a Multi reject, with the cause", async () => {
    const multi = new Multi();
    const easy = make(name, () => {
      throw "anything";
    });
    const error = await failure(multi.perform(easy)) as CurlEasyError;
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error).toMatchObject({ code: CURLE_ABORTED_BY_CALLBACK, cause: "anything" });
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test.for(["text", {}, null, undefined, Promise.resolve(0), true])(
    "that returns %s is a TypeError",
    (nonsense) => {
      const easy = make(name, () => nonsense);
      if (name === "TRAILERFUNCTION" && nonsense === true) return easy.close();
      const error = thrown(() => easy.perform());
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(`The ${name} returned`);
      easy.close();
    },
  );

  test("that returns a promise fails once: its rejection is handled", async () => {
    const unhandled: unknown[] = [], onUnhandled = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", onUnhandled);
    const easy = make(name, () => Promise.reject(new Error("too late")));
    expect(thrown(() => easy.perform())).toBeInstanceOf(TypeError);
    easy.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });

  test("is the handle's own, as `this`", () => {
    let self: unknown;
    const easy = make(name, function (this: unknown) {
      self = this;
      throw new Error("enough");
    });
    expect(() => easy.perform()).toThrow("enough");
    expect(self).toBe(easy);
    easy.close();
  });

  test("is gone after null", () => {
    let calls = 0;
    const easy = make(name, () => ++calls);
    easy.setOpt(name, null);
    if (name === "READFUNCTION") expect(easy.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
    else expect(easy.perform()).toBe(CURLE_OK);
    expect(calls).toBe(0);
    easy.close();
  });
});

describe("results", () => {
  test("of WRITEFUNCTION and HEADERFUNCTION: fewer bytes end the transfer", () => {
    for (const name of ["WRITEFUNCTION", "HEADERFUNCTION"] as const) {
      for (const result of [0, -1, CurlWriteFunc.Abort]) {
        const easy = plain(name, () => result);
        expect(easy.perform(), `${name} ${result}`).toBe(CURLE_WRITE_ERROR);
        easy.close();
      }
    }
  });

  test("of a fraction are its whole number", () => {
    const easy = plain("WRITEFUNCTION", (chunk: Buffer) => chunk.length + 0.9);
    expect(easy.perform()).toBe(CURLE_OK);
    easy.close();
  });

  test("of READFUNCTION: bytes, 0 for the end, Abort and a negative number to abort", () => {
    const { easy, body } = easyFor(server.url("/echo"));
    const pieces = ["a", "bc", ""];
    easy.setOpt("UPLOAD", true);
    easy.setOpt("READFUNCTION", (buffer, size, nmemb) => {
      expect(buffer.length).toBe(size * nmemb);
      return buffer.write(pieces.shift()!);
    });
    expect(easy.perform()).toBe(CURLE_OK);
    expect((JSON.parse(body()) as Echo).length).toBe(3);
    for (const result of [CurlReadFunc.Abort, -1]) {
      easy.setOpt("READFUNCTION", () => result);
      expect(easy.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
    }
    easy.close();
  });

  test("of READFUNCTION: Pause waits for pause()", async () => {
    const { easy, body } = easyFor(server.url("/echo")), multi = new Multi();
    let calls = 0;
    easy.setOpt("UPLOAD", true);
    easy.setOpt("READFUNCTION", (buffer) => {
      if (++calls < 4) setTimeout(() => easy.pause(0), 5);
      return calls < 4 ? CurlReadFunc.Pause : calls === 4 ? buffer.write("late") : 0;
    });
    const paused = setInterval(() => {
      if (easy.isPausedSend) expect(easy.pauseFlags).toBe(4);
    }, 1);
    await multi.perform(easy);
    clearInterval(paused);
    expect((JSON.parse(body()) as Echo).length).toBe(4);
    expect(calls).toBe(5);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("of the progress functions: Continue and 0 go on, others abort", () => {
    for (const name of ["XFERINFOFUNCTION", "PROGRESSFUNCTION"] as const) {
      const counts: number[][] = [];
      const go = progress(name, (...args: number[]) => {
        counts.push(args);
        return 0;
      });
      expect(go.perform()).toBe(CURLE_OK);
      expect(counts.length).toBeGreaterThan(0);
      expect(counts.every((args) => args.length === 4 && args.every(Number.isFinite))).toBe(true);
      go.close();
      const stop = progress(name, () => 1);
      expect(stop.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
      stop.close();
    }
    const silent = progress("XFERINFOFUNCTION", () => CurlProgressFunc.Continue);
    silent.close();
  });

  test("of PREREQFUNCTION: Abort", () => {
    if (!("PREREQFUNCTION" in Curl.option)) return;
    const seen: unknown[] = [];
    const easy = plain("PREREQFUNCTION", (...args: unknown[]) => {
      seen.push(...args);
      return CurlPreReqFunc.Abort;
    });
    expect(easy.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
    expect(seen).toEqual(["127.0.0.1", "127.0.0.1", server.http, expect.any(Number)]);
    easy.close();
  });

  test("of DEBUGFUNCTION: it gets every event", () => {
    const kinds = new Set<CurlInfoDebug>();
    const easy = verbose("DEBUGFUNCTION", (type: CurlInfoDebug, data: Buffer) => {
      expect(Buffer.isBuffer(data)).toBe(true);
      kinds.add(type);
      return 0;
    });
    expect(easy.perform()).toBe(CURLE_OK);
    const { Text, HeaderIn, HeaderOut, DataIn } = CurlInfoDebug;
    expect([...kinds].sort()).toEqual([Text, HeaderIn, HeaderOut, DataIn]);
    easy.close();
  });

  test("of TRAILERFUNCTION: lines, none, or false to abort", () => {
    const { easy, body } = easyFor(server.url("/echo"));
    easy.setOpt("UPLOAD", true);
    easy.setOpt("HTTPHEADER", ["Transfer-Encoding: chunked", "Trailer: X-Sum"]);
    let left = "body";
    easy.setOpt("READFUNCTION", (buffer) => {
      const length = buffer.write(left);
      left = "";
      return length;
    });
    easy.setOpt("TRAILERFUNCTION", () => ["X-Sum: 42"]);
    expect(easy.perform()).toBe(CURLE_OK);
    expect((JSON.parse(body()) as Echo).trailers).toEqual([["X-Sum", "42"]]);
    easy.close();
    const refused = chunked("TRAILERFUNCTION", () => false);
    expect(refused.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
    refused.close();
    const wrong = chunked("TRAILERFUNCTION", () => [1]);
    expect(() => wrong.perform()).toThrow(TypeError);
    wrong.close();
  });

  test("of SEEKFUNCTION: goes back where the body is asked for again", () => {
    const { easy, body } = easyFor(server.url("/redirect-to?url=/echo&status=307&read=1"));
    let at = 0;
    const seeks: number[][] = [];
    easy.setOpt("UPLOAD", true);
    easy.setOpt("INFILESIZE", 4);
    easy.setOpt("FOLLOWLOCATION", true);
    easy.setOpt("READFUNCTION", (buffer) => {
      const length = buffer.write("seek".slice(at));
      at += length;
      return length;
    });
    easy.setOpt("SEEKFUNCTION", (offset, origin) => {
      seeks.push([offset, origin]);
      at = offset;
      return 0;
    });
    expect(easy.perform()).toBe(CURLE_OK);
    expect((JSON.parse(body()) as Echo).length).toBe(4);
    expect(seeks).toEqual([[0, 0]]);
    at = 0;
    easy.setOpt("SEEKFUNCTION", null); // then it cannot
    expect(easy.perform()).toBe(CurlCode.CURLE_SEND_FAIL_REWIND);
    easy.close();
  });

  test("of the functions for FTP wildcards", () => {
    const matched: string[][] = [], files: FileInfo[] = [], remains: number[] = [];
    let ends = 0;
    const { easy, body } = easyFor(server.url("/dir/*", "ftp"));
    easy.setOpt("WILDCARDMATCH", true);
    easy.setOpt("FNMATCH_FUNCTION", (pattern, name) => {
      matched.push([pattern, name]);
      return name === "a.txt" ? CurlFnMatchFunc.Match : CurlFnMatchFunc.NoMatch;
    });
    easy.setOpt("CHUNK_BGN_FUNCTION", (file, left) => {
      files.push(file);
      remains.push(left);
      return CurlChunk.BgnFuncOk;
    });
    easy.setOpt("CHUNK_END_FUNCTION", () => {
      ends++;
      return CurlChunk.EndFuncOk;
    });
    expect(easy.perform()).toBe(CURLE_OK);
    expect(matched).toContainEqual(["*", "a.txt"]);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatchObject({ filename: "a.txt", filetype: CurlFileType.File, time: null });
    expect(files[0]!.size).toBe(Buffer.byteLength(body()));
    expect(files[0]!.strings).toMatchObject({ target: null, perm: expect.stringMatching(/^rw/) });
    expect([remains, ends]).toEqual([[1], 1]);
    easy.close();
  });
});

describe.runIf(libcurl.hsts.holds)(`HSTS${libcurl.hsts.note}`, () => {
  const entries: CurlHstsCacheEntry[] = [
    { host: "a.example", includeSubDomains: true },
    { host: "b.example", expire: null },
    { host: "c.example", expire: "20350101 00:00:00" },
  ];

  const reading = (fn: (limits: { maxHostLengthBytes: number }) => unknown): Easy => {
    const { easy } = easyFor(server.url("/small"));
    easy.setOpt("HSTS_CTRL", CurlHsts.Enable);
    easy.setOpt("HSTSREADFUNCTION", fn as never);
    return easy;
  };

  test("an array is read by one call, single entries by one each, and written at the end", () => {
    const whole = () => [...entries];
    const left = [...entries];
    const single = () => left.shift() ?? null;
    for (const [read, calls] of [[whole, 1], [single, 4]] as const) {
      let count = 0;
      const easy = reading(({ maxHostLengthBytes }) => {
        expect(maxHostLengthBytes).toBeGreaterThan(200);
        count++;
        return read();
      });
      const written: CurlHstsCacheEntry[] = [], places: CurlHstsCacheCount[] = [];
      easy.setOpt("HSTSWRITEFUNCTION", (entry, place) => {
        written.push(entry);
        places.push(place);
        return CurlHstsCallback.Ok;
      });
      expect(easy.perform()).toBe(CURLE_OK);
      expect(count).toBe(calls);
      easy.close();
      expect(written).toEqual([
        { host: "a.example", includeSubDomains: true, expire: null },
        { host: "b.example", includeSubDomains: false, expire: null },
        { host: "c.example", includeSubDomains: false, expire: "20350101 00:00:00" },
      ]);
      expect(places).toEqual([0, 1, 2].map((index) => ({ index, count: 3, total: 3 })));
    }
  });

  test("null and an empty array are no entries", () => {
    for (const nothing of [null, []]) {
      let calls = 0;
      const easy = reading(() => {
        calls++;
        return nothing;
      });
      expect(easy.perform()).toBe(CURLE_OK);
      expect(calls).toBe(1);
      easy.close();
    }
  });

  test("what is no entry is a TypeError, which ends the transfer", () => {
    const wrong = [
      ...["text", {}, 1, undefined, { host: 1 }, { host: "" }, { host: "a", expire: false }],
      ...[{ host: "a", includeSubDomains: "yes" }, { host: "a", expire: "tomorrow" }, [null]],
      [[]],
    ];
    for (const entry of wrong) {
      const easy = reading(() => entry);
      expect(thrown(() => easy.perform()), JSON.stringify(entry)).toBeInstanceOf(TypeError);
      easy.close();
    }
  });

  test("a host may be as long as it says, and no longer", () => {
    const longer = (by: number) =>
      reading(({ maxHostLengthBytes }) => [{ host: "a".repeat(maxHostLengthBytes + by) }]);
    const longest = longer(0), tooLong = longer(1);
    expect(longest.perform()).toBe(CURLE_OK);
    expect(() => tooLong.perform()).toThrow(RangeError);
    longest.close();
    tooLong.close();
  });

  test("a copy reads for itself", () => {
    const self: unknown[] = [];
    const easy = reading(() => []);
    easy.setOpt("HSTSREADFUNCTION", function () {
      self.push(this);
      return null;
    });
    easy.perform();
    const copy = easy.dupHandle();
    easy.close();
    copy.perform();
    copy.close();
    expect(self[0]).toBe(easy);
    expect(self.at(-1)).toBe(copy);
  });
});

test("SSH_HOSTKEYFUNCTION and INTERLEAVEFUNCTION can be set where libcurl has them", () => {
  const { easy } = easyFor("http://127.0.0.1/");
  for (const name of ["SSH_HOSTKEYFUNCTION", "INTERLEAVEFUNCTION"] as const) {
    const code = easy.setOpt(name, (() => CurlSshKeyMatch.Ok) as never);
    expect(code === CURLE_OK).toBe(name in Curl.option && code !== CurlCode.CURLE_NOT_BUILT_IN);
    expect(easy.setOpt(name, null)).toBe(code);
  }
  easy.close();
});

test("a handle that has sent trailers says why it cannot upload again", () => {
  const easy = chunked("TRAILERFUNCTION", () => []);
  expect(easy.perform()).toBe(CURLE_OK);
  const again = easy.perform();
  if (oddities().remembersTrailers) expect(again).toBe(CurlCode.CURLE_BAD_FUNCTION_ARGUMENT);
  else expect(again).toBe(CURLE_OK);
  easy.close();
});

// What a throw and what nonsense as a result do, in every callback that a transfer here can fire.
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  constants,
  CurlEasyError,
  type EasyCallbacks,
  type EasyOptions,
  Mime,
} from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { having, libcurl } from "../../versions.ts";
import { failure, Transfer, utf8 } from "../easy_support.ts";
import { type RtspServer, startRtsp } from "./rtsp.ts";

const server = useServer("http", "https", "ftp");
let rtsp: RtspServer;
beforeAll(async () => {
  rtsp = await startRtsp();
});
afterAll(() => rtsp.close());

interface Case {
  readonly options: () => EasyOptions;
  /** The codes that a failure of the callback ends the transfer with; 0 in no version. */
  readonly codes: readonly number[];
  /** Whether the callback fires in `close()`. */
  readonly inClose?: true;
}

const read = (body: string) => {
  let at = 0;
  return (buffer: Uint8Array) => {
    const part = utf8(body).subarray(at, at + buffer.length);
    buffer.set(part);
    at += part.length;
    return part.length;
  };
};

const upload = (): EasyOptions => ({
  URL: server.url("/redirect-to?url=/echo&status=307&read=1"),
  UPLOAD: true,
  FOLLOWLOCATION: true,
  INFILESIZE: 4,
  READFUNCTION: read("body"),
});
const wildcard = (): EasyOptions => ({
  URL: server.url("/dir/*.txt", "ftp"),
  WILDCARDMATCH: true,
});
const hsts = (): EasyOptions => ({ HSTS_CTRL: constants.CURLHSTS_ENABLE });

const ABORTED = 42, WRITE = 23, REWIND = 65, CHUNK = 88;
const CASES: Partial<Record<keyof EasyCallbacks, Case>> = {
  WRITEFUNCTION: { options: () => ({}), codes: [WRITE] },
  HEADERFUNCTION: { options: () => ({}), codes: [WRITE] },
  READFUNCTION: { options: () => ({ UPLOAD: true, URL: server.url("/echo") }), codes: [ABORTED] },
  SEEKFUNCTION: { options: upload, codes: [REWIND] },
  IOCTLFUNCTION: { options: upload, codes: [REWIND] },
  INTERLEAVEFUNCTION: { options: () => rtsp.play(), codes: [WRITE] },
  XFERINFOFUNCTION: { options: () => ({ NOPROGRESS: 0 }), codes: [ABORTED] },
  PROGRESSFUNCTION: { options: () => ({ NOPROGRESS: 0 }), codes: [ABORTED] },
  // libcurl gives no meaning to their results, so curlew's own code is left
  DEBUGFUNCTION: { options: () => ({ VERBOSE: 1 }), codes: [ABORTED] },
  CHUNK_END_FUNCTION: { options: wildcard, codes: [ABORTED, CHUNK] },
  CLOSESOCKETFUNCTION: { options: () => ({ FORBID_REUSE: 1 }), codes: [ABORTED] },
  PREREQFUNCTION: { options: () => ({}), codes: [ABORTED] },
  RESOLVER_START_FUNCTION: {
    options: () => ({ URL: `http://localhost:${server.http}/small` }),
    codes: [6, ABORTED],
  },
  SSL_CTX_FUNCTION: {
    options: () => ({ URL: server.url("/small", "https"), CAINFO: server.ca }),
    codes: [ABORTED],
  },
  SOCKOPTFUNCTION: { options: () => ({}), codes: [7, ABORTED] },
  OPENSOCKETFUNCTION: { options: () => ({}), codes: [7] },
  TRAILERFUNCTION: {
    options: () => ({
      URL: server.url("/echo"),
      UPLOAD: true,
      READFUNCTION: read("body"),
      HTTPHEADER: ["Trailer: X", "Transfer-Encoding: chunked"],
    }),
    codes: [ABORTED],
  },
  CHUNK_BGN_FUNCTION: { options: wildcard, codes: [CHUNK] },
  FNMATCH_FUNCTION: { options: wildcard, codes: [78, ABORTED, 9, 23] },
  HSTSREADFUNCTION: { options: hsts, codes: [ABORTED] },
  HSTSWRITEFUNCTION: {
    options: () => {
      const names = ["a.test", "b.test", ""];
      const HSTSREADFUNCTION: EasyCallbacks["HSTSREADFUNCTION"] = (_, entry) => {
        entry.name = names.shift() as string;
      };
      return { ...hsts(), HSTSREADFUNCTION };
    },
    codes: [ABORTED],
    inClose: true,
  },
};

/** A callback that the loaded library can fire. */
function fires(name: keyof EasyCallbacks): boolean {
  if (name === "SSL_CTX_FUNCTION") return libcurl.sslContext.holds;
  return having(name).holds && (libcurl.hsts.holds || !name.startsWith("HSTS"));
}

const SSH = ["SSH_KEYFUNCTION", "SSH_HOSTKEYFUNCTION"];

/** What the transfer, or its close, fails with where the callback is `fn`. */
function run(
  name: keyof EasyCallbacks,
  fn: () => unknown,
): { error: CurlEasyError; calls: number } {
  let calls = 0;
  const { options, inClose } = CASES[name]!;
  const easy = new Transfer(server.url("/small"), {
    ...options(),
    [name]: () => {
      calls++;
      return fn();
    },
  });
  try {
    if (inClose) easy.perform();
    const error = failure(() => inClose ? easy.close() : easy.perform());
    if (inClose) expect(easy.closed).toBe(true);
    // the handle is as good as new
    const spoilt = !libcurl.forgetsRewind.holds && CASES[name]!.codes[0] === REWIND;
    if (!inClose && !spoilt && name !== "TRAILERFUNCTION") { // see ../connections/hostile_reuse.test.ts
      easy.reset();
      easy.setOpts({ URL: server.url("/small"), WRITEFUNCTION: easy.write, NOPROXY: "*" });
      easy.perform();
    }
    return { error, calls };
  } finally {
    easy.close();
  }
}

test("every callback is in this file, but for those of SSH, which need a server of their own", () => {
  const all: Record<keyof EasyCallbacks, true> = {
    WRITEFUNCTION: true,
    READFUNCTION: true,
    HEADERFUNCTION: true,
    INTERLEAVEFUNCTION: true,
    SEEKFUNCTION: true,
    IOCTLFUNCTION: true,
    XFERINFOFUNCTION: true,
    PROGRESSFUNCTION: true,
    DEBUGFUNCTION: true,
    SSL_CTX_FUNCTION: true,
    SOCKOPTFUNCTION: true,
    OPENSOCKETFUNCTION: true,
    CLOSESOCKETFUNCTION: true,
    SSH_KEYFUNCTION: true,
    SSH_HOSTKEYFUNCTION: true,
    CHUNK_BGN_FUNCTION: true,
    CHUNK_END_FUNCTION: true,
    FNMATCH_FUNCTION: true,
    RESOLVER_START_FUNCTION: true,
    PREREQFUNCTION: true,
    TRAILERFUNCTION: true,
    HSTSREADFUNCTION: true,
    HSTSWRITEFUNCTION: true,
  };
  expect(Object.keys(all).sort()).toEqual([...Object.keys(CASES), ...SSH].sort());
});

const names = Object.keys(CASES) as (keyof EasyCallbacks)[];

describe.each(names.filter(fires))("%s (where libcurl has it)", (name) => {
  test("a throw is the cause of the error, whatever was thrown", () => {
    for (const thrown of [new Error("from the callback"), "a string", undefined, null]) {
      const { error } = run(name, () => {
        throw thrown;
      });
      expect(error).toBeInstanceOf(CurlEasyError);
      expect([error.code, CASES[name]!.codes.includes(error.code)]).toEqual([error.code, true]);
      expect(error).toHaveProperty("cause");
      expect(error.cause).toBe(thrown);
      expect(error.message).not.toBe("");
    }
  });

  test("a result that is no integer is a failure with a TypeError as its cause", () => {
    for (const nonsense of [Promise.resolve(0), NaN, "x", 2 ** 40, 1.5, {}, null, 1n, true]) {
      // an OPENSOCKETFUNCTION without a socket leaves it to curlew
      if (nonsense === null && ["OPENSOCKETFUNCTION", "HSTSREADFUNCTION"].includes(name)) continue;
      const { error } = run(name, () => nonsense);
      expect([error.code, CASES[name]!.codes.includes(error.code)]).toEqual([error.code, true]);
      expect([nonsense, error.cause]).toEqual([nonsense, expect.any(TypeError)]);
      expect((error.cause as TypeError).message).toContain(name);
    }
  });

  test("a promise that is refused is handled, and none of its members is read", async () => {
    const unhandled: unknown[] = [], onUnhandled = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", onUnhandled);
    try {
      class Own extends Promise<number> {
        override then(): never {
          throw new Error("was called");
        }
      }
      const results = [
        () => Promise.reject(new Error("too late")),
        () => new Own((_, reject) => setTimeout(() => reject(new Error("too late")), 1)),
        () => ({ then: () => unhandled.push("was called") }),
        () => ({
          get: 1,
          get then() {
            return unhandled.push("was read");
          },
        }),
      ];
      for (const result of results) expect(run(name, result).error.cause).toBeInstanceOf(TypeError);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", onUnhandled);
    }
  });

  test("undefined is success, but for the two that must say how many bytes", () => {
    const counts = name === "READFUNCTION" ||
      ["WRITEFUNCTION", "HEADERFUNCTION", "INTERLEAVEFUNCTION"].includes(name);
    if (counts) {
      expect(run(name, () => undefined).error.cause).toBeInstanceOf(TypeError);
      return;
    }
    const { options } = CASES[name]!;
    let calls = 0;
    const easy = new Transfer(server.url("/small"), {
      ...options(),
      [name]: () => void calls++,
    });
    // an upload that is not set back sends nothing the second time, and the server waits
    if (name === "SEEKFUNCTION" || name === "IOCTLFUNCTION") easy.setOpt("TIMEOUT_MS", 300);
    try {
      easy.perform();
    } catch (error) {
      expect((error as Error).cause).toBeUndefined();
      expect([26, 28]).toContain((error as CurlEasyError).code); // 26 since 8.7
    }
    easy.close();
    expect(calls).toBeGreaterThan(0);
  });
});

test("the text about a result names its type and the range", () => {
  const texts: [unknown, string][] = [
    ["5", 'the string "5"'],
    [5n, "the bigint 5"],
    [2 ** 32, "4294967296"],
    [0.5, "0.5"],
    [true, "true"],
    [null, "null"],
    [() => 5, "a function"],
    [Symbol("5"), "a symbol"],
    [[5], "an object"],
    [Promise.resolve(5), "a Promise"],
  ];
  for (const [result, text] of texts) {
    const { error } = run("XFERINFOFUNCTION", () => result);
    expect((error.cause as Error).message).toBe(
      `The XFERINFOFUNCTION returned ${text}, expected an integer from -2147483648 to 4294967295`,
    );
  }
});

describe.each(["WRITEFUNCTION", "HEADERFUNCTION", "INTERLEAVEFUNCTION"] as const)("%s", (name) => {
  test("that returns another number than that of its bytes is the cause", () => {
    for (const change of [1, -1, -1000]) {
      let given = 0;
      const options = CASES[name]!.options();
      const take = (bytes: Uint8Array) => (given = bytes.length) + change;
      using easy = new Transfer(server.url("/small"), { ...options, [name]: take });
      const error = failure(() => easy.perform());
      expect(error.code).toBe(WRITE);
      expect(error.cause).toBeInstanceOf(CurlEasyError);
      const text = `The ${name} returned ${given + change}, it was given ${given} bytes`;
      expect((error.cause as Error).message).toBe(text);
    }
  });

  test("that says by its result that it has failed is not", () => {
    const error = run(name, () => constants.CURL_WRITEFUNC_ERROR).error;
    expect([error.code, error.cause]).toEqual([WRITE, undefined]);
  });
});

test("a READFUNCTION whose buffer was transferred away is told so", () => {
  const READFUNCTION = (buffer: Uint8Array<ArrayBuffer>) => {
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    return 10;
  };
  using easy = new Transfer(server.url("/echo"), { UPLOAD: true, READFUNCTION });
  const text = "The READFUNCTION returned 10, its buffer was detached";
  expect(failure(() => easy.perform()).cause).toMatchObject({ message: text });
  using mime = new Mime().addPart({ name: "a", reader: { read: READFUNCTION } });
  using form = new Transfer(server.url("/echo"), { MIMEPOST: mime });
  expect((failure(() => form.perform()).cause as Error).message).toContain("was detached");
});

test("the first of several throws is the cause", () => {
  let n = 0;
  using easy = new Transfer(server.url("/small"), {
    VERBOSE: true,
    DEBUGFUNCTION: () => {
      throw new Error(`throw ${++n}`);
    },
  });
  expect(failure(() => easy.perform()).cause).toMatchObject({ message: "throw 1" });
  expect(n).toBeGreaterThan(1);
});

test("a throw is forgotten with the call that it ended", () => {
  let fail = true;
  using easy = new Transfer(server.url("/small"), {
    HEADERFUNCTION: (line) => {
      if (fail) throw new Error("once");
      return line.length;
    },
  });
  expect(failure(() => easy.perform()).cause).toMatchObject({ message: "once" });
  fail = false;
  easy.perform();
});

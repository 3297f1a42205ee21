// The value by which each callback says that it failed, as its page on curl.se has it, on a
// transfer that blocks and on one that an agent drives.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { libc } from "../../../ffi/libc.ts";
import { Agent, constants, type Easy, type EasyCallbacks, type EasyOptions } from "../../../mod.ts";
import { startServer } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { having, libcurl } from "../../versions.ts";
import { codeOf, failure, Transfer, utf8, versionNum } from "../easy_support.ts";
import { type RtspServer, startRtsp } from "./rtsp.ts";
import { pushing, pushLoop } from "../multi/push_support.ts";

const server = useServer("http", "https", "ftp");
let rtsp: RtspServer, agent: Agent;
beforeAll(async () => {
  rtsp = await startRtsp();
  agent = new Agent();
});
afterAll(async () => {
  await agent.close();
  await rtsp.close();
});

interface Case {
  readonly fails: keyof EasyCallbacks;
  readonly by: string;
  readonly value: number;
  /** Its codes: one may differ by version. */
  readonly codes: readonly number[];
  readonly options?: () => EasyOptions;
}

const once = (text: string) => {
  const parts = [text];
  return (buffer: Uint8Array) => {
    const part = utf8(parts.shift() ?? "");
    buffer.set(part);
    return part.length;
  };
};
const upload = (): EasyOptions => ({
  URL: server.url("/echo"),
  UPLOAD: true,
  READFUNCTION: once("body"),
});
const resend = (): EasyOptions => ({
  ...upload(),
  URL: server.url("/redirect-to?url=/echo&status=307&read=1"),
  FOLLOWLOCATION: true,
  INFILESIZE: 4,
});
const chunked = (): EasyOptions => ({
  ...upload(),
  HTTPHEADER: ["Transfer-Encoding: chunked", "Trailer: X", "Expect:"],
});
const wildcard = (): EasyOptions => ({ URL: server.url("/dir/*.txt", "ftp"), WILDCARDMATCH: true });
const https = (): EasyOptions => ({ URL: server.url("/small", "https"), CAINFO: server.ca });
const named = (): EasyOptions => ({ URL: `http://localhost:${server.http}/small` });
const hsts = (): EasyOptions => ({ HSTS_CTRL: constants.CURLHSTS_ENABLE });

const C = constants;
const CASES: readonly Case[] = [
  { fails: "WRITEFUNCTION", by: "a wrong count", value: 1, codes: [23] },
  {
    fails: "WRITEFUNCTION",
    by: "CURL_WRITEFUNC_ERROR",
    value: C.CURL_WRITEFUNC_ERROR,
    codes: [23],
  },
  { fails: "HEADERFUNCTION", by: "a wrong count", value: 1, codes: [23] },
  {
    fails: "READFUNCTION",
    by: "CURL_READFUNC_ABORT",
    value: C.CURL_READFUNC_ABORT,
    codes: [42],
    options: upload,
  },
  {
    fails: "SEEKFUNCTION",
    by: "CURL_SEEKFUNC_FAIL",
    value: C.CURL_SEEKFUNC_FAIL,
    codes: [65],
    options: resend,
  },
  {
    fails: "IOCTLFUNCTION",
    by: "CURLIOE_UNKNOWNCMD",
    value: C.CURLIOE_UNKNOWNCMD,
    codes: [65],
    options: resend,
  },
  {
    fails: "IOCTLFUNCTION",
    by: "CURLIOE_FAILRESTART",
    value: C.CURLIOE_FAILRESTART,
    codes: [65],
    options: resend,
  },
  {
    fails: "TRAILERFUNCTION",
    by: "CURL_TRAILERFUNC_ABORT",
    value: C.CURL_TRAILERFUNC_ABORT,
    codes: [42],
    options: chunked,
  },
  {
    fails: "INTERLEAVEFUNCTION",
    by: "a wrong count",
    value: 1,
    codes: [23],
    options: () => rtsp.play(),
  },
  {
    fails: "XFERINFOFUNCTION",
    by: "1",
    value: 1,
    codes: [42],
    options: () => ({ NOPROGRESS: 0 }),
  },
  {
    fails: "PROGRESSFUNCTION",
    by: "1",
    value: 1,
    codes: [42],
    options: () => ({ NOPROGRESS: 0 }),
  },
  {
    fails: "PREREQFUNCTION",
    by: "CURL_PREREQFUNC_ABORT",
    value: C.CURL_PREREQFUNC_ABORT,
    codes: [42],
  },
  { fails: "RESOLVER_START_FUNCTION", by: "1", value: 1, codes: [6, 42], options: named },
  {
    fails: "SSL_CTX_FUNCTION",
    by: "the CURLcode 58",
    value: 58,
    codes: [58],
    options: https,
  },
  { fails: "OPENSOCKETFUNCTION", by: "CURL_SOCKET_BAD", value: -1, codes: [7] },
  {
    fails: "SOCKOPTFUNCTION",
    by: "CURL_SOCKOPT_ERROR",
    value: C.CURL_SOCKOPT_ERROR,
    codes: [7, 42],
  },
  {
    fails: "CHUNK_BGN_FUNCTION",
    by: "CURL_CHUNK_BGN_FUNC_FAIL",
    value: C.CURL_CHUNK_BGN_FUNC_FAIL,
    codes: [88],
    options: wildcard,
  },
  {
    fails: "FNMATCH_FUNCTION",
    by: "CURL_FNMATCHFUNC_FAIL",
    value: C.CURL_FNMATCHFUNC_FAIL,
    codes: [78, 9, 23],
    options: wildcard,
  },
  {
    fails: "HSTSREADFUNCTION",
    by: "CURLSTS_FAIL",
    value: C.CURLSTS_FAIL,
    codes: [42],
    options: hsts,
  },
];

/** Those whose result some or all versions do not listen to. */
const UNHEARD: readonly Case[] = [
  { fails: "DEBUGFUNCTION", by: "1", value: 1, codes: [0], options: () => ({ VERBOSE: 1 }) },
  {
    fails: "CHUNK_END_FUNCTION",
    by: "CURL_CHUNK_END_FUNC_FAIL",
    value: C.CURL_CHUNK_END_FUNC_FAIL,
    codes: [0, 88],
    options: wildcard,
  },
];

function fires({ fails }: Case): boolean {
  if (fails === "SSL_CTX_FUNCTION") return libcurl.sslContext.holds;
  return having(fails).holds && (libcurl.hsts.holds || !fails.startsWith("HSTS"));
}

function transferOf({ fails, value, options }: Case): { easy: Transfer; calls: () => number } {
  let calls = 0;
  const easy = new Transfer(server.url("/small"), {
    ...options?.(),
    [fails]: () => {
      calls++;
      return value;
    },
  });
  return { easy, calls: () => calls };
}

const title = "$fails fails by $by";

describe.each([...CASES, ...UNHEARD].filter(fires))(title, (one) => {
  test("where the transfer blocks", () => {
    const { easy, calls } = transferOf(one);
    using _ = easy;
    expect(one.codes).toContain(codeOf(() => easy.perform()));
    expect(calls()).toBeGreaterThan(0);
  });

  test("where an agent drives it", async () => {
    const { easy, calls } = transferOf(one);
    using _ = easy;
    const code = await agent.perform(easy).then(() => 0, (error) => {
      const text = one.by === "a wrong count" ? `The ${one.fails} returned 1, it was given ` : "";
      expect((error.cause as Error | undefined)?.message ?? "").toMatch(
        new RegExp(`^${text || "$"}`),
      );
      return error.code;
    });
    expect(one.codes).toContain(code);
    expect(calls()).toBeGreaterThan(0);
  });
});

test("CLOSESOCKETFUNCTION's result is not listened to, blocking or not", async () => {
  const closed: number[] = [];
  const options: EasyOptions = {
    FORBID_REUSE: 1,
    FRESH_CONNECT: 1,
    CLOSESOCKETFUNCTION: (_, fd) => {
      closed.push(fd);
      libc.close(fd);
      return 1;
    },
  };
  using blocking = new Transfer(server.url("/small"), options);
  blocking.perform();
  expect(closed).toHaveLength(1);
  using driven = new Transfer(server.url("/small"), options);
  await agent.perform(driven);
  expect(closed).toHaveLength(2);
});

test.skipIf(!libcurl.hsts.holds)(
  `HSTSWRITEFUNCTION ends the walk by CURLSTS_FAIL, and close() goes on${libcurl.hsts.note}`,
  () => {
    const names = ["a.test", "b.test", ""];
    let calls = 0;
    const easy = new Transfer(server.url("/small"), {
      ...hsts(),
      HSTSREADFUNCTION: (_, entry) => void (entry.name = names.shift() as string),
      HSTSWRITEFUNCTION: () => {
        calls++;
        return C.CURLSTS_FAIL;
      },
    });
    easy.perform();
    easy.close();
    expect([easy.closed, calls]).toEqual([true, 1]);
  },
);

test("what a callback throws on an agent is the cause of the rejection, and only of its own", async () => {
  const others = [new Transfer(server.url("/small")), new Transfer(server.url("/small"))];
  using easy = new Transfer(server.url("/small"), {
    HEADERFUNCTION: () => {
      throw new Error("mine");
    },
  });
  const [mine, ...rest] = await Promise.allSettled(
    [easy, ...others].map((one) => agent.perform(one)),
  );
  expect(mine).toMatchObject({ status: "rejected", reason: { cause: { message: "mine" } } });
  expect(rest.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  for (const other of others) other.close();
  expect(failure(() => easy.perform())).toMatchObject({ cause: { message: "mine" } });
});

test("PUSHFUNCTION fails by CURL_PUSH_ERROROUT, and with it, before 8.14, the parent", async () => {
  await using h2 = await startServer("h2");
  let offered: Easy | undefined;
  using loop = pushLoop((_parent, easy) => {
    offered = easy;
    return C.CURL_PUSH_ERROROUT;
  });
  const parent = pushing(h2);
  loop.add(parent).run();
  // later versions have the whole answer by then
  if (versionNum < 0x080e00) expect(loop.resultOf(parent)).not.toBe(0);
  else expect(loop.resultOf(parent)).toBe(0);
  expect(offered?.closed).toBe(true);
});

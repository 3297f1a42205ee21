// Sequences that crashed once, each in a process of its own: now they throw, or do no harm.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { startServer, type TestServer } from "../server/start.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http", "h2c");
});
afterAll(() => server.close());

/** Runs the lines with `easy(options)`, `code(call)` and the ports at hand; prints what they say. */
async function survive(lines: string): Promise<unknown> {
  const child = await runChild(
    `import { constants, Easy, type EasyOptions, Multi, Share, versionInfo } from "#root/mod.ts";
    const [http, h2c] = process.argv.slice(2);
    const sink = (bytes: Uint8Array) => bytes.length;
    const easy = (options: EasyOptions = {}) => {
      const made = new Easy();
      made.setOpts({ URL: http, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION: sink, ...options });
      return made;
    };
    const code = (call: () => unknown) => {
      try {
        call();
        return 0;
      } catch (error) {
        return (error as { code?: number }).code ?? String(error);
      }
    };
    const say = (value: unknown) => console.log(JSON.stringify(value));
    void [constants, Multi, Share, h2c, versionInfo];
    ${lines}`.replace(/^/, 'import process from "node:process";\n'),
    { args: [server.url("/bytes/200000"), server.url("/small", "h2c")] },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(child.stdout);
}

describe("of handles whose streams depend on each other", () => {
  test.each(
    [
      ["the parent is copied", "[code(() => a.duplicate()), code(() => b.duplicate())]", [43, 43]],
      ["the parent is reset", "[code(() => a.reset()), code(() => b.reset())]", [43, 43]],
      [
        "the child is given another",
        `[code(() => b.setOpt("STREAM_DEPENDS", easy())), code(() => b.setOpt("STREAM_DEPENDS", null))]`,
        [43, 43],
      ],
    ] as const,
  )("%s", async (_, what, answer) => {
    const said = await survive(`
      const a = easy(), b = easy();
      b.setOpt("STREAM_DEPENDS", a);
      const said = ${what};
      a.close();
      for (let i = 0; i < 100; i++) easy().close();
      b.close();
      say(said);`);
    expect(said).toEqual(answer);
  });

  test("one depends on itself, or two on each other", async () => {
    const said = await survive(`
      const h2 = { URL: h2c, HTTP_VERSION: constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE };
      const a = easy(h2), b = easy(h2), c = easy(h2);
      a.setOpt("STREAM_DEPENDS", a);
      b.setOpt("STREAM_DEPENDS", c);
      c.setOpt("STREAM_DEPENDS_E", b);
      for (const one of [a, b, c]) code(() => one.perform());
      for (const one of [b, a, c]) one.close();
      say("alive");`);
    expect(said).toBe("alive");
  });
});

describe("of the HSTS callbacks", () => {
  const HSTS = `HSTS_CTRL: constants.CURLHSTS_ENABLE,
    HSTSREADFUNCTION: (_, entry) => void (entry.name = ["a.test", "b.test", "c.test", ""][n++]),`;

  test.each(["HSTSREADFUNCTION: null", "HSTS_CTRL: 0", "SHARE: null", "HSTSWRITEFUNCTION: null"])(
    "one sets %s",
    async (option) => {
      const said = await survive(`
        let n = 0;
        const codes: unknown[] = [];
        const one = easy({ ${HSTS} HSTSWRITEFUNCTION: () => {
          codes.push(code(() => one.setOpts({ ${option} })));
        } });
        const { HSTSREADFUNCTION } = { ${HSTS} } as Required<EasyOptions>;
        one.setOpt("HSTSREADFUNCTION", (easy, entry, data) => {
          codes.push(code(() => one.setOpts({ ${option} })));
          return HSTSREADFUNCTION!(easy, entry, data);
        });
        one.perform();
        one.close();
        say(codes);`);
      expect(said).toEqual([93, 93, 93, 93, 43, 43, 43]);
    },
  );
});

describe("of closing", () => {
  test("everything is closed in a CLOSESOCKETFUNCTION", async () => {
    const said = await survive(`
      const codes: unknown[] = [];
      const share = new Share(), multi = new Multi();
      share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
      const all = () => {
        for (const call of [
          () => share.close(),
          () => share.setOpt("UNSHARE", constants.CURL_LOCK_DATA_CONNECT),
          () => other.setOpt("SHARE", share),
          () => one.close(),
          () => one.perform(),
          () => multi.close(),
        ]) codes.push(code(call));
      };
      const other = easy();
      const one = easy({ SHARE: share, CLOSESOCKETFUNCTION: all });
      one.perform();
      one.close();
      share.close();
      other.close();
      multi.close();
      say(codes);`);
    const [shareClose, , otherShare, , perform, multiClose] = said as number[];
    expect(shareClose).toBe(0); // it is closed by then
    expect([otherShare, perform, multiClose]).toEqual([43, 43, 8]);
  });

  test("a share is closed while its easies live, and they before it", async () => {
    const said = await survive(`
      const share = new Share();
      for (const kind of [2, 3, 4, 5]) share.setOpt("SHARE", kind);
      const easies = [1, 2, 3].map(() => easy({ SHARE: share, COOKIEFILE: "" }));
      const codes = [code(() => share.close())];
      for (const one of easies) one.perform();
      easies[0]!.reset();
      codes.push(code(() => share.close()));
      for (const one of easies) one.close();
      codes.push(code(() => share.close()), code(() => share.close()));
      say(codes);`);
    expect(said).toEqual([2, 2, 0, 0]);
  });

  test("the share is taken away, or given, in mid-transfer", async () => {
    const said = await survive(`
      const share = new Share(), multi = new Multi();
      for (const kind of [2, 3, 4, 5]) share.setOpt("SHARE", kind);
      const codes = new Set<unknown>();
      const one = easy({ COOKIEFILE: "", SHARE: share });
      one.setOpt("WRITEFUNCTION", (bytes) => {
        for (const value of [null, share]) codes.add(code(() => one.setOpt("SHARE", value)));
        return bytes.length;
      });
      for (let i = 0; i < 5; i++) one.perform();
      multi.addHandle(one);
      codes.add(code(() => one.setOpt("SHARE", null)));
      multi.removeHandle(one);
      codes.add(code(() => one.setOpt("SHARE", null)));
      share.close();
      one.close();
      say([...codes]);`);
    expect(said).toEqual([93, 43, 0]);
  });

  test("HSTS is switched off while a share has the cache (since libcurl 7.88)", async () => {
    const said = await survive(`
      const share = new Share();
      const shared = code(() => share.setOpt("SHARE", constants.CURL_LOCK_DATA_HSTS));
      const one = easy({ SHARE: share, HSTS_CTRL: constants.CURLHSTS_ENABLE });
      const off = [0, null].map((value) => code(() => one.setOpt("HSTS_CTRL", value)));
      one.perform();
      one.setOpt("SHARE", null);
      off.push(code(() => one.setOpt("HSTS_CTRL", 0)));
      one.close();
      share.close();
      say({ shared, off });`);
    const { shared, off } = said as { shared: number; off: number[] };
    expect(off).toEqual(shared === 0 ? [43, 43, 0] : [0, 0, 0]);
  });
});

test("of a handle that is reset before its RESOLVE list was read", async () => {
  const said = await survive(`
    const one = easy();
    const codes: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      one.setOpt("RESOLVE", ["a.test:80:127.0.0.1", "b.test:80:127.0.0.1"]);
      one.reset();
      for (let n = 0; n < 50; n++) easy({ HTTPHEADER: ["X: " + "y".repeat(n)] }).close();
      one.setOpts({ URL: http, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION: sink });
      codes.push(code(() => one.perform()));
    }
    say(codes);`);
  expect(said).toEqual(new Array(20).fill(0));
});

test("of a handle that sent trailers: before libcurl 8.7 it is good for that transfer only", async () => {
  const said = await survive(`
    let n = 0;
    const upload = {
      UPLOAD: true,
      HTTPHEADER: ["Transfer-Encoding: chunked", "Trailer: X-A"],
      READFUNCTION: () => n++ === 0 ? 3 : 0,
      TRAILERFUNCTION: (lines: string[]) => void lines.push("X-A: 1"),
    };
    const one = easy(upload);
    const codes = [code(() => one.perform())];
    codes.push(code(() => (n = 0, one.perform())));
    one.reset();
    codes.push(code(() => one.perform()), code(() => new Multi().addHandle(one)));
    const other = easy(upload), copy = other.duplicate();
    for (const each of [other, copy]) codes.push(code(() => (n = 0, each.perform())));
    say({ codes, version: versionInfo().versionNum });`);
  const { codes, version } = said as { codes: number[]; version: number };
  if (version < 0x080700) expect(codes).toEqual([0, 43, 43, 43, 0, 0]);
  else expect(codes.slice(0, 2)).toEqual([0, 0]);
});

test("of a body whose size is set beyond it", async () => {
  const said = await survive(`
    const one = easy({ POSTFIELDS: "abc" });
    const codes = [1e9, 2 ** 31 - 1, 4].map((size) => code(() => one.setOpt("POSTFIELDSIZE", size)));
    codes.push(code(() => one.setOpt("POSTFIELDSIZE_LARGE", 2 ** 40)));
    one.setOpt("POSTFIELDSIZE", null);
    code(() => one.perform());
    say([codes, one.getInfo("SIZE_UPLOAD_T")]);`);
  expect(said).toEqual([[43, 43, 43, 43], 3]);
});

test("of a body that libcurl copied, replaced while it is sent", async () => {
  const said = await survive(`
    let n = 0;
    const one = easy({
      COPYPOSTFIELDS: new Uint8Array(20_000_000),
      NOPROGRESS: 0,
      XFERINFOFUNCTION: (_a, _b, _c, _d, sent) => {
        if (sent > 0 && n < 3) one.setOpt("COPYPOSTFIELDS", "x".repeat(++n));
      },
    });
    code(() => one.perform());
    say(n);`);
  expect(said).toBe(3);
});

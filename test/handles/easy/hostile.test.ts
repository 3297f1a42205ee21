// Sequences that crashed once, each in a process of its own: now they throw, or do no harm.
import { describe, expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { survive as surviveOn } from "../easy_survive.ts";
import { libcurl } from "../../versions.ts";
import { temporaryFolder } from "../temporary_files.ts";

const { newFile } = temporaryFolder();
const server = useServer("http", "h2c");

const survive = (lines: string) => surviveOn(server, lines);

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

const { copiesHstsFile, hsts } = libcurl;

describe.skipIf(!hsts.holds)(`of the HSTS callbacks${hsts.note}`, () => {
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

  test("a transfer in a callback uses the data of the one around it", async () => {
    const said = await survive(`
      const share = new Share(), cookies = new Share();
      share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
      cookies.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
      const codes: unknown[] = [];
      for (const each of [share, cookies]) {
        const inner = easy({ SHARE: each }), outer = easy({ SHARE: each });
        let answer: unknown;
        outer.setOpt("WRITEFUNCTION", (bytes) => {
          answer ??= code(() => inner.perform());
          return bytes.length;
        });
        codes.push(code(() => outer.perform()), answer, code(() => inner.perform()));
        inner.close();
        outer.close();
        each.close();
      }
      say(codes);`);
    expect(said).toEqual([0, 93, 0, 0, 93, 0]);
  });

  test.skipIf(!hsts.holds)(
    `HSTS is switched off while a share has the cache (since libcurl 7.88)${hsts.note}`,
    async () => {
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
    },
  );
});

test.skipIf(!hsts.holds)(
  `a handle with a file of HSTS is copied, which libcurl 7.88 to 8.4 would free twice${hsts.note}`,
  async () => {
    const said = await survive(`
    const codes: unknown[] = [], HSTS = ${JSON.stringify(newFile())};
    for (let i = 0; i < 20; i++) {
      const one = easy({ HSTS });
      let copy: Easy | undefined;
      codes.push(code(() => copy = one.duplicate()));
      one.close();
      copy?.close();
    }
    const other = easy({ HSTS });
    other.setOpt("HSTS", null);
    codes.push(code(() => other.duplicate().close()));
    other.setOpt("HSTS", HSTS);
    other.reset();
    codes.push(code(() => other.duplicate().close()));
    say(codes);`);
    expect(said).toEqual([...Array(20).fill(copiesHstsFile.holds ? 0 : 43), 0, 0]);
  },
);

// Sequences that crashed once, each in a process of its own: now they throw, or do no harm.
import { expect, test } from "vitest";
import { oddities } from "../../../src/libcurl_versions.ts";
import { useServer } from "../../use.ts";
import { survive as surviveOn } from "../easy_survive.ts";

const server = useServer("http", "h2c");

const survive = (lines: string) => surviveOn(server, lines);

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
    say(codes);`);
  const codes = said as number[];
  if (oddities().remembersTrailers) expect(codes).toEqual([0, 43, 43, 43, 0, 0]);
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
    const codes = new Set();
    const one = easy({
      COPYPOSTFIELDS: new Uint8Array(20_000_000),
      NOPROGRESS: 0,
      XFERINFOFUNCTION: (_a, _b, _c, _d, sent) => {
        if (sent === 0 || n >= 3) return;
        n++;
        codes.add(code(() => one.setOpt("COPYPOSTFIELDS", "x".repeat(n))));
      },
    });
    codes.add(code(() => one.perform()));
    say([n, ...codes]);`);
  expect(said).toEqual([3, 93, 0]);
});

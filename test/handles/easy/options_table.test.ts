// Every row of the table with a right value and with wrong ones: an answer, never a crash.
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { easyOptions, type OptionKind, type OptionRow } from "../../../ffi/curl/options.ts";
import { libcurl } from "../../versions.ts";
import { Easy, Mime, Share } from "../../../mod.ts";
import { codeOf, versionNum } from "../easy_support.ts";
import { useFolder } from "../../use.ts";

// COOKIEJAR, HSTS and ALTSVC name files that are written when the handle is closed
const home = process.cwd(), folder = useFolder("options");
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

const rows = Object.entries(easyOptions as Readonly<Record<string, OptionRow>>);

/** What a distribution's libcurl may say to a value that is right in kind. */
const BUILD = new Set([
  0, // CURLE_OK
  4, // CURLE_NOT_BUILT_IN
  43, // CURLE_BAD_FUNCTION_ARGUMENT: such as a size that is too small
  48, // CURLE_UNKNOWN_OPTION: a feature that is not built in
  53, // CURLE_SSL_ENGINE_NOTFOUND
  59, // CURLE_SSL_CIPHER
  1, // CURLE_UNSUPPORTED_PROTOCOL: PROTOCOLS_STR
]);

const RIGHT: Record<OptionKind, readonly unknown[]> = {
  long: [0, 1, true, 1n, 2 ** 40, -(2n ** 40n)],
  values: [0, 1],
  off_t: [0, 1n, 2 ** 40, 2n ** 40n],
  string: ["text", "", "Zürich", new Uint8Array([0x74, 0xff]), new Uint8Array(0)],
  slist: [["a: b", "c: d"], []],
  blob: [new Uint8Array([1, 2, 3]), new Uint8Array([9]).buffer, new Uint8Array(0)],
  cbptr: [{}, 1, "text", () => {}],
  function: [() => 0],
  object: [],
};

const WRONG: Record<OptionKind, readonly unknown[]> = {
  long: ["1", 1.5, NaN, {}, [], 2 ** 60, 2n ** 63n, undefined],
  values: ["1", 1.5, {}, undefined],
  off_t: ["1", 1.5, 2 ** 60, {}, 2n ** 70n, undefined],
  string: [1, true, {}, ["x"], "N\0L", new Uint8Array(1), undefined],
  slist: ["x", 1, {}, [1], ["N\0L"], undefined],
  blob: ["x", 1, {}, [1], undefined],
  cbptr: [undefined],
  function: ["x", 1, {}, true, undefined],
  object: [undefined],
};

const share = new Share();
const other = new Easy();
const mime = new Mime();
const OBJECTS: Record<string, readonly [right: unknown, ...wrong: unknown[]]> = {
  POSTFIELDS: ["text", 1, {}, ["x"]],
  COPYPOSTFIELDS: [new Uint8Array(3), 1, {}],
  PRIVATE: [{}],
  STDERR: ["/dev/null", true, -1, {}, "N\0L", 1e9],
  SHARE: [share, {}, other, 1],
  MIMEPOST: [mime, {}, other, "x"],
  HTTPPOST: [[{ name: "a", contents: "b" }], {}, [1], "x"],
  STREAM_DEPENDS: [other, {}, share],
  STREAM_DEPENDS_E: [other, {}, share],
};

const set = (easy: Easy, which: string | number, value: unknown) =>
  codeOf(() => easy.setOpt(which as never, value as never));

/** The first version that has the option, under whatever name. */
function sinceOf(id: number): number {
  return Math.min(...rows.filter(([, row]) => row.id === id).map(([, row]) => row.since));
}

/** Whether that is what to say to a value that is right in kind. */
function isAnswer(id: number, kind: OptionKind, code: number): boolean {
  // a callback's data stays with curlew
  return sinceOf(id) <= versionNum || kind === "cbptr" ? BUILD.has(code) : code === 48;
}

function valuesOf(name: string, kind: OptionKind): { right: readonly unknown[]; wrong: unknown[] } {
  if (kind !== "object") return { right: RIGHT[kind], wrong: [...WRONG[kind]] };
  // what no class of curlew stands for takes nothing
  const [first, ...wrong] = OBJECTS[name] ?? [undefined, {}, "x", 1];
  return { right: first === undefined ? [] : [first], wrong: [...wrong, undefined] };
}

/** Sets each row's values and gives the answers that are not to be. */
function deviations(
  answers: (name: string, row: OptionRow) => (readonly [unknown, number, boolean])[],
) {
  return rows.flatMap(([name, row]) =>
    answers(name, row).filter(([, , fine]) => !fine).map(([value, code]) => ({ name, value, code }))
  );
}

describe(`each of the ${rows.length} rows of the table`, () => {
  test("takes a value of its kind, or refuses it with curl's own code", () => {
    expect(deviations((name, { id, kind }) =>
      valuesOf(name, kind).right.map((value) => {
        using easy = new Easy();
        const code = set(easy, name, value);
        return [value, code, isAnswer(id, kind, code)];
      })
    )).toEqual([]);
  });

  test("does by number what it does by name", () => {
    expect(deviations((name, { id, kind }) =>
      valuesOf(name, kind).right.map((value) => {
        using byName = new Easy();
        using byNumber = new Easy();
        const code = set(byNumber, id, value);
        byNumber.close(); // a Mime is for one handle at a time
        return [value, code, code === set(byName, name, value)];
      })
    )).toEqual([]);
  });

  test("refuses a value of another kind with CURLE_BAD_FUNCTION_ARGUMENT", () => {
    expect(deviations((name, { kind }) =>
      valuesOf(name, kind).wrong.map((value) => {
        using easy = new Easy();
        const code = set(easy, name, value);
        return [value, code, code === 43];
      })
    )).toEqual([]);
  });

  test("takes null, or says that it has no default", () => {
    expect(deviations((name, { id, kind, default: initial }) => {
      using easy = new Easy();
      const code = set(easy, name, null);
      const isNumber = kind === "long" || kind === "values" || kind === "off_t";
      if (isNumber && initial === undefined) return [[null, code, code === 43]];
      return [[null, code, isAnswer(id, kind, code)]];
    })).toEqual([]);
  });
});

test("a handle that every option was set on, right and wrong, still closes and leaves nothing", () => {
  using easy = new Easy();
  for (const [name, { kind }] of rows) {
    if (name.startsWith("STREAM") && kind === "object") continue;
    for (const value of [...RIGHT[kind], ...WRONG[kind], ...(OBJECTS[name] ?? [])]) {
      set(easy, name, value);
    }
  }
  if (!libcurl.copiesHstsFile.holds) easy.setOpt("HSTS", null);
  easy.duplicate().close();
  easy.reset();
});

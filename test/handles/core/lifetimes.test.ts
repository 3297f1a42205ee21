// What a duplicate gets, what reset() and a new transfer take away: by the shape of the state.
import process from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { easyOptions, type OptionKind, type OptionRow } from "../../../ffi/curl/options.ts";
import { constants, CurlUrl, Easy, type EasyOptions, Mime, Multi, Share } from "../../../mod.ts";
import { connectionClassOf } from "../../../src/handles/connections/connection_class.ts";
import { EasySettings } from "../../../src/handles/core/easy_settings.ts";
import { TransferRun } from "../../../src/handles/core/transfer_run.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import { guardReuse, setLeavesUnread } from "../../../src/handles/easy/forbid_reuse.ts";
import { libcurl } from "../../versions.ts";
import { codeOf } from "../easy_support.ts";
import { useFolder } from "../../use.ts";

// COOKIEJAR, HSTS and ALTSVC name files that are written when the handle is closed
const home = process.cwd(), folder = useFolder("lifetimes");
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

const open: Disposable[] = [];
afterEach(() => {
  for (const handle of open.splice(0)) handle[Symbol.dispose]();
});

function keep<T extends Disposable>(handle: T): T {
  open.push(handle); // the easy comes first, and is closed before the handles that it uses
  return handle;
}

/** A value for each kind that no handle has from birth. */
const VALUES: Partial<Record<OptionKind, unknown>> = {
  long: 1,
  values: 1,
  off_t: 1000,
  string: "text",
  slist: ["a: b"],
  blob: new Uint8Array([1, 2, 3]),
  cbptr: { some: "data" },
  function: () => 0,
};

/** Values that the settings tell apart from the default ones. */
const CHOSEN: EasyOptions = {
  URL: "ftp://localhost/file",
  DEFAULT_PROTOCOL: "ldaps",
  HTTP_CONTENT_DECODING: 0,
  HTTP_VERSION: constants.CURL_HTTP_VERSION_1_1,
  FORBID_REUSE: 1,
  TIMEOUT_MS: 5000,
  PRIVATE: { mine: true },
};

/** Options that an easy with every option cannot have: one excludes the other, or duplicate(). */
const LEFT_OUT = /^STREAM_DEPENDS|^ERRORBUFFER$|^HTTPPOST$/;

function easyWithAll(): Easy {
  const easy = keep(new Easy());
  const rows = Object.entries(easyOptions as Readonly<Record<string, OptionRow>>);
  for (const [name, { kind }] of rows) {
    const value = VALUES[kind];
    if (value !== undefined && !LEFT_OUT.test(name)) {
      codeOf(() => easy.setOpt(name as never, value as never));
    }
  }
  easy.setOpts({
    MIMEPOST: keep(new Mime()),
    SHARE: keep(new Share()),
    CURLU: keep(new CurlUrl("http://localhost/")),
  });
  const { uses } = stateOf(easy).settings, url = [...uses.entries()];
  easy.setOpts(CHOSEN); // URL takes CURLU's place: its entry comes back, as if it were set later
  for (const [option, value] of url) uses.set(option, value);
  if (!libcurl.copiesHstsFile.holds) easy.setOpt("HSTS", null);
  const multi = keep(new Multi());
  multi.addHandle(easy); // forbids the reuse of what may be LDAP
  multi.removeHandle(easy);
  connectionClassOf(stateOf(easy), undefined); // what an agent does before a transfer
  guardReuse(stateOf(easy), true, true);
  setLeavesUnread(stateOf(easy), true); // and where others' bytes have come
  stateOf(easy).settings.setReceive({ finalHead: () => null }); // and what an upload of fetch does
  return easy;
}

const members = (settings: EasySettings) => Object.keys(settings) as (keyof EasySettings)[];

describe("the settings of a handle with every option set", () => {
  test("differ from those of a new one in each member", () => {
    const { settings } = stateOf(easyWithAll()), fresh = new EasySettings();
    const same = members(settings).filter((member) => {
      const value = settings[member];
      return value instanceof Map ? value.size === 0 : value === fresh[member];
    });
    // files of *DATA are opened when a transfer begins that has no function for them
    const opened = ["target", "source"];
    // libcurl frees the files of HSTS twice where a handle with one is duplicated
    const hsts = libcurl.copiesHstsFile.holds && libcurl.hsts.holds ? [] : ["hstsFile"];
    expect(same).toEqual([...opened, ...hsts]);
  });

  test("are those of its duplicate, which shares none of the tables", () => {
    const easy = easyWithAll(), { settings } = stateOf(easy);
    const { settings: copied } = stateOf(keep(easy.duplicate()));
    for (const member of members(settings)) {
      const [before, after] = [settings[member], copied[member]];
      if (!(before instanceof Map)) expect(after, member).toBe(before);
      else {
        expect(after, member).not.toBe(before);
        // libcurl copies the MIME tree: the duplicate's is another one
        expect([...(after as typeof before).keys()], member).toEqual([...before.keys()]);
      }
    }
    expect([...copied.functions]).toEqual([...settings.functions]);
    expect([...copied.data]).toEqual([...settings.data]);
  });

  test("are those of a new one after reset()", () => {
    const easy = easyWithAll();
    easy.reset();
    expect(stateOf(easy).settings).toEqual(stateOf(keep(new Easy())).settings);
  });
});

test("SHARE stays with reset(), as in libcurl, and a duplicate does not get it", () => {
  const easy = easyWithAll(), { share } = stateOf(easy);
  expect(share).toBeInstanceOf(Share);
  expect(stateOf(keep(easy.duplicate())).share).toBeUndefined();
  easy.reset();
  expect(stateOf(easy).share).toBe(share);
});

test("a setting of one of the two is not seen in the other", () => {
  const easy = keep(new Easy());
  easy.setOpts({ TIMEOUT_MS: 100, WRITEFUNCTION: () => 0, WRITEDATA: 1 });
  const copy = keep(easy.duplicate());
  copy.setOpts({ TIMEOUT_MS: 200, WRITEFUNCTION: null, WRITEDATA: 2 });
  const { WRITEFUNCTION, WRITEDATA } = easyOptions;
  expect(stateOf(easy).settings.timeoutMs).toBe(100);
  expect(stateOf(easy).settings.functions.has(WRITEFUNCTION.id)).toBe(true);
  expect(stateOf(easy).settings.data.get(WRITEDATA.id)).toBe(1);
});

test("each transfer begins with a run of its own", () => {
  const easy = keep(new Easy()), state = stateOf(easy), multi = keep(new Multi());
  easy.setOpts({ URL: "http://127.0.0.1:1/", TIMEOUT_MS: 1000, NOPROXY: "*" });
  for (const member of Object.keys(state.run) as (keyof TransferRun)[]) {
    const value = state.run[member];
    state.run[member] = (typeof value === "number" ? 7 : true) as never;
  }
  const before = state.run;
  multi.addHandle(easy);
  expect(state.run).not.toBe(before);
  expect(state.run).toEqual(new TransferRun());
  const { run } = state;
  multi.removeHandle(easy);
  multi.addHandle(easy);
  expect(state.run).not.toBe(run);
});

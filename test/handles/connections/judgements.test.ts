// What each option has to do with the connection of a transfer: the table is complete, and the class
// that follows from it is the same for equal values only.
import { describe, expect, test } from "vitest";
import { easyOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import { constants, Easy, type EasyOptions, Share } from "../../../mod.ts";
import { connectionClassOf, isInexact } from "../../../src/handles/connections/connection_class.ts";
import { judgementOf, ROWS } from "../../../src/handles/connections/judgements.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import { isKnown } from "../../../src/libcurl_versions.ts";

const table: Readonly<Record<string, OptionRow>> = easyOptions;
const names = Object.keys(table).filter((name) => table[name]?.aliasOf === undefined);

test("every option is in exactly one row", () => {
  const listed = ROWS.flatMap(([, , options]) => options);
  const missing = names.filter((name) => !listed.includes(name as (typeof listed)[number]));
  expect(missing, "add each to `src/handles/connections/judgements.ts`").toEqual([]);
  expect([...listed].sort()).toEqual([...names].sort());
});

test("every row has a reason of its own kind", () => {
  for (const [, why, options] of ROWS) {
    expect(why.length, String(options)).toBeGreaterThan(10);
    expect(options.length).toBeGreaterThan(0);
  }
});

test("an option that is newer than the table counts as one that nothing compares", () => {
  expect(judgementOf(999_999)).toEqual({ kind: "own", names: true });
});

/** The class of a handle with these options. */
function classWith(options: EasyOptions, usualShare?: Share): { key: string; alone: boolean } {
  using easy = new Easy();
  easy.setOpts(options);
  return connectionClassOf(stateOf(easy), usualShare);
}

const keyWith = (options: EasyOptions) => classWith(options).key;

describe("the class of a handle", () => {
  test("is the default where no option needs another", () => {
    const usual: EasyOptions = {
      URL: "http://localhost/",
      HTTPHEADER: ["A: b"],
      TIMEOUT_MS: 1,
      WRITEFUNCTION: (bytes) => bytes.length,
      OPENSOCKETFUNCTION: null,
      IPRESOLVE: 0,
      TCP_NODELAY: 1,
      HTTPAUTH: constants.CURLAUTH_BASIC | constants.CURLAUTH_DIGEST,
      PROXY: "http://localhost:1",
      SSL_VERIFYPEER: 0,
      USERPWD: "a:b",
    };
    expect(classWith(usual)).toEqual({ key: "", names: false, alone: false });
    expect(classWith({})).toEqual({ key: "", names: false, alone: false });
  });

  test("goes with the option, and with reset()", () => {
    using easy = new Easy();
    const key = () => connectionClassOf(stateOf(easy), undefined).key;
    easy.setOpt("INTERFACE", "lo");
    const bound = key();
    expect(bound).not.toBe("");
    easy.setOpt("INTERFACE", null);
    expect(key()).toBe("");
    easy.setOpt("INTERFACE", "lo");
    expect(key()).toBe(bound);
    using copy = easy.duplicate();
    easy.reset();
    expect(key()).toBe("");
    expect(connectionClassOf(stateOf(copy), undefined).key).toBe(bound);
  });

  test("does not depend on the order of the options, nor on how a name or number is given", () => {
    const key = keyWith({ INTERFACE: "lo", TCP_KEEPALIVE: true });
    expect(keyWith({ TCP_KEEPALIVE: 1, INTERFACE: "lo" })).toBe(key);
    using easy = new Easy();
    easy.setOpt(easyOptions.TCP_KEEPALIVE.id, 1);
    easy.setOpt(easyOptions.INTERFACE.id, "lo");
    expect(connectionClassOf(stateOf(easy), undefined).key).toBe(key);
  });

  test("differs for values that only look alike", () => {
    const bytes = new TextEncoder().encode("a:1:127.0.0.1");
    const lists = [
      ...[["a:1:127.0.0.1"], ["a:1:127.0.0.1", "b:1:127.0.0.1"], ["a:1:127.0.0.1\u00e9"], [bytes]],
      ["a:1:127.0.0.1b:1:127.0.0.1"],
    ];
    const keys = lists.map((RESOLVE) => keyWith({ RESOLVE }));
    expect(new Set(keys).size).toBe(keys.length);
    const one = keyWith({ INTERFACE: "lo\t", KEYPASSWD: "x" });
    expect(keyWith({ INTERFACE: "lo", KEYPASSWD: "\tx" })).not.toBe(one);
  });

  test("is that of a function and of its data, by identity", () => {
    const a = () => undefined, b = () => undefined, data = {};
    const key = keyWith({ OPENSOCKETFUNCTION: a, OPENSOCKETDATA: data });
    expect(keyWith({ OPENSOCKETFUNCTION: a, OPENSOCKETDATA: data })).toBe(key);
    const others = [
      { OPENSOCKETFUNCTION: b, OPENSOCKETDATA: data },
      { OPENSOCKETFUNCTION: a, OPENSOCKETDATA: {} },
      { OPENSOCKETFUNCTION: a },
      { SOCKOPTFUNCTION: a, OPENSOCKETDATA: data },
    ].map(keyWith);
    expect(new Set([key, ...others]).size).toBe(others.length + 1);
    const symbol = Symbol("x");
    const ofSymbol = keyWith({ OPENSOCKETDATA: symbol });
    expect(keyWith({ OPENSOCKETDATA: symbol })).toBe(ofSymbol);
    expect(keyWith({ OPENSOCKETDATA: Symbol("x") })).not.toBe(ofSymbol);
  });

  test("takes the TLS settings into account where USE_SSL turns TLS on later", () => {
    const plain = keyWith({ USE_SSL: constants.CURLUSESSL_ALL });
    expect(keyWith({ USE_SSL: constants.CURLUSESSL_ALL, SSL_VERIFYPEER: 0 })).not.toBe(plain);
    expect(keyWith({ SSL_VERIFYPEER: 0 })).toBe("");
  });

  test("takes the user into account where the connection is authenticated", () => {
    const HTTPAUTH = constants.CURLAUTH_NTLM | constants.CURLAUTH_NEGOTIATE;
    const keys = [
      { HTTPAUTH },
      { HTTPAUTH, USERPWD: "a:b" },
      { HTTPAUTH, USERNAME: "a" },
      { HTTPAUTH, URL: "http://a:b@localhost/" },
      { HTTPAUTH, URL: "http://c:d@localhost/" },
      { HTTPAUTH, NETRC: 1 },
    ].map(keyWith);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyWith({ HTTPAUTH, URL: "http://localhost/a@b" })).toBe(keyWith({ HTTPAUTH }));
  });

  test("is alone with headers that go to a proxy as well", () => {
    expect(classWith({ HEADEROPT: constants.CURLHEADER_UNIFIED }).alone).toBe(true);
  });

  test("is that of a Share's names, unless all transfers of the agent have that Share", () => {
    using names = new Share(), cookies = new Share(), connections = new Share();
    names.setOpt("SHARE", constants.CURL_LOCK_DATA_DNS);
    cookies.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
    connections.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
    expect(keyWith({ SHARE: names })).not.toBe("");
    expect(keyWith({ SHARE: cookies })).toBe("");
    expect(keyWith({ SHARE: connections })).toBe("");
    expect(classWith({ SHARE: names }, names).key).toBe("");
    expect(classWith({}, names).key).toBe("");
    expect(classWith({ INTERFACE: "lo", SHARE: connections }).alone).toBe(true);
    expect(classWith({ INTERFACE: "lo" }, connections).alone).toBe(true);
    expect(classWith({ INTERFACE: "lo", SHARE: names }).alone).toBe(false);
  });

  test("holds what this libcurl does not compare, and not what it compares", () => {
    for (const [judgement, , options] of ROWS) {
      if (judgement.kind !== "compared") continue;
      for (const name of options) {
        const { kind, since } = table[name] as OptionRow;
        if (kind !== "string" || !isKnown({ since })) continue;
        // who has no user in a proxy asks for nothing; the other values are any
        const value = name === "PROXY" || name === "PRE_PROXY" ? "http://a:b@c" : "a";
        let key: string;
        try {
          key = keyWith({ [name]: value });
        } catch {
          continue; // not in this build
        }
        expect(key === "", name).toBe(!isInexact(judgement.exact));
      }
    }
  });
});

/** Values that no argument should have, each with a name for the log. */
import { CurlUrl, Easy, Mime, Multi, Share } from "../../mod.ts";
import type { Random } from "./random.ts";

/** The error that the fuzzer itself throws: getting it back is no defect. */
export class Injected extends Error {
  override readonly name = "Injected";
}

// deno-lint-ignore no-explicit-any -- values of every type are passed on purpose
export type Any = any;

/** A value and what the log calls it. */
export type Odd = readonly [label: string, value: Any];

const inject = (): never => {
  throw new Injected("injected by a value");
};

/** A proxy whose every trap throws. */
const hostile = () =>
  new Proxy(
    {},
    new Proxy({}, { get: (_, trap) => trap === "getPrototypeOf" ? undefined : inject }),
  );

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(64);
  buffer.transfer();
  return buffer;
}

export function detachedView(): Uint8Array {
  const view = new Uint8Array(8);
  view.buffer.transfer();
  return view;
}

function shrunk(): Uint8Array {
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
  const view = new Uint8Array(buffer, 32);
  buffer.resize(16);
  return view;
}

export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

export class Nameless {
  static readonly name: Any = Symbol("nameless");
}

const MEGA = "x".repeat(1 << 20);
const MEGABYTES = new Uint8Array(1 << 20).fill(120);

export const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  7,
  100,
  65536,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
  Number.MIN_VALUE,
];

const BIGINTS = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n),
  2n ** 999n,
];

const STRINGS: readonly Odd[] = [
  ["empty", ""],
  ["nul", "a\0b"],
  ["surrogate", "\ud800"],
  ["surrogates", "a\udc00\ud800b"],
  ["1MiB", MEGA],
  ["percent", "%n%s%s%s%x"],
  ["crlf", "a\r\nX-Injected: b"],
  ["digits", "127.0.0.1"],
  ["umlaut", "é/☃"],
  ["proto", "__proto__"],
  ["dots", "../../.."],
];

const BYTES: readonly (readonly [string, () => Any])[] = [
  ["Uint8Array(0)", () => new Uint8Array(0)],
  ["Uint8Array(7)", () => new Uint8Array(7)],
  ["Uint8Array(1MiB)", () => MEGABYTES],
  ["detached view", detachedView],
  ["detached buffer", detached],
  ["shrunk view", shrunk],
  ["resizable view", () => new Uint8Array(new ArrayBuffer(16, { maxByteLength: 1024 }))],
  ["shared view", () => new Uint8Array(new SharedArrayBuffer(16))],
  ["shared buffer", () => new SharedArrayBuffer(16)],
  ["growable shared", () => new Uint8Array(new SharedArrayBuffer(16, { maxByteLength: 64 }))],
  ["DataView", () => new DataView(new ArrayBuffer(9), 1)],
  ["Float64Array", () => new Float64Array([NaN, 1])],
  ["BigInt64Array", () => new BigInt64Array(3)],
];

const OBJECTS: readonly (readonly [string, () => Any])[] = [
  ["{}", () => ({})],
  ["[]", () => []],
  ["[undefined]", () => [undefined]],
  ["[hole]", () => Array(3)],
  ["[nul]", () => ["a: b", "a\0b"]],
  ["[list]", () => ["a: b", "c: d"]],
  ["[bytes]", () => [new Uint8Array([97, 58, 98])]],
  ["[1MiB]", () => [MEGA]],
  ["[10000]", () => Array.from({ length: 10_000 }, (_, i) => `X${i}: y`)],
  ["[hostile]", () => [hostile()]],
  ["[thrower]", () => Object.defineProperty(["a"], 0, { get: inject })],
  ["null prototype", () => Object.create(null)],
  ["hostile proxy", hostile],
  ["revoked proxy", revoked],
  ["proxy of bytes", () => new Proxy(new Uint8Array(4), {})],
  ["proxy of array", () => new Proxy(["a: b"], {})],
  ["proxy of easy", () => new Proxy(new Easy(), {})],
  ["throwing toString", () => ({ toString: inject, valueOf: inject })],
  ["throwing getters", () => ({
    get name() {
      return inject();
    },
    get data() {
      return inject();
    },
    get fd() {
      return inject();
    },
    get signal() {
      return inject();
    },
  })],
  ["nameless", () => new Nameless()],
  ["bad constructor", () => ({ constructor: { name: Object.create(null) } })],
  ["throwing constructor", () => ({
    get constructor() {
      return inject();
    },
  })],
  ["date", () => new Date(NaN)],
  ["regexp", () => /x/g],
  ["map", () => new Map()],
  ["error", () => new Error("odd")],
  ["promise", () => Promise.resolve(1)],
  ["thenable", () => ({ then: inject })],
  ["fake easy", () => Object.create(Easy.prototype)],
  ["fake multi", () => Object.create(Multi.prototype)],
  ["fake share", () => Object.create(Share.prototype)],
  ["fake url", () => Object.create(CurlUrl.prototype)],
  ["fake mime", () => Object.create(Mime.prototype)],
  ["function", () => () => 0],
  ["thrower", () => inject],
  ["async function", () => () => Promise.resolve(0)],
  ["generator", () => function* () {}],
  ["class", () => class {}],
  ["proxy of function", () => new Proxy(() => 0, { apply: inject })],
];

const OTHERS: readonly Odd[] = [
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["false", false],
  ["symbol", Symbol("odd")],
];

const named = <T>(kind: string, list: readonly T[]): (readonly [string, () => Any])[] =>
  list.map((value) => [`${kind} ${Object.is(value, -0) ? "-0" : value}`, () => value]);
const plain = (list: readonly Odd[]): (readonly [string, () => Any])[] =>
  list.map(([label, value]) => [label, () => value]);

const GROUPS = [
  named("number", NUMBERS),
  named("bigint", BIGINTS),
  plain(STRINGS),
  BYTES,
  OBJECTS,
  plain(OTHERS),
];

/** Draws one of them. */
export function odd(random: Random): Odd {
  const [label, make] = random.pick(random.pick(GROUPS));
  return [label, make()];
}

export function oddBytes(random: Random): Odd {
  const [label, make] = random.pick(BYTES);
  return [label, make()];
}

export function oddString(random: Random): Odd {
  return random.pick(STRINGS);
}

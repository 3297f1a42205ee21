/**
 * The Deno side of {@linkcode Native}. The only file that says `Deno.`.
 *
 * @module
 */

import type {
  CallbackFunction,
  CType,
  Native,
  NativeCallback,
  NonNullPointer,
  Pointer,
  Signature,
  Signatures,
  Symbols,
} from "./native.ts";

// this module is also loaded on Bun, where there is no `Deno`
const os = "Deno" in globalThis ? Deno.build.os : "";

const TYPE: Record<CType, Deno.NativeResultType> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  usize: "usize",
  f64: "f64",
  long: os === "windows" ? "i32" : "i64",
  socket: os === "windows" ? "i64" : "i32",
  pointer: "pointer",
  buffer: "buffer",
};

/** 64-bit results and callback arguments are bigints here. */
const isWide = (type: CType) => TYPE[type] === "i64" || TYPE[type] === "usize";

type Callable = (...args: unknown[]) => unknown;

function narrow(fn: Callable, signature: Signature): Callable {
  if (!isWide(signature.result)) return fn;
  if (!signature.nonblocking) return (...args) => Number(fn(...args));
  return async (...args) => Number(await fn(...args));
}

function open<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  const wanted: Record<string, Deno.ForeignFunction> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    wanted[name] = {
      name: signature.symbol ?? name,
      parameters: signature.args.map((type) => TYPE[type]) as Deno.NativeType[],
      result: TYPE[signature.result],
      nonblocking: signature.nonblocking ?? false,
      optional: true,
    };
  }
  const found = Deno.dlopen(path, wanted).symbols as unknown as Record<string, Callable | null>;
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const fn = found[name];
    symbols[name] = fn ? narrow(fn, signature) : null;
  }
  return symbols as Symbols<S>;
}

function callback<const S extends Signature>(
  signature: S,
  fn: CallbackFunction<S>,
): NativeCallback {
  const call = fn as Callable;
  const made = new Deno.UnsafeCallback(
    {
      parameters: signature.args.map((type) => TYPE[type]) as Deno.NativeType[],
      result: TYPE[signature.result],
    },
    (signature.args.some(isWide)
      ? (...args: unknown[]) => call(...args.map((x) => typeof x === "bigint" ? Number(x) : x))
      : call) as Deno.UnsafeCallbackFunction,
  );
  return { pointer: made.pointer as unknown as NonNullPointer, close: () => made.close() };
}

const raw = (pointer: Pointer) => pointer as unknown as Deno.PointerValue;

function env(name: string): string | undefined {
  // asked first, since reading without the permission would prompt
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Deno's operations. */
export const native: Native = {
  runtime: "deno",
  os,
  arch: "Deno" in globalThis ? Deno.build.arch : "",
  open,
  callback,
  address: (pointer) => Number(Deno.UnsafePointer.value(raw(pointer))),
  pointer: (address) => Deno.UnsafePointer.create(BigInt(address)) as unknown as Pointer,
  view: (pointer, length) =>
    new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(raw(pointer) as Deno.PointerObject, length),
    ),
  string: (pointer) =>
    pointer === null ? null : Deno.UnsafePointerView.getCString(raw(pointer) as Deno.PointerObject),
  env,
  watch: null,
  watchByWorker: null,
};

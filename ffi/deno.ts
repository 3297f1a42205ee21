/**
 * The adapter of Deno: its implementation of {@linkcode Native}. Only this file uses `Deno.`.
 *
 * @module
 */

import { decodedText } from "./c_text.ts";
import { CurlLoadError } from "./error.ts";
import type {
  CallbackFunction,
  CFunction,
  CType,
  Native,
  NativeCallback,
  NonNullPointer,
  Pointer,
  Signature,
  Signatures,
  Symbols,
} from "./native.ts";

// Bun loads this module too, and has no `Deno`
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

/** Whether Deno passes results and callback arguments of that type as bigints. */
const isWide = (type: CType) => TYPE[type] === "i64" || TYPE[type] === "usize";

type Callable = (...args: unknown[]) => unknown;

function narrow(fn: Callable, signature: Signature): Callable {
  if (!isWide(signature.result)) return fn;
  if (!signature.nonblocking) return (...args) => Number(fn(...args));
  return async (...args) => Number(await fn(...args));
}

/**
 * A parameter that prevents V8's fast API calls. In such a call optimized code calls the native
 * function directly, and V8 aborts the process if a callback has invalidated that code meanwhile:
 * "Lazy deopt after a fast API call with return value is unsupported" (denoland/deno#31122). V8
 * makes no fast call with a struct among the parameters; C ignores the struct. Binding a function
 * with it takes 0.03 ms instead of 0.12 ms, since Deno compiles nothing for it: so functions that
 * are called seldom are bound with it, too.
 */
const PAD: Deno.NativeStructType = { struct: ["u8"] };
const pad = new Uint8Array(1);

function slowly(fn: Callable, count: number): Callable {
  switch (count) {
    case 1:
      return (a) => fn(a, pad);
    case 2:
      return (a, b) => fn(a, b, pad);
    case 3:
      return (a, b, c) => fn(a, b, c, pad);
    case 4:
      return (a, b, c, d) => fn(a, b, c, d, pad);
    default:
      return (...args) => fn(...args, pad);
  }
}

/** Whether a function is bound with {@linkcode PAD}. */
const isPadded = ({ callsBack, seldom }: Signature) => callsBack ?? seldom ?? false;

function parametersOf(signature: Signature): Deno.NativeType[] {
  const types = signature.args.map((type) => TYPE[type]) as Deno.NativeType[];
  return isPadded(signature) ? [...types, PAD] : types;
}

const LOADERS: Record<string, readonly string[]> = {
  darwin: ["/usr/lib/libSystem.B.dylib"],
  windows: [],
};
const RTLD_LAZY = 1;

type Loader = (path: Uint8Array<ArrayBuffer>, flags: number, pad: BufferSource) => unknown;

/** The system's own `dlopen`, which before glibc 2.34 is in libdl. */
function findLoader(): Loader | null {
  for (const path of LOADERS[os] ?? ["libc.so.6", "libdl.so.2"]) {
    const { symbols } = Deno.dlopen(path, {
      dlopen: { parameters: ["buffer", "i32", PAD], result: "pointer", optional: true },
    });
    if (symbols.dlopen) return symbols.dlopen;
  }
  return null;
}

const PERMISSION =
  "Cannot load libcurl without permission: run Deno with --allow-ffi, which must " +
  "have no path behind it";

let loader: Loader | null | undefined;
const kept = new Set<string>();

/**
 * Opens a library once more, and never closes it. Deno closes its own handle at the end of a Worker
 * or of the process, while libcurl's threads for name lookups may still run code of the library.
 */
function keepLoaded(path: string): void {
  if (kept.has(path)) return;
  kept.add(path);
  loader ??= findLoader();
  loader?.(new TextEncoder().encode(path + "\0"), RTLD_LAZY, pad);
}

/** `Deno.dlopen`. If it is refused, the error names the missing permission. */
function dlopen(path: string, wanted: Record<string, Deno.ForeignFunction>): object {
  try {
    return Deno.dlopen(path, wanted).symbols;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new CurlLoadError(PERMISSION, { cause });
  }
}

function open<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  const wanted: Record<string, Deno.ForeignFunction> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    wanted[name] = {
      name: signature.symbol ?? name,
      parameters: parametersOf(signature),
      result: TYPE[signature.result],
      nonblocking: signature.nonblocking ?? false,
      optional: true,
    };
  }
  const found = dlopen(path, wanted) as Record<string, Callable | null>;
  keepLoaded(path);
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const fn = found[name];
    const call = fn && isPadded(signature) ? slowly(fn, signature.args.length) : fn;
    symbols[name] = call ? narrow(call, signature) : null;
  }
  return symbols as Symbols<S>;
}

function at<const S extends Signature>(address: NonNullPointer, signature: S): CFunction<S> {
  const bound = new Deno.UnsafeFnPointer(raw(address) as Deno.PointerObject<never>, {
    parameters: signature.args.map((type) => TYPE[type]) as Deno.NativeType[],
    result: TYPE[signature.result],
  });
  const call = (...args: unknown[]) => (bound.call as Callable)(...args);
  return narrow(call, signature) as CFunction<S>;
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
  // reading without the permission would prompt
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** The last array of {@linkcode hastenCollection}: without a reference V8 could omit it. */
const garbage: { last: unknown } = { last: null };
/** The size of one array, and the factor by which the arrays exceed the bytes outside the heap. */
const ARRAY_BYTES = 4096, FACTOR = 1.5;

/**
 * Allocates garbage in V8's young heap in proportion to `bytes` outside the heap. V8 collects young
 * objects when the young heap is full, or, in a full collection, when 64 MiB outside the heap
 * depend on them: until then the chunks of a body that was read are kept. The young collections
 * that the garbage causes cost less than the full collections that they avoid; and since few
 * objects survive them, the young heap stays small.
 */
function hastenCollection(bytes: number): void {
  for (let left = bytes * FACTOR; left >= ARRAY_BYTES; left -= ARRAY_BYTES) {
    garbage.last = new Array(ARRAY_BYTES >> 3);
  }
  garbage.last = null;
}

/** The operations of Deno. */
export const native: Native = {
  runtime: "deno",
  os,
  arch: "Deno" in globalThis ? Deno.build.arch : "",
  open,
  at,
  callback,
  address: (pointer) => Number(Deno.UnsafePointer.value(raw(pointer))),
  pointer: (address) => Deno.UnsafePointer.create(BigInt(address)) as unknown as Pointer,
  addressOf: (bytes) => Deno.UnsafePointer.of(bytes) as unknown as NonNullPointer,
  view: (pointer, length) =>
    new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(raw(pointer) as Deno.PointerObject, length),
    ),
  string: (pointer) => {
    if (pointer === null) return null;
    const at = raw(pointer) as Deno.PointerObject;
    const byteAt = (offset: number) => new Deno.UnsafePointerView(at).getUint8(offset);
    return decodedText(Deno.UnsafePointerView.getCString(at), byteAt);
  },
  env,
  watch: null,
  watchByWorker: null,
  cwd: () => Deno.cwd(),
  findFile: null,
  atWorkerEnd: null,
  hastenCollection,
};

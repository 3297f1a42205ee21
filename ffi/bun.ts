/**
 * The adapter of Bun: its implementation of {@linkcode Native}. Only this file loads `bun:ffi`.
 *
 * @module
 */

import type * as BunFfi from "bun:ffi";
import type { FFIFunction, FFITypeOrString } from "bun:ffi";
import type {
  CallbackFunction,
  CFunction,
  CType,
  FdWatch,
  FoundFile,
  Native,
  NativeCallback,
  NonNullPointer,
  Pointer,
  Signature,
  Signatures,
  Symbols,
} from "./native.ts";
import { watchByWorker } from "./bun_worker.ts";
import { decodedText } from "./c_text.ts";

// Deno loads this module too, and for an import of node:process would load its Node.js layer
const process = ("Bun" in globalThis ? globalThis.process : {}) as typeof globalThis.process;

/**
 * The module `bun:ffi`. Deno could not resolve an `import` of it. With `await import()` a Worker
 * would lose messages: Bun drops those that arrive while a top-level await is pending.
 */
const ffi = process.getBuiltinModule?.("bun:ffi") as unknown as typeof BunFfi;

const isWindows = process.platform === "win32";

// the numbers of FFIType for the two fast types, which have no name
const I64_FAST = 15 as unknown as FFITypeOrString, U64_FAST = 16 as unknown as FFITypeOrString;

const PARAMETER: Record<CType, FFITypeOrString> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: I64_FAST,
  usize: U64_FAST,
  f64: "f64",
  long: isWindows ? "i32" : I64_FAST,
  socket: isWindows ? I64_FAST : "i32",
  pointer: "ptr",
  buffer: "ptr",
};

function bunSignature(signature: Signature): FFIFunction {
  return {
    args: signature.args.map((type) => PARAMETER[type]),
    returns: PARAMETER[signature.result],
  };
}

const openLoader = (path: string) =>
  ffi.dlopen(path, {
    dlopen: { args: ["cstring", "i32"], returns: "ptr" },
    dlsym: { args: ["ptr", "cstring"], returns: "ptr" },
    dlerror: { args: [], returns: "cstring" },
  }).symbols;

type Loader = ReturnType<typeof openLoader>;

/** The system's loader. Bun's own would also search the current directory. */
function findLoader(): Loader {
  if (process.platform === "darwin") return openLoader("/usr/lib/libSystem.B.dylib");
  try {
    return openLoader("libc.so.6");
  } catch {
    return openLoader("libdl.so.2"); // glibc before 2.34
  }
}

let loader: Loader | undefined;
const handles = new Map<string, ReturnType<Loader["dlopen"]>>();

const RTLD_NOW = 2;

const cstr = (text: string) => new TextEncoder().encode(text + "\0");

function handleOf(path: string, loader: Loader): ReturnType<Loader["dlopen"]> {
  const handle = handles.get(path) ?? loader.dlopen(cstr(path), RTLD_NOW);
  if (!handle) throw new Error(String(loader.dlerror()));
  handles.set(path, handle);
  return handle;
}

function open<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  if (isWindows) return openEach(path, signatures);
  loader ??= findLoader();
  const handle = handleOf(path, loader);
  const found: Record<string, FFIFunction> = {};
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const ptr = signature.nonblocking ? null : loader.dlsym(handle, cstr(signature.symbol ?? name));
    symbols[name] = null;
    if (ptr) found[name] = { ...bunSignature(signature), ptr };
  }
  if (Object.keys(found).length > 0) Object.assign(symbols, ffi.linkSymbols(found).symbols);
  return symbols as Symbols<S>;
}

function at<const S extends Signature>(address: NonNullPointer, signature: S): CFunction<S> {
  const call: FFIFunction = { ...bunSignature(signature), ptr: raw(address) as BunFfi.Pointer };
  return ffi.linkSymbols({ call }).symbols.call as unknown as CFunction<S>;
}

function atWorkerEnd(fn: () => void): void {
  const { Bun } = globalThis as unknown as { Bun: { isMainThread: boolean } };
  if (!Bun.isMainThread) process.once("exit", fn); // not after `terminate()`
}

async function findFile(path: string): Promise<FoundFile> {
  const { Bun } = globalThis as unknown as {
    Bun: { file(path: string): { stat(): Promise<FoundFile> } };
  };
  const { dev, ino, size } = await Bun.file(path).stat(); // without the time that node:fs takes
  return { dev, ino, size };
}

/** Opens a library on Windows: one `dlopen` for each symbol, since a missing one fails the call. */
function openEach<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const symbol = signature.symbol ?? name;
    try {
      symbols[name] = ffi.dlopen(path, { [symbol]: bunSignature(signature) }).symbols[symbol];
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_DLOPEN_FAILED") throw error;
      symbols[name] = null;
    }
  }
  return symbols as Symbols<S>;
}

function callback<const S extends Signature>(
  signature: S,
  fn: CallbackFunction<S>,
): NativeCallback {
  const made = new ffi.JSCallback(fn as (...args: unknown[]) => unknown, bunSignature(signature));
  if (!made.ptr) throw new Error("Cannot make a native callback");
  return { pointer: made.ptr as unknown as NonNullPointer, close: () => made.close() };
}

type BunPointer = Parameters<typeof BunFfi.toArrayBuffer>[0];
const raw = (pointer: Pointer) => pointer as unknown as BunPointer;

/**
 * `Bun.connect` on a descriptor that is not a socket: undocumented, but covered by a contract test.
 */
interface DescriptorConnect {
  connect(options: {
    fd: number;
    socket: {
      open(socket: DescriptorSocket): void;
      data(): void;
      close(socket: DescriptorSocket): void;
      error(): void;
    };
  }): Promise<unknown>;
}

interface DescriptorSocket {
  ref(): void;
  unref(): void;
  terminate(): void;
}

/** The interval of the checks of a descriptor where no descriptor is left for its duplicate. */
const LOOK_MS = 20;

/**
 * Watches a descriptor by Bun's own loop: when the descriptor becomes readable, Bun's read fails
 * with ENOTSOCK and Bun calls `close`. It then closes the descriptor, so each wait takes a
 * duplicate.
 */
function watch(duplicate: () => number, ready: () => void): FdWatch {
  let current: DescriptorSocket | null = null;
  let alarm: ReturnType<typeof setTimeout> | null = null;
  let alive = true;
  const close = (socket: DescriptorSocket) => {
    if (socket !== current) return; // terminate() calls this too
    current = null;
    ready();
  };
  const adopt = (socket: DescriptorSocket) => {
    current = socket;
    if (!alive) socket.unref();
  };
  const lookLater = () => {
    alarm = setTimeout(() => {
      alarm = null;
      ready();
    }, LOOK_MS);
    if (!alive) alarm.unref();
  };
  const bun = (globalThis as unknown as { Bun: DescriptorConnect }).Bun;
  return {
    arm() {
      if (current || alarm) return;
      const socket = { open: adopt, data() {}, close, error() {} };
      let fd: number;
      try {
        fd = duplicate();
      } catch {
        return lookLater(); // no descriptor is left
      }
      bun.connect({ fd, socket });
    },
    keepAlive(on) {
      if (on === alive) return;
      alive = on;
      for (const holder of [current, alarm]) {
        if (on) holder?.ref();
        else holder?.unref();
      }
    },
    close(after) {
      const socket = current;
      if (alarm) clearTimeout(alarm);
      current = alarm = null;
      socket?.terminate();
      after?.();
    },
  };
}

const ARCHITECTURES: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

/** The operations of Bun. */
export const native: Native = {
  runtime: "bun",
  os: isWindows ? "windows" : process.platform,
  arch: ARCHITECTURES[process.arch] ?? process.arch,
  open,
  at,
  callback,
  address: (pointer) => (pointer as unknown as number | null) ?? 0,
  pointer: (address) => (address === 0 ? null : address as unknown as NonNullPointer),
  addressOf: (bytes) => ffi.ptr(bytes) as unknown as NonNullPointer,
  // toArrayBuffer() refuses a length of 0
  view: (pointer, length) =>
    new Uint8Array(length === 0 ? new ArrayBuffer(0) : ffi.toArrayBuffer(raw(pointer), 0, length)),
  string: (pointer) => {
    if (pointer === null) return null;
    const at = raw(pointer);
    return decodedText(String(new ffi.CString(at)), (offset) => ffi.read.u8(at, offset));
  },
  env: (name) => process.env[name],
  watch,
  hastenCollection: null,
  watchByWorker,
  cwd: () => process.cwd(),
  findFile,
  atWorkerEnd,
};

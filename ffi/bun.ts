/**
 * The Bun side of {@linkcode Native}. The only file that imports `bun:ffi`.
 *
 * @module
 */

import {
  CString,
  dlopen,
  type FFIFunction,
  FFIType,
  type FFITypeOrString,
  JSCallback,
  linkSymbols,
  toArrayBuffer,
} from "bun:ffi";
import process from "node:process";
import type {
  CallbackFunction,
  CType,
  FdWatch,
  Native,
  NativeCallback,
  NonNullPointer,
  Pointer,
  Signature,
  Signatures,
  Symbols,
} from "./native.ts";
import { watchByWorker } from "./bun_worker.ts";

const PARAMETER: Record<CType, FFITypeOrString> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: FFIType.i64_fast,
  usize: FFIType.u64_fast,
  f64: "f64",
  long: process.platform === "win32" ? "i32" : FFIType.i64_fast,
  socket: process.platform === "win32" ? FFIType.i64_fast : "i32",
  pointer: "ptr",
  buffer: "ptr",
};

function bunSignature(signature: Signature): FFIFunction {
  return {
    args: signature.args.map((type) => PARAMETER[type]),
    returns: PARAMETER[signature.result],
  };
}

/** The system's loader, asked itself: Bun's own would also look in the current directory. */
const loader = process.platform === "win32" ? null : dlopen(
  process.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6",
  {
    dlopen: { args: ["cstring", "i32"], returns: "ptr" },
    dlsym: { args: ["ptr", "cstring"], returns: "ptr" },
    dlerror: { args: [], returns: "cstring" },
  },
).symbols;

const RTLD_NOW = 2;

const cstr = (text: string) => new TextEncoder().encode(text + "\0");

function open<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  if (!loader) return openEach(path, signatures);
  const handle = loader.dlopen(cstr(path), RTLD_NOW);
  if (!handle) throw new Error(String(loader.dlerror()));
  const found: Record<string, FFIFunction> = {};
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const ptr = signature.nonblocking ? null : loader.dlsym(handle, cstr(signature.symbol ?? name));
    symbols[name] = null;
    if (ptr) found[name] = { ...bunSignature(signature), ptr };
  }
  if (Object.keys(found).length > 0) Object.assign(symbols, linkSymbols(found).symbols);
  return symbols as Symbols<S>;
}

/** Windows: one `dlopen` for each symbol, since a missing one fails the whole call. */
function openEach<const S extends Signatures>(path: string, signatures: S): Symbols<S> {
  const symbols: Record<string, unknown> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    const symbol = signature.symbol ?? name;
    try {
      symbols[name] = dlopen(path, { [symbol]: bunSignature(signature) }).symbols[symbol];
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
  const made = new JSCallback(fn as (...args: unknown[]) => unknown, bunSignature(signature));
  if (!made.ptr) throw new Error("Cannot make a native callback");
  return { pointer: made.ptr as unknown as NonNullPointer, close: () => made.close() };
}

type BunPointer = Parameters<typeof toArrayBuffer>[0];
const raw = (pointer: Pointer) => pointer as unknown as BunPointer;

/** `Bun.connect` on a descriptor that is no socket: documented by the contract test only. */
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

/**
 * Bun's loop polls the descriptor; when it is readable the read fails with ENOTSOCK and `close`
 * fires, which is all that is wanted. The descriptor is Bun's from then on, so each park takes
 * a duplicate.
 */
function watch(duplicate: () => number, ready: () => void): FdWatch {
  let current: DescriptorSocket | null = null;
  let alive = true;
  const close = (socket: DescriptorSocket) => {
    if (socket !== current) return; // an ended watch also fires when it is terminated
    current = null;
    ready();
  };
  const adopt = (socket: DescriptorSocket) => {
    current = socket;
    if (!alive) socket.unref();
  };
  const bun = (globalThis as unknown as { Bun: DescriptorConnect }).Bun;
  return {
    arm() {
      if (current) return;
      const socket = { open: adopt, data() {}, close, error() {} };
      bun.connect({ fd: duplicate(), socket });
    },
    keepAlive(on) {
      if (on === alive) return;
      alive = on;
      if (on) current?.ref();
      else current?.unref();
    },
    close() {
      const socket = current;
      current = null;
      socket?.terminate();
    },
  };
}

const ARCHITECTURES: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

/** Bun's operations. */
export const native: Native = {
  runtime: "bun",
  os: process.platform === "win32" ? "windows" : process.platform,
  arch: ARCHITECTURES[process.arch] ?? process.arch,
  open,
  callback,
  address: (pointer) => (pointer as unknown as number | null) ?? 0,
  pointer: (address) => (address === 0 ? null : address as unknown as NonNullPointer),
  // Bun refuses a length of 0
  view: (pointer, length) =>
    new Uint8Array(length === 0 ? new ArrayBuffer(0) : toArrayBuffer(raw(pointer), 0, length)),
  string: (pointer) => (pointer === null ? null : String(new CString(raw(pointer)))),
  env: (name) => process.env[name],
  watch,
  watchByWorker,
};

/**
 * The interface of a runtime adapter: a dozen operations on C memory, C functions and C callbacks.
 * `bun.ts` and `deno.ts` implement it, and only `runtime.ts` imports them.
 *
 * @module
 */

declare const pointerBrand: unique symbol;

/** A C address that is not NULL. Opaque: a number on Bun, an object on Deno. */
export interface NonNullPointer {
  /** Exists only as a type: there is no such property. */
  readonly [pointerBrand]: never;
}

/** A C address, `null` for NULL. */
export type Pointer = NonNullPointer | null;

/** Bytes that C may read or fill during one call. */
export type Bytes =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

/**
 * The C types that libcurl's prototypes need.
 *
 * `i64`, `usize` and `long` (32 bits on Windows) take a number or a bigint and return a number;
 * `socket` is a descriptor (64 bits on Windows). `buffer` is a pointer to the bytes of a JS view,
 * valid during the call only. In a callback `u32` also stands for a `size_t` or a `void *` whose
 * value is known to be small (its low half is read).
 */
export type CType =
  | "void"
  | "i32"
  | "u32"
  | "i64"
  | "usize"
  | "f64"
  | "long"
  | "socket"
  | "pointer"
  | "buffer";

/** A C function: the types of its parameters and of its result. */
export interface Signature {
  /** The types of its parameters. */
  readonly args: readonly CType[];
  /** The type of its result. */
  readonly result: CType;
  /** The symbol, where its name is not the key: one symbol may be bound in several shapes. */
  readonly symbol?: string;
  /** The call runs on another thread and returns a promise. Deno only. */
  readonly nonblocking?: true;
  /** The function may call JS before it returns. */
  readonly callsBack?: true;
  /** The function is called a few times for each agent or connection, not for each transfer. */
  readonly seldom?: true;
}

/** Signatures by the name under which each function is bound. */
export type Signatures = Readonly<Record<string, Signature>>;

type ArgOf<T extends CType> = T extends "i32" | "u32" | "f64" | "socket" ? number
  : T extends "i64" | "usize" | "long" ? number | bigint
  : T extends "pointer" ? Pointer
  : T extends "buffer" ? Bytes | null
  : never;

type ResultOf<T extends CType> = T extends "void" ? void
  : T extends "pointer" ? Pointer
  : number;

type ArgsOf<A extends readonly CType[]> = { -readonly [I in keyof A]: ArgOf<A[I]> };

/** The JS function that a signature is bound as. */
export type CFunction<S extends Signature> = (
  ...args: ArgsOf<S["args"]>
) => S extends { nonblocking: true } ? Promise<ResultOf<S["result"]>> : ResultOf<S["result"]>;

/** The functions of a library; `null` where it does not export one. */
export type Symbols<S extends Signatures> = { readonly [K in keyof S]: CFunction<S[K]> | null };

type CallbackArg<T extends CType> = T extends "pointer" ? Pointer : number;

type CallbackArgs<A extends readonly CType[]> = { -readonly [I in keyof A]: CallbackArg<A[I]> };

/** The JS function behind a C callback of that signature. */
export type CallbackFunction<S extends Signature> = (
  ...args: CallbackArgs<S["args"]>
) => ResultOf<S["result"]>;

/** A C function pointer that calls into JS, until it is closed. */
export interface NativeCallback {
  /** The function pointer. */
  readonly pointer: NonNullPointer;
  /** Frees the function pointer, which C must not use any more. */
  close(): void;
}

/** A watch on one descriptor, by the runtime's event loop or by a thread. */
export interface FdWatch {
  /** Has `ready` called once when the descriptor becomes readable. Does nothing while armed. */
  arm(): void;
  /** Sets whether the armed watch keeps the process alive. */
  keepAlive(on: boolean): void;
  /**
   * Ends the watch; `ready` is not called again. `after` is called when no thread waits for the
   * descriptor any more: until then the descriptor must stay open, or its number may belong to
   * another file. Returns a promise for that time if the process stays alive until then.
   */
  close(after?: () => void): Promise<void> | void;
}

/** The data that a Worker needs to block in `poll(2)` on a descriptor. */
export interface WorkerWait {
  /** The path of the C library. */
  readonly libc: string;
  /** The descriptor. */
  readonly fd: number;
  /** Makes the descriptor readable, so that `poll(2)` returns. */
  wake(): void;
}

/** The numbers of a file in the file system, and its size in bytes. */
export interface FoundFile {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

/** The operations that a runtime offers. */
export interface Native {
  /** The name of the runtime. */
  readonly runtime: "bun" | "deno";
  /** `linux`, `darwin`, `windows`, or the runtime's own name for another system. */
  readonly os: string;
  /** `x86_64`, `aarch64`, or the runtime's own name for another architecture. */
  readonly arch: string;
  /**
   * Opens a library by path or by a name that the system's loader knows. Throws where it cannot.
   */
  open<const S extends Signatures>(path: string, signatures: S): Symbols<S>;
  /** Binds the function at an address. */
  at<const S extends Signature>(address: NonNullPointer, signature: S): CFunction<S>;
  /** Makes a C function pointer for `fn`, to be called on this thread only. */
  callback<const S extends Signature>(signature: S, fn: CallbackFunction<S>): NativeCallback;
  /** The number of an address, 0 for NULL: for comparison, not for arithmetic. */
  address(pointer: Pointer): number;
  /** The pointer with that number, `null` for 0. */
  pointer(address: number): Pointer;
  /** The address of the bytes of an array, valid as long as their buffer is referenced. */
  addressOf(bytes: Uint8Array<ArrayBuffer>): NonNullPointer;
  /** The bytes at an address, without a copy: invalid as soon as C frees them. */
  view(pointer: NonNullPointer, length: number): Uint8Array<ArrayBuffer>;
  /**
   * Decodes a NUL-terminated string as UTF-8, or as latin-1 if it is not UTF-8. `null` for NULL.
   */
  string(pointer: Pointer): string | null;
  /** An environment variable, `undefined` where it is unset or may not be read. Never prompts. */
  env(name: string): string | undefined;
  /**
   * Watches a descriptor by the runtime's event loop; `null` where the runtime cannot. `duplicate`
   * returns a new descriptor for the same file, which the watch then owns.
   */
  readonly watch: ((duplicate: () => number, ready: () => void) => FdWatch) | null;
  /**
   * Watches a descriptor by a Worker that blocks in `poll(2)`; `null` where the runtime does not
   * need this. `up` is called once the Worker runs; a watch that was armed before then takes
   * effect.
   */
  readonly watchByWorker:
    | ((wait: WorkerWait, ready: () => void, up?: () => void) => FdWatch)
    | null;
  /** The present folder of the process. Throws where it cannot be read. */
  cwd(): string;
  /** Finds the file at a path; `null` on a runtime without Blobs of files. */
  readonly findFile: ((path: string) => Promise<FoundFile>) | null;
  /**
   * Has a function called when the thread ends, if that is a Worker: only then does the process go
   * on without it. `null` where the runtime does not report the end of a Worker.
   */
  readonly atWorkerEnd: ((fn: () => void) => void) | null;
  /**
   * Makes the next garbage collection start sooner, in proportion to bytes outside the heap that
   * will soon be garbage; `null` where the collector counts such bytes itself.
   */
  readonly hastenCollection: ((bytes: number) => void) | null;
}

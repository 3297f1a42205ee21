/**
 * Reads the buffer, offset and length of byte arrays by the engine's own getters. The getters of a
 * subclass or of an object may run the user's code and return anything.
 *
 * @module
 */

type Getter<T> = (of: ArrayBufferView | ArrayBuffer) => T;

function getter<T>(prototype: object, name: PropertyKey): Getter<T> {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  return (of) => (get as () => T).call(of);
}

const TypedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
const className = getter<string | undefined>(TypedArray, Symbol.toStringTag);
const ofArray = {
  buffer: getter<ArrayBuffer>(TypedArray, "buffer"),
  byteOffset: getter<number>(TypedArray, "byteOffset"),
  byteLength: getter<number>(TypedArray, "byteLength"),
};
const ofDataView = {
  buffer: getter<ArrayBuffer>(DataView.prototype, "buffer"),
  byteOffset: getter<number>(DataView.prototype, "byteOffset"),
  byteLength: getter<number>(DataView.prototype, "byteLength"),
};

/** The length of a buffer in bytes, 0 where it is detached. */
export const bufferLength: Getter<number> = getter(ArrayBuffer.prototype, "byteLength");

/** The length of a typed array in bytes, 0 where its buffer is detached. */
export const viewLength: Getter<number> = ofArray.byteLength;

/** Throws for an array whose buffer is detached or has become too short, and for anything else. */
const keys: (this: unknown) => unknown = (Uint8Array.prototype as { keys(): unknown }).keys;

/** Whether a value is a view or an `ArrayBuffer`, even a detached one. */
export function isBuffer(value: unknown): value is ArrayBufferView | ArrayBuffer {
  if (ArrayBuffer.isView(value)) return true;
  try {
    bufferLength(value as ArrayBuffer);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is a `Uint8Array` or of a subclass of it. A `Proxy` is not. */
export function isByteArray(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && className(value) === "Uint8Array";
}

/**
 * A new `Uint8Array` on the bytes of a view or a buffer; `null` for anything else, for a detached
 * buffer and for a view beyond the end of its buffer. The memory is shared with the user: copy the
 * bytes before any code of the user can run.
 */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | null {
  try {
    if (!ArrayBuffer.isView(value)) {
      bufferLength(value as ArrayBuffer); // throws unless it is a buffer
      return new Uint8Array(value as ArrayBuffer);
    }
    const of = className(value) === undefined ? ofDataView : ofArray, length = of.byteLength(value);
    if (length === 0 && of === ofArray) keys.call(value);
    return new Uint8Array(of.buffer(value), of.byteOffset(value), length);
  } catch {
    return null;
  }
}

/**
 * Bytes that were pulled from a stream before libcurl asks for them.
 *
 * @module
 */

/**
 * Copies chunks one behind the other: many sources fill one buffer again for each chunk, so that a
 * chunk must not be needed any more when the next one is pulled.
 */
export class Ahead {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** The number of bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds a copy of bytes. */
  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(this.length + bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #makeRoom(size: number): void {
    const { length } = this, bytes = this.#bytes;
    if (bytes.length >= 2 * size) bytes.copyWithin(0, this.#start, this.#end); // seldom: half is free
    else {
      this.#bytes = new Uint8Array(2 * size);
      this.#bytes.set(bytes.subarray(this.#start, this.#end));
    }
    this.#start = 0;
    this.#end = length;
  }

  /** Removes the first `most` bytes. The view is valid until the next call. */
  take(most: number): Uint8Array<ArrayBuffer> {
    const start = this.#start, end = Math.min(start + most, this.#end);
    this.#start = end;
    if (end === this.#end) this.#start = this.#end = 0;
    return this.#bytes.subarray(start, end);
  }

  /** Removes all bytes. */
  clear(): void {
    this.#start = this.#end = 0;
  }
}

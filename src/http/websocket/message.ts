/**
 * A message that comes in pieces.
 *
 * @module
 */

/** More than `maxMessageSize`. */
export class MessageTooBig extends Error {}

/** Text that is no UTF-8. */
export class InvalidText extends Error {}

/** See the module. */
export class MessageAssembler {
  readonly #limit: number;
  #text: { readonly decoder: TextDecoder; decoded: string } | null = null;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** Throws {@linkcode MessageTooBig} for a message of more than so many bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a piece, of whose frame `left` bytes are still to come.
   *
   * @throws {InvalidText} as soon as the text cannot become valid any more.
   */
  add(piece: Uint8Array<ArrayBuffer>, isText: boolean, left: number): void {
    if (this.#length + piece.length + left > this.#limit) {
      throw new MessageTooBig(`The message is larger than maxMessageSize, ${this.#limit} bytes`);
    }
    if (isText) this.#decode(piece, true);
    else this.#appendBytes(piece, left);
    this.#length += piece.length;
  }

  #decode(piece: Uint8Array<ArrayBuffer>, stream: boolean): void {
    this.#text ??= {
      decoder: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }),
      decoded: "",
    };
    try {
      this.#text.decoded += this.#text.decoder.decode(piece, { stream });
    } catch (error) {
      throw new InvalidText("A text message is no UTF-8", { cause: error });
    }
  }

  #appendBytes(piece: Uint8Array<ArrayBuffer>, left: number): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      // as it comes, since the peer may promise more than it sends
      const room = Math.min(needed + left, Math.max(needed, 2 * this.#bytes.length));
      const grown = new Uint8Array(room);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
  }

  /** The message, complete: text, or bytes in a buffer of their own. */
  finish(): string | ArrayBuffer {
    if (this.#text) this.#decode(NOTHING, false);
    const { buffer } = this.#bytes, whole = this.#text?.decoded;
    const isExact = this.#length > 0 && buffer.byteLength === this.#length;
    const bytes = isExact ? buffer : buffer.slice(0, this.#length);
    this.#text = null;
    this.#bytes = NOTHING;
    this.#length = 0;
    return whole ?? bytes;
  }
}

const NOTHING = new Uint8Array(0);

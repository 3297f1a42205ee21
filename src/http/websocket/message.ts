/**
 * `MessageAssembler`: assembles incoming messages from pieces of frames.
 *
 * @module
 */

/** The error of a message larger than `maxMessageSize`. */
export class MessageTooBig extends Error {}

/** The error of a text message that is not valid UTF-8. */
export class InvalidText extends Error {}

/** Assembles one message after the other. */
export class MessageAssembler {
  readonly #limit: number;
  #text: { readonly decoder: TextDecoder; decoded: string } | null = null;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** `limit` is the maximum size of a message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Adds a piece; `left` bytes of its frame are still to come.
   *
   * @throws {MessageTooBig} for a message beyond the limit.
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
      throw new InvalidText("A text message is not UTF-8", { cause: error });
    }
  }

  #appendBytes(piece: Uint8Array<ArrayBuffer>, left: number): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      // grows with the bytes received, as the peer may announce more than it sends
      const room = Math.min(needed + left, Math.max(needed, 2 * this.#bytes.length));
      const grown = new Uint8Array(room);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
  }

  /** Ends the message and returns it: text, or bytes in a buffer of its own. */
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

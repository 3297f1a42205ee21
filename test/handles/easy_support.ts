/** What the tests of `Easy` share: a transfer that keeps its body, and the error of a call. */
import { Buffer } from "node:buffer";
import { expect } from "vitest";
import {
  type CurlEasyError,
  type CurlError,
  Easy,
  type EasyOptions,
  versionInfo,
} from "../../mod.ts";

export const versionNum: number = versionInfo().versionNum;

/** A transfer that ends within ten seconds and keeps its body. */
export class Transfer extends Easy {
  readonly #chunks: Uint8Array[] = [];

  constructor(url: string, options: EasyOptions = {}) {
    super();
    this.setOpts({
      URL: url,
      TIMEOUT_MS: 10_000,
      NOPROXY: "*", // whatever the environment sets
      WRITEFUNCTION: this.write,
      ...options,
    });
  }

  /** The WRITEFUNCTION. */
  readonly write = (bytes: Uint8Array): number => {
    this.#chunks.push(bytes.slice());
    return bytes.length;
  };

  /** The bytes so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  // deno-lint-ignore no-explicit-any -- the type differs by route
  get json(): any {
    return JSON.parse(this.text);
  }

  /** Performs, and returns itself. */
  run(): this {
    this.perform();
    return this;
  }
}

/** Performs a transfer of that URL and returns it; the caller closes it. */
export function get(url: string, options: EasyOptions = {}): Transfer {
  return new Transfer(url, options).run();
}

/** The answer of the server's `/echo`: the request as it got it. */
export interface Echo {
  readonly method: string;
  readonly httpVersion: string;
  readonly headers: [string, string][];
  readonly trailers: [string, string][];
  readonly length: number;
  readonly body: string;
  readonly tls: { readonly protocol: string; readonly alpn: string | null } | null;
}

/** One header of an echoed request. */
export function header(echo: Echo, name: string): string | undefined {
  return echo.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** The error that the call throws, which must be one of curlew. */
export function failure<E extends CurlError = CurlEasyError>(call: () => unknown): E {
  try {
    call();
  } catch (error) {
    expect(error, String(error)).toHaveProperty("codeName");
    return error as E;
  }
  throw new Error("nothing was thrown");
}

/** The members of that error, and whether its cause is the exception of a callback. */
export function facts(
  call: () => unknown,
): Record<"code" | "codeName" | "message" | "caused", unknown> {
  const error = failure(call);
  const { code, codeName, message } = error;
  return { code, codeName, message, caused: "cause" in error };
}

/** The code of the error that the call throws, 0 where it throws none. */
export function codeOf(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    expect(error, String(error)).toHaveProperty("codeName");
    return (error as CurlEasyError).code;
  }
}

/** Bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

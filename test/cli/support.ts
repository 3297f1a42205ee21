/** The part that the tests of the commands share. */
import { readFileSync, statSync } from "node:fs";
import { main } from "../../src/cli/main.ts";
import type { Io } from "../../src/cli/io.ts";

/** An `Io` that records its output. */
export class TestIo implements Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #written: Record<1 | 2, Uint8Array[]> = { 1: [], 2: [] };
  #input: Uint8Array;
  readonly #terminals: readonly number[];

  constructor(
    { env = {}, input = "", terminals = [] }: {
      env?: Readonly<Record<string, string | undefined>>;
      input?: string | Uint8Array;
      terminals?: readonly number[];
    } = {},
  ) {
    this.env = env;
    this.#input = typeof input === "string" ? new TextEncoder().encode(input) : input;
    this.#terminals = terminals;
  }

  write(fd: 1 | 2, bytes: Uint8Array): void {
    this.#written[fd].push(bytes.slice());
  }

  isTerminal(fd: 0 | 1 | 2): boolean {
    return this.#terminals.includes(fd);
  }

  columns(): number {
    return 100;
  }

  read(buffer: Uint8Array): number {
    const piece = this.#input.subarray(0, buffer.length);
    buffer.set(piece);
    this.#input = this.#input.subarray(piece.length);
    return piece.length;
  }

  readFile(path: string): Uint8Array {
    if (path !== "-") return readFileSync(path);
    const all = this.#input;
    this.#input = new Uint8Array();
    return all;
  }

  fileTime(path: string): number {
    return statSync(path).mtimeMs;
  }

  #bytes(fd: 1 | 2): Buffer {
    return Buffer.concat(this.#written[fd]);
  }

  get stdoutBytes(): Uint8Array {
    return this.#bytes(1);
  }

  get stdout(): string {
    return this.#bytes(1).toString();
  }

  get stderr(): string {
    return this.#bytes(2).toString();
  }
}

/** The result of a command. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly io: TestIo;
}

/** Runs `curlew` in this process. */
export async function curlew(
  args: readonly string[],
  options: ConstructorParameters<typeof TestIo>[0] = {},
): Promise<Ran> {
  const io = new TestIo(options), code = await main(args, io);
  return { code, stdout: io.stdout, stderr: io.stderr, io };
}

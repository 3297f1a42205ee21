/**
 * `parseCurl`: converts a curl command to data.
 *
 * @module
 */

import type { EasyOptions } from "../handles/easy/easy.ts";
import { dictionary } from "../members.ts";
import { check, checkCommand, checkedMember, type Kind, Kinds, READ } from "./arguments.ts";
import { CurlCommandError, type CurlPlace } from "./command_error.ts";
import { checkedBody, type GroupBody } from "./make/body.ts";
import { easyOptionsOf } from "./make/easy_options.ts";
import { gapsOf } from "./make/fetch_gaps.ts";
import { fetchInitOf } from "./make/fetch_init.ts";
import type { ReadPart } from "./make/multipart.ts";
import { globalOf, toolOf } from "./make/tool.ts";
import { countTransfers, type Planned, transfersOf } from "./make/transfers.ts";
import type { Group } from "./read/group.ts";
import { readCommand } from "./read/read_command.ts";
import type { Reading } from "./read/reading.ts";
import { type CurlShell, splitCommand } from "./shell/split.ts";
import { argumentWords, placesIn, type Word } from "./shell/words.ts";
import type { CurlCommand, CurlFormPart, CurlTransfer } from "./types.ts";

/** The options of {@linkcode parseCurl}. */
export interface ParseCurlOptions {
  /** The shell whose quoting the text has; detected unless given. */
  readonly shell?: CurlShell;
  /** The values of `$NAME`, `%NAME%` of cmd and `--variable %NAME`; without it none is known. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Reads a file that the command names, `"-"` for standard input: for `@file` in its many forms,
   * `-K`, `-T` and `-F`. Without it such a command is refused. Files that libcurl itself reads,
   * such as that of `--cacert`, are not read; their paths are in the result.
   */
  readonly readFile?: (path: string) => Uint8Array;
  /** Returns the modification time of a file in ms since 1970: for `-z file`. */
  readonly fileTime?: (path: string) => number;
  /** The User-Agent of a command that sets none; curlew's own unless given. */
  readonly userAgent?: string;
}

/** The largest number of transfers of a command. */
const MOST_TRANSFERS = 100_000;

/** The initial list of `--proto`: the protocols of any libcurl with TLS. */
const PROTOCOLS =
  "dict,file,ftp,ftps,gopher,gophers,http,https,imap,imaps,mqtt,pop3,pop3s,rtsp,smtp,smtps,telnet,tftp"
    .split(",");

/**
 * Reads a curl command: its text, as a browser copies it for bash or for Windows' cmd, or the
 * arguments after `curl`. Reads no files, environment variables or network data by itself.
 *
 * The result sends what curl would send: redirects are not followed without `-L`, nothing is
 * decoded without `--compressed`. The User-Agent names the program that sends, so it is curlew's
 * unless the command or `options.userAgent` sets one.
 *
 * @throws {CurlCommandError} for a command that curl or the shell would refuse, with the place and
 * what was expected there; for a file without `options.readFile`; for more than 100,000 transfers,
 * 100 levels of `-F '=('` and 10,000,000 characters by `--expand-…`.
 * @throws {TypeError} for an argument of the wrong kind; the message names it.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { parseCurl } from "curlew/command";
 *
 * const { url, init } = parseCurl("curl https://example.com/ -H 'Accept: text/html' --compressed");
 * const response = await fetch(url, init);
 * console.log(response.status);
 * ```
 *
 * @example For an Easy, also with a form
 * ```ts
 * import { Agent, Easy, Mime, type MimePart } from "curlew";
 * import { type CurlFormPart, parseCurl } from "curlew/command";
 *
 * function mimeOf(parts: readonly CurlFormPart[]): Mime {
 *   const mime = new Mime();
 *   for (const { parts: inner, ...part } of parts) {
 *     mime.addPart({ ...part, ...(inner && { subparts: mimeOf(inner) }) } as MimePart);
 *   }
 *   return mime;
 * }
 *
 * const { easy: options, form } = parseCurl("curl -F 'a=b' -F 'c=d;type=text/plain' https://example.com/");
 * await using agent = new Agent();
 * using easy = new Easy();
 * easy.setOpts({ ...options, WRITEFUNCTION: (bytes) => bytes.length });
 * if (form) easy.setOpt("MIMEPOST", mimeOf(form));
 * await agent.perform(easy);
 * ```
 */
export function parseCurl(
  command: string | readonly string[],
  options: ParseCurlOptions = {},
): CurlCommand {
  checkCommand(command);
  const { env = {}, readFile, fileTime, shell, userAgent } = readOptions(options);
  const words = typeof command === "string"
    ? splitCommand(command, shell, env)
    : argumentWords(command);
  const reading = readCommand(words, { env, readFile, fileTime, protocols: PROTOCOLS });
  const end = endOf(words, typeof command === "string" ? command : "");
  if (reading.action) throw new CurlCommandError(end, "a transfer", `--${reading.action.name}`);
  const transfers = new Maker(reading, userAgent).all(end);
  const [first] = transfers;
  if (!first) throw new CurlCommandError(end, "a URL", "none");
  return { ...first, transfers, global: globalOf(reading.global), notes: reading.notes };
}

/** Reads the options, each once. */
function readOptions(options: ParseCurlOptions): ParseCurlOptions {
  check(READ, "the options", Kinds.object, options);
  const given = <K extends keyof ParseCurlOptions>(name: K, kind: Kind) =>
    checkedMember(READ, options, name, kind);
  return dictionary({
    env: given("env", Kinds.object),
    readFile: given("readFile", Kinds.function),
    fileTime: given("fileTime", Kinds.function),
    shell: given("shell", Kinds.shell),
    userAgent: given("userAgent", Kinds.string),
  }) as ParseCurlOptions;
}

/** The place after the last word. */
function endOf(words: readonly Word[], text: string): CurlPlace {
  const last = words.at(-1);
  return last ? last.placeOf(last.text.length) : placesIn(text)(text.length);
}

/** Makes transfers. What all transfers of a group share is made once. */
class Maker {
  readonly #reading: Reading;
  readonly #userAgent: string | undefined;
  readonly #bodies = new Map<Group, GroupBody>();
  readonly #noted = new Set<Group>();
  /** The reasons of the notes, by place. */
  readonly #reasons = new Map<CurlPlace, Set<string>>();

  constructor(reading: Reading, userAgent: string | undefined) {
    this.#reading = reading;
    this.#userAgent = userAgent;
  }

  all(end: CurlPlace): CurlTransfer[] {
    const made: CurlTransfer[] = [];
    if (countTransfers(this.#reading) > MOST_TRANSFERS) {
      throw new CurlCommandError(end, `no more than ${MOST_TRANSFERS} transfers`);
    }
    for (const planned of transfersOf(this.#reading, end)) {
      const transfer = this.#one(planned, end);
      made.push(transfer);
      this.#note(planned, transfer);
    }
    return made;
  }

  /** Notes the differences of `fetch`, once for all transfers of a group. */
  #note(planned: Planned, { init }: CurlTransfer): void {
    const { notes } = this.#reading, isFirst = !this.#noted.has(planned.group);
    this.#noted.add(planned.group);
    for (const { option, place, reason } of gapsOf(planned, isFirst ? init : null)) {
      const reasons = this.#reasons.get(place) ?? new Set();
      if (!reasons.has(reason)) notes.push({ option, place, reason, isAboutFetch: true });
      this.#reasons.set(place, reasons.add(reason));
    }
  }

  #body(group: Group, end: CurlPlace): GroupBody {
    const body = this.#bodies.get(group) ?? checkedBody(group, this.#reading, end);
    this.#bodies.set(group, body);
    return body;
  }

  #one(planned: Planned, end: CurlPlace): CurlTransfer {
    const { url, group, output } = planned, body = this.#body(group, end);
    const read: ReadPart = (path) => this.#reading.bytes(path, planned.uploadPlace);
    const init = fetchInitOf(planned, body, read, this.#userAgent);
    const easy = this.#easy(planned, body, init.body);
    const form = body.kind === "form" ? body.parts : null;
    return { url, init, easy, form, output, tool: toolOf(group) };
  }

  /** The options for an easy handle, including those that read the upload. */
  #easy(planned: Planned, body: GroupBody, upload: unknown): EasyOptions {
    const options = easyOptionsOf(planned, body, this.#userAgent);
    return planned.upload === null ? options : { ...options, ...reader(upload as Uint8Array) };
  }
}

/** The options that upload bytes. */
function reader(bytes: Uint8Array): EasyOptions {
  let at = 0;
  return {
    INFILESIZE_LARGE: bytes.length,
    READFUNCTION: (buffer) => {
      const piece = bytes.subarray(at, at + buffer.length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    SEEKFUNCTION: (_, offset) => {
      at = offset;
    },
  };
}

/** The parts of a command's form. */
export type { CurlFormPart };

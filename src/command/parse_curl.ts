/**
 * A curl command as data.
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

/** What {@linkcode parseCurl} takes beside the command. */
export interface ParseCurlOptions {
  /** Whose quoting the text is in; guessed unless given. */
  readonly shell?: CurlShell;
  /** What `$NAME`, `%NAME%` of cmd and `--variable %NAME` are; none is known unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Reads a file that the command names, `"-"` for standard input: for `@file` in its many forms,
   * `-K`, `-T` and `-F`. Without it such a command is refused. Paths that are for libcurl, such as
   * that of `--cacert`, are not read, but stand in the result.
   */
  readonly readFile?: (path: string) => Uint8Array;
  /** When a file was changed, in ms since 1970: for `-z file`. */
  readonly fileTime?: (path: string) => number;
  /** The User-Agent of a command that says none; curlew's own unless given. */
  readonly userAgent?: string;
}

/** How many transfers a command may stand for. */
const MOST_TRANSFERS = 100_000;

/** Protocols that every libcurl with TLS has: what `--proto` begins with. */
const PROTOCOLS =
  "dict,file,ftp,ftps,gopher,gophers,http,https,imap,imaps,mqtt,pop3,pop3s,rtsp,smtp,smtps,telnet,tftp"
    .split(",");

/**
 * Reads a curl command: the text of one, as a browser copies it for bash or for Windows' cmd, or
 * the arguments after `curl`. Nothing is read from files, the environment or the network.
 *
 * What is sent is what curl would send: redirects are not followed without `-L`, nothing is
 * decoded without `--compressed`. The User-Agent names the program that sends, so it is curlew's
 * unless the command or `options.userAgent` says one.
 *
 * @throws {CurlCommandError} for a command that curl or the shell would not take, with the place
 * and what was expected there; for a file without `options.readFile`; for more than 100,000
 * transfers, 100 levels of `-F '=('` and 10,000,000 characters by `--expand-…`.
 * @throws {TypeError} for an argument of another kind; the message names it.
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

/** The options, each read once. */
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

/** Makes transfers; what all of a group have is made once. */
class Maker {
  readonly #reading: Reading;
  readonly #userAgent: string | undefined;
  readonly #bodies = new Map<Group, GroupBody>();
  readonly #noted = new Set<Group>();
  /** The reasons that are told of a place. */
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

  /** What `fetch` does otherwise, once for all transfers of a group. */
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

  /** The easy's options, with what reads the upload. */
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

/** The parts of a form that is in a command. */
export type { CurlFormPart };

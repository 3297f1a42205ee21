/**
 * Early answers: the response is complete before the upload is, while the upload has nothing to
 * send. libcurl ends such a transfer only with the upload, which may never end. So where the
 * request asks for it (`ReceiveSettings.finalHead`), the driver ends the transfer. The rest of the
 * upload is dropped, and with it the connection, or the stream of HTTP/2.
 *
 * libcurl does not report that it has received the whole answer. But as long as the answer is
 * incomplete, a transfer of which only sending is paused waits for its socket to be readable; after
 * that it waits for nothing. Where other streams use the same socket, the announced length of the
 * body decides. If the server closes the connection without an answer, the transfer waits for
 * nothing either; the driver ends it with CURLE_GOT_NOTHING, unless the upload goes on soon:
 * then libcurl may repeat the request.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import { libc, POLLIN } from "../../ffi/libc.ts";
import { Code, CurlEasyError, isEasyError } from "../errors.ts";
import type { FinalHead } from "../handles/core/receive_settings.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { pauseTransfer } from "../handles/easy/calls.ts";
import { getInfo } from "../handles/easy/infos.ts";
import { oddities } from "../libcurl_versions.ts";
import { isHttp1 } from "./http_version.ts";
import type { Sockets } from "./sockets.ts";
import { Deadline } from "./timing/deadline.ts";

const { CURL_POLL_REMOVE, CURLPAUSE_CONT, CURLPAUSE_RECV, CURLPAUSE_SEND } = flags;

/** Called at the end of a transfer with its error, `null` where it succeeded. */
export type AnswerListener = (easy: EasyState, error: CurlEasyError | null) => void;

/** How long a transfer whose connection has ended waits for more of its upload. */
const PATIENCE_MS = 500;

/** The socket of a transfer that libcurl has not named yet. */
const UNKNOWN = -1;

/** Finds the transfers in flight whose whole answer was received. */
export class EarlyAnswers {
  readonly #sockets: Sockets;
  /**
   * The transfers that may end with their answer, each with the socket that libcurl has named for
   * it.
   */
  readonly #fds = new Map<EasyState, number>();
  readonly #bySocket = new Map<number, Set<EasyState>>();
  /** The transfers whose answer may be complete: the next `end` checks them. */
  readonly #due = new Set<EasyState>();
  /** The transfers whose connection has ended without an answer, with the time when it was seen. */
  readonly #cutOff = new Map<EasyState, number>();
  readonly #deadline: Deadline;

  /**
   * `sockets` has the directions that libcurl waits for; `schedule` has to schedule a turn, in which
   * `end` is called.
   */
  constructor(sockets: Sockets, schedule: () => void) {
    this.#sockets = sockets;
    this.#deadline = new Deadline(schedule);
  }

  /** How many transfers in flight may end with their answer. */
  get size(): number {
    return this.#fds.size;
  }

  /** The transfers that may end with their answer, for checks. */
  [Symbol.iterator](): Iterator<EasyState> {
    return this.#fds.keys();
  }

  /** A transfer begins that may end with its answer. */
  watch(easy: EasyState): void {
    this.#setSocket(easy, UNKNOWN);
  }

  #setSocket(easy: EasyState, fd: number): void {
    this.forget(easy);
    this.#fds.set(easy, fd);
    const others = this.#bySocket.get(fd);
    if (others) others.add(easy);
    else this.#bySocket.set(fd, new Set([easy]));
  }

  /** A transfer is over. */
  forget(easy: EasyState): void {
    const fd = this.#fds.get(easy);
    if (fd === undefined) return;
    this.#fds.delete(easy);
    this.#due.delete(easy);
    this.#cutOff.delete(easy);
    const others = this.#bySocket.get(fd);
    others?.delete(easy);
    if (others?.size === 0) this.#bySocket.delete(fd);
  }

  /** A transfer was paused or resumed, or has received more of its answer. */
  touched(easy: EasyState): void {
    if (this.#fds.size > 0 && this.#fds.has(easy)) this.#due.add(easy);
  }

  /** libcurl's socket callback was called for a transfer. `what` is a `CURL_POLL_*`. */
  socket(fd: number, what: number, easy: EasyState | null): void {
    if (this.#fds.size === 0) return;
    const known = easy && this.#fds.get(easy);
    if (easy && known !== undefined && known !== fd && what !== CURL_POLL_REMOVE) {
      this.#setSocket(easy, fd);
    }
    this.served(fd);
  }

  /** A socket was served. */
  served(fd: number): void {
    if (this.#fds.size === 0) return;
    for (const easy of this.#bySocket.get(fd) ?? []) this.#due.add(easy);
    for (const easy of this.#bySocket.get(UNKNOWN) ?? []) this.#due.add(easy);
  }

  /** Ends the transfers whose whole answer was received. Returns whether there were any. */
  end(listener: AnswerListener): boolean {
    const isLate = this.#deadline.take();
    for (const easy of isLate ? this.#cutOff.keys() : []) this.#due.add(easy);
    if (this.#due.size === 0) return false;
    let any = false;
    const due = [...this.#due];
    this.#due.clear();
    for (const easy of due) {
      const fd = this.#fds.get(easy);
      if (fd === undefined || !onlySendingIsPaused(easy)) continue;
      const head = easy.settings.receive.finalHead?.() ?? null;
      if (head === null ? !this.#isCutOff(easy, fd) : !this.#isWhole(easy, head)) continue;
      any = true;
      if (head === null) listener(easy, new CurlEasyError(Code.GOT_NOTHING, NO_ANSWER));
      else if (easy.run.uploadResumed) listener(easy, errorOf(easy, head, fd));
      else {
        easy.run.uploadResumed = true;
        resumeUpload(easy);
      }
    }
    return any;
  }

  /** Whether an answer was received whole. */
  #isWhole(easy: EasyState, head: FinalHead): boolean {
    return isAllReceived(easy, head) || this.#waitsForNothing(easy);
  }

  /** Whether the server has closed the connection without an answer, and no more is to be sent. */
  #isCutOff(easy: EasyState, fd: number): boolean {
    if (!this.#waitsForNothing(easy) || !isReadable(fd)) {
      this.#cutOff.delete(easy);
      return false;
    }
    const now = performance.now(), since = this.#cutOff.get(easy);
    if (since !== undefined && now - since >= PATIENCE_MS) return true;
    if (!this.#deadline.pending) this.#deadline.set(PATIENCE_MS);
    this.#deadline.arm();
    if (since !== undefined) return false;
    this.#cutOff.set(easy, now);
    resumeUpload(easy);
    return false;
  }

  /** Cancels what is scheduled. */
  stop(): void {
    this.#deadline.disarm();
  }

  /** Whether libcurl does not wait for the socket of the transfer. */
  #waitsForNothing(easy: EasyState): boolean {
    // a rate-limited transfer waits for no socket between two pieces
    if (easy.settings.rateLimited) return false;
    const fd = this.#fds.get(easy) as number;
    return fd !== UNKNOWN && this.#sockets.isUnwanted(fd);
  }
}

const NO_ANSWER = "The connection was closed before the answer";

function onlySendingIsPaused({ paused, run }: EasyState): boolean {
  if ((paused & (CURLPAUSE_SEND | CURLPAUSE_RECV)) !== CURLPAUSE_SEND) return false;
  return !run.pausedForFairness && !run.pauseDue && !run.failed;
}

/**
 * Resumes the upload. libcurl then ends a transfer of which it has already dropped the upload, and
 * checks that the answer is complete; from any other it calls READFUNCTION, which pauses it again.
 */
function resumeUpload(easy: EasyState): void {
  try {
    pauseTransfer(easy, CURLPAUSE_CONT);
  } catch (error) {
    if (!isEasyError(error)) throw error; // otherwise the driver has recorded the error
  }
}

/** Whether as many bytes were received as the head announces. */
function isAllReceived(easy: EasyState, { hasBody }: FinalHead): boolean {
  if (!hasBody) return true;
  const length = getInfo(easy, "CONTENT_LENGTH_DOWNLOAD_T");
  return length >= 0 && getInfo(easy, "SIZE_DOWNLOAD_T") === length;
}

/** The error of an answer that was cut off; `null` for a complete one. */
function errorOf(easy: EasyState, head: FinalHead, fd: number): CurlEasyError | null {
  if (isAllReceived(easy, head)) return null;
  const hasLength = getInfo(easy, "CONTENT_LENGTH_DOWNLOAD_T") >= 0;
  if (!hasLength && !mayBeCut(easy, head, fd)) return null;
  const text = "The connection was closed before the end of the answer";
  return new CurlEasyError(Code.PARTIAL_FILE, text);
}

/**
 * Whether a transfer that has failed by libcurl's account has received its whole answer: the server
 * has closed the stream without an error (oddity `failsClosedStreams`).
 */
export function isAnswered(easy: EasyState, { code, message }: CurlEasyError): boolean {
  if (code !== Code.HTTP2_STREAM || !oddities().failsClosedStreams) return false;
  if (message !== new CurlEasyError(code).message) return false; // libcurl has named another cause
  const head = easy.settings.receive.finalHead?.() ?? null;
  if (head === null) return false;
  return isAllReceived(easy, head) || getInfo(easy, "CONTENT_LENGTH_DOWNLOAD_T") < 0;
}

const pollfd = new Int32Array(new ArrayBuffer(8)); // int fd @0; short events @4; short revents @6

/**
 * Whether a chunked answer may have been cut off without an error of libcurl (oddity
 * `hidesCutAnswers`): the server has closed the connection without having announced it.
 */
function mayBeCut(easy: EasyState, { endsWithChunk }: FinalHead, fd: number): boolean {
  if (!endsWithChunk || fd === UNKNOWN || !oddities().hidesCutAnswers || !isHttp1(easy)) {
    return false;
  }
  return isReadable(fd);
}

/** Whether there is something to read: bytes, or the end of the connection. */
function isReadable(fd: number): boolean {
  pollfd[0] = fd;
  pollfd[1] = POLLIN;
  return libc.poll(pollfd, 1, 0) !== 0;
}

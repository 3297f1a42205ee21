/**
 * The end of kept connections with unread bytes (oddities `reusesUnread` and `trustsRecentlyUsed`):
 * libcurl would give such a connection to the next transfer, which would take the bytes for its
 * response, such as a late 408, or the body of a response that must have none. So the connection is
 * shut down as soon as the bytes are noticed, before a transfer can get it.
 *
 * This is done only where it is certain that no transfer reads the bytes: the connection belongs to
 * the agent, carries one transfer at a time, and the last transfer on it is over.
 *
 * @module
 */

import { endConnection, hasUnread, localPort } from "../../../ffi/libc.ts";
import { native, type Pointer } from "../../../ffi/mod.ts";
import type { TombstoneMap } from "../../handles/base/tombstone_map.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { setLeavesUnread } from "../../handles/easy/forbid_reuse.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { carriesOneTransfer, sharesConnections } from "../../handles/easy/kept_connection.ts";
import { oddities } from "../../libcurl_versions.ts";
import { isHttp } from "../protocol.ts";
import type { KeptSocketListener, Socket, Sockets } from "../sockets.ts";
import type { ActiveTransfer, ActiveTransfers } from "../transfers.ts";

/**
 * With `trustsRecentlyUsed` libcurl does not check a connection for 1 s after its last use; a
 * margin is added.
 */
const TRUSTED_MS = 1100;
/** The first status code that is not interim. */
const FINAL = 200;

/** The parts of a multi handle that the check for unread bytes reads. */
export interface Connections {
  readonly sockets: Sockets;
  readonly transfers: ActiveTransfers;
  /** The handles, by address. */
  readonly easies: TombstoneMap<EasyState>;
  /** Whether the number of connections is limited, so that a transfer may be queued for one. */
  readonly isLimited: boolean;
  /** Closes all idle connections. */
  closeKept(): void;
}

/** Ends the connections of one multi handle that have unread bytes. */
export class UnreadBytes implements KeptSocketListener {
  readonly #connections: Connections;
  readonly #sockets: Sockets;
  readonly #transfers: ActiveTransfers;
  readonly #trustsRecentlyUsed = oddities().trustsRecentlyUsed;
  /**
   * Sockets with bytes that a transfer has not read yet, by the address of the transfer's handle.
   */
  readonly #waiting = new Map<number, Set<Socket>>();

  /** Registers itself as the listener of the sockets. */
  constructor(connections: Connections) {
    this.#connections = connections;
    this.#sockets = connections.sockets;
    this.#transfers = connections.transfers;
    this.#sockets.keptListener = this;
  }

  used(socket: Socket, easy: Pointer): void {
    this.#note(socket, easy);
    if (this.#waiting.size === 0 || easy === null) return;
    // the transfer will read the bytes from this socket
    const transfer = this.#transfers.findAt(native.address(easy));
    if (transfer) this.#forget(transfer.easy, socket);
  }

  #note(socket: Socket, easy: Pointer): void {
    socket.user = easy;
    socket.usedAt = this.#transfers.begun;
  }

  left(socket: Socket, user: Pointer): void {
    this.#note(socket, user);
    if (this.#trustsRecentlyUsed) socket.leftMs = performance.now();
    const isAwaited = this.#isAwaited;
    if (user === null || (socket.exclusive !== null && !isAwaited)) return;
    const address = native.address(user), easy = this.#connections.easies.get(address);
    if (!easy) return;
    socket.exclusive ??= sharesConnections(easy) ? false : carriesOneTransfer(easy);
    if (!socket.exclusive || !isAwaited || !hasItsResponse(easy)) return;
    this.#noteLeft(this.#transfers.findAt(address), socket);
    // another transfer may get the connection in the call in progress
    if (hasUnread(socket.fd)) endConnection(socket.fd);
  }

  /** Records that a transfer has left a connection, unless it has another one already. */
  #noteLeft(transfer: ActiveTransfer | undefined, { fd }: Socket): void {
    if (!transfer || getInfo(transfer.easy, "LOCAL_PORT") !== localPort(fd)) return;
    transfer.leftPretransfer = getInfo(transfer.easy, "PRETRANSFER_TIME_T");
  }

  /**
   * Whether a transfer may get a connection in the same call that ended the last transfer on it.
   */
  get #isAwaited(): boolean {
    const { allKnown, watchlist } = this.#transfers;
    // a new or redirected transfer, or one that is queued for a connection
    return !allKnown || watchlist.size > 0 || this.#connections.isLimited;
  }

  readable(socket: Socket): void {
    if (socket.exclusive === false) return;
    const named = this.#userOf(socket);
    if (named && this.#mayRead(named, socket)) this.#wait(socket, named);
    else if (socket.exclusive && hasUnread(socket.fd)) {
      const reader = this.#readerOf(socket);
      if (reader) this.#wait(socket, reader);
      else this.#end(socket);
    }
  }

  /**
   * Leaves the bytes to a transfer, and checks the socket again when that transfer is over. If the
   * transfer ends within one call, without waiting for the socket, another one may get the
   * connection in the same call: so no transfer may reuse it.
   */
  #wait(socket: Socket, { easy }: ActiveTransfer): void {
    const { address } = easy.resources, others = this.#waiting.get(address);
    if (others) others.add(socket);
    else this.#waiting.set(address, new Set([socket]));
    if (socket.exclusive && isHttp(easy)) setLeavesUnread(easy, true);
  }

  /** Ends the waits of a transfer's sockets, except for `its`, the socket that it reads from. */
  #forget(easy: EasyState, its: Socket | null): void {
    const { address } = easy.resources, waiting = this.#waiting.get(address);
    if (!waiting) return;
    this.#waiting.delete(address);
    if (!easy.settings.rateLimited) setLeavesUnread(easy, false);
    for (const socket of waiting) if (socket !== its) this.#sockets.watchAgain(socket);
  }

  #end({ fd, leftMs }: Socket): void {
    endConnection(fd);
    // libcurl would try the connection, and an upload that it cannot rewind would fail
    if (performance.now() < leftMs + TRUSTED_MS) this.#connections.closeKept();
  }

  /** The transfer in flight for which libcurl has named the socket last. */
  #userOf({ user, usedAt }: Socket): ActiveTransfer | undefined {
    if (user === null) return undefined;
    const transfer = this.#transfers.findAt(native.address(user));
    // a later transfer of the same handle is another one
    return transfer && transfer.number <= usedAt ? transfer : undefined;
  }

  /**
   * A transfer that may read the bytes although libcurl has not named the socket for it: one that
   * was paused, or delayed by its speed limit, in the call in which it got the connection.
   */
  #readerOf(socket: Socket): ActiveTransfer | undefined {
    for (const transfer of this.#transfers) {
      if (this.#mayRead(transfer, socket)) return transfer;
    }
    return undefined;
  }

  /** Whether a transfer uses, or may use, the connection of a socket. */
  #mayRead(transfer: ActiveTransfer, socket: Socket): boolean {
    const { easy } = transfer, isNamed = this.#userOf(socket) === transfer;
    // until libcurl has processed a transfer, the infos of its handle are those of the last
    // transfer
    if (!this.#transfers.isKnown(transfer)) return isNamed;
    const pretransfer = getInfo(easy, "PRETRANSFER_TIME_T");
    if (pretransfer <= 0) return isNamed; // the transfer has no connection yet
    if (pretransfer === transfer.leftPretransfer) return false; // nor another one yet
    const own = getInfo(easy, "LOCAL_PORT"), port = localPort(socket.fd);
    if (own > 0 && port > 0) return own === port;
    return isNamed || !this.#isNamed(transfer) || getInfo(easy, "REDIRECT_COUNT") > 0;
  }

  /** Whether libcurl has named any socket for a transfer. */
  #isNamed(transfer: ActiveTransfer): boolean {
    return this.#sockets.entries().some((socket) => this.#userOf(socket) === transfer);
  }

  /** A handle was removed, so its transfer is over. */
  removed(easy: EasyState): void {
    if (this.#waiting.size > 0) this.#forget(easy, null);
  }
}

/** Whether an HTTP transfer whose socket is no longer watched has read its whole response. */
function hasItsResponse(easy: EasyState): boolean {
  const { run, settings } = easy;
  if (run.paused !== 0 || run.pausedForFairness || !isHttp(easy)) return false;
  if (getInfo(easy, "RESPONSE_CODE") < FINAL) return false;
  if (!settings.rateLimited) return true;
  const length = getInfo(easy, "CONTENT_LENGTH_DOWNLOAD_T"); // -1 where the length is unknown
  return length >= 0 && getInfo(easy, "SIZE_DOWNLOAD_T") >= length;
}

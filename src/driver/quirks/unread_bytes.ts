/**
 * The end of kept connections that have something to read, with the oddities `reusesUnread` and
 * `trustsRecentlyUsed`: libcurl would use one for the next transfer, which would take what is there
 * for its response, such as a late 408, or the body of a response that has none. So the connection
 * is shut down as soon as the bytes are seen, and before a transfer may be given it.
 *
 * Only where it is certain that no transfer reads them: the connection is the agent's own, carries
 * one transfer at a time, and its last one is over.
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

/** With `trustsRecentlyUsed` libcurl does not look at a connection for so long, and a bit. */
const TRUSTED_MS = 1100;
/** The first status that is not interim. */
const FINAL = 200;

/** What the end of unread bytes has to know of its multi handle. */
export interface Connections {
  readonly sockets: Sockets;
  readonly transfers: ActiveTransfers;
  /** The handles, by address. */
  readonly easies: TombstoneMap<EasyState>;
  /** The number of connections is limited, so a transfer may wait for one. */
  readonly isLimited: boolean;
  /** Closes all connections that are kept. */
  closeKept(): void;
}

/** Ends the connections of one multi handle that have something to read. */
export class UnreadBytes implements KeptSocketListener {
  readonly #connections: Connections;
  readonly #sockets: Sockets;
  readonly #transfers: ActiveTransfers;
  readonly #trustsRecentlyUsed = oddities().trustsRecentlyUsed;
  /** Sockets of transfers that do not read yet what has come, by the address of their handle. */
  readonly #waiting = new Map<number, Set<Socket>>();

  /** Becomes the listener of the sockets. */
  constructor(connections: Connections) {
    this.#connections = connections;
    this.#sockets = connections.sockets;
    this.#transfers = connections.transfers;
    this.#sockets.keptListener = this;
  }

  used(socket: Socket, easy: Pointer): void {
    this.#note(socket, easy);
    if (this.#waiting.size === 0 || easy === null) return;
    // the transfer reads on, from this socket
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

  /** Notes that a transfer has left a connection, unless it has another one already. */
  #noteLeft(transfer: ActiveTransfer | undefined, { fd }: Socket): void {
    if (!transfer || getInfo(transfer.easy, "LOCAL_PORT") !== localPort(fd)) return;
    transfer.leftPretransfer = getInfo(transfer.easy, "PRETRANSFER_TIME_T");
  }

  /** Whether a transfer may take a connection in the call that has ended the last one on it. */
  get #isAwaited(): boolean {
    const { allKnown, watchlist } = this.#transfers;
    // one that begins, is redirected, or waits for a connection
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
   * Leaves the bytes to a transfer, and looks at the socket again when that is over. Should it come
   * to its end in one call, without a wait for the socket, another transfer may have the connection
   * in the same call: so none may have it at all.
   */
  #wait(socket: Socket, { easy }: ActiveTransfer): void {
    const { address } = easy.resources, others = this.#waiting.get(address);
    if (others) others.add(socket);
    else this.#waiting.set(address, new Set([socket]));
    if (socket.exclusive && isHttp(easy)) setLeavesUnread(easy, true);
  }

  /** The sockets that wait for a transfer wait no longer; `its`: the one that it reads from. */
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
   * A transfer that may read what has come, although libcurl has not named the socket for it: one
   * that was paused, or held back by its speed limit, in the call in which it got the connection.
   */
  #readerOf(socket: Socket): ActiveTransfer | undefined {
    for (const transfer of this.#transfers) {
      if (this.#mayRead(transfer, socket)) return transfer;
    }
    return undefined;
  }

  /** Whether a transfer is, or may be, on the connection of a socket. */
  #mayRead(transfer: ActiveTransfer, socket: Socket): boolean {
    const { easy } = transfer, isNamed = this.#userOf(socket) === transfer;
    // the infos of a handle that libcurl has not looked at are those of its last transfer
    if (!this.#transfers.isKnown(transfer)) return isNamed;
    const pretransfer = getInfo(easy, "PRETRANSFER_TIME_T");
    if (pretransfer <= 0) return isNamed; // it has no connection yet
    if (pretransfer === transfer.leftPretransfer) return false; // or no other one yet
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

/** Whether a transfer by HTTP whose socket is no longer watched has read its response to the end. */
function hasItsResponse(easy: EasyState): boolean {
  const { run, settings } = easy;
  if (run.paused !== 0 || run.pausedForFairness || !isHttp(easy)) return false;
  if (getInfo(easy, "RESPONSE_CODE") < FINAL) return false;
  if (!settings.rateLimited) return true;
  const length = getInfo(easy, "CONTENT_LENGTH_DOWNLOAD_T"); // -1 where it is not known
  return length >= 0 && getInfo(easy, "SIZE_DOWNLOAD_T") >= length;
}

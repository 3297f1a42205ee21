/**
 * The end of connections of protocols with a closing command, such as QUIT of SMTP. libcurl sends
 * the command in the call that closes the connection, and blocks there until the server has
 * answered: for as long as SERVER_RESPONSE_TIMEOUT, two minutes, whatever TIMEOUT_MS is. An event
 * loop must not block. So before libcurl closes a connection, the driver shuts its socket down for
 * reading: libcurl sends the command, and reads the end of the connection instead of an answer.
 * With FORBID_REUSE libcurl would send it in the call that ends the transfer: there the driver ends
 * the connection itself, without the command.
 *
 * A connection that libcurl closes to make room for another one, and one of a shared pool, is
 * closed by libcurl, and blocks.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { endConnection, endReading } from "../../../ffi/libc.ts";
import { library } from "../../../ffi/mod.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { sharesConnections } from "../../handles/easy/kept_connection.ts";
import { isSurelyHttp } from "../protocol.ts";

const SAYS_GOODBYE = /^(?:ftp|smtp|imap|pop3)s?$/i, LEADS_TO_IT = /^(?:ftp|smtp|imap|pop3)/i;

/** The connections of one multi handle whose protocol has a closing command. */
export class Farewells {
  /** The sockets of the connections that are kept for other transfers. */
  readonly #kept = new Set<number>();

  /** A transfer begins. With FORBID_REUSE the driver ends its connection, not libcurl. */
  begins(easy: EasyState): void {
    if (easy.settings.forbidReuse === 0 || isSurelyHttp(easy) || sharesConnections(easy)) return;
    if (easy.settings.reuseForbidden || !LEADS_TO_IT.test(getInfo(easy, "EFFECTIVE_URL") ?? "")) {
      return;
    }
    // `guardReuse` sets it again before the next transfer
    library().symbols.curl_easy_setopt.long(easy.pointer, easyOptions.FORBID_REUSE.id, 0);
  }

  /** A transfer is over; its handle is still added. Returns whether its connection was ended. */
  ended(easy: EasyState): boolean {
    if (isSurelyHttp(easy) || !SAYS_GOODBYE.test(getInfo(easy, "SCHEME") ?? "")) return false;
    const fd = getInfo(easy, "ACTIVESOCKET");
    if (fd < 0 || sharesConnections(easy)) return false;
    if (easy.settings.forbidReuse === 0) this.#kept.add(fd);
    else endConnection(fd);
    return easy.settings.forbidReuse !== 0;
  }

  /** A socket was closed, or the system has given its number to another. */
  closed(fd: number): void {
    this.#kept.delete(fd);
  }

  /** libcurl is about to close the connections that are kept. */
  end(): void {
    for (const fd of this.#kept) endReading(fd);
    this.#kept.clear();
  }
}

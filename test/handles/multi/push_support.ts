/** What the tests of HTTP/2 server push share. */
import { constants, type Easy, type EasyOptions, type MultiCallbacks } from "../../../mod.ts";
import type { TestServer } from "../../server/start.ts";
import { ALPN } from "../../versions.ts";
import { Loop, Transfer } from "./support.ts";

/** The port is not in the URL: libcurl 7.88.1 itself denies every push from a named port. */
export function pushing(server: TestServer, path = "/push/1"): Transfer {
  return new Transfer(`https://localhost${path}`, reach(server));
}

/**
 * The options with which a handle reaches the server. libcurl 8.23 copies none of them to a pushed
 * handle.
 */
export function reach(server: TestServer): EasyOptions {
  return {
    CAINFO: server.ca,
    CONNECT_TO: [`localhost:443:127.0.0.1:${server.h2}`],
    HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
    ...ALPN,
  };
}

/** A loop that answers pushes by `onPush`. */
export function pushLoop(onPush: MultiCallbacks["PUSHFUNCTION"]): Loop {
  const loop = new Loop();
  loop.multi.setOpt("PIPELINING", constants.CURLPIPE_MULTIPLEX);
  loop.multi.setOpt("PUSHFUNCTION", onPush);
  return loop;
}

/**
 * Collects the body of a pushed handle in a place of its own. Removes its timeout: libcurl 8.14 sets
 * no start time for a pushed handle, so that the timeout of its parent would expire at once.
 */
export function collect(easy: Easy): { text: string } {
  const body = { text: "" };
  easy.setOpt("TIMEOUT_MS", 0);
  easy.setOpt("WRITEFUNCTION", (bytes) => {
    body.text += new TextDecoder().decode(bytes);
    return bytes.length;
  });
  return body;
}

// The handshake of a CurlWebSocket as an observer sees it.
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Agent, CurlWebSocket } from "../../../mod.ts";
import { observe, type ObservedTransfer, recordHar } from "../../../observe.ts";
import { whyNot } from "./support.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

test.skipIf(whyNot)(`a handshake starts, and ends with the open connection${whyNot}`, async () => {
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`);
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using agent = new Agent();
  using recorder = recordHar(agent);
  const stop = new AbortController(), { signal } = stop, events: string[] = [];
  const note = (name: string) => ({ url, status, method, state }: ObservedTransfer) =>
    void events.push(`${name} ${method} ${url} ${status} ${state}`);
  using _ = observe(agent, { start: note("start"), head: note("head"), end: note("end") });
  try {
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const socket = new CurlWebSocket(`${url}?token=secret`, [], {
      agent,
      signal,
      connectTimeout: 5000,
    });
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = ({ error }) => reject(error);
    });
    expect(events).toEqual([
      `start null ${url}?token=REDACTED null running`,
      `end GET ${url}?token=REDACTED 101 done`,
    ]);
    const [entry] = recorder.har().log.entries;
    expect(entry?.response.status).toBe(101);
    expect(JSON.stringify(entry)).not.toContain("secret");
  } finally {
    stop.abort();
    server.closeAllConnections();
    server.close();
  }
});

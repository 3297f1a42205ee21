// CurlWebSocket with a CookieJar.
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { CurlWebSocket } from "../../../mod.ts";
import { CookieJar } from "../../../session.ts";
import { whyNot } from "./support.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

test.skipIf(whyNot)(
  `a handshake sends the cookies of a jar and adds its own${whyNot}`,
  async () => {
    const sent: string[] = [];
    const server = createServer();
    server.on("upgrade", (request, socket) => {
      const { rawHeaders } = request;
      sent.push(...rawHeaders.filter((_, i) => /^cookie$/i.test(rawHeaders[i - 1] ?? "")));
      const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`);
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\nSet-Cookie: b=2; Path=/\r\n\r\n`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stop = new AbortController(), { signal } = stop;
    try {
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        jar = new CookieJar();
      jar.set({ name: "a", value: "1", domain: "127.0.0.1" });
      for (let i = 0; i < 2; i++) {
        const headers = { Cookie: `own=${i}` };
        const init = { cookies: jar, headers, signal, connectTimeout: 5000 };
        const socket = new CurlWebSocket(url, [], init);
        await new Promise((resolve, reject) => {
          socket.onopen = resolve;
          socket.onerror = ({ error }) => reject(error);
        });
      }
      expect(sent.length).toBe(2); // one line each
      expect(sent[0]).toBe("a=1; own=0");
      expect(sent[1]?.split("; ").sort()).toEqual(["a=1", "b=2", "own=1"]);
      expect(jar.get("b", url)).toMatchObject({ value: "2", domain: "127.0.0.1" });
    } finally {
      stop.abort();
      server.closeAllConnections();
      server.close();
    }
  },
);

test.skipIf(whyNot)(`options that a jar replaces, and what is no jar, are refused${whyNot}`, () => {
  const make = (init: object) => () => new CurlWebSocket("ws://127.0.0.1:1/", [], init);
  expect(make({ cookies: new CookieJar(), curl: { COOKIEFILE: "" } }))
    .toThrow("Cannot make a CurlWebSocket: cookies and the option COOKIEFILE of curl exclude");
  expect(make({ cookies: "jar.txt" }))
    .toThrow('Cannot make a CurlWebSocket: cookies must be a CookieJar or null, got "jar.txt"');
});

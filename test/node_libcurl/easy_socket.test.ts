// A connection of one's own: send, recv, and what the socket can do.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { CurlCode, CurlEasyError, Easy, Multi, SocketState } from "../../node_libcurl.ts";
import { useServer } from "../use.ts";
import { runChild } from "../server/child.ts";
import { sleep, thrown, until } from "./support.ts";

const server = useServer("http", "echo", "lines");

function connecting(port: number): Easy {
  const easy = new Easy();
  easy.setOpt("URL", `http://127.0.0.1:${port}/`);
  easy.setOpt("NOPROXY", "*");
  easy.setOpt("CONNECT_ONLY", true);
  easy.setOpt("TIMEOUT_MS", 10_000);
  return easy;
}

const BAD_ARGUMENT = expect.objectContaining({ code: CurlCode.CURLE_BAD_FUNCTION_ARGUMENT });

/** Sends a request as soon as it can, and gives what comes until the end. */
function exchange(easy: Easy, request: string): Promise<string> {
  let sent = false, received = "";
  return new Promise((resolve, reject) => {
    easy.onSocketEvent(function (this: Easy, error, events) {
      if (error) return reject(error);
      expect(this).toBe(easy);
      if ((events & SocketState.Writable) && !sent) {
        sent = true;
        expect(easy.send(Buffer.from(request))).toEqual({ code: 0, bytesSent: request.length });
      } else if (events & SocketState.Readable) {
        const buffer = Buffer.alloc(4096), { code, bytesReceived } = easy.recv(buffer);
        if (code === CurlCode.CURLE_AGAIN) return;
        received += buffer.toString("utf8", 0, bytesReceived);
        if (code !== CurlCode.CURLE_OK || bytesReceived === 0) {
          easy.unmonitorSocketEvents();
          resolve(received);
        }
      }
    });
    easy.monitorSocketEvents();
  });
}

const REQUEST = "GET /small HTTP/1.0\r\nHost: x\r\n\r\n";

describe("send() and recv()", () => {
  test("move bytes on the connection of perform()", async () => {
    const easy = connecting(server.http);
    expect(easy.perform()).toBe(CurlCode.CURLE_OK);
    expect(easy.recv(Buffer.alloc(8))).toEqual({ code: CurlCode.CURLE_AGAIN, bytesReceived: 0 });
    expect(await exchange(easy, REQUEST)).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*"ok":true/);
    easy.close();
  });

  test("move bytes on that of a Multi, which the handle stays in", async () => {
    const multi = new Multi(), easy = connecting(server.http);
    await multi.perform(easy);
    expect(easy.isInsideMultiHandle).toBe(true);
    expect(await exchange(easy, REQUEST)).toContain('"ok":true');
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("say what is wrong", () => {
    const easy = connecting(server.echo);
    const unconnected = easy.send(Buffer.from("x"));
    expect(unconnected).toMatchObject({ bytesSent: 0 });
    expect(unconnected.code).not.toBe(0);
    for (const wrong of ["x", 1, null, undefined, []]) {
      for (const method of ["send", "recv", "wsRecv", "wsSend"] as const) {
        const call = () => (easy[method] as (...args: unknown[]) => void)(wrong, 1);
        expect(thrown(call), method).toEqual(BAD_ARGUMENT);
      }
    }
    expect(easy.perform()).toBe(CurlCode.CURLE_OK);
    expect(easy.send(Buffer.alloc(0)).code).toBe(CurlCode.CURLE_BAD_FUNCTION_ARGUMENT);
    easy.close();
  });
});

describe("monitorSocketEvents()", () => {
  test("needs a connection, once", () => {
    const easy = connecting(server.echo);
    expect(thrown(() => easy.monitorSocketEvents())).toEqual(BAD_ARGUMENT);
    easy.perform();
    expect(easy.monitorSocketEvents()).toBe(easy);
    expect(easy.isMonitoringSockets).toBe(true);
    expect(thrown(() => easy.monitorSocketEvents())).toEqual(BAD_ARGUMENT);
    expect(easy.unmonitorSocketEvents()).toBe(easy);
    expect(easy.isMonitoringSockets).toBe(false);
    easy.monitorSocketEvents();
    easy.close();
    expect(easy.isMonitoringSockets).toBe(false);
  });

  test("reports repeatedly, until it is ended, or has no listener", async () => {
    const easy = connecting(server.echo), events: number[] = [];
    easy.perform();
    expect(easy.onSocketEvent((_error, state) => void events.push(state))).toBe(easy);
    easy.monitorSocketEvents();
    await until(() => events.length > 3);
    expect(new Set(events)).toEqual(new Set([SocketState.Writable]));
    easy.onSocketEvent(null);
    const { length } = events;
    await sleep(30);
    expect(events).toHaveLength(length);
    easy.unmonitorSocketEvents();
    easy.close();
    for (const wrong of [1, "x", undefined, {}]) {
      expect(() => new Easy().onSocketEvent(wrong as never)).toThrow(TypeError);
    }
  });

  test("tells that the peer has closed the connection", async () => {
    const easy = connecting(server.lines);
    easy.perform();
    expect(await exchange(easy, "quit\r\n")).toMatch(/bye\r\n$/);
    easy.close();
  });

  test("keeps the process alive until it ends", async () => {
    const { code, stdout, stderr } = await runChild(
      `
      import { Easy } from "#root/node_libcurl.ts";
      const easy = new Easy();
      easy.setOpt("URL", process.argv[2]!);
      easy.setOpt("CONNECT_ONLY", true);
      easy.perform();
      let calls = 0;
      easy.onSocketEvent(() => {
        if (++calls < 50) return;
        easy.unmonitorSocketEvents();
        console.log("over");
      });
      easy.monitorSocketEvents();
    `,
      { args: [`http://127.0.0.1:${server.echo}/`] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "over\n", stderr: "" });
  });
});

test("WebSocket methods have a code where this libcurl has no WebSocket, or nothing to tell", () => {
  const easy = new Easy();
  expect(easy.wsMeta()).toBeNull();
  expect(easy.wsRecv(Buffer.alloc(1))).toMatchObject({ bytesReceived: 0, meta: null });
  expect(easy.wsRecv(Buffer.alloc(1)).code).toBeGreaterThan(0);
  expect(easy.wsSend(Buffer.from("x"), 1).code).toBeGreaterThan(0);
  expect(easy.wsStartFrame(1, 1)).toBeGreaterThan(0);
  expect(() => easy.wsStartFrame("1" as never, 1)).toThrow(CurlEasyError);
  expect(() => easy.wsSend(Buffer.from("x"), "1" as never)).toThrow(CurlEasyError);
  easy.close();
});

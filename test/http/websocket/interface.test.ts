// CurlWebSocket has the shape of the standard's interface: https://websockets.spec.whatwg.org/
import { describe, expect, test } from "vitest";
import { CurlWebSocket } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { whyNot } from "./support.ts";

const server = useServer("ws");

const url = () => `ws://127.0.0.1:${server.ws}/echo`;
const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
/** The members of the interface, and those of curlew's own. */
const MEMBERS = [
  ...["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType"],
  ...["onopen", "onerror", "onclose", "onmessage", "close", "send"],
  ...["ping", "onping", "onpong", ...Object.keys(CONSTANTS)],
];

describe.skipIf(whyNot)(`the interface${whyNot}`, () => {
  test("constants are on the class and on its prototype, and cannot be changed", () => {
    for (const [name, value] of Object.entries(CONSTANTS)) {
      const descriptor = { value, enumerable: true, writable: false, configurable: false };
      for (const target of [CurlWebSocket, CurlWebSocket.prototype]) {
        expect(Object.getOwnPropertyDescriptor(target, name), name).toEqual(descriptor);
        expect(() => Object.assign(target, { [name]: 9 })).toThrow(TypeError);
      }
    }
    expect(Object.keys(CurlWebSocket).sort()).toEqual(Object.keys(CONSTANTS).sort());
  });

  test("members are enumerable and inherited", () => {
    const socket = new CurlWebSocket(url());
    const found: string[] = [];
    for (const name in socket) found.push(name);
    expect(found).toEqual(expect.arrayContaining(MEMBERS));
    expect(Object.getOwnPropertyNames(socket)).toEqual([]);
    expect(Object.keys({ ...socket })).toEqual([]);
    for (const name of MEMBERS) {
      const descriptor = Object.getOwnPropertyDescriptor(CurlWebSocket.prototype, name);
      expect(descriptor?.enumerable, name).toBe(true);
    }
    socket.close();
  });

  test("its class string is the standard's", () => {
    const socket = new CurlWebSocket(url());
    expect(Object.prototype.toString.call(socket)).toBe("[object WebSocket]");
    const own = Object.getOwnPropertyDescriptor(CurlWebSocket.prototype, Symbol.toStringTag);
    expect(own).toEqual({
      value: "WebSocket",
      enumerable: false,
      writable: false,
      configurable: true,
    });
    socket.close();
  });

  test("calls without an argument that they need are a TypeError, in any state", async () => {
    type Any = (...args: unknown[]) => unknown;
    expect(() => Reflect.construct(CurlWebSocket, [])).toThrow(TypeError);
    const socket = new CurlWebSocket(url());
    const send = socket.send as Any;
    expect(() => send.call(socket)).toThrow(TypeError);
    await new Promise((resolve) => socket.onopen = resolve);
    expect(() => send.call(socket)).toThrow(TypeError);
    const echoed = new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
    send.call(socket, undefined);
    expect((await echoed).data).toBe("undefined");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    expect(() => send.call(socket)).toThrow(TypeError);
  });

  test("subprotocols may not differ in their letter case only", () => {
    for (const protocols of [["a", "A"], ["chat", "x", "Chat"], ["é".normalize(), "a"]]) {
      expect(() => new CurlWebSocket(url(), protocols))
        .toThrow(expect.objectContaining({ name: "SyntaxError" }));
    }
    new CurlWebSocket(url(), ["a", "b"]).close();
  });

  test("extensions is empty from the beginning to the end", async () => {
    const socket = new CurlWebSocket(url());
    expect(socket.extensions).toBe("");
    await new Promise((resolve) => socket.onopen = resolve);
    expect(socket.extensions).toBe("");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    expect(socket.extensions).toBe("");
    for (
      const headers of [{ "Sec-WebSocket-Extensions": "x" }, { "sec-websocket-extensions": "" }]
    ) {
      expect(() => new CurlWebSocket(url(), [], { headers })).toThrow(TypeError);
    }
  });
});

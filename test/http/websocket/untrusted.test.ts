// What users hand in may throw at any touch: a WebSocket has its close event all the same.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Agent, CurlWebSocket } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { canAbort, ending, evilReasons, evilSignals } from "../../security/untrusted.ts";
import { next, whyNot } from "./support.ts";

const server = useServer("ws");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

const url = () => `ws://127.0.0.1:${server.ws}/echo`;

/** What a socket tells of its end. */
function end(socket: CurlWebSocket): Promise<{ error: unknown; message: unknown; code: number }> {
  let error: unknown, message: unknown;
  socket.onerror = (event: ErrorEvent) => ({ error, message } = event);
  return new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve({ error, message, code });
  });
}

describe.skipIf(whyNot !== "")(`a WebSocket${whyNot}`, () => {
  test("has its error and its close event, whatever it was aborted with", async () => {
    for (const isOpen of [true, false]) {
      for (const [kind, reason] of Object.entries(evilReasons())) {
        const controller = new AbortController(), { signal } = controller;
        const socket = new CurlWebSocket(url(), [], { agent, signal }), ended = end(socket);
        if (isOpen) await new Promise((resolve) => socket.onopen = resolve);
        controller.abort(reason);
        const [how, told] = await ending(ended);
        expect(how, kind).toBe("resolved");
        const [{ error, message, code }] = told as [Awaited<typeof ended>];
        expect(Object.is(error, reason), kind).toBe(true);
        expect(typeof message, kind).toBe("string");
        expect(code).toBe(1006);
      }
    }
  });

  test("ends with a signal whose members are the user's own", async () => {
    for (const [kind, spoil] of Object.entries(evilSignals())) {
      if (!canAbort(spoil)) continue;
      const controller = new AbortController(), { signal } = controller;
      spoil(signal);
      const socket = new CurlWebSocket(url(), [], { agent, signal }), ended = end(socket);
      await new Promise((resolve) => socket.onopen = resolve);
      controller.abort(kind);
      expect(await ended).toMatchObject({ error: kind, code: 1006 });
    }
  });

  test("refuses a signal that is a proxy", () => {
    const signal = new Proxy(new AbortController().signal, {});
    expect(() => new CurlWebSocket(url(), [], { agent, signal })).toThrow(TypeError);
  });

  test("works with methods that a subclass or other code has replaced", async () => {
    class Evil extends CurlWebSocket {
      override dispatchEvent(): boolean {
        throw new Error("called");
      }
    }
    class EvilAgent extends Agent {
      override perform(): never {
        throw new Error("called");
      }
      override readable(): never {
        throw new Error("called");
      }
      override writable(): never {
        throw new Error("called");
      }
    }
    await using own = new EvilAgent();
    const socket = new Evil(url(), [], { agent: own });
    await new Promise((resolve) => socket.onopen = resolve);
    const handler = (event: MessageEvent) => received.resolve(event.data);
    const received = Promise.withResolvers<unknown>();
    Object.defineProperty(handler, "call", { value: null });
    socket.onmessage = handler;
    const text = "x".repeat(300_000);
    socket.send(text);
    expect(await received.promise).toBe(text);
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.close(1000, "done");
    expect((await closed).wasClean).toBe(true);
  });

  test("sends a Blob as the platform would", async () => {
    const boom = () => {
      throw new Error("called");
    };
    class EvilBlob extends Blob {
      override arrayBuffer = boom;
      override slice = boom;
    }
    const socket = new CurlWebSocket(url(), [], { agent });
    socket.binaryType = "arraybuffer";
    await new Promise((resolve) => socket.onopen = resolve);
    const told = { socket, closed: new Promise<CloseEvent>((resolve) => socket.onclose = resolve) };
    const message = next(told as Parameters<typeof next>[0]);
    socket.send(new EvilBlob(["hello"]));
    expect(new TextDecoder().decode(await message as ArrayBuffer)).toBe("hello");
    socket.close();
    await told.closed;
  });
});

// What a server may do wrong, and how a WebSocket ends.
import { describe, expect, test } from "vitest";
import { CurlEasyError } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import {
  bytes,
  closeFrame,
  connect,
  frame,
  hex,
  readFrames,
  type Sent,
  sleep,
  type Told,
  until,
  whyNot,
} from "./support.ts";

const server = useServer("ws", "wsRaw");

let ids = 0;

interface Raw extends Told {
  /** What the server has got from it so far. */
  sent(): Promise<Sent[]>;
}

/** A connection to the server that sends just those bytes, in hex; a dot is a short pause. */
function raw(send: string, more: Record<string, string> = {}, maxMessageSize = 1_000_000): Raw {
  const id = `${++ids}`, base = `127.0.0.1:${server.wsRaw}`;
  const query = new URLSearchParams({ id, send, ...more });
  const told = connect(`ws://${base}/?${query}`, [], { maxMessageSize });
  const sent = async () =>
    readFrames(await (await globalThis.fetch(`http://${base}/seen?id=${id}`)).text());
  return { ...told, sent };
}

/** The Close frame among what was sent: its code, 1005 for none. */
function closeCode(frames: Sent[]): number | null {
  const found = frames.find(({ first }) => first === 0x88);
  if (!found) return null;
  return found.payload.length < 2 ? 1005 : found.payload[0]! << 8 | found.payload[1]!;
}

const TEXT = 0x81, BINARY = 0x82, PING = 0x89, PONG = 0x8a;
const long = (first: number, size: bigint) =>
  hex(Uint8Array.from([first, 127])) + size.toString(16).padStart(16, "0");

describe.skipIf(whyNot)(`the protocol${whyNot}`, () => {
  test.each([
    ["an unknown opcode for data", frame(0x83, "x")],
    ["an unknown opcode for control", frame(0x8b, "x")],
    ["a reserved bit", frame(0xc1, "x")],
    ["a masked frame", "818100000000ff"],
    ["a ping of 126 bytes", frame(PING, bytes(126))],
    ["a pong of 126 bytes", frame(PONG, bytes(126))],
    ["a close of 126 bytes", frame(0x88, bytes(126))],
    ["a fragmented ping", frame(0x09, "x")],
    ["a fragmented close", frame(0x08, "x")],
    ["a continuation of nothing", frame(0x80, "x")],
    ["a message inside another one", frame(0x01, "a") + frame(TEXT, "b")],
    ["a length of 2^63", long(BINARY, 2n ** 63n)],
    ["a close of one byte", frame(0x88, "x")],
    ["the close code 999", closeFrame(999)],
    ["the close code 1004", closeFrame(1004)],
    ["the close code 1005", closeFrame(1005)],
    ["the close code 1006", closeFrame(1006)],
    ["the close code 1015", closeFrame(1015)],
    ["the close code 2999", closeFrame(2999)],
    ["the close code 5000", closeFrame(5000)],
  ])("%s ends the connection, and the server is told 1002", async (_, send) => {
    const socket = raw(send);
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false, reason: "" });
    expect(socket.events).toEqual(["open", "error", "close"]);
    expect(socket.errors[0]?.error).toBeInstanceOf(Error);
    expect(socket.messages).toEqual([]);
    expect(closeCode(await socket.sent())).toBe(1002);
  });

  test.each([
    ["text", frame(TEXT, Uint8Array.from([0x61, 0xff]))],
    ["text that ends too early", frame(TEXT, Uint8Array.from([0xe2, 0x82]))],
    ["a surrogate", frame(TEXT, Uint8Array.from([0xed, 0xa0, 0x80]))],
    ["an overlong form", frame(TEXT, Uint8Array.from([0xc0, 0xaf]))],
    ["a first fragment, whose end never comes", frame(0x01, Uint8Array.from([0xf8]))],
    ["a close reason", closeFrame(1000, Uint8Array.from([0xff]))],
  ])("%s that is no UTF-8 ends it with 1007", async (_, send) => {
    const socket = raw(send);
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(socket.messages).toEqual([]);
    expect(closeCode(await socket.sent())).toBe(1007);
  });

  test("a character may be cut in two by fragments, and a BOM stays", async () => {
    const euro = Uint8Array.from([0xef, 0xbb, 0xbf, 0xe2, 0x82, 0xac]);
    const send = frame(0x01, euro.subarray(0, 4)) + "." + frame(PING, "p") +
      frame(0x00, euro.subarray(4, 5)) + "." + frame(0x80, euro.subarray(5)) + closeFrame(1000);
    const socket = raw(send);
    expect(await socket.closed).toMatchObject({ code: 1000, wasClean: true });
    expect(socket.messages).toEqual(["\ufeff€"]);
    expect(socket.pings).toEqual(["p"]);
  });

  test.each([
    ["one that is announced", long(BINARY, 1_000_001n) + "00"],
    ["one that would be 2^62 bytes", long(TEXT, 2n ** 62n) + "00"],
    [
      "one in fragments",
      frame(0x02, bytes(1000)).repeat(1) + frame(0x00, bytes(60_000)).repeat(17),
    ],
  ])("a message above maxMessageSize ends it with 1009: %s", async (_, send) => {
    const socket = raw(send.slice(0, 200_000), {}, send.length > 200_000 ? 50_000 : 1_000_000);
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(socket.errors[0]?.message).toMatch(/maxMessageSize/);
    expect(closeCode(await socket.sent())).toBe(1009);
  });

  test("frames come whole, however the bytes are cut", async () => {
    const send = frame(TEXT, "one") + frame(PING, "ping") + frame(BINARY, bytes(300)) +
      closeFrame(3000, "end");
    const socket = raw(send.match(/../g)!.slice(0, 30).join(".") + send.slice(60));
    expect(await socket.closed).toMatchObject({ code: 3000, reason: "end", wasClean: true });
    expect(socket.messages[0]).toBe("one");
    expect(hex(new Uint8Array(socket.messages[1] as ArrayBuffer))).toBe(hex(bytes(300)));
    expect(socket.pings).toEqual(["ping"]);
    const [pong, close] = await socket.sent();
    expect([pong!.first, new TextDecoder().decode(pong!.payload)]).toEqual([PONG, "ping"]);
    expect(close!.first).toBe(0x88);
  });

  test("every frame of ours is masked, each with a key of its own", async () => {
    const socket = raw("");
    await socket.opened;
    for (let i = 0; i < 50; i++) socket.socket.send("same");
    let frames: Sent[] = [];
    for (let i = 0; i < 100 && frames.length < 50; i++) {
      await sleep(20);
      frames = await socket.sent();
    }
    expect(frames).toHaveLength(50);
    expect(frames.every(({ masked, first }) => masked && first === TEXT)).toBe(true);
    expect(new Set(frames.map(({ key }) => key)).size).toBe(50);
    socket.socket.close();
    await socket.closed;
  });

  test.each([
    [closeFrame(1000, "bye"), 1000, "bye"],
    [closeFrame(1001), 1001, ""],
    [closeFrame(1011, "€"), 1011, "€"],
    [closeFrame(3000), 3000, ""],
    [closeFrame(4999, "x".repeat(123)), 4999, "x".repeat(123)],
    [frame(0x88), 1005, ""],
  ])("the server closes, and gets the same code back, %#", async (send, code, reason) => {
    const socket = raw(send + frame(TEXT, "too late"), { then: "end" });
    expect(await socket.closed).toMatchObject({ code, reason, wasClean: true });
    expect(socket.events).toEqual(["open", "close"]);
    expect(socket.messages).toEqual([]);
    expect(closeCode(await socket.sent())).toBe(code);
  });

  test("close() sends its code and reason, and the event has those of the answer", async () => {
    const socket = connect(`ws://127.0.0.1:${server.ws}/echo`);
    await socket.opened;
    socket.socket.close(3456, "my reason €");
    expect(socket.socket.readyState).toBe(2);
    socket.socket.close(1000, "no matter");
    expect(await socket.closed).toMatchObject({
      code: 3456,
      reason: "my reason €",
      wasClean: true,
    });
  });

  test.each([
    [[], 1005],
    [[1000], 1000],
    [[undefined, "why"], 1000],
    [[3000, ""], 3000],
  ] as [[number?, string?], number][])("close(%j) sends %i", async (args, code) => {
    const socket = raw("");
    await socket.opened;
    socket.socket.close(...args);
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false }); // it just went
    expect(closeCode(await socket.sent())).toBe(code);
    expect(socket.events).toEqual(["open", "close"]);
  });

  test("a server that does not react to close() has three seconds", async () => {
    const socket = raw("", { deaf: "" });
    await socket.opened;
    socket.socket.close();
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(socket.errors[0]?.message).toMatch(/in time/);
  });

  test("a server that stays after its own Close is left", async () => {
    const socket = raw(closeFrame(1000), { deaf: "" });
    expect(await socket.closed).toMatchObject({ code: 1000, wasClean: true });
  });

  test.each([0, 999, 1001, 1005, 1006, 1015, 2999, 5000, -1, NaN, 70_000])(
    "close(%d) throws an InvalidAccessError",
    async (code) => {
      const socket = connect(`ws://127.0.0.1:${server.ws}/echo`);
      expect(() => socket.socket.close(code)).toThrow(
        expect.objectContaining({ name: "InvalidAccessError" }),
      );
      await socket.opened;
      socket.socket.close();
      await socket.closed;
    },
  );

  test("a reason of more than 123 bytes throws a SyntaxError", async () => {
    const socket = connect(`ws://127.0.0.1:${server.ws}/echo`);
    expect(() => socket.socket.close(1000, "€".repeat(42))).toThrow(
      expect.objectContaining({ name: "SyntaxError" }),
    );
    await socket.opened;
    socket.socket.close(1000, "€".repeat(41));
    expect((await socket.closed).reason).toBe("€".repeat(41));
  });

  test("messages that wait are sent before the Close frame", async () => {
    const socket = connect(`ws://127.0.0.1:${server.ws}/echo`);
    await socket.opened;
    // told by the server's counting, since what comes back is no longer told
    socket.socket.send(bytes(3_000_000));
    socket.socket.close(1000, "all sent");
    expect(await socket.closed).toMatchObject({ code: 1000, reason: "all sent", wasClean: true });
    expect(socket.socket.bufferedAmount).toBe(0);
    expect(socket.messages).toEqual([]);
  });

  test.each(["end", "reset"])("a connection that breaks is 1006: %s", async (then) => {
    const socket = raw(frame(TEXT, "first") + "." + frame(0x01, "half"), { then });
    expect(await socket.closed).toMatchObject({ code: 1006, reason: "", wasClean: false });
    expect(socket.messages).toEqual(then === "end" ? ["first"] : expect.any(Array));
    if (then === "end") expect(socket.events).toEqual(["open", "close"]);
    else expect(socket.events.at(-1)).toBe("close");
  });

  test("close() before it opened gives up", async () => {
    const socket = connect(`ws://127.0.0.1:${server.ws}/echo`);
    expect(() => socket.socket.send("x")).toThrow(
      expect.objectContaining({ name: "InvalidStateError" }),
    );
    expect(() => socket.socket.ping()).toThrow(
      expect.objectContaining({ name: "InvalidStateError" }),
    );
    socket.socket.close();
    expect(socket.socket.readyState).toBe(2);
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(socket.events).toEqual(["error", "close"]);
  });

  test.each(["before", "connecting", "open", "closing"])(
    "a signal ends it at once: %s",
    async (when) => {
      const controller = new AbortController(), reason = new Error("enough");
      if (when === "before") controller.abort(reason);
      const socket = connect(`ws://127.0.0.1:${server.ws}/slow?ms=5000`, [], {
        signal: controller.signal,
      });
      if (when === "open" || when === "closing") await socket.opened;
      if (when === "closing") socket.socket.close();
      controller.abort(reason);
      expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
      expect(socket.errors[0]?.error).toBe(reason);
      expect(socket.socket.readyState).toBe(3);
    },
  );

  test("a handler that is replaced or taken away is called no longer", async () => {
    const { socket, opened, closed } = connect(`ws://127.0.0.1:${server.ws}/count?n=3`);
    const seen: string[] = [];
    socket.onmessage = ({ data }) => {
      seen.push(`one ${data}`);
      socket.onmessage = ({ data }) => {
        seen.push(`two ${data}`);
        socket.onmessage = null;
      };
    };
    await opened;
    await until(() => seen.length === 2);
    await sleep(50);
    expect(seen).toEqual(["one 0", "two 1"]);
    expect(socket.onmessage).toBe(null);
    socket.close();
    await closed;
  });

  test("a handler may close it, and nothing comes after", async () => {
    const { socket, messages, closed } = connect(`ws://127.0.0.1:${server.ws}/count?n=50`);
    socket.addEventListener("message", () => socket.close(4000));
    expect(await closed).toMatchObject({ code: 4000, wasClean: true });
    expect(messages).toEqual(["0"]);
  });

  test("a flood of pings that cannot be answered keeps only the last", async () => {
    const socket = raw(Array.from({ length: 200 }, (_, i) => frame(PING, `${i}`)).join(""));
    await until(() => socket.pings.length === 200);
    expect(socket.pings.at(-1)).toBe("199");
    await sleep(50);
    const pongs = (await socket.sent()).map(({ payload }) => new TextDecoder().decode(payload));
    expect(pongs.at(-1)).toBe("199");
    socket.socket.close();
    await socket.closed;
  });

  test("random bytes: it ends with 1006 or a Close frame, whatever they are", async () => {
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const firsts = [0x00, 0x01, 0x02, 0x80, TEXT, BINARY, 0x88, PING, PONG, 0x83, 0xc1];
    const some = () => {
      const payload = Uint8Array.from({ length: random(130) }, () => random(256));
      return random(8) === 0 ? hex(payload) : frame(firsts[random(firsts.length)]!, payload);
    };
    for (let i = 0; i < 20; i++) {
      const all = Array.from(
        { length: 10 },
        () =>
          raw(Array.from({ length: 1 + random(6) }, some).join(random(2) ? "." : ""), {
            then: random(3) ? "end" : "reset",
          }),
      );
      for (const { closed, socket } of all) {
        expect((await closed).code).toBeGreaterThanOrEqual(1000);
        expect(socket.readyState).toBe(3);
      }
    }
  });

  test("libcurl's errors are told as they are", async () => {
    const socket = connect("ws://127.0.0.1:1/");
    expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
    const [event] = socket.errors;
    expect(event?.error).toBeInstanceOf(CurlEasyError);
    expect(event?.error).toMatchObject({ codeName: "CURLE_COULDNT_CONNECT" });
    expect(event?.message).toBe(event?.error.message);
  });
});

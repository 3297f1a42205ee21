// libcurl's own WebSocket functions, as they are.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  Easy,
  type EasyOptions,
  versionInfo,
  type WsFrame,
} from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { bytes, failure, hex, until, whyNot } from "./support.ts";

const {
  CURLWS_BINARY,
  CURLWS_CLOSE,
  CURLWS_CONT,
  CURLWS_OFFSET,
  CURLWS_PING,
  CURLWS_PONG,
  CURLWS_TEXT,
} = constants;

const server = useServer("ws", "wsRaw", "echo");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

const utf8 = new TextEncoder(), decoder = new TextDecoder();

async function open(path: string, options: EasyOptions = {}): Promise<Easy> {
  const easy = new Easy(), URL = `ws://127.0.0.1:${server.ws}${path}`;
  easy.setOpts({ URL, CONNECT_ONLY: 2, TIMEOUT_MS: 10_000, ...options });
  await agent.perform(easy);
  return easy;
}

const signal = () => AbortSignal.timeout(5000);

/** Calls until it is no longer CURLE_AGAIN. */
async function when<T>(wait: () => Promise<void>, call: () => T): Promise<T> {
  for (;; await wait()) {
    try {
      return call();
    } catch (error) {
      if ((error as { codeName: string }).codeName !== "CURLE_AGAIN") throw error;
    }
  }
}

async function receive(easy: Easy, size = 1024): Promise<[WsFrame, string]> {
  const buffer = new Uint8Array(size);
  const wait = () => agent.readable(easy, { signal: signal() });
  const frame = await when(wait, () => easy.wsRecv(buffer));
  return [frame, decoder.decode(buffer.subarray(0, frame.len))];
}

/** A whole frame, as often as the network wants. */
async function send(easy: Easy, data: Uint8Array<ArrayBuffer>, flags: number): Promise<void> {
  const wait = () => agent.writable(easy, { signal: signal() });
  for (let at = 0; at < data.length;) {
    at += await when(wait, () => easy.wsSend(data.subarray(at), flags));
  }
}

describe.skipIf(whyNot)(`wsSend and its kin${whyNot}`, () => {
  test("text and bytes go and come, with what kind they are", async () => {
    using easy = await open("/echo");
    expect(easy.getInfo("RESPONSE_CODE")).toBe(101);
    expect(easy.wsSend(utf8.encode("text"), CURLWS_TEXT)).toBe(4);
    expect(await receive(easy))
      .toEqual([{ flags: CURLWS_TEXT, offset: 0, bytesleft: 0, len: 4 }, "text"]);
    expect(easy.wsSend(bytes(3), CURLWS_BINARY)).toBe(3);
    const [frame] = await receive(easy);
    expect(frame).toEqual({ flags: CURLWS_BINARY, offset: 0, bytesleft: 0, len: 3 });
    expect(easy.wsSend(new Uint8Array(0), CURLWS_TEXT)).toBe(0);
    expect(await receive(easy)).toEqual([
      { flags: CURLWS_TEXT, offset: 0, bytesleft: 0, len: 0 },
      "",
    ]);
  });

  test("where nothing is there, it is CURLE_AGAIN", async () => {
    using easy = await open("/echo");
    expect(() => easy.wsRecv(new Uint8Array(10))).toThrow(
      expect.objectContaining({ codeName: "CURLE_AGAIN", code: 81 }),
    );
  });

  test("a frame larger than the buffer comes in pieces", async () => {
    using easy = await open("/echo");
    easy.wsSend(utf8.encode("0123456789"), CURLWS_TEXT);
    const pieces = [await receive(easy, 4), await receive(easy, 4), await receive(easy, 4)];
    expect(pieces.map(([{ offset, bytesleft, len }, text]) => [offset, bytesleft, len, text]))
      .toEqual([[0, 6, 4, "0123"], [4, 2, 4, "4567"], [8, 0, 2, "89"]]);
  });

  test("a frame may be sent in pieces, a message in fragments", async () => {
    using easy = await open("/echo");
    easy.wsSend(utf8.encode("ab"), CURLWS_TEXT | CURLWS_OFFSET, 5);
    easy.wsSend(utf8.encode("cde"), CURLWS_TEXT | CURLWS_OFFSET, 0);
    expect((await receive(easy))[1]).toBe("abcde");
    easy.wsSend(utf8.encode("one "), CURLWS_TEXT | CURLWS_CONT);
    easy.wsSend(utf8.encode("two"), CURLWS_TEXT);
    expect((await receive(easy))[1]).toBe("one two");
  });

  test("a message of many megabytes goes in as many calls as the network wants", async () => {
    using easy = await open("/digest");
    const data = bytes(8 * 1024 * 1024);
    await send(easy, data, CURLWS_BINARY);
    const [, text] = await receive(easy);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    expect(JSON.parse(text)).toEqual({ length: data.length, binary: true, sha256: hex(digest) });
  });

  test("libcurl answers pings itself, unless WS_OPTIONS forbids it", async () => {
    using silent = await open("/ping?data=own", { WS_OPTIONS: constants.CURLWS_NOAUTOPONG });
    expect(await receive(silent))
      .toEqual([{ flags: CURLWS_PING, offset: 0, bytesleft: 0, len: 3 }, "own"]);
    silent.wsSend(utf8.encode("mine"), CURLWS_PONG);
    expect((await receive(silent))[1]).toBe("pong mine");
    using automatic = await open("/ping?data=auto");
    const buffer = new Uint8Array(100);
    let told = "";
    await until(() => {
      try {
        told = decoder.decode(buffer.subarray(0, automatic.wsRecv(buffer).len));
      } catch (error) {
        if ((error as { codeName: string }).codeName !== "CURLE_AGAIN") throw error;
        // from 8.21 on the pong is sent together with the next frame
        automatic.wsSend(utf8.encode("x"), CURLWS_TEXT);
      }
      return told;
    });
    expect(told).toBe("pong auto");
  });

  test("the end is a CLOSE frame, then CURLE_GOT_NOTHING", async () => {
    using easy = await open("/close?code=3001&reason=why");
    const [{ flags, len }] = await receive(easy);
    expect([flags, len]).toEqual([CURLWS_CLOSE, 5]);
    easy.wsSend(Uint8Array.from([0x0b, 0xb9]), CURLWS_CLOSE);
    expect(await failure(receive(easy))).toMatchObject({ codeName: "CURLE_GOT_NOTHING" });
  });

  test("wsMeta tells the WRITEFUNCTION of an ordinary transfer what it gets", async () => {
    const seen: [WsFrame | null, string][] = [];
    using easy = new Easy();
    easy.setOpts({
      URL: `ws://127.0.0.1:${server.ws}/fragments`,
      TIMEOUT_MS: 10_000,
      WRITEFUNCTION: (data) => {
        const frame = easy.wsMeta();
        seen.push([frame, decoder.decode(data)]);
        // blocks, and is allowed
        if (seen.length === 3) easy.wsSend(Uint8Array.from([3, 232]), CURLWS_CLOSE);
        return data.length;
      },
    });
    expect(easy.wsMeta()).toBe(null);
    await agent.perform(easy).catch(() => {});
    const text = seen.filter(([frame]) => (frame?.flags ?? 0) & CURLWS_TEXT);
    expect(text.slice(0, 3).map(([frame, data]) => [(frame?.flags ?? 0) & CURLWS_CONT, data]))
      .toEqual([[CURLWS_CONT, "eins €"], [CURLWS_CONT, " zwei 🐦"], [0, " drei"]]);
    expect(seen.at(-1)?.[0]?.flags).toBe(CURLWS_CLOSE);
    expect(easy.wsMeta()).toBe(null);
  });

  test("wsRecv in a callback is CURLE_RECURSIVE_API_CALL", async () => {
    const codes: unknown[] = [];
    using easy = new Easy();
    easy.setOpts({
      URL: `ws://127.0.0.1:${server.ws}/close?code=1000`,
      TIMEOUT_MS: 10_000,
      WRITEFUNCTION: (data) => {
        try {
          easy.wsRecv(new Uint8Array(5));
        } catch (error) {
          codes.push((error as { codeName: string }).codeName);
        }
        easy.wsSend(new Uint8Array(0), CURLWS_CLOSE);
        return data.length;
      },
    });
    await agent.perform(easy).catch(() => {});
    expect(codes).toEqual(["CURLE_RECURSIVE_API_CALL"]);
  });

  const hasStartFrame = versionInfo().versionNum >= 0x081000;

  test.skipIf(!hasStartFrame)(
    `wsStartFrame begins a frame that the READFUNCTION fills${
      hasStartFrame ? "" : " (since 8.16)"
    }`,
    async () => {
      const seen: string[] = [], text = utf8.encode("from a callback");
      let step = 0;
      using easy = new Easy();
      easy.setOpts({
        URL: `ws://127.0.0.1:${server.ws}/echo`,
        TIMEOUT_MS: 10_000,
        UPLOAD: 1,
        READFUNCTION: (buffer) => {
          if (++step === 1) easy.wsStartFrame(CURLWS_TEXT, text.length);
          if (step > 1) return constants.CURL_READFUNC_PAUSE;
          buffer.set(text);
          return text.length;
        },
        WRITEFUNCTION: (data) => {
          seen.push(`${easy.wsMeta()?.flags} ${decoder.decode(data)}`);
          easy.wsSend(new Uint8Array(0), CURLWS_CLOSE);
          return data.length;
        },
      });
      await agent.perform(easy).catch(() => {});
      expect(seen[0]).toBe(`${CURLWS_TEXT} from a callback`);
    },
  );

  test.skipIf(hasStartFrame)(
    `wsStartFrame throws and names its version${hasStartFrame ? " (this one has it)" : ""}`,
    () => {
      using easy = new Easy();
      expect(() => easy.wsStartFrame(CURLWS_TEXT, 1)).toThrow(
        expect.objectContaining({ name: "CurlLoadError", message: expect.stringMatching(/8\.16/) }),
      );
    },
  );

  test.each([
    ["bytes that are none", (easy: Easy) => easy.wsSend("text" as never, CURLWS_TEXT)],
    ["flags that are none", (easy: Easy) => easy.wsSend(bytes(1), "TEXT" as never)],
    ["flags that libcurl does not know", (easy: Easy) => easy.wsSend(bytes(1), 1 << 20)],
    ["no flags", (easy: Easy) => easy.wsSend(bytes(1), 0)],
    ["a size that is none", (easy: Easy) => easy.wsSend(bytes(1), CURLWS_TEXT, 1.5)],
    ["more than the frame", (easy: Easy) => easy.wsSend(bytes(9), CURLWS_TEXT | CURLWS_OFFSET, 5)],
    ["a buffer that is none", (easy: Easy) => easy.wsRecv(null as never)],
  ])("%s are CURLE_BAD_FUNCTION_ARGUMENT, and harm nothing", async (_, call) => {
    using easy = await open("/echo");
    expect(() => call(easy)).toThrow(
      expect.objectContaining({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" }),
    );
    easy.wsSend(utf8.encode("still there"), CURLWS_TEXT);
    expect((await receive(easy))[1]).toBe("still there");
  });

  test("a negative frame size is libcurl's error", async () => {
    using easy = await open("/echo");
    expect(() => easy.wsSend(bytes(1), CURLWS_TEXT | CURLWS_OFFSET, -1)).toThrow(
      expect.objectContaining({ name: "CurlEasyError" }),
    );
  });

  test("on a handle that is no WebSocket every call is an error, and none crashes", async () => {
    const calls = [
      (easy: Easy) => easy.wsSend(bytes(1), CURLWS_TEXT),
      (easy: Easy) => easy.wsRecv(new Uint8Array(5)),
    ];
    using fresh = new Easy();
    using http = new Easy();
    http.setOpts({ URL: `http://127.0.0.1:${server.echo}/`, CONNECT_ONLY: 1, TIMEOUT_MS: 5000 });
    await agent.perform(http);
    const closed = await open("/echo"), orphan = await open("/echo");
    closed.close();
    await agent.close();
    for (const easy of [fresh, http, closed, orphan]) {
      for (const call of calls) {
        expect(() => call(easy)).toThrow(expect.objectContaining({ name: "CurlEasyError" }));
      }
    }
    expect(() => closed.wsMeta()).toThrow(
      expect.objectContaining({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" }),
    );
    orphan.close();
  });

  test("an empty buffer reads what kind of frame comes, and takes nothing of it", async () => {
    using easy = await open("/echo");
    easy.wsSend(utf8.encode("abc"), CURLWS_TEXT);
    expect((await receive(easy, 0))[0]).toMatchObject({ flags: CURLWS_TEXT, bytesleft: 3, len: 0 });
    expect((await receive(easy))[1]).toBe("abc");
  });
});

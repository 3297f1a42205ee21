// The WebSocket methods of node-libcurl's Easy.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  CurlCode,
  CurlWs,
  CurlWsOptions,
  Easy,
  Multi,
  SocketState,
} from "../../../node_libcurl.ts";
import { useServer } from "../../use.ts";
import { whyNot } from "./support.ts";

const server = useServer("ws");

function connecting(): Easy {
  const easy = new Easy();
  easy.setOpt("URL", `ws://127.0.0.1:${server.ws}/echo`);
  easy.setOpt("NOPROXY", "*");
  easy.setOpt("CONNECT_ONLY", 2);
  easy.setOpt("TIMEOUT_MS", 10_000);
  return easy;
}

/** The next piece of a frame, as soon as the socket says that there is one. */
function received(easy: Easy): Promise<ReturnType<Easy["wsRecv"]> & { text: string }> {
  return new Promise((resolve) => {
    easy.onSocketEvent((_error, events) => {
      if (!(events & SocketState.Readable)) return;
      const buffer = Buffer.alloc(1000), result = easy.wsRecv(buffer);
      if (result.code === CurlCode.CURLE_AGAIN) return;
      easy.unmonitorSocketEvents();
      resolve({ ...result, text: buffer.toString("utf8", 0, result.bytesReceived) });
    });
    easy.monitorSocketEvents();
  });
}

describe.skipIf(whyNot)(`wsSend() and wsRecv()${whyNot}`, () => {
  test.for(["blocking", "in a Multi"])("exchange frames: %s", async (how) => {
    const multi = new Multi(), easy = connecting();
    if (how === "blocking") expect(easy.perform()).toBe(CurlCode.CURLE_OK);
    else await multi.perform(easy);
    expect(easy.wsRecv(Buffer.alloc(10))).toEqual({
      code: CurlCode.CURLE_AGAIN,
      bytesReceived: 0,
      meta: null,
    });
    for (const [flags, payload] of [[CurlWs.Text, "é"], [CurlWs.Binary, "\0\x01"]] as const) {
      const bytes = Buffer.from(payload);
      expect(easy.wsSend(bytes, flags)).toEqual({ code: 0, bytesSent: bytes.length });
      expect(await received(easy)).toMatchObject({
        code: 0,
        bytesReceived: bytes.length,
        text: payload,
        meta: { age: 0, flags, offset: 0, bytesleft: 0, len: bytes.length },
      });
    }
    expect(easy.wsMeta()).toBeNull();
    if (how !== "blocking") multi.removeHandle(easy);
    easy.close();
    multi.close();
  });

  test("know the offset of a piece in its frame", async () => {
    const easy = connecting();
    easy.perform();
    easy.wsSend(Buffer.alloc(1500, "x"), CurlWs.Text);
    const first = await received(easy);
    const second = easy.wsRecv(Buffer.alloc(1000)); // libcurl has it: the socket tells nothing
    expect(first.meta).toMatchObject({ offset: 0, bytesleft: 1500 - first.bytesReceived });
    expect(second.meta!.offset).toBe(first.bytesReceived);
    easy.close();
  });

  test("answer pings by themselves, unless WS_OPTIONS says otherwise", async () => {
    const easy = connecting();
    expect(easy.setOpt("WS_OPTIONS", CurlWsOptions.NoAutoPong)).toBe(CurlCode.CURLE_OK);
    easy.perform();
    easy.wsSend(Buffer.from("hi"), CurlWs.Ping);
    expect(await received(easy)).toMatchObject({ text: "hi", meta: { flags: CurlWs.Pong } });
    easy.close();
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { versionInfo } from "../../../mod.ts";
import { PACKETS, type RtspServer, startRtsp } from "./rtsp.ts";
import { Transfer } from "../easy_support.ts";

let rtsp: RtspServer;
beforeAll(async () => {
  rtsp = await startRtsp();
});
afterAll(() => rtsp.close());

test("INTERLEAVEFUNCTION gets each packet with its header of four bytes, and INTERLEAVEDATA", () => {
  expect(versionInfo().protocols).toContain("rtsp");
  const packets: string[] = [], data: unknown[] = [];
  using easy = new Transfer("", {
    ...rtsp.play(),
    INTERLEAVEDATA: "data",
    INTERLEAVEFUNCTION: (bytes, value) => {
      const length = bytes[2]! << 8 | bytes[3]!;
      packets.push(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      data.push(value);
      return bytes.length;
    },
  });
  easy.perform();
  expect(packets).toEqual(PACKETS);
  expect(new Set(data)).toEqual(new Set(["data"]));
  expect(easy.getInfo("RTSP_SESSION_ID")).toBe("12345");
});

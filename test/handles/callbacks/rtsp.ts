/** A server that speaks as much RTSP as INTERLEAVEFUNCTION needs. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { constants, type EasyOptions } from "../../../mod.ts";
import { findNode } from "../../server/node.ts";

export interface RtspServer {
  /** The options of a PLAY, whose answer comes with three packets of data. */
  play(): EasyOptions;
  close(): Promise<void>;
}

/** The contents of the packets. */
export const PACKETS: readonly string[] = ["first packet", "second", "third and last"];

function port(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the RTSP server did not start: ${code}`)));
    child.stdout!.once("data", (line) => resolve(Number(line)));
  });
}

export async function startRtsp(): Promise<RtspServer> {
  const main = fileURLToPath(new URL("./rtsp_server.mjs", import.meta.url));
  const child = spawn(findNode(), [main, ...PACKETS], { stdio: ["pipe", "pipe", "inherit"] });
  const number = await port(child);
  return {
    play: () => ({
      URL: `rtsp://127.0.0.1:${number}/stream`,
      RTSP_STREAM_URI: `rtsp://127.0.0.1:${number}/stream`,
      RTSP_REQUEST: constants.CURL_RTSPREQ_PLAY,
      RTSP_SESSION_ID: "12345",
    }),
    close: () =>
      new Promise((resolve) => {
        child.removeAllListeners("exit");
        child.once("exit", () => resolve());
        child.stdin!.end();
      }),
  };
}

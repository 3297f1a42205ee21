// What somebody has put on Object.prototype is neither an option of a WebSocket nor in its events.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useFolder, useServer } from "../../use.ts";
import { whyNot } from "./support.ts";

const server = useServer("ws", "http", "proxy");
const folder = useFolder("pollution");

const NAMES = [
  ...["headers", "curl", "agent", "connectTimeout", "maxMessageSize", "PROXY", "URL", "foo"],
  ...["data", "origin", "filename", "lineno", "message", "error", "code", "reason", "wasClean"],
  ...["lastEventId", "ports", "source", "once", "capture", "passive", "RESOLVE", "CONNECT_ONLY"],
];

describe.skipIf(whyNot !== "")(`a WebSocket${whyNot}`, () => {
  test("is the same with each of its names on Object.prototype", async () => {
    const child = fileURLToPath(new URL("../../security/children/pollution.ts", import.meta.url));
    const url = `ws://127.0.0.1:${server.ws}/echo`;
    const { code, stdout, stderr } = await runChild(child, {
      args: [server.url(""), url, `${server.proxy}`, folder, ...NAMES],
      timeoutMs: 60_000,
    });
    expect(code, stderr).toBe(0);
    const { expected, wrong, platform } = JSON.parse(stdout);
    const { origin } = new URL(url);
    expect(expected.CurlWebSocket).toBe(
      JSON.stringify([["hello", origin, "", null, 0], 1000, "done", true]),
    );
    expect(wrong).toEqual([]);
    expect(platform).toEqual({});
  }, 70_000);
});

// Options that are one socket's own: names that others have resolved are not used.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Agent, type CurlWebSocketInit } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { get } from "../support.ts";
import { connect, whyNot } from "./support.ts";

const server = useServer("ws", "http");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

describe.skipIf(whyNot !== "")(`a WebSocket with an agent that others use${whyNot}`, () => {
  /** Whether it opens; closed again in any case. */
  async function opens(url: string, curl: CurlWebSocketInit["curl"] = {}): Promise<boolean> {
    const told = connect(url, [], { agent, curl });
    const open = await told.opened.then(() => true, () => false);
    told.socket.close();
    await told.closed;
    return open;
  }

  test("takes no name that RESOLVE has given to a fetch or to another socket", async () => {
    const url = `ws://pinned.test:${server.ws}/echo`,
      page = `http://pinned.test:${server.http}/small`;
    const pin = (port: number) => ({ RESOLVE: [`pinned.test:${port}:127.0.0.1`] });
    await (await get(page, { agent, curl: pin(server.http) })).text();
    await get(url.replace("ws:", "http:"), { agent, curl: pin(server.ws) }).catch(() => {});
    expect(await opens(url)).toBe(false);
    expect(await opens(url, pin(server.ws))).toBe(true);
    expect(await opens(url)).toBe(false);
    await expect(get(page, { agent })).rejects.toThrow(/resolve/i);
  });

  test("calls its OPENSOCKETFUNCTION, and is waited for among others", async () => {
    const url = `ws://127.0.0.1:${server.ws}/echo`;
    expect(await opens(url)).toBe(true);
    expect(await opens(url, { OPENSOCKETFUNCTION: () => -1 })).toBe(false);
    const curl = { SOCKOPTFUNCTION: () => 0 };
    const told = connect(url, [], { agent, curl });
    await told.opened;
    told.socket.send("x".repeat(300_000));
    await expect.poll(() => told.messages.length).toBe(1);
    told.socket.close();
    expect((await told.closed).wasClean).toBe(true);
  });
});

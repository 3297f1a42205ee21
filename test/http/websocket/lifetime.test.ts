// What a WebSocket costs, and how long it keeps the process.
import { describe, expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { connect, connections, counters, isFull, next, sleep, until, whyNot } from "./support.ts";

const server = useServer("ws", "wss", "http");

describe.skipIf(whyNot)(`the life of a socket${whyNot}`, () => {
  async function once(kind: "ws" | "wss"): Promise<void> {
    const url = `${kind}://127.0.0.1:${server[kind]}/echo`;
    const told = connect(url, [], { curl: { CAINFO: server.ca } });
    await told.opened;
    told.socket.send("x".repeat(1000));
    await next(told);
    told.socket.close();
    await told.closed;
  }

  test.each(["ws", "wss"] as const)("a closed one leaves nothing behind: %s", async (kind) => {
    const many = isFull ? 500 : 50;
    await Promise.all(Array.from({ length: 10 }, () => once(kind)));
    const before = counters(), sockets = connections();
    for (let i = 0; i < many; i += 10) {
      await Promise.all(Array.from({ length: 10 }, () => once(kind)));
    }
    expect(counters()).toEqual(before);
    await until(() => connections() <= sockets); // a peer may take its time to let go
    expect(connections()).toBeLessThanOrEqual(sockets);
  });

  test("one that failed or was aborted leaves nothing behind", async () => {
    const fail = async () => {
      const controller = new AbortController(), init = { signal: controller.signal };
      const bad = connect("ws://127.0.0.1:1/", [], init);
      const refused = connect(`ws://127.0.0.1:${server.http}/`, [], init);
      const open = connect(`ws://127.0.0.1:${server.ws}/echo`, [], init);
      await open.opened;
      controller.abort();
      await Promise.all([bad.closed, refused.closed, open.closed]);
    };
    await fail();
    const before = counters(), sockets = connections();
    for (let i = 0; i < 20; i++) await fail();
    expect(counters()).toEqual(before);
    await until(() => connections() <= sockets);
    expect(connections()).toBeLessThanOrEqual(sockets);
  });

  test("an idle one costs nothing", async () => {
    const { Agent } = await import("../../../mod.ts");
    const agent = new Agent();
    const told = connect(`ws://127.0.0.1:${server.ws}/echo`, [], { agent });
    await told.opened;
    await sleep(100);
    const { turns } = agent.stats;
    await sleep(300);
    expect(agent.stats.turns - turns).toBeLessThanOrEqual(1);
    told.socket.close();
    await told.closed;
    await agent.close();
  });

  const child = (script: string) =>
    runChild(
      `import { CurlWebSocket } from "#root/mod.ts";
      const started = performance.now();
      const socket = new CurlWebSocket("ws://127.0.0.1:${server.ws}/slow?ms=0");
      socket.onopen = () => { ${script} };
      socket.onclose = () => console.log("closed", Math.round(performance.now() - started));`,
    );

  test("an open one keeps the process alive, a closed one does not", async () => {
    const { code, stdout, timedOut } = await child(
      `setTimeout(() => socket.close(), 500).unref?.(); `,
    );
    expect({ code, timedOut }).toEqual({ code: 0, timedOut: false });
    expect(Number(/closed (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(450);
  });
});

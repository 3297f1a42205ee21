// A CONNECT_ONLY handle is connected when its promise resolves, and stays so until it is closed.
import { afterEach, beforeEach, expect, test } from "vitest";
import { Agent, constants, type Easy } from "../../mod.ts";
import { useServer } from "../use.ts";
import { descriptors, easyFor, failure, get, sleep } from "./support.ts";
import { having, libcurl } from "../versions.ts";

const server = useServer("http", "echo");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

const utf8 = new TextEncoder();

async function connect(): Promise<Easy> {
  const easy = easyFor(`http://127.0.0.1:${server.echo}/`, { CONNECT_ONLY: 1 });
  expect(await agent.perform(easy)).toBe(easy);
  return easy;
}

/** What comes within two seconds. */
async function receive(easy: Easy): Promise<string> {
  const buffer = new Uint8Array(1024);
  for (const end = performance.now() + 2000; performance.now() < end; await sleep(2)) {
    try {
      return new TextDecoder().decode(buffer.subarray(0, easy.recv(buffer)));
    } catch (error) {
      if ((error as { codeName: string }).codeName !== "CURLE_AGAIN") throw error;
    }
  }
  return "nothing";
}

async function echoes(easy: Easy, text: string): Promise<void> {
  expect(easy.send(utf8.encode(text))).toBe(text.length);
  expect(await receive(easy)).toBe(text);
}

test("it sends and receives after its promise resolved, while others come and go", async () => {
  using easy = await connect();
  expect(agent.active).toBe(0);
  await echoes(easy, "one");
  for (let i = 0; i < 20; i++) await get(agent, server.url("/small"));
  await echoes(easy, "two");
  await sleep(100);
  await echoes(easy, "three");
});

test("bytes that arrive and are not read cost no turns", async () => {
  using easy = await connect();
  easy.send(utf8.encode("unread"));
  await sleep(100);
  const { turns } = agent.stats;
  await sleep(200);
  expect(agent.stats.turns - turns).toBeLessThanOrEqual(2);
  await get(agent, server.url("/delay/200"));
  expect(agent.stats.turns - turns).toBeLessThan(30);
  expect(await receive(easy)).toBe("unread");
});

test.skipIf(!libcurl.closesConnectOnly.holds)(
  `it keeps its socket until it is closed, and loses it then${libcurl.closesConnectOnly.note}`,
  async () => {
    const before = descriptors("socket:");
    const easy = await connect();
    const fd = easy.getInfo("ACTIVESOCKET") as number;
    expect(fd).toBeGreaterThan(2);
    expect(descriptors("socket:")).toBe(before + 1);
    await sleep(50);
    expect(easy.getInfo("ACTIVESOCKET")).toBe(fd);
    easy.close();
    expect(descriptors("socket:")).toBe(before);
  },
);

test("it is in use: a second perform rejects with CURLM_ADDED_ALREADY", async () => {
  using easy = await connect();
  expect(await failure(agent.perform(easy)))
    .toMatchObject({ codeName: "CURLM_ADDED_ALREADY" });
  await echoes(easy, "still there");
});

test("closing the agent takes its connection, and leaves the handle usable for options", async () => {
  using easy = await connect();
  await agent.close();
  expect(() => easy.send(utf8.encode("x"))).toThrow();
  easy.setOpts({ CONNECT_ONLY: 0, URL: server.url("/small") });
  easy.perform();
});

test("one that cannot connect rejects and is free again", async () => {
  using easy = easyFor("http://127.0.0.1:1/", { CONNECT_ONLY: 1 });
  for (let i = 0; i < 2; i++) {
    expect(await failure(agent.perform(easy)))
      .toMatchObject({ codeName: "CURLE_COULDNT_CONNECT" });
  }
});

test("an aborted one is free again", async () => {
  using easy = easyFor(`http://127.0.0.1:${server.echo}/`, { CONNECT_ONLY: 1 });
  const controller = new AbortController();
  const { signal } = controller;
  const inside = () => controller.abort("inside");
  const prereq = having("PREREQFUNCTION").holds;
  if (prereq) easy.setOpt("PREREQFUNCTION", inside);
  easy.setOpt("SOCKOPTFUNCTION", inside);
  expect(await failure(agent.perform(easy, { signal }))).toBe("inside");
  easy.setOpts({ SOCKOPTFUNCTION: null, ...(prereq && { PREREQFUNCTION: null }) });
  await agent.perform(easy);
  await echoes(easy, "connected");
});

test("twenty at once have twenty sockets of their own", async () => {
  const easies = await Promise.all(Array.from({ length: 20 }, connect));
  const sockets = easies.map((easy) => easy.getInfo("ACTIVESOCKET"));
  expect(new Set(sockets).size).toBe(20);
  for (const [i, easy] of easies.entries()) easy.send(utf8.encode(`number ${i}`));
  for (const [i, easy] of easies.entries()) expect(await receive(easy)).toBe(`number ${i}`);
  for (const easy of easies) easy.close();
  expect(constants.CURLE_OK).toBe(0);
});

test.skipIf(!libcurl.closesConnectOnly.holds)(
  `closing one that had the only connection lets another transfer go on${libcurl.closesConnectOnly.note}`,
  async () => {
    await using single = new Agent({ maxConnections: 1 });
    const easy = easyFor(`http://127.0.0.1:${server.echo}/`, {
      CONNECT_ONLY: 1,
      TIMEOUT_MS: 60_000,
    });
    await single.perform(easy);
    // its own timeouts would have libcurl look again, much later
    const waiting = get(single, server.url("/small"), { TIMEOUT_MS: 60_000 });
    expect(await Promise.race([waiting, sleep(100)])).toBe(undefined);
    easy.close();
    expect(await Promise.race([waiting, sleep(10_000)])).toBe(
      await get(agent, server.url("/small")),
    );
  },
);

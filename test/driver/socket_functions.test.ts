// The user's functions around a socket are chained to the agent's own, never replaced by them.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { libc } from "../../ffi/libc.ts";
import { Agent, constants, type Easy } from "../../mod.ts";
import { useServer } from "../use.ts";
import { kept } from "../versions.ts";
import { easyFor, failure, get } from "./support.ts";

const server = useServer("http");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

/** What the descriptors are; a closed one's number is soon another's. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // that of the folder itself
    }
  });
}

function isSocket(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
  } catch {
    return false;
  }
}

interface Calls {
  readonly opened: unknown[][];
  readonly set: unknown[][];
  readonly closed: unknown[][];
}

/** A handle with all three functions, and what they were called with. */
function watched(path = "/small"): [Easy, Calls] {
  const calls: Calls = { opened: [], set: [], closed: [] };
  const easy = easyFor(server.url(path), {
    OPENSOCKETFUNCTION: (...args) => void calls.opened.push(args),
    OPENSOCKETDATA: "open",
    SOCKOPTFUNCTION: (...args) => void calls.set.push(args),
    SOCKOPTDATA: "sockopt",
    CLOSESOCKETFUNCTION: (...args) => {
      calls.closed.push(args);
      return libc.close(args[1]);
    },
    CLOSESOCKETDATA: "close",
  });
  return [easy, calls];
}

test("all three are called with their data, once for each socket", async () => {
  const [easy, calls] = watched();
  for (let i = 0; i < 5; i++) await agent.perform(easy);
  const fd = calls.set[0]?.[1];
  expect(calls.opened).toHaveLength(1);
  expect(calls.opened[0]?.[0]).toBe("open");
  expect(calls.set).toEqual([["sockopt", fd, constants.CURLSOCKTYPE_IPCXN]]);
  expect(calls.closed).toEqual([]);
  easy.close();
  expect(calls.closed).toEqual([]); // the connection is the agent's
  await agent.close();
  expect(calls.closed).toEqual([["close", fd]]);
});

test("the agent gets the calls for the sockets as well: a kept one stays known", async () => {
  const [easy] = watched();
  await agent.perform(easy);
  expect(agent.stats.sockets).toBe(kept(1));
  easy.setOpt("FORBID_REUSE", 1);
  await agent.perform(easy);
  expect(agent.stats.sockets).toBe(0);
  easy.close();
});

test("sockets are closed on exec", async () => {
  const [easy, calls] = watched();
  await agent.perform(easy);
  const fd = calls.set[0]?.[1];
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  expect(parseInt(flags ?? "0", 8) & 0o2000000).not.toBe(0);
  easy.close();
});

test("a CLOSESOCKETFUNCTION that does nothing leaves the closing to curlew", async () => {
  let fd = -1, closed = -1;
  await get(agent, server.url("/small"), {
    SOCKOPTFUNCTION: (_data, opened) => void (fd = opened),
    CLOSESOCKETFUNCTION: (_data, closing) => void (closed = closing),
  });
  expect(isSocket(fd)).toBe(true);
  await agent.close();
  expect(closed).toBe(fd);
  expect(isSocket(fd)).toBe(false);
});

test("one that throws loses neither the socket nor the agent", async () => {
  const cause = new Error("no");
  let fd = -1;
  using easy = easyFor(server.url("/small"), {
    FORBID_REUSE: 1,
    CLOSESOCKETFUNCTION: (_data, closing) => {
      fd = closing;
      throw cause;
    },
  });
  const error = await agent.perform(easy).then(() => null, (error) => error as Error);
  if (error) expect(error.cause).toBe(cause);
  expect(isSocket(fd)).toBe(false);
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
});

test("a SOCKOPTFUNCTION that refuses fails its transfer only", async () => {
  let refused = "";
  using refusing = easyFor(server.url("/small"), {
    SOCKOPTFUNCTION: (_data, opened) => {
      refused = readlinkSync(`/proc/self/fd/${opened}`);
      return constants.CURL_SOCKOPT_ERROR;
    },
  });
  const other = get(agent, server.url("/delay/50"));
  expect(await failure(agent.perform(refusing))).toMatchObject({ code: 42 });
  await other;
  await agent.close();
  expect(refused).toMatch(/^socket:/);
  expect(openFiles()).not.toContain(refused);
});

test("an OPENSOCKETFUNCTION may give a socket of its own, or none", async () => {
  let mine = -1;
  using easy = easyFor(server.url("/small"), {
    OPENSOCKETFUNCTION: (_data, _purpose, { family, socktype, protocol }) =>
      mine = libc.socket(family, socktype, protocol),
  });
  let used = -1;
  easy.setOpt("SOCKOPTFUNCTION", (_data, fd) => void (used = fd));
  await agent.perform(easy);
  expect(used).toBe(mine);
  using refusing = easyFor(server.url("/small"), {
    FRESH_CONNECT: 1,
    OPENSOCKETFUNCTION: () => constants.CURL_SOCKET_BAD,
  });
  expect(await failure(agent.perform(refusing)))
    .toMatchObject({ codeName: "CURLE_COULDNT_CONNECT" });
});

test("functions may come and go between the transfers of a handle", async () => {
  const [easy, calls] = watched();
  easy.setOpt("FORBID_REUSE", 1);
  await agent.perform(easy);
  easy.setOpts({ SOCKOPTFUNCTION: null, CLOSESOCKETFUNCTION: null, OPENSOCKETFUNCTION: null });
  await agent.perform(easy);
  expect([calls.opened.length, calls.set.length, calls.closed.length]).toEqual([1, 1, 1]);
  expect(agent.stats.sockets).toBe(0);
  easy.setOpt("SOCKOPTFUNCTION", (...args) => void calls.set.push(args));
  await agent.perform(easy);
  expect(calls.set).toHaveLength(2);
  easy.close();
});

test("a handle that moves to another agent keeps its functions", async () => {
  const [easy, calls] = watched();
  await agent.perform(easy);
  await using other = new Agent();
  await other.perform(easy);
  expect(calls.set).toHaveLength(2);
  expect([agent.stats.sockets, other.stats.sockets]).toEqual([kept(1), kept(1)]);
  await agent.close();
  expect(calls.closed).toHaveLength(1);
  await other.perform(easy);
  expect(calls.set).toHaveLength(2);
  easy.close();
});

test("a handle that performs by itself after its agent keeps its functions", async () => {
  const [easy, calls] = watched();
  await agent.perform(easy);
  easy.perform();
  expect(calls.set).toHaveLength(2);
  expect(agent.stats.sockets).toBeLessThanOrEqual(2);
  easy.close();
  expect(calls.closed).toHaveLength(1);
  expect(agent.stats.sockets).toBe(kept(1));
});

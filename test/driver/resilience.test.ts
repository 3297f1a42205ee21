// Agents survive servers that close, and descriptors that other code closes.
import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { libc } from "../../ffi/libc.ts";
import { Agent, CurlMultiError, type Easy, type EasyOptions, Multi } from "../../mod.ts";
import { startServer } from "../server/start.ts";
import { useServer } from "../use.ts";
import { cpuMs, easyFor, failure, get, outcome, sleep, until } from "./support.ts";

const server = useServer("http", "raw");
let agent: Agent;
let sleeping: ChildProcess | undefined;
beforeEach(() => {
  agent = new Agent();
});
afterEach(async () => {
  sleeping?.kill("SIGKILL");
  sleeping = undefined;
  vi.unstubAllEnvs();
  await agent.close();
});

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Turns that the agent takes while nothing is to be done. */
async function turnsIn(ms: number): Promise<number> {
  const { turns } = agent.stats;
  await sleep(ms);
  return agent.stats.turns - turns;
}

/** A handle that tells the number of its socket. */
function withSocket(path: string, options: EasyOptions = {}): [Easy, () => number] {
  let fd = -1;
  const SOCKOPTFUNCTION = (_data: unknown, opened: number) => void (fd = opened);
  return [easyFor(server.url(path), { SOCKOPTFUNCTION, ...options }), () => fd];
}

test("a server that closes its kept connections costs a turn each, and new ones are made", async () => {
  const own = await startServer("http");
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 20 }, () => get(agent, own.url("/close"))));
    expect(await turnsIn(100)).toBeLessThan(25);
  }
  await Promise.all(Array.from({ length: 20 }, () => get(agent, own.url("/delay/50"))));
  const held = get(agent, server.url("/delay/800"));
  await own.close();
  await sleep(200);
  expect(await turnsIn(300)).toBeLessThan(5);
  await held;
});

test("a connection that is closed before its next use is replaced", async () => {
  const [easy, socket] = withSocket("/small");
  await agent.perform(easy);
  const SHUT_RDWR = 2;
  const { shutdown } = await bind();
  for (let i = 0; i < 10; i++) {
    shutdown(socket(), SHUT_RDWR);
    await agent.perform(easy);
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  }
  easy.close();
});

async function bind() {
  const { libcPath } = await import("../../ffi/libc.ts");
  const { native } = await import("../../ffi/runtime.ts");
  const symbols = native.open(libcPath, {
    shutdown: { args: ["i32", "i32"], result: "i32" },
    dup2: { args: ["i32", "i32"], result: "i32" },
  });
  return { shutdown: symbols.shutdown!, dup2: symbols.dup2! };
}

test("a socket shut down by other code fails its transfer only", async () => {
  const [easy, socket] = withSocket("/hold");
  const running = failure(agent.perform(easy));
  const other = get(agent, server.url("/delay/300"));
  await until(() => agent.stats.sockets === 2);
  await sleep(50);
  (await bind()).shutdown(socket(), 2);
  expect(await running).toMatchObject({ codeName: "CURLE_GOT_NOTHING" });
  expect(await other).toContain('"ok":true');
  easy.close();
});

test("a descriptor that other code closes and reuses harms no other transfer", async () => {
  const { dup2 } = await bind();
  await agent.close();
  // the check of CURLEW_DEBUG rightly says that the kernel no longer watches the closed socket
  vi.stubEnv("CURLEW_DEBUG", "0");
  agent = new Agent();
  const [easy, socket] = withSocket("/slow/1000/20", { TIMEOUT_MS: 700 });
  const running = outcome(agent.perform(easy));
  await until(() => agent.stats.sockets === 1);
  await sleep(50);
  // now another, silent socket under the same number
  const stranger = libc.socket(1, 1, 0);
  dup2(stranger, socket());
  libc.close(stranger);
  const bodies = Array.from({ length: 20 }, () => get(agent, server.url("/delay/100")));
  for (const body of await Promise.all(bodies)) expect(body).toContain('"ok":true');
  expect((await running)[0]).toBe("failed");
  expect(await turnsIn(200)).toBeLessThan(10);
  easy.close();
});

test("a socket that is closed before it is watched harms no other transfer", async () => {
  const others = Array.from({ length: 10 }, () => get(agent, server.url("/delay/200")));
  let closed = 0;
  const easy = easyFor(server.url("/small"), {
    SOCKOPTFUNCTION: (_data, fd) => void (closed += libc.close(fd) === 0 ? 1 : 0),
    TIMEOUT_MS: 500,
  });
  const result = await outcome(agent.perform(easy));
  expect([closed, result[0]]).toEqual([1, "failed"]);
  for (const body of await Promise.all(others)) expect(body).toContain('"ok":true');
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
  easy.close();
});

test("a child process started in mid-transfer leaves no stale event behind", async () => {
  const easies = Array.from({ length: 10 }, () => {
    return easyFor(server.url("/slow/10/20"), { FORBID_REUSE: 1 });
  });
  const running = easies.map((easy) => agent.perform(easy));
  await until(() => agent.stats.sockets === 10);
  sleeping = spawn("sleep", ["30"], { stdio: "ignore" });
  await Promise.all(running);
  await sleep(50);
  const held = get(agent, server.url("/delay/600"));
  await sleep(50);
  const cpu = cpuMs();
  expect(await turnsIn(300)).toBeLessThan(5);
  expect(cpuMs() - cpu).toBeLessThan(100);
  await held;
  for (const easy of easies) easy.close();
});

test("after two blocked seconds all answers are read and all deadlines served", async () => {
  const answers = Array.from({ length: 20 }, (_, i) => get(agent, server.url(`/delay/${i * 100}`)));
  const late = Array.from({ length: 5 }, () => {
    const easy = easyFor(server.url("/hold"), { TIMEOUT_MS: 1000 });
    return failure(agent.perform(easy)).finally(() => easy.close());
  });
  let isPatient = true;
  const patient = get(agent, server.url("/delay/4000")).finally(() => isPatient = false);
  await sleep(50);
  block(2000);
  for (const error of await Promise.all(late)) expect(error).toMatchObject({ code: 28 });
  for (const body of await Promise.all(answers)) expect(body).toContain('"ok":true');
  expect(isPatient, "they did not wait for the next event of the network").toBe(true);
  expect(await patient).toContain('"ok":true');
});

test("an error of the multi interface rejects all transfers, and the agent starts anew", async () => {
  const easies = Array.from({ length: 5 }, () => easyFor(server.url("/hold")));
  const running = easies.map((easy) => failure(agent.perform(easy)));
  await until(() => agent.stats.sockets === 5);
  const error = new CurlMultiError(4);
  const spy = vi.spyOn(Multi.prototype, "socketAction").mockImplementationOnce(() => {
    throw error;
  });
  using easy = easyFor(server.url("/small"));
  expect(await failure(agent.perform(easy))).toBe(error);
  spy.mockRestore();
  expect(new Set(await Promise.all(running))).toEqual(new Set([error]));
  expect([agent.active, agent.stats.sockets]).toEqual([0, 0]);
  for (const easy of easies) {
    easy.setOpt("URL", server.url("/small"));
    await agent.perform(easy);
    easy.close();
  }
});

test("broken answers fail their transfers, and the agent goes on", async () => {
  const broken = ["garbage", "bad-chunk", "cut-chunk", "reset-now", "close-now", "short-length"];
  for (let round = 0; round < 5; round++) {
    const results = await Promise.all(broken.map(async (path) => {
      using easy = easyFor(server.url(`/${path}`, "raw"));
      return (await outcome(agent.perform(easy)))[0];
    }));
    expect(results).toEqual(broken.map(() => "failed"));
    expect(await get(agent, server.url("/small"))).toContain('"ok":true');
  }
});

test("a callback that blocks for a while delays others, but loses nothing", async () => {
  const bodies = Array.from({ length: 20 }, (_, i) =>
    get(agent, server.url("/delay/20"), {
      XFERINFOFUNCTION: () => block(i % 5),
      NOPROGRESS: 0,
    }));
  for (const body of await Promise.all(bodies)) expect(typeof body).toBe("string");
  expect(agent.active).toBe(0);
});

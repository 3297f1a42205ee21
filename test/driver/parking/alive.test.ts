// Only a transfer that can go on by itself keeps the process alive: each case is a process that
// says `mark()` when nothing but the library decides how long it lives.
import { describe, expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { buildSlowResolver } from "../../server/slow_resolver.ts";
import { type Ended, inChild, waitMethods } from "../support.ts";
import { kept, libcurl } from "../../versions.ts";

const server = useServer("http", "https");

/** Far below what the transfers would take, far above what a process needs to go. */
const AT_ONCE_MS = 4000;

describe.each(waitMethods)("waiting by %s", (method) => {
  async function run(source: string, env = {}, timeoutMs = 8000): Promise<Ended> {
    const url = (path: string) => server.url(path);
    const setUp = `
      const url = (path: string) => "${url("")}" + path;
      const paused = (path = "/bytes/10000000") => {
        let calls = 0;
        const WRITEFUNCTION = (chunk: Uint8Array) => calls++ ? chunk.length : support.PAUSE;
        return { easy: easyFor(url(path), { WRITEFUNCTION, TIMEOUT_MS: 0 }), calls: () => calls };
      };`;
    return await inChild(setUp + source, { env: { CURLEW_WAIT: method, ...env }, timeoutMs });
  }

  /** It ends by itself, at once. */
  async function ends(source: string, said: unknown[] = [], env = {}): Promise<void> {
    const child = await run(source, env);
    expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, said });
    expect(child.exitMs).toBeLessThan(AT_ONCE_MS);
  }

  test.concurrent("a transfer in flight keeps the process alive until it is done", async () => {
    const child = await run(`const agent = new Agent();
      agent.perform(easyFor(url("/delay/2000"))).then(() => say("done"));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: ["done"] });
    expect(child.exitMs).toBeGreaterThan(1900);
    expect(child.exitMs).toBeLessThan(2000 + AT_ONCE_MS);
  });

  test.concurrent("a transfer without an answer keeps it alive until its timeout", async () => {
    const child = await run(`const agent = new Agent();
      const easy = easyFor(url("/hold"), { TIMEOUT_MS: 2000 });
      agent.perform(easy).catch((error) => say(error.codeName));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: ["CURLE_OPERATION_TIMEDOUT"] });
    expect(child.exitMs).toBeGreaterThan(1900);
    expect(child.exitMs).toBeLessThan(2000 + AT_ONCE_MS);
  });

  test.concurrent("a transfer without an answer or a timeout keeps it alive", async () => {
    const held = `new Agent().perform(easyFor(url("/hold"), { TIMEOUT_MS: 0 }));\n`;
    expect(await run(held, {}, 2500)).toMatchObject({ timedOut: true });
  });

  test.concurrent("an agent that never had a transfer does not", () =>
    ends(`const agent = new Agent();
      mark();`));

  test.concurrent("an idle agent with cached connections does not", () =>
    ends(
      `const agent = new Agent();
      await Promise.all(Array.from({ length: 20 }, () => get(agent, url("/delay/50"))));
      say(agent.stats.sockets);
      mark();`,
      [kept(20)],
    ));

  test.concurrent("an idle agent that waited long for its last transfer does not", () =>
    ends(`const agent = new Agent();
      await get(agent, url("/delay/300"));
      mark();`));

  test.concurrent("a failed transfer does not", () =>
    ends(
      `const agent = new Agent();
      await get(agent, "http://127.0.0.1:1/").catch((error) => say(error.code));
      mark();`,
      [7],
    ));

  test.concurrent("a paused transfer does not", () =>
    ends(`const agent = new Agent(), { easy, calls } = paused();
      agent.perform(easy);
      setTimeout(() => mark(), 300);`));

  test.concurrent("a paused transfer with a timeout does not", () =>
    ends(`const agent = new Agent(), { easy, calls } = paused();
      easy.setOpt("TIMEOUT_MS", 9000);
      agent.perform(easy);
      setTimeout(() => mark(), 300);`));

  test.concurrent("a paused transfer that is resumed does, until it is done", () =>
    ends(
      `const agent = new Agent(), { easy, calls } = paused();
      agent.perform(easy).then(() => say("done"));
      await until(() => calls() > 0);
      setTimeout(() => (easy.pause(0), mark()), 300);`,
      ["done"],
    ));

  test.concurrent("a paused one beside one in flight ends with the latter", async () => {
    const child = await run(`const agent = new Agent(), { easy, calls } = paused();
      agent.perform(easy);
      await until(() => calls() > 0);
      agent.perform(easyFor(url("/delay/2000"))).then(() => say("done"));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: ["done"] });
    expect(child.exitMs).toBeGreaterThan(1900);
    expect(child.exitMs).toBeLessThan(2000 + AT_ONCE_MS);
  });

  test.concurrent("the sockets of finished TLS transfers do not", () => {
    return ends(`const agent = new Agent();
      const trusting = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };
      const tls = "${server.url("/small", "https")}";
      await Promise.all(Array.from({ length: 5 }, () => get(agent, tls, trusting)));
      await get(agent, tls, { ...trusting, FORBID_REUSE: 1 });
      mark();`);
  });

  test.concurrent("a connected CONNECT_ONLY handle does not", () =>
    ends(`const agent = new Agent();
      await agent.perform(easyFor(url("/"), { CONNECT_ONLY: 1 }));
      mark();`));

  test.concurrent("aborting the last transfer lets the process go", () =>
    ends(
      `const agent = new Agent(), controller = new AbortController();
      const running = failure(agent.perform(easyFor(url("/hold")), controller));
      await sleep(200);
      controller.abort("over");
      say(await running);
      mark();`,
      ["over"],
    ));

  test.concurrent("closing the handle of the last transfer lets the process go", () =>
    ends(
      `const agent = new Agent(), easy = easyFor(url("/hold"));
      const running = failure(agent.perform(easy));
      await sleep(200);
      easy.close();
      say((await running).codeName);
      mark();`,
      ["CURLE_ABORTED_BY_CALLBACK"],
    ));

  test.concurrent("an upload that has nothing to send keeps it alive until its timeout", async () => {
    const child = await run(`const agent = new Agent();
      const READFUNCTION = () => support.PAUSE;
      const easy = easyFor(url("/delay/2000"), { UPLOAD: 1, READFUNCTION, WRITEFUNCTION: (c) => {
        say("answer");
        return c.length;
      }, TIMEOUT_MS: 3000 });
      agent.perform(easy).catch(() => say("over"));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: ["answer", "over"] });
    expect(child.exitMs).toBeGreaterThan(2900);
    expect(child.exitMs).toBeLessThan(3000 + AT_ONCE_MS);
  });

  test.concurrent("closing the agent in flight lets the process go", () =>
    ends(
      `const agent = new Agent();
      const running = failure(agent.perform(easyFor(url("/hold"))));
      await sleep(200);
      await agent.close();
      say((await running).codeName);
      mark();`,
      ["CURLE_ABORTED_BY_CALLBACK"],
    ));

  test.concurrent("the idle agents of a thread follow the busy one", async () => {
    const child = await run(`const agents = Array.from({ length: 10 }, () => new Agent());
      await Promise.all(agents.map((agent) => get(agent, url("/small"))));
      agents[3].perform(easyFor(url("/delay/2000"))).then(() => say("done"));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: ["done"] });
    expect(child.exitMs).toBeGreaterThan(1900);
    expect(child.exitMs).toBeLessThan(2000 + AT_ONCE_MS);
  });

  test.concurrent("process.exit with transfers in flight works", async () => {
    const child = await run(`const agent = new Agent();
      for (let i = 0; i < 50; i++) agent.perform(easyFor(url("/hold")));
      setTimeout(() => (mark(), process.exit(7)), 200);`);
    expect(child, child.stderr).toMatchObject({ code: 7, timedOut: false, said: [] });
    expect(child.exitMs).toBeLessThan(AT_ONCE_MS);
  });

  test.concurrent("an uncaught error with transfers in flight ends the process", async () => {
    const child = await run(`const agent = new Agent();
      agent.perform(easyFor(url("/hold")));
      setTimeout(() => { mark(); throw new Error("mine"); }, 200);`);
    expect(child).toMatchObject({ code: 1, timedOut: false });
    expect(child.stderr).toContain("mine");
    expect(child.exitMs).toBeLessThan(AT_ONCE_MS);
  });

  test.skipIf(!libcurl.quickExit.holds)(
    `a lookup that was given up does not${libcurl.quickExit.note}`,
    { concurrent: true },
    async ({ skip }) => {
      const object = await buildSlowResolver();
      if (!object) return skip("no C compiler");
      await ends(
        `const agent = new Agent(), controller = new AbortController();
      const easy = easyFor("http://5000.slow.test:9/");
      const running = failure(agent.perform(easy, controller));
      await sleep(200);
      controller.abort("over");
      say(await running);
      mark();`,
        ["over"],
        { LD_PRELOAD: object },
      );
    },
  );
});

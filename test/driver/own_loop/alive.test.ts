// A wait keeps the process alive while something can end it: each case is a process that says
// `mark()` when nothing but the poller decides how long it lives.
import { describe, expect, test } from "vitest";
import { type Ended, inChild, waitMethods } from "../support.ts";

/** Far below what the waits would take, far above what a process needs to go. */
const AT_ONCE_MS = 4000;

describe.each(waitMethods)("waiting by %s", (method) => {
  async function run(source: string, timeoutMs = 8000): Promise<Ended> {
    const setUp = `
      import { Poller } from "#root/poll.ts";
      import * as kinds from "#root/test/driver/own_loop/support.ts";
      const poller = new Poller(), one = kinds.pipe();\n`;
    return await inChild(setUp + source, { env: { CURLEW_WAIT: method }, timeoutMs });
  }

  async function ends(source: string, said: unknown[] = [], afterMs = 0): Promise<void> {
    const child = await run(source);
    expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, said });
    expect(child.exitMs).toBeGreaterThanOrEqual(afterMs);
    expect(child.exitMs).toBeLessThan(afterMs + AT_ONCE_MS);
  }

  test.concurrent("a poller that nobody waits for does not keep the process alive", () =>
    ends(`poller.set(one.fd, 1);
      one.fill();
      mark();`));

  test.concurrent("a wait for a descriptor does", async () => {
    const source = `poller.set(one.fd, 1);
      poller.wait();`;
    expect(await run(source, 2500)).toMatchObject({ timedOut: true });
  });

  test.concurrent("a wait for a descriptor does until it is told", () =>
    ends(
      `poller.set(one.fd, 1);
      poller.wait().then((told) => say(told.length));
      setTimeout(() => (one.fill(), mark()), 500);`,
      [1],
    ));

  test.concurrent("a wait with a timeout does, for so long", () =>
    ends(
      `poller.wait({ timeout: 1500 }).then((told) => say(told.length));
      mark();`,
      [0],
      1400,
    ));

  test.concurrent("a wait for nothing, without a timeout, does not", () =>
    ends(`poller.wait().then(say);
      mark();`));

  test.concurrent("a wait does not after its last descriptor is deleted", () =>
    ends(`poller.set(one.fd, 1);
      poller.wait().then(say);
      setTimeout(() => (poller.delete(one.fd), mark()), 200);`));

  test.concurrent("a wait does once a descriptor is set", () =>
    ends(
      `poller.wait().then((told) => say(told.length));
      setTimeout(() => poller.set(one.fd, 1), 100);
      setTimeout(() => (one.fill(), mark()), 600);`,
      [1],
    ));

  test.concurrent("a wait that was aborted does not", () =>
    ends(
      `const controller = new AbortController();
      poller.set(one.fd, 1);
      poller.wait({ signal: controller.signal }).catch(say);
      setTimeout(() => (controller.abort("over"), mark()), 200);`,
      ["over"],
    ));

  test.concurrent("a wait with a timeout does not once it was told", () =>
    ends(
      `poller.set(one.fd, 1);
      poller.wait({ timeout: 60_000 }).then((told) => (say(told.length), mark()));
      setTimeout(() => one.fill(), 200);`,
      [1],
    ));

  test.concurrent("a closed poller does not", () =>
    ends(
      `poller.set(one.fd, 1);
      poller.wait().catch((error) => say(error.codeName));
      setTimeout(() => (poller.close(), mark()), 200);`,
      ["CURLM_ABORTED_BY_CALLBACK"],
    ));

  test.concurrent("for await does until it is left", () =>
    ends(
      `poller.set(one.fd, 1);
      setTimeout(() => one.fill(), 300);
      for await (const { events } of poller) {
        say(events);
        break;
      }
      mark();`,
      [1],
    ));

  test.concurrent("a wait beside an idle agent is told, and the agent's is as well", () =>
    ends(
      `const agent = new Agent(), easy = easyFor("http://127.0.0.1:1/");
      poller.set(one.fd, 1);
      const waiting = poller.wait();
      say((await failure(agent.perform(easy))).codeName);
      one.fill();
      say((await waiting).length);
      mark();`,
      ["CURLE_COULDNT_CONNECT", 1],
    ));

  test.concurrent("a Worker has its own", () =>
    ends(
      `const source = 'import { Poller } from "' + import.meta.resolve("#root/poll.ts") + '";' +
        'import * as kinds from "' + import.meta.resolve("#root/test/driver/own_loop/support.ts") + '";' +
        'const poller = new Poller(), one = kinds.pipe(); poller.set(one.fd, 1);' +
        'setTimeout(() => one.fill(), 100);' +
        'poller.wait().then((told) => postMessage(told.length));';
      const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
      const worker = new Worker(url, { type: "module" });
      poller.set(one.fd, 1);
      const waiting = poller.wait();
      say(await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data)));
      worker.terminate();
      one.fill();
      say((await waiting).length);
      mark();`,
      [1, 1],
    ));
});

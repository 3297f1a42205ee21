// No descriptor is left, or no memory for another one: what cannot be done is refused by an error
// with curl's name, what is in flight goes on, and afterwards everything works again.
import process from "node:process";
import { expect, test, vi } from "vitest";
import { Agent, CurlMultiError, Multi } from "../../mod.ts";
import { easyFor, failure, get, until, waitMethods } from "../driver/support.ts";
import { libcurl } from "../versions.ts";
import { useFolder, useServer } from "../use.ts";
import { buildShim, expectQuiet, inChild, NO_COMPILER } from "./process.ts";

const server = useServer("http");
const folder = useFolder("resources");

const LONG = 90_000;
const isLinux = process.platform === "linux";

/** What is held, once threads are back. */
const HELD = `
const held = () => ({ polls: descriptors("eventpoll"), ...counters() });
async function heldAtLast(wanted) {
  await until(() => JSON.stringify(held()) === wanted, 2000);
  return JSON.stringify(held());
}
`;

test.concurrent(
  "with 0 to 9 descriptors left, agents and transfers are refused with curl's names, none hangs, and nothing is left behind",
  {
    skip: !isLinux,
    timeout: LONG,
  },
  async () => {
    const child = await inChild(
      server,
      `${HELD}
    {
      await using agent = new Agent();
      await take(agent, small); // what is made once for ever
    }
    await until(() => counters().blocks === 0); // Deno's thread is back
    const before = JSON.stringify(held());
    for (let spare = 0; spare < 10; spare++) {
      leaveDescriptors(spare);
      const ends = [];
      let agent;
      try {
        agent = new Agent();
      } catch (error) {
        ends.push(error instanceof CurlMultiError ? error.codeName : error.name);
      }
      if (agent) {
        const running = [1, 2, 3].map(() => end(take(agent, small)));
        ends.push(...await Promise.all(running), await end(agent.close()));
      }
      giveDescriptorsBack();
      say({ spare, ends, before, left: await heldAtLast(before) });
    }
    await using agent = new Agent();
    say((await take(agent, small)).length);`,
    );
    expectQuiet(child);
    const rows = child.said.slice(0, -1) as { ends: string[]; before: string; left: string }[];
    expect(child.said.at(-1)).toBe(98);
    expect(rows.map(({ left }) => left)).toEqual(rows.map(({ before }) => before));
    expect(rows[0]?.ends).toEqual(["CURLM_OUT_OF_MEMORY"]);
    // how many an agent takes depends on the version of libcurl
    expect(rows.at(-1)?.ends).toEqual(["done", "done", "done", "done"]);
    const allowed = ["done", "CURLM_OUT_OF_MEMORY", "CURLE_COULDNT_CONNECT", "CURLE_OUT_OF_MEMORY"];
    for (const { ends } of rows) expect(allowed).toEqual(expect.arrayContaining(ends));
  },
);

test.concurrent(
  "without a descriptor left, what is in flight goes on, the rest is refused, and later all works",
  {
    skip: !isLinux,
    timeout: LONG,
  },
  async () => {
    const child = await inChild(
      server,
      `const folder = process.env.FOLDER, agent = new Agent();
    const held = [200, 400, 600].map((ms) => end(take(agent, base + "/delay/" + ms)));
    await until(() => agent.stats.sockets >= 3);
    // without a descriptor Deno itself cannot load a module: it panics
    if (!support.isBun) await download(small, folder + "/first", { agent });
    leaveDescriptors(0);
    say(await Promise.all([1, 2, 3].map(() => end(take(agent, small, { FRESH_CONNECT: 1 })))));
    say(await end(take(agent, "http://localhost:" + ports.http + "/small", { FRESH_CONNECT: 1 })));
    say(await end(fetch(small, { agent, curl: { FRESH_CONNECT: 1 } })));
    say(await end(download(small, folder + "/x", { agent })));
    say(await Promise.all(held));
    giveDescriptorsBack();
    say(await recovers(() => take(agent, small, { FRESH_CONNECT: 1 })));
    say(await recovers(() => fetch(small, { agent }).then((response) => response.text())));
    say(await recovers(() => download(small, folder + "/x", { agent })));
    say(agent.active);
    await agent.close();`,
      { env: { FOLDER: folder } },
    );
    expectQuiet(child);
    const [fresh, named, fetched, downloaded, ...rest] = child.said as [string[], ...string[]];
    expect(fresh).toEqual(Array(3).fill("CURLE_COULDNT_CONNECT"));
    expect(named).toMatch(/^CURLE_(COULDNT_RESOLVE_HOST|COULDNT_CONNECT|OUT_OF_MEMORY)$/);
    expect(fetched).toBe("TypeError < CURLE_COULDNT_CONNECT");
    expect(downloaded).toMatch(/^TypeError < /);
    expect(rest).toEqual([["done", "done", "done"], true, true, true, 0]);
  },
);

test.concurrent(
  "without a descriptor left, fetch, upload and download without an agent reject with a TypeError",
  {
    skip: !isLinux,
    timeout: LONG,
  },
  async () => {
    const child = await inChild(
      server,
      `const path = process.env.FOLDER + "/y";
    const text = new Blob(["text"]);
    {
      // libcurl is loaded by then, and all modules: without a descriptor Deno panics instead
      await using agent = new Agent();
      await download(small, path, { agent });
      await upload(text, base + "/sink", { agent, method: "POST" });
    }
    leaveDescriptors(0);
    const all = () => [
      fetch(small).then((response) => response.text()),
      upload(text, base + "/sink", { method: "POST" }),
      download(small, path),
    ];
    say(await Promise.all(all().map(end)));
    giveDescriptorsBack();
    say(await Promise.all(all().map(end)));`,
      { env: { FOLDER: folder } },
    );
    expectQuiet(child);
    const refused = "TypeError < CURLM_OUT_OF_MEMORY";
    expect(child.said).toEqual([[refused, refused, refused], ["done", "done", "done"]]);
  },
);

test.concurrent(
  "without a descriptor left an error says so, where libcurl only knows that it could not connect or read",
  {
    skip: !isLinux,
    timeout: LONG,
  },
  async () => {
    const child = await inChild(
      server,
      `const agent = new Agent(), says = (promise) => promise.then(() => "done", (error) => error.message);
    const refused = "http://127.0.0.1:1/", named = "http://localhost:" + ports.http + "/small";
    const file = "file:///proc/self/status", fresh = { FRESH_CONNECT: 1 };
    const all = async () => [
      await says(take(agent, small, fresh)),
      await says(take(agent, named, fresh)),
      await says(take(agent, file)),
      await says(fetch(small, { agent, curl: fresh }).then((response) => response.text())),
    ];
    say(await all());
    leaveDescriptors(0);
    say(await all());
    giveDescriptorsBack();
    say(await says(take(agent, refused)));
    await agent.close();`,
    );
    expectQuiet(child);
    const [before, without, refused] = child.said as [string[], string[], string];
    expect(before).toEqual(["done", "done", "done", "done"]);
    for (const message of without) {
      expect(message).toContain("Too many open files");
      expect(message).not.toContain("Failed to connect to");
    }
    expect(refused).toMatch(/connect to 127\.0\.0\.1/i);
  },
);

// What libcurl and curlew ask the system for, and what comes of it if it has none.
const NO_MEMORY = libcurl.hidesNoMemory.holds ? "CURLE_COULDNT_CONNECT" : "CURLE_OUT_OF_MEMORY";
const REFUSALS = [
  { call: "socket", error: "ENOMEM", fresh: NO_MEMORY },
  { call: "socket", error: "EMFILE", fresh: "CURLE_COULDNT_CONNECT" },
  { call: "socket", error: "ENOBUFS", fresh: "CURLE_COULDNT_CONNECT" },
  // without a place in the poller nothing can be trusted any more: all of the agent's transfers end
  { call: "epoll_ctl", error: "ENOMEM", fresh: "CURLM_OUT_OF_MEMORY", held: "CURLM_OUT_OF_MEMORY" },
  { call: "epoll_ctl", error: "ENOSPC", fresh: "CURLM_OUT_OF_MEMORY", held: "CURLM_OUT_OF_MEMORY" },
  { call: "eventfd", error: "EMFILE", fresh: "done" },
] as const;

test.concurrent(
  "a system call that fails inside a running agent ends with a typed error, and the agent goes on later",
  {
    timeout: LONG,
  },
  async ({ skip }) => {
    const preload = await buildShim();
    if (!preload) return skip(NO_COMPILER);
    const child = await inChild(
      server,
      `const { fail, left } = control.shim();
    const start = counters();
    for (const { call, error } of ${JSON.stringify(REFUSALS)}) {
      const agent = new Agent();
      const held = [500, 900].map((ms) => end(take(agent, base + "/delay/" + ms)));
      await until(() => agent.stats.sockets >= 2);
      await sleep(30);
      fail(call, error, 1000);
      const fresh = await Promise.all(
        [1, 2, 3].map(() => end(take(agent, small, { FRESH_CONNECT: 1 }))),
      );
      const used = left(call) < 1000;
      fail(call, error, 0);
      const after = await Promise.all([1, 2, 3].map(() => end(take(agent, small))));
      say({ call, error, used, fresh, held: await Promise.all(held), after });
      await agent.close();
    }
    await until(() => counters().blocks === 0);
    say({ ...start, ...counters() });`,
      { env: { LD_PRELOAD: preload } },
    );
    expectQuiet(child);
    const rows = REFUSALS.map(({ call, error, fresh, ...more }) => ({
      call,
      error,
      used: call !== "eventfd",
      fresh: [fresh, fresh, fresh],
      held: "held" in more ? [more.held, more.held] : ["done", "done"],
      after: ["done", "done", "done"],
    }));
    expect(child.said.slice(0, -1)).toEqual(rows);
    expect(child.said.at(-1)).toMatchObject({
      blocks: 0,
      easies: 0,
      multis: 0,
      hooks: 0,
      tokens: 0,
    });
  },
);

test.concurrent("an agent that cannot be made leaves nothing behind, whichever system call fails", {
  timeout: LONG,
}, async ({ skip }) => {
  const preload = await buildShim();
  if (!preload) return skip(NO_COMPILER);
  const child = await inChild(
    server,
    `const { fail } = control.shim();
    const polls = descriptors("eventpoll");
    for (const call of ["epoll_create1", "epoll_ctl"]) {
      for (let i = 0; i < 20; i++) {
        // the poller of the agent, then that of the thread
        await using other = i % 2 ? new Agent() : undefined;
        fail(call, "ENFILE", 1);
        try {
          new Agent();
          say("made");
        } catch (error) {
          if (!(error instanceof CurlMultiError)) say(String(error));
        }
        fail(call, "ENFILE", 0);
      }
    }
    await until(() => counters().blocks === 0);
    await until(() => descriptors("eventpoll") === polls);
    say({ more: descriptors("eventpoll") - polls, ...counters() });
    await using agent = new Agent();
    say((await take(agent, small)).length);`,
    { env: { LD_PRELOAD: preload } },
  );
  expectQuiet(child);
  expect(child.said).toEqual([
    expect.objectContaining({ more: 0, blocks: 0, easies: 0, multis: 0, hooks: 0, tokens: 0 }),
    98,
  ]);
});

// Deno's wait, and that of Bun's Worker, is ended by an eventfd, which is made when it is needed.
test.concurrent.for(waitMethods)(
  "an abort and a close without a descriptor for the wake-up do not fail, and the process ends, by %s",
  { timeout: LONG },
  async (way, { skip }) => {
    const preload = await buildShim();
    if (!preload) return skip(NO_COMPILER);
    const child = await inChild(
      server,
      `const { fail } = control.shim();
      const agent = new Agent();
      const controller = new AbortController();
      using easy = easyFor(base + "/hold");
      const held = end(agent.perform(easy, controller));
      await until(() => agent.stats.sockets >= 1);
      await sleep(100);
      fail("eventfd", "EMFILE", 1000);
      controller.abort(new Error("enough"));
      say(await held);
      const other = end(take(agent, base + "/hold"));
      await sleep(100);
      say(await end(agent.close()));
      say(await other);
      await sleep(50);
      fail("eventfd", "EMFILE", 0);
      mark();`,
      { env: { LD_PRELOAD: preload, CURLEW_WAIT: way } },
    );
    expectQuiet(child);
    expect(child.said).toEqual(["Error", "done", "CURLE_ABORTED_BY_CALLBACK"]);
    expect(child.exitMs).toBeLessThan(20_000); // without a wake-up it would be a minute
  },
);

test("a multi that cannot be made anew after an error is made by the next transfer", async () => {
  await using agent = new Agent();
  const held = failure(get(agent, server.url("/hold")));
  await until(() => agent.stats.sockets >= 1);
  const broken = new CurlMultiError(4), none = new CurlMultiError(3);
  const action = vi.spyOn(Multi.prototype, "socketAction").mockImplementationOnce(() => {
    throw broken;
  });
  const option = vi.spyOn(Multi.prototype, "setOpt").mockImplementation(() => {
    throw none;
  });
  try {
    using easy = easyFor(server.url("/small"));
    expect(await failure(agent.perform(easy))).toBe(broken);
    expect(await held).toBe(broken);
    expect(await failure(get(agent, server.url("/small")))).toBe(none);
  } finally {
    action.mockRestore();
    option.mockRestore();
  }
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
});

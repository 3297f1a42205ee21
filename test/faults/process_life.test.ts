// What happens to a process while transfers run: exceptions in callbacks, signals, a clock that
// jumps, an event loop that is blocked. Nothing is lost, and deadlines are kept.
import { expect, test } from "vitest";
import { useServer } from "../use.ts";
import { buildShim, expectQuiet, inChild, NO_COMPILER } from "./process.ts";

const server = useServer("http");

const timeout = 90_000;

// Where an exception of each callback goes: the code of its transfer, with the exception as cause.
const THROWS = {
  WRITEFUNCTION: "CURLE_WRITE_ERROR < Error",
  HEADERFUNCTION: "CURLE_WRITE_ERROR < Error",
  READFUNCTION: "CURLE_ABORTED_BY_CALLBACK < Error",
  XFERINFOFUNCTION: "CURLE_ABORTED_BY_CALLBACK < Error",
  OPENSOCKETFUNCTION: "CURLE_COULDNT_CONNECT < Error",
  SOCKOPTFUNCTION: "CURLE_ABORTED_BY_CALLBACK < Error",
} as const;

test.concurrent(
  "an exception in a callback ends its own transfer and is the cause; ten others go on",
  {
    timeout,
  },
  async () => {
    const child = await inChild(
      server,
      `const agent = new Agent();
    const fail = () => { throw new Error("of the application"); };
    for (const name of ${JSON.stringify(Object.keys(THROWS))}) {
      const others = Array.from({ length: 10 }, (_, i) => end(take(agent, base + "/delay/" + i * 10)));
      const more = { FRESH_CONNECT: 1, [name]: fail };
      if (name === "XFERINFOFUNCTION") more.NOPROGRESS = 0;
      if (name === "READFUNCTION") more.UPLOAD = 1;
      const result = await end(take(agent, base + "/sink", more));
      say([name, result, [...new Set(await Promise.all(others))]]);
    }
    const others = Array.from({ length: 10 }, (_, i) => end(take(agent, base + "/delay/" + i * 10)));
    const body = new ReadableStream({ pull: fail });
    say([
      await end(fetch(small, { agent, onProgress: fail }).then((response) => response.text())),
      await end(fetch(base + "/sink", { agent, method: "POST", body })),
      [...new Set(await Promise.all(others))],
      agent.active,
    ]);
    say((await take(agent, small)).length);
    await agent.close();`,
    );
    expectQuiet(child);
    expect(child.said).toEqual([
      ...Object.entries(THROWS).map(([name, names]) => [name, names, ["done"]]),
      ["TypeError < CURLE_ABORTED_BY_CALLBACK < Error", "TypeError < Error", ["done"], 0],
      98,
    ]);
  },
);

test.concurrent("signals interrupt no transfer, however many come", { timeout }, async () => {
  const child = await inChild(
    server,
    `import { spawn } from "node:child_process";
    const agent = new Agent();
    let signals = 0;
    for (const name of ["SIGUSR2", "SIGWINCH", "SIGCHLD"]) process.on(name, () => signals++);
    // each kill is a process of its own, whose end is a SIGCHLD of the shell's only
    const storm = spawn("sh", ["-c", \`
      i=0
      while [ $i -lt 300 ]; do
        kill -USR2 \${process.pid} && kill -WINCH \${process.pid} && kill -CHLD \${process.pid}
        i=$((i + 1))
        [ $((i % 20)) = 0 ] && sleep 0.05
      done\`], { stdio: "ignore" });
    const over = new Promise((resolve) => storm.once("exit", resolve));
    const children = Array.from({ length: 10 }, () =>
      new Promise((resolve) => spawn("true", { stdio: "ignore" }).once("exit", resolve)));
    let rounds = 0, running = true;
    over.then(() => running = false);
    const results = new Set();
    do {
      rounds++;
      const urls = ["/small", "/delay/30", "/bytes/1000000", "/hold"];
      for (const one of await Promise.all(urls.map((path) =>
        end(take(agent, base + path, path === "/hold" ? { TIMEOUT_MS: 60 } : {}))
      ))) results.add(one);
    } while (running && rounds < 1000);
    await Promise.all(children);
    say({ came: signals > 0, results: [...results].sort(), active: agent.active });
    await agent.close();
    process.exit(0);`,
  );
  expectQuiet(child);
  expect(child.said).toEqual([
    { came: true, results: ["CURLE_OPERATION_TIMEDOUT", "done"], active: 0 },
  ]);
});

test.concurrent("a process that was stopped for a while keeps its deadlines and loses nothing", {
  timeout,
}, async () => {
  const child = await inChild(
    server,
    `import { spawn } from "node:child_process";
    const agent = new Agent();
    const late = end(take(agent, base + "/hold", { TIMEOUT_MS: 500 }));
    const soon = [100, 500, 900].map((ms) => end(take(agent, base + "/delay/" + ms)));
    const large = end(take(agent, base + "/bytes/30000000"));
    await until(() => agent.stats.sockets > 0); // under load the first may be over before the last
    const script = "kill -STOP " + process.pid + "; sleep 1.5; kill -CONT " + process.pid;
    spawn("sh", ["-c", script], { stdio: "ignore" });
    say([await late, await Promise.all(soon), await large, agent.active]);
    await agent.close();
    process.exit(0);`,
  );
  expectQuiet(child);
  expect(child.said).toEqual([["CURLE_OPERATION_TIMEDOUT", ["done", "done", "done"], "done", 0]]);
});

test.concurrent(
  "a clock that jumps by hours, ahead and back, moves no deadline",
  { timeout },
  async ({ skip }) => {
    const preload = await buildShim();
    if (!preload) return skip(NO_COMPILER);
    const child = await inChild(
      server,
      `const { jump } = control.shim();
    const agent = new Agent();
    await take(agent, small);
    for (const hours of [5, -5]) {
      const started = performance.now(), date = Date.now();
      const held = [
        take(agent, base + "/hold", { TIMEOUT_MS: 700 }),
        fetch(base + "/hold", { agent, timeout: 700 }),
        fetch(base + "/hold", { signal: AbortSignal.timeout(700) }),
      ].map(async (one) => [await end(one), performance.now() - started >= 690]);
      const patient = [300, 1000].map((ms) => end(take(agent, base + "/delay/" + ms)));
      await sleep(100);
      jump(hours * 3600);
      const jumped = Math.round((Date.now() - date) / 3_600_000);
      const soon = await end(take(agent, small)); // on a connection that is kept
      const ends = await Promise.all(held);
      say({ jumped, soon, ends, patient: await Promise.all(patient), active: agent.active });
      jump(0);
    }
    await agent.close();`,
      { env: { LD_PRELOAD: preload } },
    );
    expectQuiet(child);
    const row = (jumped: number) => ({
      jumped,
      soon: "done",
      ends: [
        ["CURLE_OPERATION_TIMEDOUT", true],
        ["TypeError < CURLE_OPERATION_TIMEDOUT", true],
        ["TimeoutError", true],
      ],
      patient: ["done", "done"],
      active: 0,
    });
    expect(child.said).toEqual([row(5), row(-5)]);
  },
);

test.concurrent("changes of Date.now() have no effect", { timeout }, async () => {
  const child = await inChild(
    server,
    `const agent = new Agent(), real = Date.now;
    let at = 0;
    Date.now = () => (at += 1e9) % 7e12 - 1e12;
    const started = performance.now();
    const late = take(agent, base + "/hold", { TIMEOUT_MS: 400 });
    const ends = [late, take(agent, base + "/delay/200"), fetch(small).then((got) => got.text())];
    const codes = await Promise.all(ends.map(end));
    say([codes, performance.now() - started >= 390]);
    Date.now = real;
    await agent.close();`,
  );
  expectQuiet(child);
  expect(child.said).toEqual([[["CURLE_OPERATION_TIMEDOUT", "done", "done"], true]]);
});

test.concurrent(
  "after two blocked seconds what has come is read, what is late times out, and nothing is lost",
  {
    timeout,
  },
  async () => {
    const child = await inChild(
      server,
      `const agent = new Agent();
    const came = [0, 500, 1500].map((ms) => end(take(agent, base + "/delay/" + ms)));
    const late = [500, 1500].map((ms) => end(take(agent, base + "/hold", { TIMEOUT_MS: ms })));
    const body = new Uint8Array(5_000_000).map((_, i) => i & 0xff);
    const streams = [
      fetch(base + "/bytes/5000000", { agent }).then(async (response) => {
        const got = await response.bytes();
        return got.length === body.length && got.every((byte, i) => byte === body[i]);
      }),
      fetch(base + "/sink", { agent, method: "POST", body: new Blob([body]) })
        .then((response) => response.json()).then(({ bytes }) => bytes === body.length),
      take(agent, base + "/stream/20/70").then((text) => text.split("\\n").length === 21),
    ];
    const patient = end(take(agent, base + "/delay/2500"));
    await sleep(100);
    for (const until = performance.now() + 2000; performance.now() < until;);
    const again = end(take(agent, small));
    say([await Promise.all(came), await Promise.all(late), await Promise.all(streams)]);
    say([await patient, await again, agent.active]);
    await agent.close();`,
    );
    expectQuiet(child);
    expect(child.said).toEqual([
      [
        ["done", "done", "done"],
        ["CURLE_OPERATION_TIMEDOUT", "CURLE_OPERATION_TIMEDOUT"],
        [true, true, true],
      ],
      ["done", "done", 0],
    ]);
  },
);

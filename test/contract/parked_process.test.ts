// What a park does to the life of the process, and the end of a Worker to a park.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ChildResult, runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { isDeno } from "./support.ts";

const server = useServer("http");

function child(name: string, ...args: string[]): Promise<ChildResult> {
  return runChild(fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url)), { args });
}

const ended = { code: 0, signal: null, timedOut: false };

const HELD = {
  "held": "a watch that is told to keep the process alive does so until it is ready",
  "default": "a watch keeps the process alive where nothing else is said",
  "held-again": "a watch that was let go and is held again keeps the process alive",
};
const LET_GO = {
  "let-go-before": "a watch that is let go before it is armed lets the process end",
  "let-go-while": "a watch that is let go while it is armed lets the process end",
  "closed": "a closed watch lets the process end",
  "closed-at-once": "a watch that is closed as soon as it is armed lets the process end",
};

const onlyBun = " (Bun only: Deno has no watch for a descriptor)";
const onlyDeno = " (Deno only: Bun watches a descriptor in its own loop)";

describe.skipIf(isDeno).each(["watch", "worker"])(`%s${onlyBun}`, (kind) => {
  test.each(Object.entries(HELD))("%s: %s", async (step) => {
    const done = await child("keep_alive", kind, step);
    expect(done, done.stderr).toMatchObject({ ...ended, stdout: "ready\n" });
  });

  test.each(Object.entries(LET_GO))("%s: %s", async (step) => {
    const done = await child("keep_alive", kind, step);
    expect(done, done.stderr).toMatchObject({ ...ended, stdout: "" });
  });
});

test.skipIf(isDeno)(`a watch that is not armed lets the process end${onlyBun}`, async () => {
  const done = await child("keep_alive", "watch", "not-armed");
  expect(done, done.stderr).toMatchObject({ ...ended, stdout: "" });
});

test.skipIf(isDeno)(
  `a Worker's watch that is not armed lets it end, too${onlyBun}`,
  async () => {
    const done = await child("keep_alive", "worker", "not-armed");
    expect(done, done.stderr).toMatchObject({ ...ended, stdout: "" });
  },
);

test.skipIf(!isDeno)(`a wait in the pool keeps the process alive${onlyDeno}`, async () => {
  const done = await child("keep_alive", "poll", "held");
  expect(done, done.stderr).toMatchObject({ ...ended, stdout: "ready\n" });
});

test.skipIf(!isDeno)(`a wait that is woken lets the process end${onlyDeno}`, async () => {
  const done = await child("keep_alive", "poll", "closed");
  expect(done, done.stderr).toMatchObject(ended);
  expect(done.ms).toBeLessThan(4000); // the wait itself would take 60 seconds
});

describe.each(isDeno ? ["poll"] : ["watch", "worker"])("inside a Worker, by %s", (kind) => {
  test.each([
    ["wake", "an event is heard"],
    ["terminate", "termination while parked harms nobody, though nothing wakes the wait"],
    ["terminate-wake", "termination while parked harms nobody when the wait is woken later"],
  ])("%s: %s, and the main thread goes on", async (step) => {
    const done = await child("worker_main", kind, step, server.url("/small"));
    expect(done, done.stderr).toMatchObject({ ...ended, stdout: "done\n" });
    expect(done.ms).toBeLessThan(12_000);
  });
});

// Each way to wait, forced by CURLEW_WAIT, does the same work.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { isBun } from "../support.ts";

const server = useServer("http");

const core = fileURLToPath(new URL("../children/core.ts", import.meta.url));

/** What is asked for, and what this runtime has. */
const methods = isBun
  ? [["loop", "loop"], ["worker", "worker"], ["pool", "loop"], ["", "loop"], ["other", "loop"]]
  : [["loop", "pool"], ["worker", "pool"], ["pool", "pool"], ["", "pool"], ["other", "pool"]];

test.concurrent.each(methods)('CURLEW_WAIT="%s" waits by %s', async (asked, used) => {
  const child = await runChild(core, {
    args: [server.url("")],
    env: { CURLEW_WAIT: asked as string },
  });
  expect(child, child.stderr).toMatchObject({ code: 0, stderr: "", timedOut: false });
  expect(JSON.parse(child.stdout)).toEqual({
    method: used,
    "one after the other": 100,
    "at once": 200,
    "slow answers": true,
    "a large body": 20_000_000,
    abort: "reason",
    timeout: true,
    "pause and go on": 2,
    "close in flight": "CURLE_ABORTED_BY_CALLBACK",
    "twenty agents": 20,
    "rest, then work": 196,
    "few wake-ups": true,
  });
});

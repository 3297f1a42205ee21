// Calls of curlew's own handles inside callbacks of other transfers: an error is one of those that
// the call documents, and no handle stays open.
import { beforeAll, describe, expect, test } from "vitest";
import { Agent, CurlEasyError, download, Easy, fetch, fetchSync, upload } from "../../../mod.ts";
import { CookieJar } from "../../../session.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { useServer } from "../../use.ts";
import { until } from "../../driver/support.ts";

const server = useServer("http");
beforeAll(async () => {
  // the handles that fetch keeps for later
  const texts = [1, 2, 3].map(async () => (await fetch(server.url("/small"), { cookies })).text());
  await Promise.all(texts);
});

const cookies = new CookieJar();
const WRONG = "no such scheme:";

/** Calls that make a handle, and fail early or late; all use the same cookies as the transfer. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  fetchSync: () => fetchSync(server.url("/small"), { cookies, timeout: 5000 }),
  "fetchSync, wrong": () => fetchSync(server.url("/small"), { cookies, curl: { PROXY: WRONG } }),
  "jar.get": () => cookies.get(server.url("/")),
  fetch: async () => await (await fetch(server.url("/small"), { cookies, timeout: 5000 })).text(),
  upload: () => upload(new Uint8Array(3), server.url("/sink"), { cookies, timeout: 5000 }),
  "upload, wrong": () =>
    upload(new Uint8Array(3), server.url("/sink"), { cookies, curl: { PROXY: WRONG } }),
  "download, wrong": () =>
    download(server.url("/small"), "/no/such/folder/x", { cookies, timeout: 5000 }),
};

/** Runs a transfer that calls `inside` in a callback. */
const PLACES: Readonly<Record<string, (inside: () => void) => Promise<void>>> = {
  async onProgress(inside) {
    const response = await fetch(server.url("/bytes/100"), {
      cookies,
      timeout: 5000,
      onProgress: inside,
    });
    await response.text();
  },
  async CLOSESOCKETFUNCTION(inside) {
    const easy = new Easy();
    easy.setOpts({ URL: server.url("/small"), TIMEOUT_MS: 5000, FORBID_REUSE: 1, NOPROXY: "*" });
    easy.setOpts({ WRITEFUNCTION: ({ length }) => length, CLOSESOCKETFUNCTION: inside });
    await using agent = new Agent();
    await agent.perform(easy);
    easy.close();
  },
};

function checkError(error: unknown): void {
  if (error === undefined) return;
  expect(error).not.toHaveProperty("suppressed");
  const isTyped = error instanceof TypeError || error instanceof CurlEasyError;
  expect(isTyped, String(error)).toBe(true);
}

describe.each(Object.entries(PLACES))("in %s", (_place, run) => {
  test.each(Object.entries(CALLS))("%s", async (_name, call) => {
    const before = easyCount.open, pending: Promise<unknown>[] = [];
    let calls = 0;
    await run(() => {
      if (calls++ > 0) return;
      try {
        const result = call();
        if (result instanceof Promise) pending.push(result.then(() => {}, checkError));
      } catch (error) {
        checkError(error);
      }
    });
    await Promise.all(pending);
    expect(calls).toBeGreaterThan(0);
    await until(() => easyCount.open <= before);
  });
});

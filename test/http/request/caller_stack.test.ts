// Errors of calls that fail later: the stack has the code that awaits the call, the message its name.
import { expect, test } from "vitest";
import { Agent, CurlEasyError, download, Easy, fetch, upload } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";

const server = useServer("http");
const folder = useFolder("stack");

const REFUSED = "http://127.0.0.1:1/";

async function awaitingUser(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail");
}

async function userPerforms(curl: { URL: string }): Promise<void> {
  await using agent = new Agent();
  using easy = new Easy();
  easy.setOpts({ ...curl, NOPROXY: "*", TIMEOUT_MS: 5000 });
  await agent.perform(easy);
}

const CALLS: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
  "fetch, refused": [() => fetch(REFUSED), /^Failed to fetch \(/],
  "fetch, an unknown scheme": [() => fetch("nope://x/"), /^Cannot fetch /],
  "fetch, a wrong argument": [() => fetch(REFUSED, { timeout: -1 }), /./],
  "fetch, a body of a wrong length": [
    () =>
      fetch(server.url("/echo"), { method: "POST", body: "x", headers: { "Content-Length": "2" } }),
    /^Cannot fetch: the length of the body/,
  ],
  "download, refused": [() => download(REFUSED, folder), /^(?:Cannot|Failed to) download /],
  "download, 404": [() => download(server.url("/nothing"), folder), /^Cannot download /],
  "download, no folder": [() => download(REFUSED, "/no/such/folder/x"), /^Cannot write /],
  "upload, refused": [() => upload("bytes", REFUSED), /./],
  "upload, no file": [() => upload("/no/such/file", REFUSED), /^Cannot read /],
  "upload, bytes": [() => upload(new Uint8Array(3), REFUSED), /^(?:Cannot|Failed to) upload /],
  "Agent.perform": [() => userPerforms({ URL: REFUSED }), /connect/],
};

for (const [name, [call, message]] of Object.entries(CALLS)) {
  test(name, async () => {
    const error = await awaitingUser(call);
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(name.startsWith("fetch") ? /^$/ : /\bfetch\b/);
    expect(error.stack).toContain("awaitingUser");
    expect(error.stack).toContain(error.message.split("\n", 1)[0]);
  });
}

test("a user's own error stays as it is", async () => {
  const own = new TypeError("Cannot fetch: mine"), { stack } = own;
  const body = new ReadableStream({
    pull() {
      throw own;
    },
  });
  const error = await awaitingUser(() => upload(body, server.url("/echo")));
  expect([error, error.cause]).toContain(own);
  expect([own.message, own.stack]).toEqual(["Cannot fetch: mine", stack]);
  const reason = new CurlEasyError(42, "mine"), before = reason.stack;
  await awaitingUser(() => fetch(REFUSED, { signal: AbortSignal.abort(reason) }));
  expect(reason.stack).toBe(before);
});

test("a signal's reason keeps its stack", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  easy.setOpt("URL", REFUSED);
  const reason = Object.freeze(new Error("mine")), { stack } = reason;
  const signal = AbortSignal.abort(reason);
  expect(await awaitingUser(() => agent.perform(easy, { signal }))).toBe(reason);
  expect(reason.stack).toBe(stack);
});

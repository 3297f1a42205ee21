// CONNECT_ONLY stays what it was when the handle was added. libcurl closes the last connection of a
// handle that is taken out with it, also where that was made without, and has another transfer by
// now: which went on with freed memory. And one that was made with it is never given up without.
import { expect, test } from "vitest";
import { Agent, CurlEasyError, Easy, Multi, Share } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { Transfer } from "./support.ts";

const server = useServer("http");

test.for(["CONNECT_ONLY", "UPLOAD_BUFFERSIZE"] as const)(
  "%s is refused while the handle is in use",
  async (option) => {
    await using agent = new Agent({ maxConnections: 1 });
    using easy = new Transfer(server.url("/small"), { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    let thrown: unknown;
    try {
      easy.setOpt(option, 0);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CurlEasyError);
    expect(thrown).toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
  },
);

test("CONNECT_ONLY set after a transfer closes no connection of another transfer", async () => {
  await using agent = new Agent();
  using first = new Transfer(server.url("/small"));
  using second = new Transfer(server.url("/bytes/8000000"));
  first.setOpt("WRITEFUNCTION", (bytes) => {
    expect(() => first.setOpt("CONNECT_ONLY", 1)).toThrow("Cannot set CONNECT_ONLY");
    return bytes.length;
  });
  await agent.perform(first);
  first.setOpt("CONNECT_ONLY", 1);
  const running = agent.perform(second);
  const connecting = agent.perform(first);
  await connecting;
  first.close();
  await running;
  expect(second.received).toBe(8_000_000);
});

test("it cannot be set between the end of the transfer and the removal of the handle", () => {
  using multi = new Multi(), share = new Share();
  using first = new Transfer(server.url("/small")), second = new Transfer(server.url("/slow/5/20"));
  const run = (until: () => boolean) => {
    const end = performance.now() + 5000;
    while (!until() && performance.now() < end) {
      multi.perform();
      multi.poll([], 10);
    }
  };
  multi.addHandle(first);
  run(() => multi.infoRead()?.easy === first);
  multi.addHandle(second);
  run(() => second.received > 0); // on the connection of the first
  expect(second.getInfo("NUM_CONNECTS")).toBe(0);
  for (const [name, value] of [["CONNECT_ONLY", 1], ["SHARE", share]] as const) {
    expect(() => first.setOpt(name, value)).toThrow(`Cannot set ${name} before`);
  }
  multi.removeHandle(first);
  first.setOpt("CONNECT_ONLY", 1);
  run(() => multi.infoRead() !== null);
  expect(second.received).toBe(5);
  multi.removeHandle(second);
});

const { closesConnectOnly, findsConnectOnly } = libcurl;

test.skipIf(!closesConnectOnly.holds)(
  `its connection goes with the handle, and makes room for another${closesConnectOnly.note}`,
  async () => {
    await using agent = new Agent({ maxConnections: 1 });
    for (let round = 0; round < 3; round++) {
      using easy = new Easy();
      easy.setOpts({ URL: server.url("/small"), TIMEOUT_MS: 2000, NOPROXY: "*", CONNECT_ONLY: 1 });
      await agent.perform(easy);
    }
    using last = new Transfer(server.url("/small"));
    await agent.perform(last);
    expect(last.received).toBe(98);
  },
);

test("one that has blocked before keeps its connection, or is refused", async () => {
  await using agent = new Agent({ maxConnections: 1 });
  {
    using easy = new Transfer(server.url("/small"));
    easy.perform();
    easy.reset();
    easy.setOpts({ URL: server.url("/small"), TIMEOUT_MS: 2000, NOPROXY: "*", CONNECT_ONLY: 1 });
    if (findsConnectOnly.holds) {
      await agent.perform(easy);
      expect(easy.getInfo("ACTIVESOCKET")).toBeGreaterThanOrEqual(0);
    } else {
      const thrown = await agent.perform(easy).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(CurlEasyError);
      expect(thrown).toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
    }
    using copy = easy.duplicate(); // has not blocked
    easy.close();
    await agent.perform(copy);
    expect(copy.getInfo("ACTIVESOCKET")).toBeGreaterThanOrEqual(0);
  }
  if (!closesConnectOnly.holds) return;
  using last = new Transfer(server.url("/small"));
  await agent.perform(last); // there is room for it
  expect(last.received).toBe(98);
});

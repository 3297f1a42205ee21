// Servers that answer everything but a goodbye: no call waits for that answer.
import { describe, expect, test } from "vitest";
import { Agent, Easy, type EasyOptions, fetch } from "../../../mod.ts";
import { useServer } from "../../use.ts";

const server = useServer("http", "quiet");

let sent = 0;
const MAIL: EasyOptions = {
  UPLOAD: 1,
  MAIL_FROM: "a@b.c",
  MAIL_RCPT: ["d@e.f"],
  READFUNCTION: (buffer) => sent++ % 2 ? 0 : (buffer.set([65, 13, 10]), 3),
};
const PROTOCOLS: Readonly<Record<string, EasyOptions>> = {
  smtp: MAIL,
  imap: {},
  pop3: {},
  ftp: { NOBODY: 1, QUOTE: ["NOOP"] },
};

function request(protocol: string, more: EasyOptions = {}): Easy {
  const easy = new Easy(), url = `${protocol}://127.0.0.1:${server.quiet[protocol]}/`;
  easy.setOpts({ URL: url, TIMEOUT_MS: 3000, NOPROXY: "*", ...PROTOCOLS[protocol], ...more });
  easy.setOpt("WRITEFUNCTION", ({ length }) => length);
  return easy;
}

async function timed(call: () => unknown): Promise<number> {
  const from = performance.now();
  await call();
  return performance.now() - from;
}

describe.each(Object.keys(PROTOCOLS))("%s", (protocol) => {
  test("an agent that closes does not wait", async () => {
    const agent = new Agent();
    using easy = request(protocol);
    for (let i = 0; i < 2; i++) await agent.perform(easy);
    expect(easy.getInfo("NUM_CONNECTS")).toBe(0); // the connection was kept
    expect(await timed(() => agent.close())).toBeLessThan(500);
  });

  test("nor does a transfer that forbids the reuse of its connection, time after time", async () => {
    await using agent = new Agent();
    using easy = request(protocol, { FORBID_REUSE: 1 });
    for (let i = 1; i <= 3; i++) {
      expect(await timed(() => agent.perform(easy))).toBeLessThan(900);
      expect(easy.getInfo("NUM_CONNECTS")).toBe(1);
    }
    // the option counts for HTTP as before
    easy.setOpts({ URL: server.url("/small"), UPLOAD: 0, HTTPGET: 1 });
    for (let i = 0; i < 2; i++) {
      await agent.perform(easy);
      expect(easy.getInfo("NUM_CONNECTS")).toBe(1);
    }
  });

  test("others go on beside them", async () => {
    await using agent = new Agent();
    using easy = request(protocol, { FORBID_REUSE: 1 });
    const beside = fetch(server.url("/small"), { agent, timeout: 2000 });
    await Promise.all([agent.perform(easy), beside.then((response) => response.text())]);
  });
});

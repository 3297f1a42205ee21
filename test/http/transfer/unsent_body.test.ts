// Bodies that were announced and not sent, since the server has answered `Expect: 100-continue`
// without asking for them: the connection must not serve another request, whose head would be taken
// for the body. The server reports all that is not a whole request.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, Easy, type EasyOptions, fetch, upload } from "../../../mod.ts";
import { createFetch } from "../../../session.ts";
import { findNode } from "../../server/node.ts";
import { useServer } from "../../use.ts";

const h2 = useServer("h2");
let base = "", end = () => {};

beforeAll(async () => {
  const main = fileURLToPath(new URL("./unsent_body_server.mjs", import.meta.url));
  const child = spawn(findNode(), [main], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
  base = `http://127.0.0.1:${line}`;
  end = () => child.stdin.end();
});
afterAll(() => end());

const ownFetch = globalThis.fetch;

async function log(): Promise<{ faults: string[]; connections: number }> {
  return await (await ownFetch(`${base}/log`)).json();
}

const SMALL = 10, LARGE = 2_000_000;
const KINDS = ["10 bytes", "2 MB", "a stream with a length", "a stream without one"] as const;
type Kind = (typeof KINDS)[number];

const sizeOf = (kind: Kind) => kind === "10 bytes" ? SMALL : LARGE;
const bytesFor = (kind: Kind) => new Uint8Array(sizeOf(kind)).fill(65);

function bodyFor(kind: Kind): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  return kind.startsWith("a stream") ? new Blob([bytesFor(kind)]).stream() : bytesFor(kind);
}

function headersFor(kind: Kind): Record<string, string> {
  const length = kind === "a stream with a length" ? { "Content-Length": `${LARGE}` } : {};
  return { Expect: "100-continue", ...length };
}

/** The options of an Easy; for a large body libcurl adds the Expect itself. */
function optionsFor(kind: Kind, url: string): EasyOptions {
  const options: EasyOptions = {
    URL: url,
    TIMEOUT_MS: 5000,
    MAXREDIRS: 3,
    WRITEFUNCTION: (bytes) => bytes.length,
    HTTPHEADER: kind === "10 bytes" ? ["expect: 100-Continue"] : null,
  };
  if (!kind.startsWith("a stream")) return { ...options, POSTFIELDS: bytesFor(kind) };
  let left = LARGE;
  return {
    ...options,
    UPLOAD: 1,
    INFILESIZE_LARGE: kind === "a stream with a length" ? LARGE : -1,
    SEEKFUNCTION: () => (left = LARGE, 0),
    READFUNCTION: (buffer) => {
      const length = Math.min(buffer.length, left);
      left -= length;
      buffer.fill(65, 0, length);
      return length;
    },
  };
}

const nextOptions = (url: string): EasyOptions => ({
  URL: url,
  HTTPGET: 1,
  HTTPHEADER: ["Cookie: secret=1"],
  TIMEOUT_MS: 5000,
});

/** Some must fail: by a 417 to each repetition, or since a body cannot be sent again. */
function fails(error: unknown): void {
  expect(error).toBeInstanceOf(Error);
}

/** Sends a body and then a GET over the same connections. Returns the status of the GET. */
type Way = (url: string, next: string, kind: Kind) => Promise<number>;

const byFetch = (send: (agent: Agent) => typeof fetch): Way => async (url, next, kind) => {
  await using agent = new Agent();
  const call = send(agent), headers = headersFor(kind);
  const method = "POST", timeout = 5000;
  const sent = call(url, { method, headers, body: bodyFor(kind), agent, timeout });
  await sent.then((response) => response.text()).catch(fails);
  return (await call(next, { agent, headers: { Cookie: "secret=1" }, timeout })).status;
};

const WAYS: Record<string, Way> = {
  fetch: byFetch(() => fetch),
  createFetch: byFetch(() => createFetch() as typeof fetch),
  upload: async (url, next, kind) => {
    await using agent = new Agent();
    const init = { headers: headersFor(kind), agent, timeout: 5000 };
    await upload(bodyFor(kind), url, init).catch(fails);
    return (await fetch(next, { agent, timeout: 5000 })).status;
  },
  "Easy.perform": async (url, next, kind) => {
    await Promise.resolve();
    using easy = new Easy();
    easy.setOpts(optionsFor(kind, url));
    try {
      easy.perform();
    } catch (error) {
      fails(error);
    }
    easy.setOpts(nextOptions(next));
    easy.perform();
    return easy.getInfo("RESPONSE_CODE");
  },
  "Agent.perform": async (url, next, kind) => {
    await using agent = new Agent();
    using easy = new Easy(), other = new Easy();
    easy.setOpts(optionsFor(kind, url));
    await agent.perform(easy).catch(fails);
    other.setOpts(nextOptions(next));
    await agent.perform(other);
    return other.getInfo("RESPONSE_CODE");
  },
};

const ANSWERS = ["200", "201", "204", "401", "413", "417", "continue", "middle"];
let id = 0;

describe.each(Object.keys(WAYS))("by %s", (name) => {
  test.each(KINDS)("%s: no other request is taken for the body", async (kind) => {
    const wrong: string[] = [];
    for (const answer of ANSWERS) {
      const known = (await log()).faults.length, at = ++id;
      const status = await WAYS[name]!(`${base}/${answer}/${at}`, `${base}/200/${at}`, kind);
      const { faults } = await log();
      if (status !== 200) wrong.push(`${answer}: the next request got ${status}`);
      wrong.push(...faults.slice(known).map((fault) => `${answer}: ${fault}`));
    }
    expect(wrong).toEqual([]);
  });
});

test("on a connection that has served other requests, neither", async () => {
  const known = (await log()).faults.length;
  using easy = new Easy();
  await using agent = new Agent();
  for (const kind of [...KINDS, ...KINDS]) {
    for (const answer of ["200", "continue", "201", "417"]) {
      easy.setOpts(nextOptions(`${base}/200/1`));
      await agent.perform(easy);
      expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
      easy.setOpts(optionsFor(kind, `${base}/${answer}/1`));
      await agent.perform(easy).catch(fails);
    }
  }
  expect((await log()).faults.slice(known)).toEqual([]);
});

describe("a connection is kept", () => {
  test.each(KINDS)("after a 100: %s", async (kind) => {
    for (const name of Object.keys(WAYS)) {
      const before = (await log()).connections;
      await WAYS[name]!(`${base}/continue/1`, `${base}/200/1`, kind);
      // two more: that of the transfers, and that of the log
      expect((await log()).connections - before, name).toBe(2);
    }
  });

  test("for a GET, and without Expect, after a POST of the same handle", async () => {
    using easy = new Easy();
    const before = (await log()).connections;
    const sends: EasyOptions[] = [
      { POSTFIELDS: "A".repeat(SMALL) },
      { HTTPGET: 1 },
      { POST: 1, POSTFIELDS: "A".repeat(LARGE), HTTPHEADER: ["Expect:"] },
      { NOBODY: 0, HTTPGET: 1, HTTPHEADER: null },
      { POSTFIELDS: "" },
    ];
    for (const options of sends) {
      easy.setOpts({ URL: `${base}/200/1`, TIMEOUT_MS: 5000, WRITEFUNCTION: (b) => b.length });
      easy.setOpts(options);
      easy.perform();
      expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    }
    expect((await log()).connections - before).toBe(2);
  });

  test("with HTTP/2", async () => {
    await using agent = new Agent();
    for (const path of ["/echo?1", "/echo?2"]) {
      using easy = new Easy();
      easy.setOpts({ ...optionsFor("2 MB", h2.url(path, "h2")), SSL_VERIFYPEER: 0 });
      easy.setOpts({ SSL_VERIFYHOST: 0, HTTPHEADER: ["Expect: 100-continue"] });
      await agent.perform(easy);
      expect(easy.getInfo("NUM_CONNECTS"), path).toBe(path === "/echo?1" ? 1 : 0);
    }
  });
});

test("a duplicate, a reset handle and a HEADERFUNCTION of the user's are not forgotten", async () => {
  const known = (await log()).faults.length;
  using first = new Easy();
  first.setOpts(optionsFor("2 MB", `${base}/200/1`));
  first.perform();
  using copy = first.duplicate();
  let lines = 0;
  for (const HEADERFUNCTION of [null, (line: Uint8Array) => (lines++, line.length)]) {
    for (const easy of [first, copy]) {
      easy.setOpts({ ...optionsFor("2 MB", `${base}/201/1`), HEADERFUNCTION });
      for (const URL of [`${base}/201/1`, `${base}/200/2`]) {
        easy.setOpts({ URL });
        easy.perform();
        expect(easy.getInfo("RESPONSE_CODE")).toBe(URL.includes("201") ? 201 : 200);
      }
      easy.reset();
    }
  }
  expect(lines).toBe(12);
  expect((await log()).faults.slice(known)).toEqual([]);
});

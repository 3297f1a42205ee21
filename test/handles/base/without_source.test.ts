// Uploads that nobody gives anything, bodies that nobody takes, and buffers that nobody fills.
import { describe, expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { Transfer } from "../easy_support.ts";

const server = useServer("http");

/** Has the program's standard input give nothing, without being at its end. */
const SILENT_INPUT = [
  "sh",
  "-c",
  'path=$(mktemp -u) && mkfifo "$path" && exec 0<>"$path" && rm "$path" && exec "$0" "$@"',
];

/** What the server got from each way to ask for an upload without saying of what. */
async function uploads(run: string): Promise<unknown> {
  const child = await runChild(
    `import process from "node:process";
    import { Agent, Easy, Multi } from "#root/mod.ts";
    const url = process.argv[2];
    const run = async (easy: Easy) => {
      ${run}
    };
    const ways = [{ POST: 1 }, { UPLOAD: 1 }, { PUT: 1 }, { POSTFIELDS: null, POST: 1 },
      { UPLOAD: 1, READFUNCTION: null }, { POST: 1, READDATA: {} }];
    const said = [];
    for (const way of ways) {
      let text = "";
      using easy = new Easy();
      easy.setOpts({ URL: url, TIMEOUT_MS: 5000, NOPROXY: "*", ...way, WRITEFUNCTION: (bytes) => {
        text += new TextDecoder().decode(bytes);
        return bytes.length;
      } });
      await run(easy);
      said.push(atob(JSON.parse(text).body));
    }
    console.log(JSON.stringify(said));
    process.exit(0);`,
    { args: [server.url("/echo")], via: SILENT_INPUT, timeoutMs: 20_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, timedOut: false });
  return JSON.parse(child.stdout);
}

const NOTHING = ["", "", "", "", "", ""];

describe("an upload without a source is empty, and never reads standard input", () => {
  test.each([
    ["perform()", "easy.perform();"],
    ["an Agent", "await using agent = new Agent(); await agent.perform(easy);"],
    [
      "a Multi",
      "using multi = new Multi(); multi.addHandle(easy); while (multi.perform() > 0) multi.poll([], 500);",
    ],
    ["a duplicate", "using copy = easy.duplicate(); copy.perform();"],
  ])("in %s", async (_, run) => {
    expect(await uploads(run)).toEqual(NOTHING);
  });

  test("after reset() as well", async () => {
    const child = await runChild(
      `import process from "node:process";
      import { Easy } from "#root/mod.ts";
      using easy = new Easy();
      easy.setOpt("READFUNCTION", () => 0);
      easy.reset();
      easy.setOpts({ URL: process.argv[2], UPLOAD: 1, TIMEOUT_MS: 5000, WRITEFUNCTION: (b) => b.length });
      easy.perform();
      console.log(easy.getInfo("RESPONSE_CODE"));`,
      { args: [server.url("/echo")], via: SILENT_INPUT, timeoutMs: 20_000 },
    );
    expect(child, child.stderr).toMatchObject({ code: 0, stdout: "200\n" });
  });
});

describe("a body without a WRITEFUNCTION", () => {
  const body = async (run: string) => {
    const child = await runChild(
      `import process from "node:process";
      import { Agent, Easy } from "#root/mod.ts";
      using easy = new Easy();
      easy.setOpts({ URL: process.argv[2], TIMEOUT_MS: 5000, NOPROXY: "*" });
      ${run}
      if (easy.getInfo("SIZE_DOWNLOAD_T") !== 6) throw new Error("not all of it came");`,
      { args: [server.url("/bytes/6")], timeoutMs: 20_000 },
    );
    expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
    return child.stdout.length;
  };

  test("of perform() is written to standard output, as by C", async () => {
    expect(await body("easy.perform();")).toBe(6);
  });

  test("of an Agent is dropped", async () => {
    const run = "const agent = new Agent(); await agent.perform(easy); await agent.close();";
    expect(await body(run)).toBe(0);
  });

  test("of perform() after an Agent is written again", async () => {
    const run = "{ await using agent = new Agent(); await agent.perform(easy); } easy.perform();";
    expect(await body(run)).toBe(6);
  });
});

test("what a READFUNCTION has not filled is zeros, not the bytes of another transfer", () => {
  using other = new Transfer(server.url("/bytes/100000"));
  other.perform();
  let calls = 0;
  using easy = new Transfer(server.url("/echo"), {
    UPLOAD: 1,
    READFUNCTION: (buffer) => calls++ < 3 ? Math.min(1000, buffer.length) : 0,
  });
  easy.perform();
  const sent = atob(easy.json.body);
  expect(sent.length).toBe(3000);
  expect(sent).toMatch(/^\0+$/);
});

test("a READFUNCTION that fills little of its buffer sends its own bytes at most", () => {
  let calls = 0;
  using easy = new Transfer(server.url("/echo"), {
    UPLOAD: 1,
    READFUNCTION: (buffer) => {
      if (calls++ === 3) return 0;
      buffer.fill(0x61, 0, calls);
      return 10;
    },
  });
  easy.perform();
  expect(atob(easy.json.body)).toMatch(/^[a\0]{30}$/);
});

test("OPENSOCKETFUNCTION may give a socket that is new, and nothing else", async () => {
  const child = await runChild(
    `import { openSync } from "node:fs";
    import net from "node:net";
    import process from "node:process";
    import { libc } from "#root/ffi/libc.ts";
    import { Agent, Easy } from "#root/mod.ts";
    const AF_INET = 2, SOCK_STREAM = 1;
    const pair = new Int32Array(new ArrayBuffer(8));
    libc.pipe(pair);
    const open = libc.socket(AF_INET, SOCK_STREAM, 0);
    const fds: Record<string, () => number> = {
      file: () => openSync("/dev/null", "r"),
      pipe: () => pair[0] as number,
      eventfd: () => libc.eventfd(0, 0),
      closed: () => 9000,
      new: () => libc.socket(AF_INET, SOCK_STREAM, 0),
      twice: () => open,
      again: () => open,
    };
    const said: Record<string, string[]> = {};
    const agent = new Agent();
    const runs = [(easy: Easy) => easy.perform(), (easy: Easy) => agent.perform(easy)];
    for (const [name, make] of Object.entries(fds)) {
      said[name] = [];
      for (const run of runs) {
        using easy = new Easy();
        easy.setOpts({ URL: process.argv[2], TIMEOUT_MS: 3000, WRITEFUNCTION: (b) => b.length, FRESH_CONNECT: 1,
          NOPROXY: "*", OPENSOCKETFUNCTION: make, CLOSESOCKETFUNCTION: (_, fd) => {
            if (fd !== open) libc.close(fd);
            return 0;
          } });
        try {
          await run(easy);
          said[name].push("ok");
        } catch (error) {
          said[name].push(String((error as Error).cause).replace(/\\d+/, "N"));
        }
      }
    }
    console.log(JSON.stringify(said));
    process.exit(0);`,
    { args: [server.url("/small")], timeoutMs: 20_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  const none = "TypeError: The OPENSOCKETFUNCTION returned N, which is no open socket";
  const twice = "TypeError: The OPENSOCKETFUNCTION returned N, which it has returned before";
  expect(JSON.parse(child.stdout)).toEqual({
    file: [none, none],
    pipe: [none, none],
    eventfd: [none, none],
    closed: [none, none],
    new: ["ok", "ok"],
    twice: ["ok", twice],
    again: [twice, twice],
  });
});

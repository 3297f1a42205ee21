// Heads that two readers may read in two ways are refused: several lengths, a CR without LF.
import net from "node:net";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, CurlEasyError, download, fetch, upload } from "../../../mod.ts";
import { HeadCollector } from "../../../src/http/response/head.ts";
import { codeOf, failure } from "../support.ts";
import { useFolder } from "../../use.ts";

const LENGTHS: readonly (readonly [lines: string, isRefused: boolean])[] = [
  ["Content-Length: 2", false],
  ["CONTENT-LENGTH:2", false],
  ["Content-Length: \t2 \t", false],
  ["Content-Length: 2\r\nContent-Length: 2", false],
  ["Content-Length: 2\r\nX: 1\r\ncontent-length:2", false],
  ["Content-Length: 2, 2", false],
  ["Content-Length: 2,2\r\nContent-Length: 2", false],
  ["Content-Length: 2\r\nContent-Length: 5", true],
  ["Content-Length: 5\r\nX: 1\r\ncontent-length:2", true],
  ["Content-Length: 2\r\nContent-Length: 2\r\nContent-Length: 3", true],
  ["Content-Length: 2\r\nContent-Length: 02", true],
  ["Content-Length: 2, 5", true],
  ["Content-Length: 5,2", true],
  ["Content-Length: 2,", true],
  ["Content-Length: 2\r\nContent-Length:", true],
  ["Content-Length: 2\r\nContent-Length: +2", true],
  ["Content-Length: x, x", true],
  ["Content-Length : 2", true],
  ["Content-Length\t: 2\r\nContent-Length: 2", true],
  ["Content-Length: 2\r\n 5", true],
  ["Content-Length:\r\n\t2", true],
  ["X-Content-Length: 3\r\nContent-Length: 2\r\nContent-Length-X: 4", false],
  ["Content-Lengths: 5\r\nContent-Length: 2", false],
  ["X: 1\r\n Content-Length: 5\r\nContent-Length: 2", false],
  ["Transfer-Encoding: identity\r\nContent-Length: 2\r\nContent-Length: 5", true],
];
/** Values of which libcurl reads the digits at the beginning, or that it cannot count to. */
const NO_LENGTHS = [
  ...["1e3", "1_0", "0x5", "2 2", "2junk", "2.0", "+2", "-2", "2;", '"2"', "", " ", "2,", ",2"],
  ...["9223372036854775808", "9".repeat(23), "\xb2"],
];
const RETURNS: readonly (readonly [lines: string, isRefused: boolean])[] = [
  ["X: a\rb", true],
  ["X: a\r", true],
  ["X: \r", true],
  ["X\r: a", true],
  ["\rX: a", true],
  ["X: a\rContent-Length: 5", true],
  ["X: a\r\r\nY: b", true],
  ["X: a\nY: b", false],
  ["X: a\r\n b\r\nY: c", false],
];
const CASES = [
  ...LENGTHS,
  ...NO_LENGTHS.map((value) => [`Content-Length: ${value}`, true] as const),
  ...["0", "0002", "00000000000000000002"].map((value) =>
    [`Content-Length: ${value}`, false] as const
  ),
  ...RETURNS.map(([lines, isRefused]) => [`${lines}\r\nContent-Length: 2`, isRefused] as const),
];

/** Passes the lines of a text, as HEADERFUNCTION gets them. */
function pass(text: string, collector: HeadCollector): void {
  let lines = "";
  for (const line of text.match(/[^\n]*\n/g) ?? []) {
    lines += line;
    if (!collector.isDue(line.length, line.charCodeAt(0))) continue;
    collector.take(lines);
    lines = "";
  }
}

test.each(CASES)("the lines %j", (lines, isRefused) => {
  const heads = [
    "HTTP/1.1 200 OK\r\n",
    // another head before it has nothing to do with it
    "HTTP/1.1 103 Early\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n",
    "HTTP/1.1 401 No\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\n",
    `HTTP/1.1 200 OK\r\n${"X-Long: y\r\n".repeat(200)}`,
  ];
  for (const head of heads) {
    const collector = new HeadCollector({ onHead() {} }, Infinity);
    const text = `${head}${lines}\r\n\r\n`;
    const collect = () => pass(text, collector);
    if (isRefused) expect(collect).toThrow(CurlEasyError);
    else {
      collect();
      expect(collector.complete).toBe(true);
    }
  }
});

const folder = useFolder("head");
let base: string;
let close: () => Promise<unknown>;
beforeAll(async () => {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data: Uint8Array) => {
      const at = /^\w+ \/(\d+) /.exec(String(data))?.[1];
      if (at === undefined) return; // a body
      socket.write(
        `HTTP/1.1 200 OK\r\n${CASES[Number(at)]![0]}\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n`,
        "latin1",
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
  close = () => new Promise((resolve) => server.close(resolve));
});
afterAll(async () => {
  await close();
});

const CALLS = {
  fetch: async (url: string, agent: Agent) =>
    await (await fetch(url, { agent, timeout: 2000 })).text(),
  download: (url: string, agent: Agent) =>
    download(url, join(folder, "x"), { agent, timeout: 2000, resume: false }),
  upload: (url: string, agent: Agent) => upload(new Uint8Array(3), url, { agent, timeout: 2000 }),
};

/** The second one is libcurl's own, whose header API takes no CR before the end of a line. */
const REFUSALS = ["CURLE_WEIRD_SERVER_REPLY", "CURLE_BAD_FUNCTION_ARGUMENT"];

test.each(Object.entries(CALLS))(
  "%s refuses them",
  async (_, call) => {
    for (const [at, [lines, isRefused]] of CASES.entries()) {
      await using agent = new Agent();
      if (!isRefused) await call(`${base}${at}`, agent);
      else {
        const error = await failure(call(`${base}${at}`, agent));
        expect(error, lines).toBeInstanceOf(TypeError);
        expect(REFUSALS, lines).toContain(codeOf(error));
      }
    }
    expect(readdirSync(folder).filter((name) => name !== "x")).toEqual([]);
  },
);

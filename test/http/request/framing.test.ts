// Content-Length and Transfer-Encoding of the caller: a connection always has whole requests.
import { expect, test } from "vitest";
import { Agent, fetch, fetchSync, type HeadersSource, upload } from "../../../mod.ts";
import { failure, until } from "../support.ts";
import { strictServer } from "../strict_server.ts";

const TEXT = "12345";
const streamed = (...chunks: string[]) => new Response(new Blob(chunks)).body as ReadableStream;
const LENGTHS = [
  ...[undefined, null, "0", "00", "5", "05", "4", "6", "", "-5", "+5", "5.0", "0x5", "5, 5", "5;5"],
  ...["5 5", "1e1", "99999999999999999999"],
];
const ENCODINGS = [
  ...[undefined, null, "chunked", "Chunked", "", "identity", "xchunked", "gzip, chunked"],
  ...["chunked, gzip", "chunked, chunked", "chunked;q=1"],
];
type Line = [name: string, value: string | null];

function* headerLists(): Generator<Line[]> {
  for (const length of LENGTHS) {
    for (const encoding of ENCODINGS) {
      const lines: Line[] = [];
      if (length !== undefined) lines.push(["Content-Length", length]);
      if (encoding !== undefined) lines.push(["transfer-encoding", encoding]);
      yield lines;
      if (lines.length < 2) yield [...lines, ...lines];
    }
  }
}

/** Whether a request with these headers is one that HTTP can say. */
function isAllowed(lines: readonly Line[], body: "none" | "bytes" | "stream"): boolean {
  const value = (name: string) => lines.filter(([own]) => own.toLowerCase() === name);
  const [length, ...moreLengths] = value("content-length").map(([, text]) => text);
  const [encoding, ...moreEncodings] = value("transfer-encoding").map(([, text]) => text);
  if (moreLengths.length > 0 || moreEncodings.length > 0) return false;
  if (body === "none") {
    return (length ?? "0").replace(/^0+$/, "") === "" && length !== "" && !isText(encoding);
  }
  if (length === null || encoding === null) return false;
  if (encoding !== undefined) return encoding.toLowerCase() === "chunked" && length === undefined;
  // of a stream no more is taken than was promised
  return length === undefined || /^0*5$/.test(length) || (body === "stream" && /^0+$/.test(length));
}
const isText = (value: unknown) => typeof value === "string";

type Call = (url: string, headers: HeadersSource) => Promise<unknown>;

const agent = new Agent();
const CALLS: Readonly<Record<string, readonly ["none" | "bytes" | "stream", Call]>> = {
  "GET": ["none", (url, headers) => fetch(url, { headers, agent })],
  "HEAD": ["none", (url, headers) => fetch(url, { method: "HEAD", headers, agent })],
  "POST without a body": ["none", (url, headers) => fetch(url, { method: "POST", headers, agent })],
  "DELETE": ["none", (url, headers) => fetch(url, { method: "DELETE", headers, agent })],
  "POST of text": [
    "bytes",
    (url, headers) => fetch(url, { method: "POST", headers, agent, body: TEXT }),
  ],
  "PUT of a Blob": [
    "bytes",
    (url, headers) => fetch(url, { method: "PUT", headers, agent, body: new Blob([TEXT]) }),
  ],
  "POST of a stream": [
    "stream",
    (url, headers) => fetch(url, { method: "POST", headers, agent, body: streamed("123", "45") }),
  ],
  "upload of bytes": [
    "bytes",
    (url, headers) => upload(new TextEncoder().encode(TEXT), url, { headers, agent }),
  ],
  "upload of a stream": [
    "stream",
    (url, headers) => upload(streamed("1", "2345"), url, { headers, agent }),
  ],
};

for (const [what, [body, call]] of Object.entries(CALLS)) {
  test(`${what}: framing headers that say something else are refused`, async () => {
    await using server = await strictServer();
    let allowed = 0;
    for (const headers of headerLists()) {
      const before = server.seen().requests.length, says = JSON.stringify(headers);
      const expected = isAllowed(headers, body);
      try {
        const response = await call(server.url, headers);
        if (response instanceof Response) await response.arrayBuffer();
        expect(expected, `${says} is sent`).toBe(true);
      } catch (error) {
        expect(error, says).toBeInstanceOf(TypeError);
        expect(expected ? error : false, says).toBe(false);
        expect(server.seen().requests, says).toHaveLength(before);
        continue;
      }
      allowed++;
      expect(server.seen().faults, says).toEqual([]);
      const isEmpty = body === "none" || /"0+"/.test(says);
      expect(server.seen().requests.at(-1)?.body, says).toBe(isEmpty ? "" : TEXT);
    }
    expect(allowed).toBeGreaterThan(2);
    // the connections are still in step
    expect(await (await fetch(server.url, { agent })).text()).toBe("0");
    await until(() => server.seen().rest === 0);
    expect(server.seen()).toMatchObject({ faults: [], rest: 0 });
  });
}

test("fetchSync refuses the same headers", () => {
  for (const body of [null, TEXT]) {
    for (const headers of headerLists()) {
      if (isAllowed(headers, body === null ? "none" : "bytes")) continue;
      const init = { method: "POST", headers, body, timeout: 1000 };
      const says = JSON.stringify(headers);
      expect(() => fetchSync("http://127.0.0.1:1/", init), says).toThrow(/^Cannot fetchSync: /);
    }
  }
});

test("a stream that is longer or shorter than its Content-Length ends with an error", async () => {
  await using server = await strictServer();
  for (
    const [chunks, length] of [[["123456"], "5"], [["123", "456"], "5"], [["1234"], "5"]] as const
  ) {
    const headers = { "Content-Length": length };
    const errors = [
      await failure(fetch(server.url, { method: "POST", headers, body: streamed(...chunks) })),
      await failure(upload(streamed(...chunks), server.url, { headers })),
    ];
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(/were promised/);
    }
  }
  expect(server.seen()).toMatchObject({ requests: [], faults: [] });
});

test("PROXYHEADER, and options that change the length of a body, are refused", async () => {
  await using server = await strictServer();
  const refused = [
    { PROXY: server.url, PROXYHEADER: ["X: 1", "Content-Length: 5"] },
    { PROXY: server.url, proxyheader: [new TextEncoder().encode("transfer-encoding: chunked")] },
    { CRLF: 1 },
    { TRANSFERTEXT: 1 },
    { HTTP_VERSION: 1, HTTPHEADER: [] },
  ];
  for (const curl of refused) {
    const init = { method: "POST", body: "1\n2", agent, curl: curl as object };
    const error = await failure(fetch(server.url, init));
    expect(error, JSON.stringify(curl)).toBeInstanceOf(TypeError);
  }
  expect(server.seen().requests).toEqual([]);
  const curl = { PROXY: server.url, PROXYHEADER: ["X-Content-Length: 5"] };
  expect(await (await fetch(server.url, { curl, agent })).text()).toBe("0");
});

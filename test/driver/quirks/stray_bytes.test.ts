// Bytes that come on a kept connection are nobody's response: the next transfer has a new one.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, constants, Easy, type EasyOptions, fetch, Share, upload } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { type Kind, KINDS, startStray, STRAYS, type StrayServer } from "./stray_bytes.ts";
import { CONTINUE, easyFor, get, PAUSE, sleep, until } from "../support.ts";

const certs = useServer("https");
const servers = new Map<Kind, StrayServer>();

beforeAll(async () => {
  for (const kind of [...KINDS, "h2"] as const) {
    if (kind === "http" || certs.has("https")) servers.set(kind, await startStray(kind, certs));
  }
});
afterAll(() => {
  for (const server of servers.values()) server.close();
});

/** Requests after which something may come that nobody has asked for. */
const FIRST: Readonly<Record<string, string>> = {
  "a GET": "GET /first",
  "a chunked one": "GET /chunked",
  "a HEAD": "HEAD /first",
  "a 204": "GET /204",
  "a 304": "GET /304",
};

/** One response, in whose place another one may stand. */
interface Second {
  readonly url: string;
  readonly agent: Agent;
  readonly curl: EasyOptions;
}

const LIMIT = { timeout: 8000 };

function stream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(5));
      controller.close();
    },
  });
}

/** Sends by a READFUNCTION that cannot rewind. */
function reading(): EasyOptions {
  let left = 3;
  return {
    UPLOAD: 1,
    HTTPHEADER: ["Expect:"],
    READFUNCTION: (buffer) => {
      const size = Math.min(left, buffer.length);
      left -= size;
      return size;
    },
  };
}

async function byFetch({ url, ...init }: Second, more: RequestInit): Promise<string> {
  const response = await fetch(url, { ...LIMIT, ...init, ...more } as never);
  const text = await response.text();
  return response.status === 200 ? text || `${more.method} /second` : `${response.status}`;
}

/** The ways to make the second request: each gives its method and path. */
const SECOND: Readonly<Record<string, (second: Second) => Promise<string>>> = {
  "fetch: GET": (second) => byFetch(second, {}),
  "fetch: HEAD": (second) => byFetch(second, { method: "HEAD" }),
  "fetch: POST": (second) => byFetch(second, { method: "POST", body: "x".repeat(3000) }),
  "fetch: POST of a stream": (second) =>
    byFetch(second, { method: "POST", body: stream(), duplex: "half" } as RequestInit),
  "upload": async ({ url, ...init }) => {
    const { status } = await upload(new Uint8Array(5), url, { ...LIMIT, ...init });
    return status === 200 ? "PUT /second" : `${status}`;
  },
  "Agent.perform: GET": ({ agent, url, curl }) => get(agent, url, curl),
  "Agent.perform: POST": ({ agent, url, curl }) => get(agent, url, { ...curl, POSTFIELDS: "abc" }),
  "Agent.perform: PUT": ({ agent, url, curl }) => get(agent, url, { ...curl, ...reading() }),
};

/** Makes the first request, and has the server send on its connection. */
async function stray(server: StrayServer, agent: Agent, name: string, first = "GET /first") {
  const [method, path] = first.split(" ") as [string, string], id = server.id();
  const url = server.url(`${path}?stray=${name}&id=${id}`);
  await (await fetch(url, { method, agent, curl: server.curl, ...LIMIT })).text();
  await server.send(id);
}

describe.each(KINDS)("by %s", (kind) => {
  const server = () => servers.get(kind) as StrayServer;

  for (const [name, first] of Object.entries(FIRST)) {
    test(`what comes after ${name} is not taken for the next response`, async () => {
      for (const sent of STRAYS) {
        await using agent = new Agent();
        await stray(server(), agent, sent, first);
        const { curl } = server(), url = server().url("/second");
        expect(await byFetch({ url, agent, curl }, {}), sent).toBe("GET /second");
      }
    });
  }

  for (const [name, second] of Object.entries(SECOND)) {
    test(`${name} does not take it for its response`, async () => {
      const { curl } = server(), url = server().url("/second");
      for (const sent of ["timeout", "large", "byte"]) {
        await using agent = new Agent();
        await stray(server(), agent, sent);
        expect(await second({ url, agent, curl }), sent).toMatch(/^(GET|HEAD|POST|PUT) \/second$/);
      }
    });
  }

  test("a handle that had a transfer before does not take it for its response", async () => {
    for (const [name, first] of Object.entries(FIRST)) {
      await using agent = new Agent();
      const { curl } = server(), [method, path] = first.split(" ") as [string, string];
      const request = (url: string, more: RequestInit = {}) => byFetch({ url, agent, curl }, more);
      // a connection that another handle has made, so that the next ones take one and the same
      await upload(new Uint8Array(5), server().url("/"), { agent, curl });
      for (const sent of ["response", "byte"]) {
        const id = server().id();
        await request(server().url(`${path}?stray=${sent}&id=${id}`), { method });
        await server().send(id);
        expect(await request(server().url("/second")), `${name} ${sent}`).toBe("GET /second");
      }
    }
  });

  test("what comes in the same write is not taken for it either", async () => {
    for (const first of Object.values(FIRST)) {
      const [method, path] = first.split(" ") as [string, string], { curl } = server();
      for (const sent of STRAYS) {
        // of the large ones after a head without a body libcurl has read a part, the rest may come
        // while the next request is sent
        if (sent === "large") continue;
        await using agent = new Agent();
        const url = server().url(`${path}?stray=${sent}&at=once`);
        await (await fetch(url, { method, agent, curl, ...LIMIT })).text();
        const next = { url: server().url("/second"), agent, curl };
        expect(await byFetch(next, {}), `${first} ${sent}`).toBe("GET /second");
      }
    }
  });

  test("the blocking perform() does not take it for its response, of several hosts", async () => {
    for (const more of [{}, { POSTFIELDS: "abc" }, reading()] as EasyOptions[]) {
      using easy = new Easy();
      const id = server().id();
      let body = "";
      easy.setOpts({
        ...server().curl,
        SSL_VERIFYHOST: 0,
        TIMEOUT_MS: 8000,
        WRITEFUNCTION: (bytes) => (body += new TextDecoder().decode(bytes), bytes.length),
      });
      const perform = (url: string) => {
        body = "";
        easy.setOpt("URL", url);
        easy.perform();
        return body;
      };
      perform(server().url(`/first?stray=response&id=${id}`));
      perform(server().url("/other", "localhost"));
      await server().send(id);
      easy.setOpts(more);
      expect(perform(server().url("/second"))).toMatch(/ \/second$/);
    }
  });

  test("a transfer that waits for the connection does not get it", async () => {
    await using agent = new Agent({ maxConnections: 1 });
    const { curl } = server();
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}?stray=response&at=once`);
    const bodies = await Promise.all(paths.map((path) => get(agent, server().url(path), curl)));
    expect(bodies).toEqual(paths.map((path) => `GET ${path}`));
  });

  test("connections of a server that behaves are used again", async () => {
    await using agent = new Agent();
    let connects = 0;
    for (let i = 0; i < 30; i++) {
      using easy = easyFor(server().url(`/${i}`), server().curl);
      await agent.perform(easy);
      connects += easy.getInfo("NUM_CONNECTS");
      if (i % 10 === 0) await sleep(20);
    }
    expect(connects).toBe(1);
  });
});

describe("what a transfer is still to read is not thrown away with it:", () => {
  const http = () => servers.get("http") as StrayServer;

  /** Bytes come on connections that are kept, while others are in use. */
  async function strays(agent: Agent): Promise<void> {
    for (const name of STRAYS) {
      await stray(http(), agent, name);
      expect(await get(agent, http().url("/second")), name).toBe("GET /second");
    }
  }

  test("of a download that is paused", async () => {
    await using agent = new Agent();
    let bytes = 0, isPaused = false;
    using easy = easyFor(http().url("/large"), {
      WRITEFUNCTION: (piece) => {
        if (bytes > 0 && !isPaused) return (isPaused = true), PAUSE;
        return bytes += piece.length, piece.length;
      },
    });
    const running = agent.perform(easy);
    await until(() => isPaused);
    await strays(agent);
    easy.pause(CONTINUE);
    await running;
    expect(bytes).toBe(4_000_000);
  });

  test("of one that is held back by its speed limit", async () => {
    await using agent = new Agent();
    let bytes = 0;
    using easy = easyFor(http().url("/large"), {
      MAX_RECV_SPEED_LARGE: 2_000_000,
      WRITEFUNCTION: (piece) => (bytes += piece.length, piece.length),
    });
    const running = agent.perform(easy);
    while (bytes < 3_000_000) await strays(agent);
    await running;
    expect(bytes).toBe(4_000_000);
  });

  test("of many that have their turns", async () => {
    await using agent = new Agent();
    const downloads = Array.from({ length: 16 }, async () => {
      const body = await (await fetch(http().url("/large"), { agent })).text();
      return body.length;
    });
    await strays(agent);
    expect(await Promise.all(downloads)).toEqual(new Array(16).fill(4_000_000));
  });

  test("of a response that is not read yet", async () => {
    await using agent = new Agent();
    const response = await fetch(http().url("/large"), { agent });
    await sleep(50);
    await strays(agent);
    expect((await response.text()).length).toBe(4_000_000);
  });

  test("of connections that two agents share", async () => {
    using share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
    await using one = new Agent({ share });
    await using other = new Agent({ share });
    for (let i = 0; i < 40; i++) {
      const pair = [one, other].map((agent, n) => get(agent, http().url(`/${i}${n}`)));
      expect(await Promise.all(pair)).toEqual([`GET /${i}0`, `GET /${i}1`]);
    }
  });

  test("of a CONNECT_ONLY connection, on which the server sends first", async () => {
    await using agent = new Agent();
    using easy = easyFor(http().url(""), { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    const id = http().id(), buffer = new Uint8Array(1000);
    const request = `GET /first?stray=body&id=${id} HTTP/1.1\r\nHost: x\r\n\r\n`;
    easy.send(new TextEncoder().encode(request));
    await agent.readable(easy);
    easy.recv(buffer);
    await http().send(id);
    await strays(agent);
    await agent.readable(easy);
    expect(new TextDecoder().decode(buffer.subarray(0, easy.recv(buffer)))).toMatch(/^STRAY/);
  });

  test("of HTTP/2, whose server may send a PING at any time", async () => {
    const server = servers.get("h2") as StrayServer;
    await using agent = new Agent();
    const options = { ...server.curl, ...ALPN, HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS };
    const connects: number[] = [];
    for (let i = 0; i < 5; i++) {
      const id = server.id();
      using easy = easyFor(server.url(`/?id=${id}`), options);
      await agent.perform(easy);
      connects.push(easy.getInfo("NUM_CONNECTS"));
      await server.send(id);
    }
    expect(connects).toEqual([1, 0, 0, 0, 0]);
  });
});

test("a handle that has left a connection and is busy elsewhere does not protect it", async () => {
  const server = servers.get("http") as StrayServer, id = server.id();
  await using agent = new Agent();
  using easy = easyFor(server.url(`/first?stray=response&id=${id}`));
  await agent.perform(easy);
  let isPaused = false;
  easy.setOpts({
    URL: server.url("/large", "localhost"),
    WRITEFUNCTION: () => (isPaused = true, PAUSE),
  });
  const running = agent.perform(easy);
  await until(() => isPaused);
  await server.send(id);
  expect(await get(agent, server.url("/second"))).toBe("GET /second");
  easy.setOpt("WRITEFUNCTION", (bytes) => bytes.length);
  easy.pause(CONTINUE);
  await running;
});

test("a transfer that was redirected to another connection does not protect the one it has left", async () => {
  const server = servers.get("http") as StrayServer, id = server.id();
  await using agent = new Agent();
  let isPaused = false;
  using easy = easyFor(server.url(`/302?stray=response&id=${id}`), {
    FOLLOWLOCATION: 1,
    WRITEFUNCTION: () => (isPaused = true, PAUSE),
  });
  const running = agent.perform(easy);
  await until(() => isPaused);
  await server.send(id);
  expect(await get(agent, server.url("/second"))).toBe("GET /second");
  easy.setOpt("WRITEFUNCTION", (bytes) => bytes.length);
  easy.pause(CONTINUE);
  await running;
});

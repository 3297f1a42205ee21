// Options that are one request's own: a connection that was made with one, and a name that was
// resolved with one, is used by requests with the same value only. Each option that libcurl does not
// compare is tried by itself.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { easyOptions, type OptionRow } from "../../ffi/curl/options.ts";
import {
  Agent,
  constants,
  type CurlEasyError,
  Easy,
  type EasyOptionName,
  type EasyOptions,
  Share,
} from "../../mod.ts";
import { ROWS } from "../../src/handles/connections/judgements.ts";
import { multiCount } from "../../src/handles/multi/multi.ts";
import { isKnown } from "../../src/libcurl_versions.ts";
import { kept, libcurl } from "../versions.ts";
import { descriptors, easyFor, failure, get, sleep, until } from "./support.ts";

/** Answers each request with the number of its connection, whatever comes before the request. */
function countingServer(): Server {
  let connections = 0;
  return createServer((socket: Socket) => {
    const body = `${++connections}`;
    let seen = "";
    socket.on("data", (bytes) => {
      seen += bytes;
      if (!seen.endsWith("\r\n\r\n")) return;
      seen = "";
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    socket.on("error", () => {});
  });
}

const listen = (server: Server, host = "127.0.0.1", port = 0) =>
  new Promise<number>((resolve) =>
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  );

let server: Server, port: number, url: string, agent: Agent;
beforeAll(async () => {
  server = countingServer();
  port = await listen(server);
  url = `http://127.0.0.1:${port}/`;
});
afterAll(() => void server.close());
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

async function freePort(): Promise<number> {
  const probe = createServer(), free = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

const nothing = () => undefined, nothingElse = () => undefined, names = new Share();
names.setOpt("SHARE", constants.CURL_LOCK_DATA_DNS);
afterAll(() => names.close());

/** Two values of each option, or one, with which a request to 127.0.0.1 over http still works. */
const VALUES: { readonly [N in EasyOptionName]?: readonly unknown[] } = {
  RESOLVE: [["a.test:1:127.0.0.1"], ["a.test:1:127.0.0.2"]],
  DOH_URL: ["http://127.0.0.1:1/", "http://127.0.0.1:2/"],
  DNS_SERVERS: ["127.0.0.1", "127.0.0.2"],
  DNS_INTERFACE: ["lo", "lo0"],
  DNS_LOCAL_IP4: ["127.0.0.1", "127.0.0.2"],
  DNS_LOCAL_IP6: ["::1", "::2"],
  IPRESOLVE: [constants.CURL_IPRESOLVE_V4],
  SHARE: [names],
  INTERFACE: ["127.0.0.2", "127.0.0.3"],
  TELNETOPTIONS: [["TTYPE=a"], ["TTYPE=b"]],
  PROXYHEADER: [["X: a"], ["X: b"]],
  HAPROXY_CLIENT_IP: ["127.0.0.2", "127.0.0.3"],
  HTTPAUTH: [constants.CURLAUTH_NTLM | constants.CURLAUTH_NEGOTIATE],
  PROXYAUTH: [constants.CURLAUTH_NTLM | constants.CURLAUTH_NEGOTIATE],
  PROXY_SSLVERSION: [constants.CURL_SSLVERSION_TLSv1_2, constants.CURL_SSLVERSION_TLSv1_3],
  PROXY_TLSAUTH_TYPE: ["SRP"],
  TLSAUTH_TYPE: ["SRP"],
  ECH: ["grease", "false"],
  KRBLEVEL: ["clear", "safe"],
  SSL_ENABLE_ALPN: [libcurl.negotiates.holds ? 0 : 1], // the other one than of a new handle
  SSH_HOST_PUBLIC_KEY_MD5: ["a".repeat(32), "b".repeat(32)],
  TCP_KEEPCNT: [2, 3],
  TCP_KEEPIDLE: [2, 3],
  TCP_KEEPINTVL: [2, 3],
};

const table: Readonly<Record<string, OptionRow>> = easyOptions;

async function valuesOf(name: EasyOptionName): Promise<readonly unknown[]> {
  const given = VALUES[name];
  if (given) return given;
  if (name === "LOCALPORT") return [await freePort(), await freePort()];
  const { kind, default: usual } = table[name] as OptionRow;
  switch (kind) {
    case "function":
      return [nothing, nothingElse];
    case "cbptr":
      return [{}, {}];
    case "blob":
      return [new Uint8Array([1]), new Uint8Array([2])];
    case "string":
      return ["/nowhere/a", "/nowhere/b"];
    default: // a switch has one value that is not the default
      return [0, 1, 2].filter((value) => value !== (usual ?? 0)).slice(0, usual === 0 ? 1 : 2);
  }
}

const OWN = ROWS.flatMap(([judgement, , options]) => judgement.kind === "own" ? options : []);

/** Whether libcurl takes the value, and if not, with what code. */
function refusal(options: EasyOptions): string | null {
  using easy = new Easy();
  try {
    easy.setOpts(options);
    return null;
  } catch (error) {
    return (error as CurlEasyError).codeName;
  }
}

/** What libcurl says of an option that is not in this build, or of an engine that is not there. */
const NOT_HERE = new Set([
  ...["CURLE_UNKNOWN_OPTION", "CURLE_NOT_BUILT_IN", "CURLE_BAD_FUNCTION_ARGUMENT"],
  ...["CURLE_SSL_ENGINE_NOTFOUND", "CURLE_SSL_ENGINE_INITFAILED", "CURLE_SSL_ENGINE_SETFAILED"],
]);

describe("each option that libcurl does not compare keeps connections apart:", () => {
  expect(OWN.length).toBeGreaterThan(80);
  for (const name of OWN) {
    test(name, async () => {
      const [one, two] = await valuesOf(name);
      const options: EasyOptions = { [name]: one };
      const refused = refusal(options);
      if (refused !== null) {
        expect(NOT_HERE.has(refused) || !isKnown(easyOptions[name]), refused).toBe(true);
        return;
      }
      const common = await get(agent, url), own = await get(agent, url, options);
      expect(own).not.toBe(common);
      expect(await get(agent, url)).toBe(common);
      // with HEADEROPT nobody else may use the connection
      const isKept = name !== "HEADEROPT" &&
        (name !== "TCP_FASTOPEN" || libcurl.reusesFastOpen.holds);
      expect(await get(agent, url, options) === own).toBe(isKept);
      await using another = new Agent();
      const [first] = await valuesOf(name); // another port, where it is one
      const before = await get(another, url, { [name]: first }); // and the other way round
      expect(await get(another, url)).not.toBe(before);
      if (two === undefined || refusal({ [name]: two }) !== null) return;
      const other = await get(agent, url, { [name]: two });
      expect([common, own]).not.toContain(other);
      expect(await get(agent, url)).toBe(common);
    });
  }
});

describe("a name that RESOLVE gives", () => {
  let first: Server, second: Server, shared: number, host: string;
  const answering = (text: string) =>
    createServer((socket) => {
      socket.on("data", () =>
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`));
      socket.on("error", () => {});
    });
  beforeAll(async () => {
    [first, second] = [answering("one"), answering("two")];
    shared = await listen(first);
    await listen(second, "127.0.0.2", shared);
    host = `http://name.test:${shared}/`;
  });
  afterAll(() => {
    first.close();
    second.close();
  });
  const at = (ip: string): EasyOptions => ({ RESOLVE: [`name.test:${shared}:${ip}`] });
  const lost = async (options: EasyOptions = {}) =>
    (await failure(get(agent, host, options)) as CurlEasyError).codeName;

  test("is that of its requests, one after the other and at the same time", async () => {
    expect(await lost()).toBe("CURLE_COULDNT_RESOLVE_HOST");
    expect(await get(agent, host, at("127.0.0.1"))).toBe("one");
    expect(await lost()).toBe("CURLE_COULDNT_RESOLVE_HOST");
    expect(await get(agent, host, at("127.0.0.2"))).toBe("two");
    expect(await get(agent, host, at("127.0.0.1"))).toBe("one");
    expect(await lost({ FRESH_CONNECT: 1 })).toBe("CURLE_COULDNT_RESOLVE_HOST");
    const both = ["127.0.0.1", "127.0.0.2"].map((ip) => get(agent, host, at(ip)));
    expect(await Promise.all(both)).toEqual(["one", "two"]);
  });

  test("is that of its requests where it is given for any name", async () => {
    expect(await get(agent, host, { RESOLVE: [`*:${shared}:127.0.0.2`] })).toBe("two");
    expect(await lost()).toBe("CURLE_COULDNT_RESOLVE_HOST");
  });

  test("stays with a handle whose connections were closed meanwhile", async () => {
    using easy = easyFor(host, at("127.0.0.1"));
    await agent.perform(easy);
    await crowdOut(agent);
    await agent.perform(easy);
    expect(easy.getInfo("PRIMARY_IP")).toBe("127.0.0.1");
  });

  test("goes with a handle to another agent, and out of perform() into an agent", async () => {
    await using other = new Agent();
    using easy = easyFor(host, at("127.0.0.2")), blocking = easyFor(host, at("127.0.0.2"));
    for (const where of [agent, other, agent]) await where.perform(easy);
    using copy = easy.duplicate();
    await agent.perform(copy);
    blocking.setOpt("CONNECT_ONLY", 1); // connects, which needs no answer of this process
    blocking.perform();
    blocking.setOpt("CONNECT_ONLY", 0);
    await agent.perform(blocking);
    expect(blocking.getInfo("PRIMARY_IP")).toBe("127.0.0.2");
  });

  test("is not that of CONNECT_TO, which libcurl compares", async () => {
    const to = (ip: string) => ({ CONNECT_TO: [`name.test:${shared}:${ip}:${shared}`] });
    for (const [ip, text] of [["127.0.0.1", "one"], ["127.0.0.2", "two"], ["127.0.0.1", "one"]]) {
      expect(await get(agent, host, to(ip!))).toBe(text);
      expect(await lost()).toBe("CURLE_COULDNT_RESOLVE_HOST");
    }
    expect(await get(agent, host, { CONNECT_TO: [`::127.0.0.2:`] })).toBe("two");
    expect(await get(agent, host, { CONNECT_TO: [`::127.0.0.1:`] })).toBe("one");
  });
});

/** Has the agent close the connections that nobody has used for long. */
async function crowdOut(agent: Agent): Promise<void> {
  for (let i = 0; i < 20; i++) await get(agent, url, { OPENSOCKETFUNCTION: () => undefined });
  await sleep(20);
}

test("a function that refuses a socket refuses kept connections too", async () => {
  expect(await get(agent, url)).not.toBe("");
  for (const name of ["OPENSOCKETFUNCTION", "SOCKOPTFUNCTION"] as const) {
    const seen: unknown[] = [];
    const refuse = (...args: unknown[]) => (seen.push(args), name === "SOCKOPTFUNCTION" ? 1 : -1);
    await failure(get(agent, url, { [name]: refuse }));
    expect(seen).toHaveLength(1);
  }
});

describe("a tunnel through a proxy", () => {
  let proxy: Server, proxyPort: number, tunnels: string[];
  beforeAll(async () => {
    proxy = createServer((socket) => {
      socket.once("data", (bytes) => {
        const head = String(bytes), tunnel = `${tunnels.push(head)}`;
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.on(
          "data",
          () =>
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${tunnel.length}\r\n\r\n${tunnel}`),
        );
      });
      socket.on("error", () => {});
    });
    proxyPort = await listen(proxy);
  });
  afterAll(() => void proxy.close());
  beforeEach(() => {
    tunnels = [];
  });
  const through = (user: string, more: EasyOptions = {}): EasyOptions => ({
    PROXY: `http://${user}127.0.0.1:${proxyPort}`,
    HTTPPROXYTUNNEL: 1,
    ...more,
  });
  const target = "http://somewhere.test/";

  test("is used by its own user only, however that is named", async () => {
    expect(await get(agent, target, through("ann:1@"))).toBe("1");
    expect(await get(agent, target, through("bob:2@"))).toBe("2");
    expect(await get(agent, target, through(""))).toBe("3");
    expect(await get(agent, target, through("", { PROXYUSERPWD: "eve:3" }))).toBe("4");
    const named = { PROXYUSERNAME: "dan", PROXYPASSWORD: "4" };
    expect(await get(agent, target, through("", named))).toBe("5");
    expect(await get(agent, target, through("ann:1@"))).toBe("1");
    expect(await get(agent, target, through("", named))).toBe("5");
    const users = tunnels.map((head) => /^Proxy-Authorization: Basic (.*)$/m.exec(head)?.[1]);
    expect(users.map((user) => user && atob(user))).toEqual([
      ...["ann:1", "bob:2", undefined, "eve:3", "dan:4"],
    ]);
  });

  test("has the headers of its own requests only", async () => {
    const tenant = (name: string) => through("", { PROXYHEADER: [`X-Tenant: ${name}`] });
    for (const name of ["a", "b", "a"]) await get(agent, target, tenant(name));
    expect(tunnels.map((head) => /X-Tenant: (.)/.exec(head)?.[1])).toEqual(["a", "b"]);
    const both = { HEADEROPT: constants.CURLHEADER_UNIFIED };
    for (const name of ["c", "d", "c"]) {
      await get(agent, target, through("", { ...both, HTTPHEADER: [`X-Tenant: ${name}`] }));
    }
    expect(tunnels.slice(2).map((head) => /X-Tenant: (.)/.exec(head)?.[1])).toEqual([
      ...["c", "d", "c"],
    ]);
  });
});

describe("the connections of a class", () => {
  test("of a handle that is connected only are waited for, and kept", async () => {
    using easy = easyFor(url, { CONNECT_ONLY: 1, SOCKOPTFUNCTION: nothing });
    await agent.perform(easy);
    await agent.writable(easy);
    easy.setOpt("SOCKOPTFUNCTION", nothingElse); // does not move the handle
    await crowdOut(agent);
    easy.send(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    await agent.readable(easy);
    expect(easy.recv(new Uint8Array(100))).toBeGreaterThan(10);
  });

  test("are closed, those that were used longest ago first, once there are many", async () => {
    const before = multiCount.open, sockets = descriptors("socket:");
    const old = await get(agent, url, { INTERFACE: "127.0.0.2" });
    for (let i = 0; i < 40; i++) await get(agent, url, { OPENSOCKETDATA: `${i}` });
    await until(() => multiCount.open <= before + 16);
    expect(multiCount.open - before).toBe(16);
    await until(() => descriptors("socket:") - sockets < 50);
    expect(descriptors("socket:") - sockets).toBeLessThan(50); // both ends are in this process
    expect(await get(agent, url, { INTERFACE: "127.0.0.2" })).not.toBe(old);
    const last = await get(agent, url, { OPENSOCKETDATA: "39" });
    expect(await get(agent, url, { OPENSOCKETDATA: "39" })).toBe(last);
  });

  test("are as many as the simultaneous transfers where each needs its own", async () => {
    const before = multiCount.open, common = await get(agent, url);
    const own = Array.from(
      { length: 150 },
      () => get(agent, url, { OPENSOCKETFUNCTION: () => undefined }),
    );
    expect(agent.active).toBe(150);
    // no more multi handles than that: the rest are alone in the common one
    expect(multiCount.open - before).toBe(64);
    const connections = await Promise.all(own);
    expect(new Set([common, ...connections]).size).toBe(151);
    expect(await get(agent, url)).toBe(common);
    await until(() => multiCount.open - before <= 16);
    expect(multiCount.open - before).toBe(16);
  });

  test("may be many where names need a cache of their own", async () => {
    const ports = Array.from({ length: 80 }, (_, i) => i + 1);
    const own = ports.map((i) => get(agent, url, { RESOLVE: [`name.test:${i}:127.0.0.1`] }));
    expect(new Set(await Promise.all(own)).size).toBe(80);
  });

  test("go with the agent", async () => {
    const before = multiCount.open;
    await using other = new Agent();
    const waiting = failure(
      get(other, url.replace("/?", "/"), { SOCKOPTFUNCTION: () => undefined }),
    );
    await get(other, url, { INTERFACE: "127.0.0.2" });
    await other.close();
    expect(multiCount.open).toBe(before);
    expect(other.active).toBe(0);
    await waiting.catch(() => {});
  });

  test("count in the agent's stats", async () => {
    await get(agent, url);
    const { sockets, turns } = agent.stats;
    await get(agent, url, { INTERFACE: "127.0.0.2" });
    expect(agent.stats.sockets).toBe(sockets + kept(1));
    expect(agent.stats.turns).toBeGreaterThan(turns);
  });

  test("are used once where a Share has the connections of all", async () => {
    using share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
    const common = await get(agent, url, { SHARE: share });
    expect(await get(agent, url, { SHARE: share })).toBe(common);
    const own = await get(agent, url, { SHARE: share, INTERFACE: "127.0.0.2" });
    expect(own).not.toBe(common);
    expect(await get(agent, url, { SHARE: share, INTERFACE: "127.0.0.2" })).not.toBe(own);
    expect(await get(agent, url, { SHARE: share })).toBe(common);
    using easy = easyFor(url, { SHARE: share, INTERFACE: "127.0.0.2" });
    await agent.perform(easy);
    easy.setOpt("INTERFACE", null); // and the handle forgets it again
    await agent.perform(easy);
    expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
  });

  test("get none from a transfer that was given another function on its way", async () => {
    using easy = easyFor(url);
    easy.setOpt("HEADERFUNCTION", (line) => {
      easy.setOpt("SOCKOPTFUNCTION", nothing);
      return line.length;
    });
    await agent.perform(easy);
    easy.setOpt("HEADERFUNCTION", null);
    await agent.perform(easy);
    expect(easy.getInfo("NUM_CONNECTS")).toBe(1);
    await agent.perform(easy);
    expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
  });
});

// Each kind of data that a share can have, by its effect: between easies, agents and fetches.
import { describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  type CurlShareError,
  type EasyOptions,
  fetch,
  Share,
} from "../../mod.ts";
import { shareCount } from "../../src/handles/share.ts";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { ALPN, libcurl } from "../versions.ts";
import { codeOf, failure, get, Transfer } from "./easy_support.ts";

const {
  CURL_LOCK_DATA_CONNECT,
  CURL_LOCK_DATA_COOKIE,
  CURL_LOCK_DATA_DNS,
  CURL_LOCK_DATA_HSTS,
  CURL_LOCK_DATA_PSL,
  CURL_LOCK_DATA_SSL_SESSION,
} = constants;
const IN_USE = 2;
const { publicSuffixes, sharesHsts, sharesTls } = libcurl;

const server = useServer("http", "https", "h2");

function sharing(...kinds: number[]): Share {
  const share = new Share();
  for (const kind of kinds) share.setOpt("SHARE", kind);
  return share;
}

/** Two transfers with the same share, or with none; both are closed when `use` returns. */
function pair<T>(
  share: Share | null,
  options: (which: 0 | 1) => EasyOptions & { readonly URL: string },
  use: (one: Transfer, two: Transfer) => T,
): T {
  const set = (which: 0 | 1) => {
    const { URL, ...more } = options(which);
    return get(URL, share ? { ...more, SHARE: share } : more);
  };
  using one = set(0);
  using two = set(1);
  return use(one, two);
}

describe("between easies", () => {
  test("CURL_LOCK_DATA_DNS: a name is looked up once", () => {
    const lookups = (share: Share | null) => {
      let count = 0;
      pair(share, () => ({
        URL: `http://localhost:${server.http}/small`,
        RESOLVER_START_FUNCTION: () => void count++,
        FRESH_CONNECT: true,
      }), () => {});
      return count;
    };
    using share = sharing(CURL_LOCK_DATA_DNS);
    expect(lookups(share)).toBe(1);
    expect(lookups(null)).toBe(2);
  });

  test.skipIf(!sharesTls.holds)(
    `CURL_LOCK_DATA_SSL_SESSION: a TLS session is resumed on a new connection${sharesTls.note}`,
    () => {
      const resumed = (share: Share | null) =>
        pair(share, () => ({
          URL: server.url("/echo", "https"),
          CAINFO: server.ca,
          FORBID_REUSE: true,
        }), (...both) => both.map((easy) => easy.json.tls.resumed));
      using share = sharing(CURL_LOCK_DATA_SSL_SESSION);
      expect(resumed(share)).toEqual([false, true]);
      expect(resumed(null)).toEqual([false, false]);
    },
  );

  test("CURL_LOCK_DATA_CONNECT: a connection is used again, of TLS and HTTP/2 too", () => {
    const connects = (share: Share | null, kind: "http" | "https" | "h2") =>
      pair(
        share,
        () => ({ URL: server.url("/small", kind), CAINFO: server.ca, ...ALPN }),
        (...both) => both.map((easy) => easy.getInfo("NUM_CONNECTS")),
      );
    for (const kind of ["http", "https", "h2"] as const) {
      using share = sharing(CURL_LOCK_DATA_CONNECT);
      expect([kind, connects(share, kind)]).toEqual([kind, [1, 0]]);
      expect([kind, connects(null, kind)]).toEqual([kind, [1, 1]]);
    }
  });

  test.skipIf(!publicSuffixes.holds)(
    `CURL_LOCK_DATA_PSL: both know that a public suffix takes no cookies${publicSuffixes.note}`,
    () => {
      using share = sharing(CURL_LOCK_DATA_PSL);
      const cookie = (domain: string) => encodeURIComponent(`name=1; Path=/; Domain=${domain}`);
      const host = "shop.example.co.uk";
      const kept = (domain: string) =>
        pair(share, () => ({
          URL: `http://${host}:${server.http}/with?Set-Cookie=${cookie(domain)}`,
          RESOLVE: [`${host}:${server.http}:127.0.0.1`],
          COOKIEFILE: "",
        }), (...both) => both.map((easy) => easy.getInfo("COOKIELIST").length));
      expect(kept("co.uk")).toEqual([0, 0]);
      expect(kept("example.co.uk")).toEqual([1, 1]);
    },
  );

  test.skipIf(!sharesHsts.holds)(
    `CURL_LOCK_DATA_HSTS: what one was told, the other does${sharesHsts.note}`,
    () => {
      const strict = `/with?Strict-Transport-Security=${encodeURIComponent("max-age=3600")}`;
      const scheme = (share: Share | null) => {
        const options = {
          CAINFO: server.ca,
          HSTS_CTRL: constants.CURLHSTS_ENABLE,
          ...(share && { SHARE: share }),
        };
        using one = new Transfer(`https://localhost:${server.https}${strict}`, options);
        using two = new Transfer(`http://localhost:${server.https}/small`, options);
        one.perform();
        codeOf(() => two.perform());
        return String(two.getInfo("SCHEME")).toLowerCase();
      };
      using share = sharing(CURL_LOCK_DATA_HSTS);
      expect(scheme(share)).toBe("https");
      expect(scheme(null)).toBe("http");
    },
  );

  test.skipIf(sharesHsts.holds)("CURL_LOCK_DATA_HSTS is refused where it is not there", () => {
    using share = new Share();
    expect(failure<CurlShareError>(() => share.setOpt("SHARE", CURL_LOCK_DATA_HSTS)).codeName)
      .toMatch(/^CURLSHE_(BAD_OPTION|NOT_BUILT_IN)$/);
  });

  test("all kinds at once, taken back one by one", () => {
    const kinds = [
      CURL_LOCK_DATA_COOKIE,
      CURL_LOCK_DATA_DNS,
      CURL_LOCK_DATA_SSL_SESSION,
      CURL_LOCK_DATA_CONNECT,
    ];
    using share = sharing(...kinds);
    pair(share, () => ({ URL: server.url("/cookies/set?a=1"), COOKIEFILE: "" }), (one, two) => {
      expect(two.getInfo("NUM_CONNECTS")).toBe(0);
      expect(one.getInfo("COOKIELIST")).toEqual(two.getInfo("COOKIELIST"));
    });
    for (const kind of kinds) share.setOpt("UNSHARE", kind);
    pair(share, () => ({ URL: server.url("/small") }), (_, two) => {
      expect(two.getInfo("NUM_CONNECTS")).toBe(1);
    });
  });
});

describe("between agents", () => {
  /** How many connections a transfer with CAINFO makes where there is one like it. */
  const again = libcurl.comparesPaths.holds ? 0 : 1;
  const perform = async (agent: Agent, url: string, options: EasyOptions = {}) => {
    using easy = new Transfer(url, { CAINFO: server.ca, ...ALPN, ...options });
    await agent.perform(easy);
    return { connects: easy.getInfo("NUM_CONNECTS"), text: easy.text };
  };

  test("cookies", async () => {
    using share = sharing(CURL_LOCK_DATA_COOKIE);
    await using one = new Agent({ share });
    await using two = new Agent({ share });
    await perform(one, server.url("/cookies/set?a=1"), { COOKIEFILE: "" });
    expect((await perform(two, server.url("/cookies"), { COOKIEFILE: "" })).text).toBe('{"a":"1"}');
  });

  test.each(["http", "https", "h2"] as const)("connections of %s, in turns", async (kind) => {
    using share = sharing(CURL_LOCK_DATA_CONNECT);
    await using one = new Agent({ share });
    await using two = new Agent({ share });
    const connects: number[] = [];
    for (let i = 0; i < 10; i++) {
      connects.push((await perform(i % 2 ? one : two, server.url("/small", kind))).connects);
    }
    expect(connects).toEqual(Array.from({ length: 10 }, (_, i) => i === 0 ? 1 : again));
  });

  test("connections that many transfers of both use at once, and after one agent is closed", async () => {
    using share = sharing(CURL_LOCK_DATA_CONNECT);
    const one = new Agent({ share });
    await using two = new Agent({ share });
    const sizes = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const { text } = await perform(i % 2 ? one : two, server.url("/bytes/5000", "h2"));
        return text.length > 0;
      }),
    );
    expect(sizes.every(Boolean)).toBe(true);
    await one.close();
    expect((await perform(two, server.url("/small", "h2"))).connects).toBe(again);
  });

  test("a share that was closed is refused: CURLE_BAD_FUNCTION_ARGUMENT", async () => {
    const share = sharing(CURL_LOCK_DATA_COOKIE);
    await using agent = new Agent({ share });
    share.close();
    await expect(perform(agent, server.url("/small"))).rejects.toMatchObject({ code: 43 });
  });

  test("it is in use while one of their transfers is: CURLSHE_IN_USE", async () => {
    const share = sharing(CURL_LOCK_DATA_CONNECT);
    await using agent = new Agent({ share });
    using easy = new Transfer(server.url("/delay/50"));
    const done = agent.perform(easy);
    expect(failure<CurlShareError>(() => share.close()).code).toBe(IN_USE);
    await done;
    expect(failure<CurlShareError>(() => share.close()).code).toBe(IN_USE);
    easy.close();
    share.close();
    expect(share.closed).toBe(true);
  });
});

describe("with fetch", () => {
  test("by init.curl.SHARE, and by the agent's share", async () => {
    using share = sharing(CURL_LOCK_DATA_COOKIE);
    await using agent = new Agent({ share });
    const init = { timeout: 5000, curl: { COOKIEFILE: "" } };
    const withShare = { ...init, curl: { ...init.curl, SHARE: share } };
    await (await fetch(server.url("/cookies/set?a=1"), withShare)).text();
    const json = async (more: object) => await (await fetch(server.url("/cookies"), more)).json();
    expect(await json(withShare)).toEqual({ a: "1" });
    expect(await json({ ...init, agent })).toEqual({ a: "1" });
    expect(await json(init)).toEqual({});
  });
});

describe("inside a callback", () => {
  test("the share of the transfer is neither changed nor closed", () => {
    using share = sharing(CURL_LOCK_DATA_COOKIE);
    const codes: number[] = [];
    using easy = get(server.url("/small"), {
      SHARE: share,
      HEADERFUNCTION: (line) => {
        codes.push(codeOf(() => share.close()));
        codes.push(codeOf(() => share.setOpt("SHARE", CURL_LOCK_DATA_DNS)));
        return line.length;
      },
    });
    expect(new Set(codes)).toEqual(new Set([IN_USE]));
    easy.close();
  });

  test("LOCKFUNC, UNLOCKFUNC and USERDATA are refused: one thread needs no locks", () => {
    using share = new Share();
    for (const name of ["LOCKFUNC", "UNLOCKFUNC", "USERDATA"]) {
      expect(failure<CurlShareError>(() => share.setOpt(name as "SHARE", 1)).codeName)
        .toBe("CURLSHE_BAD_OPTION");
    }
  });
});

const CHILD = `import { Agent, constants, CurlUrl, Easy, Multi, Share } from "#root/mod.ts";
import { shareCount } from "#root/src/handles/share.ts";
import { closeHookCount } from "#root/src/handles/core/close_hook.ts";
import process from "node:process";
const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
const collect = async () => {
  for (let i = 0; i < 30; i++) {
    scope.Bun ? scope.Bun.gc(true) : scope.gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
`;

async function child(lines: string): Promise<{ said: unknown; stderr: string }> {
  const ended = await runChild(CHILD + lines, {
    args: [server.url("/small")],
    env: { DENO_V8_FLAGS: "--expose-gc" },
  });
  expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null });
  return { said: JSON.parse(ended.stdout), stderr: ended.stderr };
}

describe("a share", () => {
  test("without close() is freed, and a warning says so", async () => {
    const { said, stderr } = await child(`
      const forget = () => { for (let i = 0; i < 50; i++) new Share().setOpt("SHARE", 2); };
      forget();
      const open = shareCount.open;
      await collect();
      console.log(JSON.stringify([open, shareCount.open]));`);
    const [open, left] = said as [number, number];
    expect(open).toBe(50);
    expect(left).toBeLessThanOrEqual(5); // a conservative collector may keep a few
    expect(stderr.match(/a Share was collected without close\(\)/g)?.length).toBe(50 - left);
  });

  test("is freed with the easies that use it, with its connections and their hooks", async () => {
    const { said } = await child(`
      const forget = () => {
        for (let i = 0; i < 30; i++) {
          const share = new Share();
          share.setOpt("SHARE", constants.CURL_LOCK_DATA_CONNECT);
          for (let j = 0; j < 2; j++) {
            const easy = new Easy();
            easy.setOpts({
              URL: process.argv[2],
              TIMEOUT_MS: 5000,
              NOPROXY: "*",
              WRITEFUNCTION: (bytes) => bytes.length,
              CLOSESOCKETFUNCTION: () => {},
              SHARE: share,
            });
            easy.perform();
          }
        }
      };
      forget();
      await collect();
      console.log(JSON.stringify([shareCount.open, closeHookCount()]));`);
    for (const left of said as number[]) expect(left).toBeLessThanOrEqual(10);
  });

  test("with close() leaves nothing open", () => {
    const { open } = shareCount;
    for (let i = 0; i < 1000; i++) sharing(CURL_LOCK_DATA_COOKIE).close();
    expect(shareCount.open).toBe(open);
  });
});

test("a handle posted to a Worker arrives as an object whose every method throws", async () => {
  const { said } = await child(`
    const methods = (value: object) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(value)).filter((name) => name !== "constructor");
    const NO_METHODS = ["closed", "active", "stats", "toString"]; // getters, and what every object has
    const share = new Share(), easy = new Easy(), multi = new Multi(), agent = new Agent();
    const url = new CurlUrl("http://a/");
    const handles: object[] = [share, easy, multi, agent, url];
    const source = \`onmessage = ({ data }) => {
      const works = data.flatMap(([name, value, methods]) => methods.filter((method) => {
        try {
          value[method]();
          return true;
        } catch {
          return false;
        }
      }).map((method) => name + "." + method));
      postMessage([works, data.map(([, value]) => Object.keys(value).length)]);
    }\`;
    const worker = new Worker(URL.createObjectURL(new Blob([source])), { type: "module" });
    const answer = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage(handles.map((value) =>
      [value.constructor.name, value, methods(value).filter((name) => !NO_METHODS.includes(name))]));
    const said = await answer;
    worker.terminate();
    // here they are what they were
    easy.setOpt("SHARE", share);
    multi.addHandle(easy);
    easy.close();
    share.close();
    multi.close();
    await agent.close();
    console.log(JSON.stringify([said, url.get("HOST")]));`);
  expect(said).toEqual([[[], [0, 0, 0, 0, 0]], "a"]);
});

// What users hand in may throw at any touch: the call that it belongs to settles, with that very
// value, and nobody else's transfer notices.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Agent,
  type CurlEasyError,
  download,
  fetchSync,
  Mime,
  mimeStream,
  upload,
} from "../../mod.ts";
import { fetch } from "../../src/http/fetch.ts";
import type { FetchInit } from "../../src/http/request/plan.ts";
import { isInstance, messageOf, propertyOf, textOf } from "../../src/untrusted.ts";
import { isSignal } from "../../src/signals.ts";
import { useFolder, useServer } from "../use.ts";
import { record } from "../http/support.ts";
import { easyFor, get as bodyOf, until } from "../driver/support.ts";
import {
  canAbort,
  canFailStreams,
  ending,
  evilReasons,
  evilSignals,
  leadsTo,
} from "./untrusted.ts";

const server = useServer("http", "echo");
const folder = useFolder("untrusted");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

const file = () => join(folder, "file");

/** Runs a call beside others of the agent, which must not notice. How the call ended. */
async function beside(call: () => Promise<unknown>): Promise<Awaited<ReturnType<typeof ending>>> {
  const slow = bodyOf(agent, server.url("/delay/30")), quick = bodyOf(agent, server.url("/small"));
  const ended = await ending(Promise.resolve().then(call));
  await Promise.all([slow, quick, bodyOf(agent, server.url("/small"))]);
  return ended;
}

/** Each way for a value of the user to come into a call that is under way. */
const PLACES: Record<string, (value: unknown) => Promise<unknown>> = {
  "onProgress of fetch": async (value) => {
    const response = await fetch(server.url("/bytes/300000"), {
      agent,
      onProgress: () => {
        throw value;
      },
    });
    await response.text();
  },
  "onProgress of download": (value) =>
    download(server.url("/bytes/300000"), file(), {
      agent,
      onProgress: () => {
        throw value;
      },
    }),
  "onProgress of upload": (value) =>
    upload(new Uint8Array(1000), server.url("/echo"), {
      agent,
      onProgress: () => {
        throw value;
      },
    }),
  "a body stream that fails": (value) => {
    const body = new ReadableStream({ pull: (controller) => controller.error(value) });
    return fetch(server.url("/echo"), { agent, method: "POST", body });
  },
  "a body stream whose pull throws": (value) => {
    const pull = () => {
      throw value;
    };
    return fetch(server.url("/echo"), {
      agent,
      method: "POST",
      body: new ReadableStream({ pull }),
    });
  },
  "a body generator that throws": (value) => {
    async function* chunks() {
      yield "one";
      throw value;
    }
    return fetch(server.url("/echo"), { agent, method: "POST", body: chunks() });
  },
  "a stream of upload": (value) => {
    const body = new ReadableStream({ pull: (controller) => controller.error(value) });
    return upload(body, server.url("/echo"), { agent });
  },
  "the reason of fetch's signal": (value) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(value), 20);
    return fetch(server.url("/hold"), { agent, signal: controller.signal });
  },
  "the reason of fetch's signal, in its body": async (value) => {
    const controller = new AbortController();
    const response = await fetch(server.url("/slow/1000/10"), {
      agent,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(value), 20);
    await response.text();
  },
  "the reason of a signal that is aborted already": (value) =>
    fetch(server.url("/small"), { agent, signal: AbortSignal.abort(value) }),
  "the reason of download's signal": (value) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(value), 20);
    return download(server.url("/hold"), file(), { agent, signal: controller.signal });
  },
  "the reason of Agent.perform's signal": (value) => {
    const controller = new AbortController(), easy = easyFor(server.url("/hold"));
    setTimeout(() => controller.abort(value), 20);
    return agent.perform(easy, { signal: controller.signal }).finally(() => easy.close());
  },
  "the reason of Agent.readable's signal": async (value) => {
    const controller = new AbortController();
    using easy = easyFor(server.url("/"), { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    setTimeout(() => controller.abort(value), 20);
    await agent.readable(easy, { signal: controller.signal });
  },
  "a callback of libcurl": (value) => {
    const OPENSOCKETFUNCTION = () => {
      throw value;
    };
    return fetch(server.url("/small"), { agent, curl: { OPENSOCKETFUNCTION } });
  },
  "the reader of a mimeStream": async (value) => {
    const stream = new ReadableStream({ pull: (controller) => controller.error(value) });
    using mime = new Mime().addPart({ name: "a", reader: mimeStream(stream) });
    using easy = easyFor(server.url("/echo"), { MIMEPOST: mime });
    await agent.perform(easy);
  },
  "a member of init": (value) =>
    fetch(server.url("/small"), {
      agent,
      get timeout(): number {
        throw value;
      },
    }),
  "a header": (value) =>
    fetch(server.url("/small"), {
      agent,
      headers: {
        get "X-A"(): string {
          throw value;
        },
      },
    }),
  "an option of curl": (value) =>
    fetch(server.url("/small"), {
      agent,
      curl: {
        get USERAGENT(): string {
          throw value;
        },
      },
    }),
  "a list of curl": (value) => {
    const list = ["a"];
    Object.defineProperty(list, 0, {
      get: () => {
        throw value;
      },
    });
    return fetch(server.url("/small"), { agent, curl: { PROXYHEADER: list } });
  },
};

describe("what a user throws is what the call rejects with:", () => {
  for (const [place, call] of Object.entries(PLACES)) {
    test(place, async () => {
      for (const [kind, value] of Object.entries(evilReasons())) {
        if (/stream|generator|body/i.test(place) && !canFailStreams(value)) continue;
        const [how, reason] = await beside(() => call(value));
        expect(how, kind).toBe("rejected");
        expect(leadsTo(reason, value), `${kind}: ${textOf(reason)}`).toBe(true);
      }
      await until(() => agent.active === 0);
      expect(agent.active).toBe(0);
    }, 30_000);
  }

  test("in fetchSync and Easy.perform", () => {
    for (const [kind, value] of Object.entries(evilReasons())) {
      const thrower = () => {
        throw value;
      };
      using easy = easyFor(server.url("/small"), { NOPROGRESS: 0, XFERINFOFUNCTION: thrower });
      const calls = [
        () => fetchSync(server.url("/small"), { onProgress: thrower }),
        () => easy.perform(),
      ];
      for (const call of calls) {
        let reason: unknown = "nothing was thrown";
        try {
          call();
        } catch (error) {
          reason = error;
        }
        expect(leadsTo(reason, value), kind).toBe(true);
      }
    }
  });
});

describe("a signal with members of the user's own", () => {
  const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    fetch: (signal) => fetch(server.url("/hold"), { agent, signal }),
    download: (signal) => download(server.url("/hold"), file(), { agent, signal }),
    upload: (signal) => upload(new Uint8Array(3), server.url("/hold"), { agent, signal }),
    "Agent.perform": (signal) => {
      const easy = easyFor(server.url("/hold"));
      return agent.perform(easy, { signal }).finally(() => easy.close());
    },
    "Agent.readable": async (signal) => {
      using easy = easyFor(server.url("/"), { CONNECT_ONLY: 1 });
      await agent.perform(easy);
      await agent.readable(easy, { signal });
    },
  };
  for (const [name, wait] of Object.entries(waits)) {
    test(`ends ${name} when it is aborted, and only then`, async () => {
      for (const [kind, spoil] of Object.entries(evilSignals())) {
        if (!canAbort(spoil)) continue;
        const controller = new AbortController(), { signal } = controller, reason = { kind };
        spoil(signal);
        const [how, why] = await beside(() => {
          const waiting = wait(signal);
          setTimeout(() => controller.abort(reason), 20);
          return waiting;
        });
        expect(how, kind).toBe("rejected");
        expect(why, kind).toBe(reason);
      }
      await until(() => agent.active === 0);
      expect(agent.active).toBe(0);
    }, 30_000);
  }

  test("is no reason for a transfer that succeeds to fail", async () => {
    for (const [kind, spoil] of Object.entries(evilSignals())) {
      const { signal } = new AbortController();
      spoil(signal);
      const init: FetchInit = { agent, signal };
      expect(await (await fetch(server.url("/small"), init)).text(), kind).not.toBe("");
      using easy = easyFor(server.url("/small"));
      await agent.perform(easy, { signal });
    }
  });

  test("may close the agent, or the handle, when its members are read", async () => {
    for (const what of ["agent", "easy"] as const) {
      for (const name of ["aborted", "reason", "removeEventListener"]) {
        await using own = new Agent();
        using easy = easyFor(server.url("/delay/20"));
        const { signal } = new AbortController();
        Object.defineProperty(signal, name, {
          get: () => void (what === "agent" ? own.close() : easy.close()),
        });
        expect((await ending(own.perform(easy, { signal })))[0], name).toBe("resolved");
      }
    }
  });

  test("is not aborted by an event that the user dispatches", async () => {
    const controller = new AbortController(), { signal } = controller;
    const waiting = fetch(server.url("/hold"), { agent, signal });
    await until(() => agent.active === 1);
    signal.dispatchEvent(new Event("abort"));
    expect((await ending(waiting, 50))[0]).toBe("never");
    controller.abort("now");
    expect(await ending(waiting)).toEqual(["rejected", "now"]);
  });
});

test("what is no signal is refused before anything begins", async () => {
  const { signal } = new AbortController();
  const none = [new Proxy(signal, {}), {}, new EventTarget(), "x", 5, Object.create(null)];
  none.push(Object.create(AbortSignal.prototype), evilReasons()["a revoked proxy"] as object);
  for (const value of none) {
    expect(isSignal(value)).toBe(false);
    const init = { agent, signal: value as AbortSignal };
    for (
      const call of [
        fetch(server.url("/small"), init),
        download(server.url("/small"), file(), init),
      ]
    ) {
      const [how, reason] = await ending(call);
      expect(how).toBe("rejected");
      expect(reason).toBeInstanceOf(TypeError);
      expect((reason as Error).message).toContain("AbortSignal");
    }
    using easy = easyFor(server.url("/small"));
    const [how, reason] = await ending(agent.perform(easy, init));
    expect([how, (reason as CurlEasyError).codeName]).toEqual([
      "rejected",
      "CURLE_BAD_FUNCTION_ARGUMENT",
    ]);
    expect(agent.active).toBe(0);
  }
});

describe("blobs and streams with members of the user's own", () => {
  const boom = () => {
    throw new Error("touched");
  };
  const echo = async (body: FetchInit["body"]) =>
    (await (await fetch(server.url("/echo"), { agent, method: "POST", body: body! })).json())
      .length;

  test("are sent as the platform would", async () => {
    class EvilBlob extends Blob {
      override get type(): string {
        return boom();
      }
      override slice = boom;
      override arrayBuffer = boom;
      override stream = boom;
    }
    expect(await echo(new EvilBlob(["hello"]))).toBe(5);
    const stream = new Blob(["hello"]).stream();
    for (const name of ["getReader", "cancel", "pipeTo", "locked"]) {
      Object.defineProperty(stream, name, { get: boom });
    }
    expect(await echo(stream)).toBe(5);
  });

  test("whose chunks tell other lengths are sent as they are", async () => {
    class EvilBytes extends Uint8Array {
      override get length(): number {
        return 1_000_000;
      }
      override get byteLength(): number {
        return boom();
      }
      override subarray(): never {
        return boom();
      }
      static get [Symbol.species]() {
        return boom();
      }
    }
    const bytes = new EvilBytes(3);
    async function* chunks() {
      yield bytes;
    }
    expect(await echo(chunks())).toBe(3);
  });

  test("that the platform cannot read, or only by the user's code, end their own call", async () => {
    class NoSize extends Blob {
      override get size(): number {
        return boom();
      }
    }
    const stream = new Blob(["x"]).stream();
    for (const body of [new NoSize(["x"]), new Proxy(new Blob(["x"]), {}), new Proxy(stream, {})]) {
      const [how, reason] = await beside(() => echo(body));
      if (how === "resolved") expect(reason).toEqual([1]);
      else expect([how, isInstance(reason, TypeError)]).toEqual(["rejected", true]);
    }
  });
});

describe("handles and agents whose methods are the user's own", () => {
  const boom = () => {
    throw new Error("called");
  };
  const spoilt = <T extends object>(of: T, names: readonly string[]): T => {
    for (const name of names) Object.defineProperty(of, name, { get: boom });
    return of;
  };
  const EASY = [
    ...["setOpt", "setOpts", "getInfo", "perform", "pause", "reset", "duplicate", "send", "recv"],
    ...["headers", "closed", "upkeep", "then", "constructor"],
  ];
  const AGENT = ["perform", "readable", "writable", "active", "stats", "then", "constructor"];

  test("are driven as any others", async () => {
    const easy = spoilt(
      easyFor(server.url("/bytes/300000")),
      EASY.filter((name) => name !== "then"),
    );
    expect(await agent.perform(easy)).toBe(easy);
    easy.close();
    const other = spoilt(new Agent(), AGENT);
    expect(await (await fetch(server.url("/small"), { agent: other })).text()).not.toBe("");
    await download(server.url("/small"), file(), { agent: other });
    await upload(new Uint8Array(3), server.url("/echo"), { agent: other });
    await other.close();
  });

  test("and one whose then throws rejects its own promise alone", async () => {
    const easy = spoilt(easyFor(server.url("/small")), ["then"]);
    expect((await beside(() => agent.perform(easy)))[0]).toBe("rejected");
    easy.close();
  });

  test("an agent that is none is refused", async () => {
    for (const value of [new Proxy(agent, {}), {}, Object.create(Agent.prototype)]) {
      const [, reason] = await ending(fetch(server.url("/small"), { agent: value as Agent }));
      expect(reason).toBeInstanceOf(TypeError);
    }
  });
});

describe("arguments", () => {
  /** An object that counts how often each member is read, also those that are not there. */
  function counted<T extends object>(object: T): { proxy: T; reads: Map<PropertyKey, number> } {
    const reads = new Map<PropertyKey, number>();
    const proxy = new Proxy(object, {
      get(of, name, receiver) {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        return Reflect.get(of, name, receiver);
      },
    });
    return { proxy, reads };
  }

  test("are read once, and before anything begins", async () => {
    const members = { agent, timeout: 10_000, method: "PUT", headers: { "X-A": "b" }, curl: {} };
    const calls: [object, (init: object) => Promise<unknown>][] = [
      [{ ...members, body: "x" }, (init) => fetch(server.url("/echo"), init)],
      [members, (init) => upload(new Uint8Array(3), server.url("/echo"), init)],
      [{ ...members, resume: true }, (init) => download(server.url("/small"), file(), init)],
    ];
    for (const [init, call] of calls) {
      const { proxy, reads } = counted(init), running = call(proxy);
      const atOnce = new Map(reads);
      await running;
      for (const [name, count] of reads) expect([name, count]).toEqual([name, 1]);
      expect(reads).toEqual(atOnce);
      expect(reads.size).toBeGreaterThan(6);
    }
  });

  test("of upload are the bytes of the call", async () => {
    await using recorder = await record();
    const bytes = new TextEncoder().encode("before"),
      running = upload(bytes, recorder.url, { agent });
    bytes.fill(120);
    await running;
    expect(recorder.received[0]).toMatch(/before$/);
  });

  test("that change later change nothing, also for the requests after a redirect", async () => {
    const list = ["X-A: one"], curl = { PROXYHEADER: list, USERAGENT: "one" };
    const headers = { "X-B": "one" };
    const url = server.url(`/redirect-to?url=${encodeURIComponent(server.url("/echo"))}`);
    const running = fetch(url, { agent, curl, headers });
    list[0] = "bad\r\nline";
    curl.USERAGENT = headers["X-B"] = "two";
    const text = await (await running).text();
    expect(text).toContain("one");
    expect(text).not.toContain("two");
  });
});

describe("looks at values of users", () => {
  test("never throw", () => {
    for (const [kind, value] of Object.entries(evilReasons())) {
      expect(typeof textOf(value), kind).toBe("string");
      expect(typeof messageOf(value), kind).toBe("string");
      expect(() => propertyOf(value, "message")).not.toThrow();
      expect(typeof isInstance(value, Error), kind).toBe("boolean");
    }
    expect(messageOf(new Error("words"))).toBe("words");
    expect(textOf(new Error("words"))).toBe("Error: words");
    expect(isInstance(new TypeError(), Error)).toBe(true);
  });

  const root = fileURLToPath(new URL("../../", import.meta.url));
  async function sources(folder: string): Promise<[path: string, code: string][]> {
    const names = await readdir(join(root, folder), { recursive: true });
    const paths = names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
    return Promise.all(paths.map(async (path) => {
      const text = await readFile(join(root, path), "utf8");
      return [path, text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "")] as [string, string];
    }));
  }

  test("are made in the places for that, and nowhere else in src/", async () => {
    const rules: [RegExp, home: string][] = [
      [/\binstanceof\b/, "src/untrusted.ts"],
      [/signal\??\.(aborted|reason|throwIfAborted|addEventListener|removeEventListener)\b/i, ""],
      [/\.(getReader|arrayBuffer|slice)\.call\b/, "src/http/request_body/platform.ts"],
    ];
    const found: string[] = [];
    // the room of node-libcurl has values and errors of that library's own classes, and the program
    // curlew has no user who hands values in
    const others = ["src/node_libcurl/", "src/cli/"];
    const all = (await sources("src")).filter(([path]) =>
      !others.some((it) => path.startsWith(it))
    );
    for (const [path, code] of all) {
      for (const [rule, home] of rules) {
        if (path !== home && rule.test(code)) found.push(`${path}: ${rule}`);
      }
    }
    expect(found).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });

  test("and no method of a handle that users have is called by the driver", async () => {
    const own = /\b(this\.)?#?(multi|broken|driven|loop|loops|poller)\b/;
    const call =
      /([\w.#]+)\.(getInfo|setOpts?|pause|close|perform|reset|send|recv|headers|addHandle)\(/g;
    const found: string[] = [];
    for (const [path, code] of await sources("src/driver")) {
      for (const [text, receiver = ""] of code.matchAll(call)) {
        if (/\beasy\b|\bstate\b/.test(receiver) && !own.test(receiver)) {
          found.push(`${path}: ${text}`);
        }
      }
    }
    expect(found).toEqual([]);
  });
});

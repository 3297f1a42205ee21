// A kept connection that ends without an answer: libcurl sends the request again, but none that is
// not idempotent, since the server may have carried it out.
import net from "node:net";
import { describe, expect, test } from "vitest";
import { Agent, fetch, type FetchInit, fetchSync, upload } from "../../../mod.ts";
import { isKnown } from "../../../src/libcurl_versions.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { codeOf, failure } from "../support.ts";

/** A server that answers the first request of each connection, and ends it at the second. */
async function forgetful(
  how: "end" | "reset" = "end",
): Promise<{ url: string; requests: string[]; connections: () => number } & AsyncDisposable> {
  const requests: string[] = [], sockets = new Set<net.Socket>();
  let connections = 0;
  const own = net.createServer((socket) => {
    connections++;
    sockets.add(socket);
    let text = "", count = 0;
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (
        !/\r\n\r\n/.test(text) || (/^(POST|PUT|PATCH|ODD) /.test(text) && !text.includes("body"))
      ) {
        return;
      }
      requests.push(text.split(" ")[0] as string);
      text = "";
      if (count++ === 0) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else if (how === "end") socket.end();
      else socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const { port } = own.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    connections: () => connections,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => own.close(() => resolve()));
    },
  };
}

const bodies: Record<string, () => string | Blob> = {
  "text": () => "body",
  "a Blob": () => new Blob(["body"]),
};

const tells = isKnown(easyOptions.PREREQFUNCTION); // otherwise each request has its own connection

describe.each(["end", "reset"] as const)("a kept connection with an %s", (how) => {
  async function pair(method: string, init: FetchInit) {
    await using agent = new Agent();
    await using own = await forgetful(how);
    const options = { agent, timeout: 5000 };
    expect(await (await fetch(own.url, options)).text()).toBe("ok");
    const end = await fetch(own.url, { ...options, method, ...init })
      .then((response) => response.text(), (error: unknown) => error);
    return { end, requests: own.requests.slice(1), connections: own.connections() };
  }

  test.each(["GET", "HEAD", "OPTIONS", "DELETE"])("%s is sent again", async (method) => {
    const { end, requests, connections } = await pair(method, {});
    expect(end).toBe(method === "HEAD" ? "" : "ok");
    expect([requests, connections]).toEqual([[method, method], 2]);
  });

  describe.each(Object.keys(bodies))("with %s", (kind) => {
    test("PUT is sent again", async () => {
      const { end, requests } = await pair("PUT", { body: bodies[kind]!() });
      expect([end, requests]).toEqual(["ok", ["PUT", "PUT"]]);
    });

    test.each(["POST", "PATCH", "ODD"])("%s is sent once", async (method) => {
      const { end, requests } = await pair(method, { body: bodies[kind]!() });
      expect(requests).toEqual([method]);
      if (!tells) return expect(end).toBe("ok");
      expect(end).toBeInstanceOf(TypeError);
      expect(String(end)).toContain("retryUnsafe");
      expect(codeOf(end)).toBe("CURLE_GOT_NOTHING");
    });

    test.each(["POST", "PATCH", "ODD"])("%s is sent again where it may be", async (method) => {
      const { end, requests } = await pair(method, { body: bodies[kind]!(), retryUnsafe: true });
      expect([end, requests]).toEqual(["ok", [method, method]]);
    });
  });

  test.each(["POST", "PUT"])("a stream by %s says that the connection was lost", async (method) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("body"));
        controller.close();
      },
    });
    const { end, requests } = await pair(method, { body });
    expect(requests).toEqual([method]);
    if (!tells && method === "POST") return expect(end).toBe("ok");
    expect(String(end)).toContain("connection was lost");
  });

  test("upload follows the same rule", async () => {
    for (const method of ["PUT", "POST"]) {
      for (const retryUnsafe of [false, true]) {
        await using agent = new Agent();
        await using own = await forgetful(how);
        await (await fetch(own.url, { agent })).text();
        const bytes = new TextEncoder().encode("body");
        const options = { agent, method, retryUnsafe, timeout: 5000 };
        const end = await upload(bytes, own.url, options).catch((error: unknown) => error);
        const isOnce = method === "POST" && !retryUnsafe;
        expect(own.requests.slice(1)).toEqual(isOnce ? [method] : [method, method]);
        if (!isOnce || !tells) expect(end).toMatchObject({ status: 200, bytes: 4 });
        else expect(codeOf(end)).toBe("CURLE_GOT_NOTHING");
      }
    }
  });
});

test.skipIf(!tells)("a PREREQFUNCTION of the user's own is still called", async () => {
  await using agent = new Agent();
  await using own = await forgetful();
  const seen: unknown[][] = [];
  const curl: FetchInit["curl"] = { PREREQFUNCTION: (...args) => (seen.push(args), 0) };
  const init = { method: "POST", body: "body", agent, curl };
  expect(await (await fetch(own.url, init)).text()).toBe("ok");
  expect(seen.length).toBe(1);
  expect(seen[0]!.slice(1, 2)).toEqual(["127.0.0.1"]);
  const refusing: FetchInit["curl"] = { PREREQFUNCTION: () => 1 };
  const error = await failure(fetch(own.url, { ...init, curl: refusing }));
  expect(codeOf(error)).toBe("CURLE_ABORTED_BY_CALLBACK");
  expect(own.requests).toEqual(["POST"]);
});

test("a request on a new connection that ends is sent once, and is an error", async () => {
  const requests: string[] = [];
  const own = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => (requests.push(data.toString("latin1")), socket.end()));
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(own.address() as net.AddressInfo).port}/`;
  await using agent = new Agent();
  for (const method of ["GET", "POST"]) {
    const error = await failure(fetch(url, { method, agent, retryUnsafe: true }));
    expect(codeOf(error)).toBe("CURLE_GOT_NOTHING");
  }
  expect(requests.length).toBe(2);
  await new Promise((resolve) => own.close(resolve));
});

test("retries after an answer are not touched: Digest by POST", async () => {
  let connections = 0;
  const texts: string[] = [];
  const own = net.createServer((socket) => {
    connections++;
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      texts.push(text);
      const isKnown = /authorization: digest/i.test(text);
      text = "";
      socket.write(
        isKnown
          ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
          : 'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\nContent-Length: 0\r\n\r\n',
      );
    });
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(own.address() as net.AddressInfo).port}/`;
  await using agent = new Agent();
  const curl = { HTTPAUTH: 2, USERPWD: "a:b" }; // CURLAUTH_DIGEST
  const response = await fetch(url, { method: "POST", body: "body", agent, curl });
  expect([response.status, await response.text()]).toEqual([200, "ok"]);
  expect([texts.length, connections]).toEqual([2, 1]);
  await agent.close();
  await new Promise((resolve) => own.close(resolve));
});

test("fetchSync follows the same rule after a redirect", async () => {
  // the server runs in another process, since the call blocks this one
  const { startServer } = await import("../../server/start.ts");
  const server = await startServer("http");
  try {
    for (
      const [method, retryUnsafe, code] of [
        ["POST", false, tells ? "CURLE_GOT_NOTHING" : undefined],
        ["POST", true, undefined],
        ["PUT", false, undefined],
      ] as const
    ) {
      let error: unknown;
      try {
        fetchSync(server.url(`/once-on-kept/${method}${retryUnsafe}`), {
          method,
          body: "body",
          retryUnsafe,
          timeout: 5000,
        });
      } catch (thrown) {
        error = thrown;
      }
      expect(codeOf(error), `${method} ${retryUnsafe}`).toBe(code);
    }
  } finally {
    await server.close();
  }
});

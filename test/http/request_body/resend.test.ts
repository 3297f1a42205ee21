// When the server wants to be asked: Expect, and bodies that are sent again.
import net from "node:net";
import { expect, test } from "vitest";
import { constants } from "../../../mod.ts";
import type { FetchBody } from "../../../src/http/request_body/source.ts";
import { useServer } from "../../use.ts";
import { codeOf, echo, failure, get, record, sentText } from "../support.ts";

const server = useServer("http", "silent");

const { CURLAUTH_DIGEST, CURLAUTH_BASIC, CURLAUTH_ANY } = constants;

function stream(text = "streamed"): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  }, { highWaterMark: 0 });
}

test("Expect: 100-continue waits for the server's 100 before the body", async () => {
  let pulled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled = true;
      controller.enqueue(new TextEncoder().encode("later"));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = { Expect: "100-continue" };
  const curl = { EXPECT_100_TIMEOUT_MS: 60_000 };
  await using refusing = await record(
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  const refused = await get(refusing.url, { method: "PUT", body, headers, curl });
  expect(refused.status).toBe(403);
  expect(pulled).toBe(false);
  expect(refusing.lines()).toContain("Expect: 100-continue");
  const arrived = await echo(server.url("/echo"), {
    method: "PUT",
    body: stream("later"),
    headers,
    curl,
  });
  expect(sentText(arrived)).toBe("later");
});

test("a body is sent again for a digest authentication, where it can be", async () => {
  const url = server.url("/digest/user/pass");
  const bodies: FetchBody[] = ["text", new Blob(["blob"]), new Uint8Array(500_000)];
  for (const HTTPAUTH of [CURLAUTH_DIGEST, CURLAUTH_ANY]) {
    for (const body of bodies) {
      const curl = { HTTPAUTH, USERPWD: "user:pass" };
      const response = await get(url, { method: "POST", body, curl });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ authenticated: true, user: "user" });
    }
  }
});

test("a stream is sent once: libcurl asks for the challenge without it", async () => {
  const curl = { HTTPAUTH: CURLAUTH_DIGEST, USERPWD: "user:pass" };
  const url = server.url("/digest/user/pass");
  const response = await get(url, { method: "POST", body: stream(), curl });
  expect(response.status).toBe(200);
});

/** Keeps the connection after one answer, and ends it at the next request. */
async function forgetful(): Promise<{ url: string } & AsyncDisposable> {
  let answered = false;
  const server = net.createServer((socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!/\r\n\r\n(0\r\n\r\n|.*streamed|$)/s.test(text)) return;
      if (answered && !text.includes("streamed")) return;
      if (answered) return void socket.destroy();
      answered = true;
      text = "";
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("a stream says that the connection was lost", async () => {
  await using dying = await forgetful();
  expect(await (await get(dying.url)).text()).toBe("ok");
  const error = await failure(get(dying.url, { method: "POST", body: stream() }));
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).toContain(
    "the connection was lost before the answer, and the body was a stream",
  );
  expect(codeOf(error)).toBe("CURLE_SEND_FAIL_REWIND");
});

test("wrong credentials give the 401 itself, with its body", async () => {
  for (
    const [HTTPAUTH, kind] of [[CURLAUTH_DIGEST, "digest"], [CURLAUTH_BASIC, "basic"]] as const
  ) {
    const curl = { HTTPAUTH, USERPWD: "user:wrong" };
    const response = await get(server.url(`/${kind}/user/pass`), { curl });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^(Digest|Basic) /);
    expect(await response.json()).toEqual({ authenticated: false });
  }
  const without = await get(server.url("/basic/user/pass"));
  expect(without.status).toBe(401);
  expect(await without.json()).toEqual({ authenticated: false });
});

test("a 401 without credentials to answer it resolves when its headers end", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const own = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
      void promise.then(() => socket.end("body"));
    });
  });
  await new Promise<void>((listening) => own.listen(0, "127.0.0.1", listening));
  const { port } = own.address() as net.AddressInfo;
  try {
    const response = await get(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(401);
    resolve();
    expect(await response.text()).toBe("body");
  } finally {
    resolve();
    await new Promise((closed) => own.close(closed));
  }
});

test("credentials in the URL are sent, and are not in the response's URL", async () => {
  const target = new URL(server.url("/echo"));
  [target.username, target.password] = ["us er", "p%3Ass"];
  const response = await get(target);
  expect(response.url).toBe(server.url("/echo"));
  const { headers } = await response.json();
  const given = headers.find(([name]: [string]) => name === "Authorization");
  expect(given).toEqual(["Authorization", `Basic ${btoa("us er:p:ss")}`]);
});

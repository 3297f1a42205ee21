// A response with a flood of header fields ends early, by a limit that can be changed.
import net from "node:net";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { download, fetch, fetchSync, upload } from "../../../mod.ts";
import { createFetch } from "../../../session.ts";
import { useFolder, useServer } from "../../use.ts";
import { codeOf, failure } from "../support.ts";

const server = useServer("http");
const folder = useFolder("flood");

const timeout = 10_000;
/** The calls, each of which gives the number of fields or fails. */
const calls: Record<string, (url: string, maxHeaders?: number) => unknown> = {
  fetch: async (url, maxHeaders) =>
    [...(await fetch(url, { timeout, ...limit(maxHeaders) })).headers].length,
  createFetch: async (url, maxHeaders) =>
    [...(await createFetch({ timeout, ...limit(maxHeaders) })(new Request(url))).headers].length,
  fetchSync: (url, maxHeaders) =>
    [...fetchSync(url, { timeout, ...limit(maxHeaders) }).headers].length,
  upload: async (url, maxHeaders) =>
    (await upload(new Uint8Array(1), url, { timeout, ...limit(maxHeaders) })).status,
  download: async (url, maxHeaders) =>
    (await download(url, join(folder, `${Math.random()}`), { timeout, ...limit(maxHeaders) }))
      .bytes,
};

const limit = (maxHeaders?: number) => maxHeaders === undefined ? {} : { maxHeaders };

test.each(Object.keys(calls))("%s has a limit, and another one where it is given", async (name) => {
  const call = async (n: number, maxHeaders?: number) =>
    await calls[name]!(server.url(`/headers?n=${n}`), maxHeaders);
  expect(await call(100)).toBeGreaterThan(0);
  expect(await call(100, 200)).toBeGreaterThan(0);
  expect(await call(2100, 2200)).toBeGreaterThan(0);
  for (const [n, maxHeaders] of [[2100], [100, 100], [1, 0]] as const) {
    const error = await failure(call(n, maxHeaders));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(`more than ${maxHeaders ?? 2000} header fields`);
    expect(String(error)).toContain("maxHeaders");
    expect(codeOf(error)).toBe("CURLE_RECV_ERROR");
  }
});

test("a limit that is none is refused", async () => {
  for (const maxHeaders of [-1, NaN, "2" as unknown as number]) {
    expect(String(await failure(fetch(server.url("/small"), { maxHeaders })))).toContain(
      "maxHeaders must be a number",
    );
  }
});

/** A server that sends such an answer. */
async function sending(answer: string): Promise<{ url: string } & AsyncDisposable> {
  const own = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer, "latin1"));
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const { port } = own.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => own.close(() => resolve())),
  };
}

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => `${line(i)}\r\n`).join("");
const OK = "HTTP/1.1 200 OK\r\n";
/** Floods of each kind. */
const floods: Record<string, string> = {
  "different names": `${OK}${many(20_000, (i) => `X${i}: y`)}\r\n`,
  "one name": `${OK}${many(20_000, () => "X: y")}\r\n`,
  "cookies": `${OK}${many(20_000, (i) => `Set-Cookie: a${i}=b`)}\r\n`,
  "lines that go on": `${OK}X: y\r\n${many(20_000, () => " z")}\r\n`,
  "names that Headers refuses": `${OK}${many(20_000, () => "a b: y")}\r\n`,
  "trailers": `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${many(20_000, (i) => `X${i}: y`)}\r\n`,
  "an interim head": `HTTP/1.1 103 Hints\r\n${many(20_000, (i) => `X${i}: y`)}\r\n${OK}\r\n`,
};

test.each(Object.keys(floods))("20000 fields of %s end within a second of CPU", async (kind) => {
  await using own = await sending(floods[kind]!);
  const { user, system } = process.cpuUsage();
  const error = await failure((async () => {
    await (await fetch(own.url, { timeout })).text();
  })());
  const used = process.cpuUsage({ user, system });
  expect(["CURLE_RECV_ERROR", "CURLE_TOO_LARGE"]).toContain(codeOf(error));
  expect((used.user + used.system) / 1000).toBeLessThan(1000);
});

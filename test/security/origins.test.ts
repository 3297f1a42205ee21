// Where a transfer may go, and what of its credentials goes with it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  type CurlEasyError,
  download,
  Easy,
  fetchSync,
  type FetchSyncInit,
  transferInfo,
  upload,
} from "../../mod.ts";
import type { FetchInit } from "../../src/http/request/plan.ts";
import { useFolder, useServer } from "../use.ts";
import { codeOf, type Echo, echo, failure, get, sent } from "../http/support.ts";

const server = useServer("http", "https");
const other = useServer("http");
const folder = useFolder("security");
let secretFile: string;
beforeAll(() => {
  secretFile = join(folder, "secret.txt");
  writeFileSync(secretFile, "TOP SECRET\n");
});

const to = (url: string, status = 302) =>
  server.url(`/redirect-to?status=${status}&url=${encodeURIComponent(url)}`);

describe("a redirect to file:", () => {
  const target = () => pathToFileURL(secretFile).href;

  test("is not followed by an Easy that follows redirects, blocking or by an Agent", async () => {
    await using agent = new Agent();
    for (const PROTOCOLS of [undefined, -1]) { // -1 is all, for the first URL
      for (const run of [(easy: Easy) => easy.perform(), (easy: Easy) => agent.perform(easy)]) {
        let body = "";
        using easy = new Easy();
        easy.setOpts({
          URL: to(target()),
          FOLLOWLOCATION: 1,
          TIMEOUT_MS: 10_000,
          WRITEFUNCTION: (bytes) => (body += new TextDecoder().decode(bytes), bytes.length),
        });
        if (PROTOCOLS !== undefined) easy.setOpt("PROTOCOLS", PROTOCOLS);
        const error = await failure((async () => void await run(easy))()) as CurlEasyError;
        expect(error.codeName).toBe("CURLE_UNSUPPORTED_PROTOCOL");
        expect(body).not.toContain("SECRET");
      }
    }
  });

  test("is not followed by fetch, fetchSync, download and upload, whatever init.curl says", async () => {
    const curl = { PROTOCOLS: -1, REDIR_PROTOCOLS: -1 };
    const path = join(folder, "downloaded");
    for (const init of [{}, { curl }] as FetchInit[]) {
      expect(await failure(get(to(target()), init))).toBeInstanceOf(TypeError);
      expect(() => fetchSync(to(target()), init as FetchSyncInit)).toThrow(TypeError);
      expect(await failure(download(to(target()), path, init as object))).toBeInstanceOf(TypeError);
      const sending = upload("x", to(target(), 307), { timeout: 10_000, ...init } as object);
      const result = await sending.catch((error) => error);
      expect(result instanceof TypeError || result.status === 307).toBe(true);
    }
    expect(readdirSync(folder).filter((name) => !name.startsWith("."))).toEqual(["secret.txt"]);
    expect(readFileSync(secretFile, "utf8")).toBe("TOP SECRET\n");
  });
});

test("fetch itself takes http and https only, and the built-in data:, blob: and about:", async () => {
  for (const url of [pathToFileURL(secretFile).href, "ftp://127.0.0.1/", "dict://127.0.0.1/"]) {
    expect(await failure(get(url)), url).toBeInstanceOf(TypeError);
    expect(() => fetchSync(url), url).toThrow(TypeError);
  }
});

test("TLS is verified unless told otherwise, and an option left null does not end that", async () => {
  await using agent = new Agent();
  const url = server.url("/small", "https");
  expect(codeOf(await failure(get(url)))).toBe("CURLE_PEER_FAILED_VERIFICATION");
  expect(() => fetchSync(url)).toThrow(/CURLE_PEER_FAILED_VERIFICATION/);
  for (const options of [{}, { SSL_VERIFYPEER: null, SSL_VERIFYHOST: null }]) {
    using easy = new Easy();
    easy.setOpts({ URL: url, TIMEOUT_MS: 10_000, ...options });
    expect(await failure(agent.perform(easy)))
      .toMatchObject({ codeName: "CURLE_PEER_FAILED_VERIFICATION" });
    easy.reset();
    easy.setOpts({ URL: url, TIMEOUT_MS: 10_000 });
    expect(() => easy.perform()).toThrow(/certificate/i);
  }
});

const NAMES = ["authorization", "cookie", "proxy-authorization"];
const arrived = (seen: Echo) => Object.fromEntries(NAMES.map((name) => [name, sent(seen, name)]));
const NONE = { "authorization": [], "cookie": [], "proxy-authorization": [] };

describe("credentials", () => {
  const KINDS: [name: string, init: FetchInit][] = [
    ["headers", { headers: { Authorization: "Bearer s", Cookie: "a=s" } }],
    ["USERPWD", { curl: { USERPWD: "user:s" } }],
    ["USERNAME and PASSWORD", { curl: { USERNAME: "user", PASSWORD: "s" } }],
    ["XOAUTH2_BEARER", { curl: { XOAUTH2_BEARER: "s", HTTPAUTH: 64 } }],
    ["COOKIE", { curl: { COOKIE: "a=s" } }],
    ["COOKIELIST, a cookie of no domain", { curl: { COOKIELIST: "Set-Cookie: a=s" } }],
  ];

  test.each(KINDS)("%s: not for another origin, and back not either", async (_name, init) => {
    expect(arrived(await echo(server.url("/echo"), init))).not.toEqual(NONE);
    expect(arrived(await echo(to(server.url("/echo")), init))).not.toEqual(NONE);
    expect(arrived(await echo(to(other.url("/echo")), init))).toEqual(NONE);
    const sync = fetchSync(to(other.url("/echo")), init as FetchSyncInit);
    expect(arrived(JSON.parse(new TextDecoder().decode(sync.body)))).toEqual(NONE);
  });

  test("a cookie of no domain goes no further than its origin, those of a domain do", async () => {
    const netscape = (host: string, value: string) => `${host}\tFALSE\t/\tFALSE\t0\tb\t${value}`;
    const file = join(folder, "cookies.txt");
    const lines = [
      "Set-Cookie: a=s",
      netscape("127.0.0.1", "here"),
      netscape("localhost", "there"),
    ];
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    const away = other.url("/echo").replace("127.0.0.1", "localhost"); // another host too
    const curl = { COOKIEFILE: file, IPRESOLVE: 1 };
    const cookies = (seen: Echo) => sent(seen, "cookie").join().split("; ").sort();
    expect(cookies(await echo(server.url("/echo"), { curl }))).toEqual(["a=s", "b=here"]);
    expect(cookies(await echo(to(away), { curl }))).toEqual(["b=there"]);
    const sync = fetchSync(to(away), { timeout: 10_000, curl });
    expect(cookies(JSON.parse(new TextDecoder().decode(sync.body)))).toEqual(["b=there"]);
    const path = join(folder, "downloaded");
    await download(to(away), path, { timeout: 10_000, curl });
    expect(cookies(JSON.parse(readFileSync(path, "utf8")))).toEqual(["b=there"]);
    rmSync(path);
  });

  test("of a netrc file are for the hosts in it", async () => {
    const file = join(folder, "netrc");
    writeFileSync(file, "machine 127.0.0.1 login user password s\n");
    const curl = { NETRC: 2, NETRC_FILE: file };
    expect(arrived(await echo(server.url("/echo"), { curl })).authorization).toHaveLength(1);
    const away = server.url("/echo").replace("127.0.0.1", "localhost");
    expect(arrived(await echo(to(away), { curl: { ...curl, IPRESOLVE: 1 } }))).toEqual(NONE);
  });

  test("of one fetch are not those of the next on the same connection", async () => {
    await using agent = new Agent();
    for (const [, init] of KINDS) {
      await echo(server.url("/echo"), { ...init, agent });
      await echo(server.url("/echo").replace("//", "//user:s@"), { agent });
      expect(arrived(await echo(server.url("/echo"), { agent }))).toEqual(NONE);
    }
  });

  test("are not in what transferInfo, the response and its errors tell", async () => {
    const init: FetchInit = {
      headers: { Authorization: "Bearer s3cret", Cookie: "a=s3cret" },
      curl: { USERPWD: "user:s3cret", PROXYUSERPWD: "user:s3cret" },
    };
    const url = server.url("/small").replace("//", "//user:s3cret@");
    const response = await get(url, init);
    await response.text();
    const told = [transferInfo(response), response.url, [...response.headers]];
    expect(JSON.stringify(told)).not.toContain("s3cret");
    for (const path of ["/truncated", "/reset", "/redirect/30"]) {
      const broken = server.url(path).replace("//", "//user:s3cret@");
      const fails = async () => await (await get(broken, init)).text();
      for (
        let error = await failure(fails());
        error instanceof Error;
        error = error.cause as Error
      ) {
        expect(`${error} ${error.stack} ${JSON.stringify(error)}`).not.toContain("s3cret");
      }
    }
  });

  test("given in a wrong type are not in the error", () => {
    using easy = new Easy();
    for (const value of ["s3cret\0", "s3cret\n", ["s3cret"], { s3cret: 1 }] as unknown[]) {
      for (
        const name of ["USERPWD", "PROXYUSERPWD", "KEYPASSWD", "COOKIE", "TIMEOUT_MS"] as const
      ) {
        if (name === "KEYPASSWD" && value === "s3cret\n") continue; // which may have one
        let message = "";
        try {
          easy.setOpt(name, value as never);
        } catch (error) {
          message = String(error);
        }
        expect(message).not.toBe("");
        expect(message).not.toContain("s3cret");
      }
    }
  });
});

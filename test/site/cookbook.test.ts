// Every program of the cookbook is run by the command in its head, and prints what the head says.
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as own from "../examples/servers.ts";
import { headOf, type Instead, pathOf, ROOT, runsAsItSays } from "../examples/support.ts";
import { useFolder, useServer } from "../use.ts";
import { libcurl } from "../versions.ts";

const FOLDER = "docs/cookbook";
const server = useServer("http", "https");
const cwd = useFolder("cookbook");
let cookies: own.Served;

beforeAll(async () => {
  cookies = await own.cookieServer();
  await copyFile(server.ca, join(cwd, "ca.pem"));
});
afterAll(async () => {
  await cookies[Symbol.asyncDispose]();
});

const page = (): Instead => [["https://example.com/", server.url("/readme/example")]];
const big = (): Instead => [["https://example.com/big.bin", server.url("/bytes/300000")]];
const echo = (): Instead => [["https://example.com/echo", server.url("/echo")]];

/** What stands in the place of the names that a head has. */
const INSTEAD: Readonly<Record<string, () => Instead>> = {
  "checksum.ts": big,
  "cookie_jar.ts": () => [["https://example.com", cookies.origin]],
  "fixed_address.ts": () => [
    ["http://shop.example:8080/", `http://shop.example:${server.http}/small`],
    ["192.0.2.1", "127.0.0.1"],
  ],
  "get_json.ts": () => [["https://example.com/user.json", server.url("/cookies/set?name=Ada")]],
  "har.ts": page,
  "headers.ts": echo,
  "http_version.ts": page,
  "limited_body.ts": big,
  "lines.ts": () => [["https://example.com/events.ndjson", server.url("/stream/20/1")]],
  "login.ts": () => [
    ["https://example.com/basic", server.url("/basic/user/pass")],
    ["https://example.com/digest", server.url("/digest/user/pass")],
  ],
  "own_ca.ts": () => [["https://internal.example/", server.url("/small", "https")]],
  "pinned_key.ts": () => [
    ["https://internal.example/", server.url("/small", "https")],
    ["sha256//KEY", server.pin],
  ],
  "post_json.ts": () => [["https://example.com/birds", server.url("/readme/post")]],
  "private_addresses.ts": () => [
    ["http://localhost:8080/", `http://localhost:${server.http}/small`],
  ],
  "redirects.ts": () => [["https://example.com/redirect", server.url("/redirect/1")]],
  "share.ts": page,
  "sync.ts": page,
  "timeouts.ts": () => [
    ["https://example.com/never", server.url("/hold")],
    ["https://example.com/slow", server.url("/slow/1000/20")],
  ],
  "url.ts": () => [],
};

const { caBlob } = libcurl;
const NEEDS: Readonly<Record<string, typeof caBlob>> = { "own_ca.ts": caBlob };

describe.concurrent("programs", () => {
  for (const [name, instead] of Object.entries(INSTEAD)) {
    const { holds = true, note = "" } = NEEDS[name] ?? {};
    test.skipIf(!holds)(`${name} prints what its head says${note}`, async () => {
      await runsAsItSays(name, { cwd, folder: FOLDER, instead: instead() });
    });
  }
});

const names = async () =>
  (await readdir(join(ROOT, FOLDER))).filter((name) => name.endsWith(".ts")).sort();

test("every program is run", async () => {
  expect(Object.keys(INSTEAD).sort()).toEqual(await names());
});

test("every program is short, imports curlew by its name, and says what it prints", async () => {
  for (const name of await names()) {
    const text = await readFile(pathOf(name, FOLDER), "utf8");
    const code = text.replace(/^(?:\/\/.*\n)+/, "");
    expect(code.split("\n").length, name).toBeLessThanOrEqual(50);
    expect(code, name).toMatch(/from "curlew/);
    expect(code, name).not.toMatch(/from "\.{1,2}\//);
    expect((await headOf(name, FOLDER)).stdout.length, name).toBeGreaterThan(0);
  }
});

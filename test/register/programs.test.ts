// Programs from npm as they are, behind a SOCKS proxy that they know nothing of.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isBun } from "../driver/support.ts";
import { useServer } from "../use.ts";
import { runRegistered, startApi } from "./support.ts";

/** Each program, and what it prints. */
const PROGRAMS: Readonly<Record<string, string>> = {
  axios: 'POST /axios {"bird":"curlew"}',
  openai: "a |curlew |calls",
  anthropic: "a |curlew |calls",
  mcp: "call a curlew calls",
  openid: "for scope=birds&grant_type=client_credentials&client_id=id&client_secret=secret",
  octokit: 'POST /repos/curlew/issues {"title":"a title"}',
  ky: 'POST /ky {"bird":"curlew"}',
  ofetch: 'PUT /ofetch {"bird":"curlew"}',
};

const server = useServer("http", "socks");
let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe.for(Object.entries(PROGRAMS))("%s", ([name, output]) => {
  test("works behind the proxy", async () => {
    // only the proxy finds this name
    const url = `http://api.invalid:${api.port}`;
    const env = { all_proxy: `socks5h://127.0.0.1:${server.socks}` };
    const child = await runRegistered(`programs/${name}.ts`, [url], env);
    expect(child.stdout.trim(), child.stderr).toBe(output);
    expect(child).toMatchObject({ code: 0 });
  }, 40_000);
});

test("works without a proxy", async () => {
  const child = await runRegistered("programs/ky.ts", [`http://127.0.0.1:${api.port}`]);
  expect(child.stdout.trim(), child.stderr).toBe(PROGRAMS["ky"]);
}, 40_000);

test("without register Bun's own fetch does not get behind the proxy, Deno's does", async () => {
  const env = { all_proxy: `socks5h://127.0.0.1:${server.socks}` };
  const url = `http://api.invalid:${api.port}`;
  const child = await runRegistered("programs/ofetch.ts", [url], env, false);
  expect(child.code === 0).toBe(!isBun);
}, 40_000);

// Authentications that take more than one request: NTLM, Digest, Negotiate, and at a proxy.
import { describe, expect, test } from "vitest";
import { constants, fetchSync, transferInfo } from "../../../mod.ts";
import type { FetchCurlOptions, FetchInit, FetchProgress } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { codeOf, echo, failure, get, hasFeature, sent } from "../support.ts";

const { CURLAUTH_ANY, CURLAUTH_DIGEST, CURLAUTH_NEGOTIATE, CURLAUTH_NTLM } = constants;
const hasNtlm = hasFeature(constants.CURL_VERSION_NTLM);
const hasNegotiate = hasFeature(constants.CURL_VERSION_SPNEGO);
const unless = (has: boolean, name: string) => has ? "" : ` (this libcurl has no ${name})`;

const server = useServer("http", "https", "h2", "proxy");

const USERPWD = "user:pass";
const large = () => new Blob([new Uint8Array(300_000)]);

/** What a POST ended with: its status, and how many bytes of the body arrived. */
async function post(path: string, body: FetchInit["body"], curl: FetchCurlOptions) {
  const init = { method: "POST", body: body ?? null, curl: { FRESH_CONNECT: 1, ...curl } };
  const response = await get(server.url(path), init);
  await response.text();
  return [response.status, Number(response.headers.get("x-length"))];
}

describe.skipIf(!hasNtlm)(`NTLM${unless(hasNtlm, "NTLM")}`, () => {
  const curl = { HTTPAUTH: CURLAUTH_NTLM, USERPWD };

  test("logs in, and the connection stays its user's", async () => {
    const first = await get(server.url("/ntlm"), { curl });
    expect(await first.json()).toEqual({ authenticated: true, user: "user" });
    const stranger = await get(server.url("/ntlm"));
    expect(stranger.status).toBe(401);
    await stranger.text();
    const again = await get(server.url("/ntlm"), { curl });
    expect(again.status).toBe(200);
    await again.text();
    expect(transferInfo(again).localPort).toBe(transferInfo(first).localPort);
    expect(transferInfo(stranger).localPort).not.toBe(transferInfo(first).localPort);
  });

  test("sends any body once it may", async () => {
    for (const body of ["text", new Uint8Array(4), new Blob(["blob"])]) {
      expect(await post("/ntlm", body, curl)).toEqual([200, 4]);
    }
    expect(await post("/ntlm", large(), curl)).toEqual([200, 300_000]);
    // libcurl asks for the challenge without the stream
    expect(await post("/ntlm", large().stream(), curl)).toEqual([200, 300_000]);
    expect(await post("/ntlm", large(), { ...curl, HTTPAUTH: CURLAUTH_ANY }))
      .toEqual([200, 300_000]);
  });

  test("gives the 401 of wrong credentials", async () => {
    for (const wrong of ["user:wrong", "other:pass"]) {
      const response = await get(server.url("/ntlm"), { curl: { ...curl, USERPWD: wrong } });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ authenticated: false });
    }
  });

  test("goes back to HTTP/1.1, which alone can do it", async () => {
    const more = { ...curl, CAINFO: server.ca, ...ALPN };
    const response = await get(server.url("/ntlm", "h2"), { curl: more });
    expect(response.status).toBe(200);
    await response.text();
    expect(transferInfo(response).httpVersion).toBe("1.1");
  });
});

test.skipIf(hasNtlm)("NTLM says so where libcurl was built without it", async () => {
  const curl = { HTTPAUTH: CURLAUTH_NTLM, USERPWD };
  expect(codeOf(await failure(get(server.url("/ntlm"), { curl })))).toBe("CURLE_NOT_BUILT_IN");
});

describe("Negotiate", () => {
  const curl = { HTTPAUTH: CURLAUTH_NEGOTIATE, USERPWD: ":" };

  test.skipIf(!hasNegotiate)(
    `without a ticket is the 401 itself${unless(hasNegotiate, "SPNEGO")}`,
    async () => {
      const response = await get(server.url("/negotiate"), { curl });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ authenticated: false });
      const [status] = await post("/negotiate", large().stream(), curl);
      expect(status).toBe(401);
    },
  );

  test.skipIf(hasNegotiate)("says so where libcurl was built without it", async () => {
    const error = await failure(get(server.url("/negotiate"), { curl }));
    expect(codeOf(error)).toBe("CURLE_NOT_BUILT_IN");
  });
});

describe("a proxy's", () => {
  const schemes: (readonly [name: "proxyDigest" | "proxyNtlm", auth: number])[] = [
    ["proxyDigest", CURLAUTH_DIGEST],
    ["proxyDigest", CURLAUTH_ANY],
    ...(hasNtlm ? [["proxyNtlm", CURLAUTH_NTLM], ["proxyNtlm", CURLAUTH_ANY]] as const : []),
  ];
  const through = (name: "proxyDigest" | "proxyNtlm", PROXYAUTH: number, password: string) => ({
    PROXY: `http://127.0.0.1:${server[name]}`,
    PROXYUSERPWD: `user:${password}`,
    PROXYAUTH,
    CAINFO: server.ca,
    FRESH_CONNECT: 1,
  });

  test(`Digest and NTLM let requests and tunnels through${unless(hasNtlm, "NTLM")}`, async () => {
    for (const [name, auth] of schemes) {
      const curl = through(name, auth, "pass");
      const arrived = await echo(server.url("/echo"), { method: "POST", body: "hello", curl });
      expect(arrived.length).toBe(5);
      expect(sent(arrived, "proxy-authorization")).toEqual([]);
      const tunnelled = await echo(server.url("/echo", "https"), { curl });
      expect(tunnelled.tls).toBeTruthy();
      expect(sent(tunnelled, "proxy-authorization")).toEqual([]);
    }
  });

  test("refusal is the 407, or an error where it should tunnel", async () => {
    for (const [name, auth] of schemes) {
      const curl = through(name, auth, "wrong");
      expect((await get(server.url("/small"), { curl })).status).toBe(407);
      const error = await failure(get(server.url("/small", "https"), { curl }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("407");
      expect(String(error)).not.toContain("wrong");
    }
  });
});

describe("all requests of an authentication", () => {
  const url = () => server.url("/digest/user/pass?delay=300");
  const curl = { HTTPAUTH: CURLAUTH_DIGEST, USERPWD, FRESH_CONNECT: 1 };

  test("count together for the timeout", async () => {
    const error = await failure(get(url(), { timeout: 450, curl }));
    expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
  });

  test("do not count for connectTimeout, once it is connected", async () => {
    const response = await get(url(), { connectTimeout: 250, curl });
    expect(response.status).toBe(200);
  });

  test("are not what onProgress counts as received", async () => {
    const want = JSON.stringify({ authenticated: true, user: "user" }).length;
    const seen: FetchProgress[] = [];
    const onProgress = (now: FetchProgress) => void seen.push(now);
    const totals = () => new Set(seen.map(({ downloadTotal }) => downloadTotal));
    for (const HTTPAUTH of [CURLAUTH_DIGEST, CURLAUTH_ANY]) {
      const own = { ...curl, HTTPAUTH };
      const init = { method: "POST", body: large(), curl: own, onProgress };
      await (await get(url(), init)).text();
      expect(seen.at(-1)).toEqual({
        downloaded: want,
        downloadTotal: want,
        uploaded: 300_000,
        uploadTotal: 300_000,
      });
      expect(totals()).toEqual(new Set([null, want]));
      seen.length = 0;
    }
    fetchSync(url(), { timeout: 5000, curl, onProgress });
    expect(seen.at(-1)).toMatchObject({ downloaded: want, downloadTotal: want });
    expect(totals()).toEqual(new Set([null, want]));
  });
});

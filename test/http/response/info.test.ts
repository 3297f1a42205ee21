// transferInfo and formatTimings.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { formatTimings, type TransferInfo } from "../../../src/http/response/info.ts";
import { transferInfo } from "../../../src/http/response/response.ts";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { failure, get, sleep } from "../support.ts";

const server = useServer("http", "https", "h2");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

/** The info of a fetch whose body was read. */
async function infoOf(url: string, init: FetchInit = {}): Promise<TransferInfo> {
  const response = await get(url, { agent, ...init });
  await response.bytes();
  return transferInfo(response);
}

describe("transferInfo", () => {
  test("tells phases, addresses, version and bytes", async () => {
    const info = await infoOf(server.url("/delay/50"), { curl: { FRESH_CONNECT: 1 } });
    expect(info).toMatchObject({
      tls: 0,
      redirects: 0,
      primaryIp: "127.0.0.1",
      primaryPort: server.http,
      localIp: "127.0.0.1",
      httpVersion: "1.1",
      bytesIn: 98,
      bytesOut: 0,
      reused: false,
      certificates: [],
      trailers: [],
    });
    const { nameLookup, connect, firstByte, total } = info;
    expect(nameLookup).toBeGreaterThanOrEqual(0);
    expect(connect).toBeGreaterThanOrEqual(nameLookup);
    expect(firstByte).toBeGreaterThan(45);
    expect(total).toBeGreaterThanOrEqual(firstByte);
    expect(total).toBeLessThan(2000);
    expect(info.localPort).toBeGreaterThan(0);
  });

  test("tells what was sent and how fast", async () => {
    const body = new Uint8Array(1_000_000);
    const info = await infoOf(server.url("/sink"), { method: "POST", body });
    expect(info.bytesOut).toBe(1_000_000);
    expect(info.speedOut).toBeGreaterThan(1_000_000);
    const down = await infoOf(server.url("/bytes/1000000"));
    expect(down.bytesIn).toBe(1_000_000);
    expect(down.speedIn).toBeGreaterThan(1_000_000);
    expect((await infoOf(server.url("/gzip"))).bytesIn).toBeLessThan(200);
  });

  test("tells of TLS, HTTP/2 and a kept connection", async () => {
    const curl = { CAINFO: server.ca, ...ALPN };
    const first = await infoOf(server.url("/small", "h2"), { curl });
    expect(first).toMatchObject({ httpVersion: "2", reused: false });
    expect(first.tls).toBeGreaterThan(first.connect);
    const second = await infoOf(server.url("/small", "h2"), { curl });
    expect(second).toMatchObject({ httpVersion: "2", reused: true });
    expect(second.localPort).toBe(first.localPort);
    expect(second.connectionId).toBe(first.connectionId); // null before 8.2
  });

  test("tells how many redirects there were", async () => {
    expect((await infoOf(server.url("/redirect/2"))).redirects).toBe(3);
  });

  test("has the chain of certificates with CERTINFO", async () => {
    const curl = { CAINFO: server.ca, CERTINFO: 1, FRESH_CONNECT: 1 };
    const { certificates } = await infoOf(server.url("/small", "https"), { curl });
    expect(certificates[0]).toContainEqual(expect.stringMatching(/^Subject:.*curlew test server/));
    expect(certificates[0]).toContainEqual(expect.stringMatching(/^Cert:-+BEGIN CERTIFICATE/));
  });

  test("has the trailers when the body has ended", async () => {
    for (const kind of ["http", "h2"] as const) {
      if (kind === "h2" && !libcurl.keepsH2Trailers.holds) continue;
      const response = await get(server.url("/trailers", kind), { curl: { CAINFO: server.ca } });
      await response.text();
      const found = transferInfo(response).trailers.map((
        [name, value],
      ) => [name.toLowerCase(), value]);
      expect(found, kind).toEqual([["x-sum", "42"], ["x-last", "yes"]]);
      expect(response.headers.get("x-sum")).toBe(null);
    }
  });

  test("is live until the body has ended, then fixed", async () => {
    const response = await get(server.url("/slow/30/10"));
    const first = transferInfo(response);
    await sleep(100);
    const second = transferInfo(response);
    expect(second.bytesIn).toBeGreaterThan(first.bytesIn);
    expect(second.total).toBeGreaterThan(first.total);
    await response.text();
    const last = transferInfo(response);
    expect(last.bytesIn).toBe(30);
    expect(Object.isFrozen(last)).toBe(true);
    expect(transferInfo(response)).toBe(last);
  });

  test("is there after a failure, for clones, and with integrity", async () => {
    const truncated = await get(server.url("/truncated"));
    await failure(truncated.text());
    expect(transferInfo(truncated).bytesIn).toBe(10);
    const clone = (await get(server.url("/small"))).clone();
    await clone.text();
    expect(transferInfo(clone).bytesIn).toBe(98);
    const integrity = "sha1-unknown";
    expect((await infoOf(server.url("/small"), { integrity })).bytesIn).toBe(98);
    expect((await infoOf(server.url("/status/204"))).bytesIn).toBe(0);
    expect((await infoOf(server.url("/bytes/5"), { method: "HEAD" })).httpVersion).toBe("1.1");
  });

  test("is refused for another response", async () => {
    expect(() => transferInfo(new Response("x"))).toThrow(TypeError);
    const local = await get("data:,x");
    expect(() => transferInfo(local)).toThrow(TypeError);
  });
});

describe("formatTimings", () => {
  const info = {
    nameLookup: 10,
    connect: 20,
    tls: 40,
    firstByte: 90,
    total: 100,
  } as TransferInfo;

  test("draws the phases as a waterfall", () => {
    expect(formatTimings(info, 20)).toBe([
      "name lookup      10.0 ms  ██",
      "connect          10.0 ms    ██",
      "TLS              20.0 ms      ████",
      "first byte       50.0 ms          ██████████",
      "content          10.0 ms                    ██",
      "total           100.0 ms",
    ].join("\n"));
  });

  test("leaves out phases that were not there", () => {
    const kept = { ...info, nameLookup: 0, connect: 0, tls: 0 };
    expect(formatTimings(kept, 20).split("\n").map((row) => row.split(/ {2,}/)[0]))
      .toEqual(["first byte", "content", "total"]);
    const nothing = { ...kept, firstByte: 0, total: 0 };
    expect(formatTimings(nothing)).toContain("total");
  });

  test("draws a real transfer", async () => {
    const text = formatTimings(await infoOf(server.url("/delay/20")));
    expect(text).toContain("first byte");
    expect(text.split("\n").every((row) => row.length <= 12 + 12 + 2 + 41)).toBe(true);
  });
});

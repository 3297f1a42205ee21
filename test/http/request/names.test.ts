// Who looks a name up: another DNS server, or one over HTTPS.
import { describe, expect, test } from "vitest";
import { fetchSync, transferInfo, versionInfo } from "../../../mod.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import type { UrlKind } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, echo, failure, get, sent } from "../support.ts";

const server = useServer("http", "https", "h2");

const { libraries, versionNum } = versionInfo(), hasCares = "c-ares" in libraries;
/** Only the test server over HTTPS knows this one. */
const named = (name: string) => `http://${name}.doh.test:${server.http}/echo`;

test.skipIf(hasCares)("DNS_SERVERS says that it needs c-ares, where libcurl has none", async () => {
  const error = await failure(get(named("x"), { curl: { DNS_SERVERS: "127.0.0.1" } }));
  expect(error).toBeInstanceOf(TypeError);
  expect(codeOf(error)).toMatch(/^CURLE_(UNKNOWN_OPTION|NOT_BUILT_IN)$/);
  expect(String(error)).toContain("DNS_SERVERS");
});

test.skipIf(!hasCares)(
  `DNS_SERVERS is asked${hasCares ? "" : " (this libcurl has no c-ares)"}`,
  async () => {
    const curl = { DNS_SERVERS: "127.0.0.1:1" };
    expect(codeOf(await failure(get(named("x"), { curl })))).toBe("CURLE_COULDNT_RESOLVE_HOST");
  },
);

describe("DOH_URL", () => {
  const over = (kind: UrlKind): FetchCurlOptions => ({
    DOH_URL: server.url("/dns-query", kind),
    CAINFO: server.ca,
  });

  test("finds a name that only it knows, over HTTP/2 and HTTP/1.1", async () => {
    for (const kind of ["h2", "https"] as const) {
      const url = named(kind), arrived = await echo(url, { curl: over(kind) });
      expect(sent(arrived, "host")).toEqual([new URL(url).host]);
    }
    const both = await get(named("a.six"), { curl: over("h2") }); // it has two addresses
    await both.text();
    expect(transferInfo(both).primaryIp).toBe("127.0.0.1");
    const blocking = fetchSync(named("sync"), { timeout: 5000, curl: over("h2") });
    expect(blocking.status).toBe(200);
  });

  test("finds a hundred at once", async () => {
    const all = Array.from({ length: 100 }, async (_, i) => {
      const response = await get(named(`many${i}`), { curl: over("h2") });
      await response.text();
      return response.status;
    });
    expect(new Set(await Promise.all(all))).toEqual(new Set([200]));
  });

  test("fails for a name that it cannot resolve", async () => {
    const url = `http://unknown.test:${server.http}/`;
    expect(codeOf(await failure(get(url, { curl: over("h2") }))))
      .toBe("CURLE_COULDNT_RESOLVE_HOST");
  });

  test.skipIf(!libcurl.forgetsCa.holds)(
    `is only trusted as its certificate is${libcurl.forgetsCa.note}`,
    async () => {
      const { DOH_URL } = over("h2") as { DOH_URL: string };
      const untrusted = await failure(get(named("untrusted"), { curl: { DOH_URL } }));
      expect(codeOf(untrusted)).toBe("CURLE_COULDNT_RESOLVE_HOST");
    },
  );

  test.skipIf(versionNum < 0x074c00)(
    "is not checked where so told (since libcurl 7.76)",
    async () => {
      const { DOH_URL } = over("h2") as { DOH_URL: string };
      const curl = { DOH_URL, DOH_SSL_VERIFYPEER: 0, DOH_SSL_VERIFYHOST: 0 };
      expect((await get(named("unverified"), { curl })).status).toBe(200);
    },
  );

  // SSL_ENABLE_ALPN is not that of libcurl's own requests
  const { negotiates } = libcurl;
  test.skipIf(!negotiates.holds)(
    `can be aborted, and left in the middle${negotiates.note}`,
    async () => {
      const curl = { DOH_URL: server.url("/hold", "h2"), CAINFO: server.ca };
      const reason = new Error("mine"), controller = new AbortController();
      const running = failure(get(named("held"), { curl, signal: controller.signal }));
      setTimeout(() => controller.abort(reason), 50);
      expect(await running).toBe(reason);
      const late = await failure(get(named("held"), { curl, timeout: 100 }));
      expect(codeOf(late)).toBe("CURLE_OPERATION_TIMEDOUT");
    },
  );
});

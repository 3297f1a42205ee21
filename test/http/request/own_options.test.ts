// Options that are one request's own, by each door to a transfer: what the agent has kept of other
// requests is used only where it was made under the same options.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  download,
  type EasyOptionName,
  transferInfo,
  upload,
} from "../../../mod.ts";
import { easyFor } from "../../driver/support.ts";
import { ROWS } from "../../../src/handles/connections/judgements.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { useFolder, useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, failure, get } from "../support.ts";

const server = useServer("http", "tls");
const folder = useFolder("own-options");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

interface Info {
  readonly reused: boolean;
}

type Door = (url: string, curl: FetchCurlOptions) => Promise<Info>;

const doors: Readonly<Record<string, Door>> = {
  async fetch(url, curl) {
    const response = await get(url, { curl, agent });
    await response.arrayBuffer();
    return transferInfo(response);
  },
  async "fetch with a body"(url, curl) {
    const response = await get(url, { curl, agent, method: "POST", body: "x" });
    await response.arrayBuffer();
    return transferInfo(response);
  },
  download: async (url, curl) =>
    (await download(url, join(folder, "file"), { curl, agent, timeout: 10_000 })).info,
  async upload(url, curl) {
    const bytes = new TextEncoder().encode("x"); // a string would be the path of a file
    return (await upload(bytes, url, { curl, agent, timeout: 10_000 })).info;
  },
  async "Agent.perform"(url, curl) {
    using easy = easyFor(url, curl);
    await agent.perform(easy);
    return { reused: easy.getInfo("NUM_CONNECTS") === 0 };
  },
};
const NOT_FOUND = "CURLE_COULDNT_RESOLVE_HOST";

for (const [name, door] of Object.entries(doors)) {
  describe(`${name}`, () => {
    test("takes no name that RESOLVE has given to others", async () => {
      const url = `http://pinned.test:${server.http}/small`;
      const RESOLVE = [`pinned.test:${server.http}:127.0.0.1`];
      for (const other of Object.values(doors)) {
        await other(url, { RESOLVE });
        expect(codeOf(await failure(door(url, {})))).toBe(NOT_FOUND);
        expect(codeOf(await failure(door(url, { FRESH_CONNECT: 1 })))).toBe(NOT_FOUND);
      }
      expect((await door(url, { RESOLVE })).reused).toBe(true);
    });

    test("calls its OPENSOCKETFUNCTION and SOCKOPTFUNCTION, whatever connections are kept", async () => {
      const url = server.url("/small");
      for (const other of Object.values(doors)) await other(url, {});
      let asked = 0;
      expect(await failure(door(url, { OPENSOCKETFUNCTION: () => (asked++, -1) }))).toBeTruthy();
      expect(await failure(door(url, { SOCKOPTFUNCTION: () => (asked++, 1) }))).toBeTruthy();
      expect(asked).toBe(2);
      expect((await door(url, {})).reused).toBe(true);
    });

    test("uses the connections of the same function again", async () => {
      const url = server.url("/small"), opened: number[] = [];
      const guard = {
        OPENSOCKETFUNCTION: (_: unknown, purpose: number) => void opened.push(purpose),
      };
      for (const reused of [false, true]) expect((await door(url, guard)).reused).toBe(reused);
      for (const other of Object.values(doors)) expect((await other(url, guard)).reused).toBe(true);
      expect(opened).toHaveLength(1);
    });

    test("calls its PREREQFUNCTION on a kept connection too", async () => {
      if (!easyOptionIsThere("PREREQFUNCTION")) return;
      const url = server.url("/small"), addresses: string[] = [];
      const PREREQFUNCTION = (_: unknown, address: string) => {
        addresses.push(address);
        return constants.CURL_PREREQFUNC_ABORT;
      };
      await door(url, {});
      expect(await failure(door(url, { PREREQFUNCTION }))).toBeTruthy();
      expect(addresses).toEqual(["127.0.0.1"]);
    });
  });
}

function easyOptionIsThere(name: EasyOptionName): boolean {
  using easy = easyFor(server.url("/small"));
  try {
    easy.setOpt(name, null);
    return true;
  } catch {
    return false;
  }
}

describe("a TLS connection is used only under the settings that it was made under:", () => {
  /** Another value than the usual of each setting; some of them the server or libcurl refuses. */
  const others = (): { readonly [N in EasyOptionName]?: unknown } => ({
    SSLVERSION: constants.CURL_SSLVERSION_TLSv1_3,
    SSL_VERIFYHOST: 0,
    SSL_VERIFYPEER: 0,
    SSL_VERIFYSTATUS: 1,
    SSL_CIPHER_LIST: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    TLS13_CIPHERS: "TLS_AES_128_GCM_SHA256",
    SSL_EC_CURVES: "P-256",
    SSL_SIGNATURE_ALGORITHMS: "ECDSA+SHA256:RSA+SHA256",
    CAINFO_BLOB: new Uint8Array(readFileSync(server.clientCert)),
    SSLCERT_BLOB: new Uint8Array(readFileSync(server.clientCert)),
    SSLKEY_BLOB: new Uint8Array(readFileSync(server.clientKey)),
    CAINFO: server.clientCert,
    CAPATH: "/nowhere",
    SSLCERT: server.clientCert,
    SSLCERTTYPE: "DER",
    SSLKEY: server.clientKey,
    SSLKEYTYPE: "DER",
    ISSUERCERT: server.clientCert,
    ISSUERCERT_BLOB: new Uint8Array(readFileSync(server.clientCert)),
    SSL_OPTIONS: constants.CURLSSLOPT_NO_REVOKE,
    TLSAUTH_USERNAME: "ann",
    TLSAUTH_PASSWORD: "secret",
    CRLFILE: server.ca,
    PINNEDPUBLICKEY: "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    SSL_CTX_FUNCTION: () => 77,
    KEYPASSWD: "secret",
    SSL_SESSIONID_CACHE: 0,
    SSL_ENABLE_ALPN: libcurl.negotiates.holds ? 0 : 1,
    CA_CACHE_TIMEOUT: 1,
  });
  const compared = ROWS.flatMap(([judgement, , options]) =>
    judgement.kind === "compared" && judgement.tls ? options : []
  );
  const names: EasyOptionName[] = [
    ...compared,
    ...["SSL_CTX_FUNCTION", "KEYPASSWD", "SSL_SESSIONID_CACHE", "SSL_ENABLE_ALPN"] as const,
    "CA_CACHE_TIMEOUT",
  ];
  for (const name of names) {
    test(name, async () => {
      const value = others()[name];
      expect(value, `a value of ${name}`).toBeDefined();
      const url = server.url("/small", "https"), base = { CAINFO: server.ca };
      const other: FetchCurlOptions = { ...base, [name]: value };
      const reused = async (curl: FetchCurlOptions) => {
        const response = await get(url, { curl, agent });
        await response.arrayBuffer();
        return transferInfo(response).reused;
      };
      const outcome = (curl: FetchCurlOptions) =>
        reused(curl).then((is) => is ? "reused" : "made", (error) => codeOf(error) ?? `${error}`);
      expect(await reused(base)).toBe(false);
      const second = await outcome(other);
      expect(second).not.toBe("reused");
      expect(await reused(base)).toBe(true);
      if (second !== "made") return;
      await agent.close();
      agent = new Agent();
      expect(await reused(other)).toBe(false);
      expect(await outcome(base)).toBe("made");
    });
  }

  test("PINNEDPUBLICKEY, whose case means something", async () => {
    const url = server.url("/small", "https"), pinned = { CAINFO: server.ca };
    const { pin } = server;
    const flipped = pin.replace(
      /[a-zA-Z](?=[^a-zA-Z]*$)/,
      (letter) => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    expect(flipped).not.toBe(pin);
    await (await get(url, { agent, curl: { ...pinned, PINNEDPUBLICKEY: pin } })).arrayBuffer();
    const wrong = get(url, { agent, curl: { ...pinned, PINNEDPUBLICKEY: flipped } });
    expect(codeOf(await failure(wrong))).toBe("CURLE_SSL_PINNEDPUBKEYNOTMATCH");
  });
});

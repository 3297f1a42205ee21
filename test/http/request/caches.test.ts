// What libcurl remembers of hosts in files: another way to them, and that they want TLS.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constants, download, fetchSync, transferInfo, versionInfo } from "../../../mod.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { useFolder, useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { echo, failure, get, hasFeature, sent, until } from "../support.ts";

const server = useServer("http", "https", "h2");
const folder = useFolder("caches");

let files = 0;
const newFile = () => join(folder, `${files++}.txt`);
const local = (path: string, scheme = "https") => `${scheme}://localhost:${server.https}${path}`;
/** An answer with a header. */
const withHeader = (name: string, value: string) =>
  local(`/with?${name}=${encodeURIComponent(value)}`);

/** Fetches to the end, and waits for what libcurl writes when its handle is closed. */
async function learn(url: string, curl: FetchCurlOptions, file: string): Promise<string> {
  await (await get(url, { curl: { ...curl, CAINFO: server.ca } })).text();
  await until(() => existsSync(file));
  return await readFile(file, "utf8");
}

const { versionNum } = versionInfo();
const since88 = versionNum < 0x075800 ? " (since libcurl 7.88)" : "";
const hasAltSvc = hasFeature(constants.CURL_VERSION_ALTSVC);
describe.skipIf(!hasAltSvc)(`ALTSVC${hasAltSvc ? "" : " (this libcurl has none)"}`, () => {
  const offer = () => withHeader("Alt-Svc", `h2="localhost:${server.h2}"; ma=3600`);

  // libcurl 7.74 speaks HTTP/1.1 to it
  test.skipIf(versionNum < 0x075800)(`remembers another way, and takes it${since88}`, async () => {
    const ALTSVC = newFile(), CAINFO = server.ca;
    expect(await learn(offer(), { ALTSVC }, ALTSVC)).toContain(`h2 localhost ${server.h2}`);
    const response = await get(local("/echo"), { curl: { ALTSVC, CAINFO, ...ALPN } });
    const arrived = await response.json();
    expect(response.url).toBe(local("/echo")); // that it went elsewhere is nobody's business
    expect(transferInfo(response)).toMatchObject({ httpVersion: "2", primaryPort: server.h2 });
    expect(sent(arrived, "alt-used")).toEqual([`localhost:${server.h2}`]);
    const without = await get(local("/echo"), { curl: { CAINFO } });
    await without.text();
    expect(transferInfo(without).primaryPort).toBe(server.https);
  });

  test("takes the versions of HTTP that ALTSVC_CTRL names", async () => {
    const ALTSVC = newFile(), CAINFO = server.ca;
    await learn(offer(), { ALTSVC }, ALTSVC);
    const curl = { CAINFO, ALTSVC, ALTSVC_CTRL: constants.CURLALTSVC_H1 };
    const response = await get(local("/echo"), { curl });
    await response.text();
    expect(transferInfo(response).primaryPort).toBe(server.https);
  });

  test("leaves a file alone that is only to be read", async () => {
    const ALTSVC = newFile();
    await writeFile(ALTSVC, "");
    const ALTSVC_CTRL = constants.CURLALTSVC_READONLYFILE | constants.CURLALTSVC_H2;
    expect(await learn(offer(), { ALTSVC, ALTSVC_CTRL }, ALTSVC)).toBe("");
  });
});

const hasHsts = hasFeature(constants.CURL_VERSION_HSTS);
describe.skipIf(!hasHsts)(`HSTS${hasHsts ? "" : " (this libcurl has none)"}`, () => {
  const strict = () => withHeader("Strict-Transport-Security", "max-age=3600");
  const learnt = async (): Promise<FetchCurlOptions> => {
    const HSTS = newFile();
    expect(await learn(strict(), { HSTS }, HSTS)).toContain("localhost");
    return { HSTS, CAINFO: server.ca };
  };

  test("turns http into https, in the response's URL too", async () => {
    const curl = await learnt();
    const response = await get(local("/echo", "http"), { curl });
    expect((await response.json()).tls).toBeTruthy();
    expect(response).toMatchObject({ url: local("/echo"), redirected: false });
    expect(fetchSync(local("/echo", "http"), { timeout: 5000, curl }).url).toBe(local("/echo"));
  });

  test("is what a redirect is relative to, and its origin", async () => {
    const curl = await learnt(), headers = { Authorization: "Bearer x" };
    const target = encodeURIComponent("/echo");
    const url = local(`/redirect-to?url=${target}`, "http");
    const response = await get(url, { curl, headers });
    expect(response).toMatchObject({ url: local("/echo"), redirected: true });
    expect(sent(await response.json(), "authorization")).toEqual(["Bearer x"]);
    const absolute = local(`/redirect-to?url=${encodeURIComponent(local("/echo"))}`, "http");
    expect(sent(await echo(absolute, { curl, headers }), "authorization")).toEqual(["Bearer x"]);
    expect(fetchSync(url, { timeout: 5000, curl }).url).toBe(local("/echo"));
    const path = newFile();
    const { info } = await download(url, path, { timeout: 5000, curl });
    expect(info).toMatchObject({ redirects: 1, primaryPort: server.https });
    expect(JSON.parse(await readFile(path, "utf8")).tls).toBeTruthy();
  });

  test.skipIf(!libcurl.forgetsCa.holds)(
    `says why the https that it asks for failed${libcurl.forgetsCa.note}`,
    async () => {
      const { HSTS } = await learnt() as { HSTS: string };
      const error = await failure(get(local("/echo", "http"), { curl: { HSTS } }));
      expect(String(error)).toMatch(/certificate/i);
    },
  );

  test("is switched off by HSTS_CTRL", async () => {
    const curl = { ...await learnt(), HSTS_CTRL: 0 };
    const url = `http://localhost:${server.http}/echo`;
    const response = await get(url, { curl });
    expect((await response.json()).tls).toBe(null);
    expect(response.url).toBe(url);
  });
});

// HSTS on `Easy`: the file, the header, and what HSTS_CTRL says. Its callbacks have their own test.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Agent, constants, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, failure, Transfer } from "../easy_support.ts";
import { temporaryFolder } from "../temporary_files.ts";

const { CURLHSTS_ENABLE } = constants;

const { newFile } = temporaryFolder();
const server = useServer("http", "https");

const LATER = "20991231 23:59:59";
const read = async (path: string) =>
  (await readFile(path, "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));

/** A transfer of localhost by that scheme, at the port of https. */
function local(scheme: "http" | "https", path: string, options: EasyOptions): Transfer {
  const url = `${scheme}://localhost:${server.https}${path}`;
  return new Transfer(url, { CAINFO: server.ca, HSTS_CTRL: CURLHSTS_ENABLE, ...options });
}

/** An answer with a Strict-Transport-Security header. */
const strict = (value: string) => `/with?Strict-Transport-Security=${encodeURIComponent(value)}`;

/** What the transfer ended at. */
function schemeOf(easy: Transfer): string {
  codeOf(() => easy.perform());
  return String(easy.getInfo("SCHEME")).toLowerCase();
}

describe.skipIf(!libcurl.hsts.holds)(`HSTS${libcurl.hsts.note}`, () => {
  test("that a header told makes http https, for that handle", () => {
    using easy = local("https", strict("max-age=3600"), {});
    easy.perform();
    easy.setOpt("URL", `http://localhost:${server.https}/small`);
    expect(schemeOf(easy)).toBe("https");
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    using other = local("http", "/small", {});
    expect(schemeOf(other)).toBe("http");
  });

  test("is written to the file when the handle is closed, and read by another", async () => {
    const HSTS = newFile();
    const easy = local("https", strict("max-age=3600; includeSubDomains"), { HSTS });
    easy.perform();
    expect(existsSync(HSTS)).toBe(false);
    easy.close();
    const [line, ...more] = await read(HSTS);
    expect(line).toMatch(/^\.localhost "\d{8} \d\d:\d\d:\d\d"$/);
    expect(more).toEqual([]);
    using other = local("http", "/small", { HSTS });
    expect(schemeOf(other)).toBe("https");
  });

  test("is read from a file: a host, those below it, one that has expired", async () => {
    const HSTS = newFile();
    const RESOLVE = ["sub.localhost", "sub.flat.test", "flat.test", "old.test"]
      .map((host) => `${host}:${server.https}:127.0.0.1`);
    const lines = [`.localhost "${LATER}"`, `flat.test "${LATER}"`, `old.test "20010101 00:00:00"`];
    await writeFile(HSTS, ["# hosts", ...lines, "nonsense", ""].join("\n"));
    const scheme = (host: string) => {
      using easy = local("http", "/small", {
        ...{ HSTS, RESOLVE, URL: `http://${host}:${server.https}/small` },
        SSL_VERIFYHOST: 0,
      });
      return schemeOf(easy);
    };
    expect(["localhost", "sub.localhost", "flat.test", "sub.flat.test", "old.test"].map(scheme))
      .toEqual(["https", "https", "https", "http", "http"]);
  });

  test("is forgotten with max-age=0", async () => {
    const HSTS = newFile();
    const easy = local("https", strict("max-age=3600"), { HSTS });
    easy.perform();
    easy.setOpt("URL", `https://localhost:${server.https}${strict("max-age=0")}`);
    easy.perform();
    easy.close();
    expect(await read(HSTS)).toEqual([]);
  });

  test("is not told by http, nor for an address", async () => {
    const HSTS = newFile();
    const easy = local("http", "/", { HSTS });
    easy.setOpt("URL", server.url(strict("max-age=3600")));
    easy.perform();
    easy.setOpt("URL", server.url(strict("max-age=3600"), "https"));
    easy.perform();
    easy.close();
    expect(existsSync(HSTS) ? await read(HSTS) : []).toEqual([]);
  });

  test("is off with HSTS_CTRL 0", async () => {
    const HSTS = newFile();
    await writeFile(HSTS, `localhost "${LATER}"\n`);
    using easy = local("http", "/small", { HSTS });
    easy.setOpt("HSTS_CTRL", 0);
    expect(schemeOf(easy)).toBe("http");
  });

  test("works through an Agent", async () => {
    const HSTS = newFile();
    await using agent = new Agent();
    {
      using easy = local("https", strict("max-age=3600"), { HSTS });
      await agent.perform(easy);
    }
    using easy = local("http", "/small", { HSTS });
    await agent.perform(easy);
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(`https://localhost:${server.https}/small`);
  });

  test("a file that is not there is none, and values of the wrong kind are refused", () => {
    using easy = local("http", "/small", { HSTS: newFile() });
    expect(schemeOf(easy)).toBe("http");
    expect(failure(() => easy.setOpt("HSTS", "a\0b"))).toMatchObject({ code: 43 });
    expect(codeOf(() => easy.setOpt("HSTS_CTRL", "on" as never))).toBe(43);
  });
});

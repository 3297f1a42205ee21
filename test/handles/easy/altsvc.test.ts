// Alt-Svc on `Easy`: a real header, the cache's file, and the other way that is taken.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Agent, constants, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { codeOf, header, Transfer } from "../easy_support.ts";
import { temporaryFolder } from "../temporary_files.ts";

const { CURLALTSVC_H1, CURLALTSVC_H2, CURLALTSVC_READONLYFILE } = constants;

const { newFile } = temporaryFolder();
const server = useServer("https", "h2");

const read = async (path: string) =>
  (await readFile(path, "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));

/** A transfer of localhost at the port of HTTP/1.1. */
function local(path: string, options: EasyOptions): Transfer {
  const url = `https://localhost:${server.https}${path}`;
  return new Transfer(url, {
    CAINFO: server.ca,
    ALTSVC_CTRL: CURLALTSVC_H1 | CURLALTSVC_H2,
    ...ALPN,
    ...options,
  });
}

/** An answer that names the port of HTTP/2. */
const offer = (more = "; ma=3600") =>
  `/with?Alt-Svc=${encodeURIComponent(`h2="localhost:${server.h2}"${more}`)}`;
/** The cache's line for it. */
const known = () =>
  `h1 localhost ${server.https} h2 localhost ${server.h2} "20991231 23:59:59" 0 0`;

describe.skipIf(!libcurl.altSvc.holds)(`Alt-Svc${libcurl.altSvc.note}`, () => {
  test("of an answer is the way of the next request, over HTTP/2", () => {
    using easy = local(offer(), { ALTSVC: newFile() });
    easy.perform();
    expect([easy.getInfo("PRIMARY_PORT"), easy.getInfo("HTTP_VERSION")])
      .toEqual([server.https, constants.CURL_HTTP_VERSION_1_1]);
    const before = easy.text.length;
    easy.setOpts({ URL: `https://localhost:${server.https}/echo`, FRESH_CONNECT: true });
    easy.perform();
    expect([easy.getInfo("PRIMARY_PORT"), easy.getInfo("HTTP_VERSION")])
      .toEqual([server.h2, constants.CURL_HTTP_VERSION_2_0]);
    const echo = JSON.parse(easy.text.slice(before));
    expect(header(echo, "alt-used")).toBe(`localhost:${server.h2}`);
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(`https://localhost:${server.https}/echo`);
  });

  test("is written to the file when the handle is closed, and read by another", async () => {
    const ALTSVC = newFile();
    const easy = local(offer(), { ALTSVC });
    easy.perform();
    easy.close();
    expect(await read(ALTSVC)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^h1 localhost ${server.https} h2 localhost ${server.h2} "\\d{8} [\\d:]{8}" 0 \\d$`,
        ),
      ),
    ]);
    using other = local("/small", { ALTSVC });
    expect(other.run().getInfo("PRIMARY_PORT")).toBe(server.h2);
  });

  test("of a file that names it; of one that has expired, or is of another host, is none", async () => {
    const port = async (line: string) => {
      const ALTSVC = newFile();
      await writeFile(ALTSVC, `# a comment\n${line}\nnonsense\n`);
      using easy = local("/small", { ALTSVC });
      return easy.run().getInfo("PRIMARY_PORT");
    };
    expect(await port(known())).toBe(server.h2);
    expect(await port(known().replace("2099", "2001"))).toBe(server.https);
    expect(await port(known().replace("h1 localhost", "h1 other.test"))).toBe(server.https);
  });

  test("takes the versions of HTTP that ALTSVC_CTRL names", async () => {
    const ALTSVC = newFile();
    await writeFile(ALTSVC, known() + "\n");
    const port = (ALTSVC_CTRL: number) => {
      const READONLY = ALTSVC_CTRL | CURLALTSVC_READONLYFILE;
      using easy = local("/small", { ALTSVC, ALTSVC_CTRL: READONLY });
      return easy.run().getInfo("PRIMARY_PORT");
    };
    expect([CURLALTSVC_H1, CURLALTSVC_H2].map(port)).toEqual([server.https, server.h2]);
  });

  test("leaves the file alone with CURLALTSVC_READONLYFILE", () => {
    const ALTSVC = newFile();
    const easy = local(offer(), {
      ALTSVC,
      ALTSVC_CTRL: CURLALTSVC_H2 | CURLALTSVC_READONLYFILE,
    });
    easy.perform();
    easy.close();
    expect(existsSync(ALTSVC)).toBe(false);
  });

  test("works through an Agent", async () => {
    const ALTSVC = newFile();
    await using agent = new Agent();
    {
      using easy = local(offer(), { ALTSVC });
      await agent.perform(easy);
    }
    using easy = local("/small", { ALTSVC });
    await agent.perform(easy);
    expect(easy.getInfo("PRIMARY_PORT")).toBe(server.h2);
  });

  test("a way that leads nowhere fails, as libcurl has it", async () => {
    const ALTSVC = newFile();
    await writeFile(ALTSVC, known().replace(` ${server.h2} `, " 1 ") + "\n");
    using easy = local("/small", { ALTSVC });
    expect(codeOf(() => easy.perform())).toBe(7);
  });

  test("values of the wrong kind are refused", () => {
    using easy = local("/small", {});
    expect(codeOf(() => easy.setOpt("ALTSVC", "a\0b"))).toBe(43);
    expect(codeOf(() => easy.setOpt("ALTSVC_CTRL", "h2" as never))).toBe(43);
  });
});

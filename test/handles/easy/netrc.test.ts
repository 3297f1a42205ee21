// Logins from a netrc file.
import { Buffer } from "node:buffer";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Agent, constants, type EasyOptions, fetch } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, get, header, Transfer } from "../easy_support.ts";
import { temporaryFolder } from "../temporary_files.ts";

const { CURL_NETRC_IGNORED, CURL_NETRC_OPTIONAL, CURL_NETRC_REQUIRED } = constants;

const { folder, newFile } = temporaryFolder();
const server = useServer("http", "ftp");

/** Options with a netrc file of that text. */
async function netrc(text: string, NETRC = CURL_NETRC_OPTIONAL as number): Promise<EasyOptions> {
  const NETRC_FILE = newFile();
  await writeFile(NETRC_FILE, text, { mode: 0o600 });
  return { NETRC, NETRC_FILE };
}

/** The status of a page that wants that login. */
function status(login: string, options: EasyOptions, url = server.url("")): number {
  using easy = get(`${url}/basic/${login}`, options);
  return easy.getInfo("RESPONSE_CODE");
}

describe("NETRC", () => {
  const MINE =
    "machine other.test login no password no\nmachine 127.0.0.1 login me password secret\n";

  test("finds the login of the host", async () => {
    expect(status("me/secret", await netrc(MINE))).toBe(200);
    expect(status("me/secret", await netrc(MINE, CURL_NETRC_REQUIRED))).toBe(200);
  });

  test("is ignored unless it is asked for", async () => {
    const options = await netrc(MINE);
    expect(status("me/secret", { ...options, NETRC: CURL_NETRC_IGNORED })).toBe(401);
    expect(status("me/secret", { NETRC_FILE: options.NETRC_FILE as string })).toBe(401);
  });

  test("takes the default where no machine fits", async () => {
    const options = await netrc(
      "machine other.test login a password b\ndefault login me password secret\n",
    );
    expect(status("me/secret", options)).toBe(200);
  });

  test("may be on several lines, with comments", async () => {
    const options = await netrc("# mine\nmachine 127.0.0.1\n  login me\n  password secret\n");
    expect(status("me/secret", options)).toBe(200);
  });

  test.skipIf(!libcurl.quotesNetrc.holds)(
    `takes quoted passwords${libcurl.quotesNetrc.note}`,
    async () => {
      const options = await netrc('machine 127.0.0.1 login "me" password "se cr\\"et\\\\"\n');
      using easy = get(server.url("/echo"), options);
      const [, login] = header(easy.json, "authorization")?.split(" ") ?? [];
      expect(Buffer.from(login ?? "", "base64").toString()).toBe('me:se cr"et\\');
    },
  );

  test("finds the password of the user in the URL", async () => {
    const options = await netrc(
      "machine 127.0.0.1 login one password 1\nmachine 127.0.0.1 login two password 2\n",
    );
    const url = server.url("").replace("//", "//two@");
    expect(status("two/2", options, url)).toBe(200);
  });

  test("OPTIONAL prefers the password of the URL, REQUIRED that of the file", async () => {
    const url = server.url("").replace("//", "//me:pass@");
    expect(status("me/pass", await netrc(MINE), url)).toBe(200);
    expect(status("me/secret", await netrc(MINE, CURL_NETRC_REQUIRED), url)).toBe(200);
  });

  test("works for FTP", async () => {
    const options = await netrc("machine 127.0.0.1 login user password pass\n");
    using easy = get(server.url("/hello.txt", "ftp"), options);
    expect(easy.text).toMatch(/^hello/i);
  });

  test("works through an Agent and through fetch", async () => {
    const options = await netrc(MINE);
    await using agent = new Agent();
    using easy = new Transfer(server.url("/basic/me/secret"), options);
    await agent.perform(easy);
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    const answer = await fetch(server.url("/basic/me/secret"), { curl: options, timeout: 5000 });
    expect(await answer.json()).toEqual({ authenticated: true, user: "me" });
  });

  test("does not send a login to another host that a redirect leads to", async () => {
    const options = await netrc("machine localhost login me password secret\n");
    const target = encodeURIComponent(server.url("/basic/me/secret"));
    using easy = get(`http://localhost:${server.http}/redirect-to?url=${target}`, {
      ...options,
      FOLLOWLOCATION: true,
    });
    expect(easy.getInfo("RESPONSE_CODE")).toBe(401);
  });

  test("of a file that is not there is none where it is optional", () => {
    const NETRC_FILE = join(folder, "none");
    expect(status("me/secret", { NETRC: CURL_NETRC_OPTIONAL, NETRC_FILE })).toBe(401);
  });

  test("with a NUL in its name is refused", () => {
    using easy = new Transfer(server.url("/small"));
    expect(codeOf(() => easy.setOpt("NETRC_FILE", "a\0b"))).toBe(43);
    for (const value of ["x", 1.5, {}]) {
      expect(codeOf(() => easy.setOpt("NETRC", value as number))).toBe(43);
    }
  });
});

// The callbacks of an FTP wildcard transfer, and those of SSH as far as they go without a server.
import { describe, expect, test } from "vitest";
import { constants, Easy, type EasyOptions, type FileInfo } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, facts, Transfer, versionNum } from "../easy_support.ts";

const { CURL_CHUNK_BGN_FUNC_FAIL, CURL_CHUNK_BGN_FUNC_SKIP } = constants;
const { CURL_FNMATCHFUNC_MATCH, CURL_FNMATCHFUNC_NOMATCH, CURL_FNMATCHFUNC_FAIL } = constants;

const server = useServer("ftp");

const wildcard = (options: EasyOptions, path = "/dir/*.txt") =>
  new Transfer(server.url(path, "ftp"), { WILDCARDMATCH: true, ...options });

describe("CHUNK_BGN_FUNCTION", () => {
  test("gets each file's facts, CHUNK_DATA and how many remain", () => {
    const calls: [FileInfo, unknown, number][] = [];
    using easy = wildcard({
      CHUNK_DATA: "data",
      CHUNK_BGN_FUNCTION: (...args) => void calls.push(args),
    });
    expect(easy.run().text).toBe("a\nbb\n");
    expect(calls.map(([{ filename, size }, data, remains]) => [filename, size, data, remains]))
      .toEqual([["a.txt", 2, "data", 2], ["b.txt", 3, "data", 1]]);
    const [info] = calls[0]!;
    expect(info).toMatchObject({
      filetype: constants.CURLFILETYPE_FILE,
      perm: 0o644,
      hardlinks: 1,
      strings: { user: "ftp", group: "ftp", time: "Jan  1 00:00", target: null },
    });
    expect(info.flags & constants.CURLFINFOFLAG_KNOWN_SIZE).not.toBe(0);
  });

  test("CURL_CHUNK_BGN_FUNC_SKIP leaves a file out", () => {
    using easy = wildcard({
      CHUNK_BGN_FUNCTION: ({ filename }) => filename === "a.txt" ? CURL_CHUNK_BGN_FUNC_SKIP : 0,
    });
    expect(easy.run().text).toBe("bb\n");
  });

  test("CURL_CHUNK_BGN_FUNC_FAIL ends the transfer with CURLE_CHUNK_FAILED", () => {
    using easy = wildcard({ CHUNK_BGN_FUNCTION: () => CURL_CHUNK_BGN_FUNC_FAIL });
    expect(facts(() => easy.perform())).toMatchObject({
      codeName: "CURLE_CHUNK_FAILED",
      caused: false,
    });
  });
});

describe("CHUNK_END_FUNCTION", () => {
  test("is called after each file with CHUNK_DATA, with or without CHUNK_BGN_FUNCTION", () => {
    const order: unknown[] = [];
    using easy = wildcard({
      CHUNK_DATA: "data",
      CHUNK_BGN_FUNCTION: ({ filename }) => void order.push(filename),
      CHUNK_END_FUNCTION: (data) => void order.push(data),
    });
    easy.perform();
    expect(order).toEqual(["a.txt", "data", "b.txt", "data"]);
    order.length = 0;
    easy.setOpt("CHUNK_BGN_FUNCTION", null);
    easy.perform();
    expect(order).toEqual(["data", "data"]);
  });
});

describe("FNMATCH_FUNCTION", () => {
  test("gets FNMATCH_DATA, the pattern and each name, and decides", () => {
    const calls: unknown[][] = [];
    using easy = wildcard({
      FNMATCH_DATA: "data",
      FNMATCH_FUNCTION: (...args) => {
        calls.push(args);
        return args[2] === "b.txt" ? CURL_FNMATCHFUNC_MATCH : CURL_FNMATCHFUNC_NOMATCH;
      },
    });
    expect(easy.run().text).toBe("bb\n");
    expect(calls).toEqual([["data", "*.txt", "a.txt"], ["data", "*.txt", "b.txt"]]);
  });

  test("undefined is success, which here means a match", () => {
    using easy = wildcard({ FNMATCH_FUNCTION: () => {} }, "/dir/*.none");
    expect(easy.run().text).toBe("a\nbb\n");
  });

  test("CURL_FNMATCHFUNC_FAIL leaves no file", () => {
    using easy = wildcard({ FNMATCH_FUNCTION: () => CURL_FNMATCHFUNC_FAIL });
    expect(codeOf(() => easy.perform())).not.toBe(0);
    expect(easy.text).toBe("");
  });
});

describe("SSH_KEYFUNCTION and SSH_HOSTKEYFUNCTION (their firing comes with the ssh server suite)", () => {
  const rows = [
    ["SSH_KEYFUNCTION", "SSH_KEYDATA", 0x071306],
    ["SSH_HOSTKEYFUNCTION", "SSH_HOSTKEYDATA", 0x075400],
  ] as const;

  test.each(rows)("%s and %s are set and unset", (name, data, since) => {
    using easy = new Easy();
    // a libcurl without ssh, or with another ssh library, does not know them
    const codes = since <= versionNum ? [0, 4, 48] : [48];
    expect(codes).toContain(codeOf(() => easy.setOpt(name, () => 0)));
    easy.setOpt(data, {});
    easy.duplicate().close();
    expect(codes).toContain(codeOf(() => easy.setOpt(name, null)));
    easy.setOpt(data, null);
  });
});

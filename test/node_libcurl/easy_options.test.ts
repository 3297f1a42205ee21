// Easy.setOpt: every option, by the names and with the values that node-libcurl takes.
import { Buffer } from "node:buffer";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlAuth,
  CurlCode,
  CurlEasyError,
  CurlHttpVersion,
  type CurlOptionName,
  CurlProtocol,
  Easy,
  Multi,
  Share,
} from "../../node_libcurl.ts";
import { easyOptions, type OptionRow } from "../../ffi/curl/options.ts";
import {
  constants,
  type CurlEasyError as CoreError,
  Easy as CoreEasy,
  versionInfo,
} from "../../mod.ts";
import { useFolder, useServer } from "../use.ts";
import { easyFor, type Echo, thrown } from "./support.ts";

const server = useServer("http");
const folder = useFolder("node-libcurl");

const { CURLE_OK, CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT } = CurlCode;
const LARGE_BUFFERS_SINCE = 0x075800;

const rows = Object.entries(easyOptions as Readonly<Record<string, OptionRow>>);

/** Sets an option without its type. */
const set = (easy: Easy, name: unknown, value: unknown): CurlCode =>
  easy.setOpt(name as CurlOptionName, value as never);

/** What node-libcurl leaves out, beside the options for the data of callbacks. */
const LEFT_OUT = [
  ...["CLOSESOCKETFUNCTION", "CONV_FROM_NETWORK_FUNCTION", "CONV_FROM_UTF8_FUNCTION"],
  ...["CONV_TO_NETWORK_FUNCTION", "COPYPOSTFIELDS", "CURLU", "ERRORBUFFER", "IOCTLFUNCTION"],
  ...["OPENSOCKETFUNCTION", "PRIVATE", "RESOLVER_START_FUNCTION", "SOCKOPTFUNCTION"],
  ...["SSH_KEYFUNCTION", "SSL_CTX_FUNCTION", "STDERR"],
];
const isLeftOut = (name: string, { kind }: OptionRow) =>
  LEFT_OUT.includes(name) || (kind === "cbptr" && name !== "READDATA");

describe("every option", () => {
  /** What the core says of an option's null; 0 counts where the default has no number. */
  function coreCode(name: string): number {
    using core = new CoreEasy();
    for (const value of [null, 0]) {
      try {
        core.setOpt(name as "URL", value as never);
        return CURLE_OK;
      } catch (error) {
        const { code } = error as CoreError;
        const { kind } = easyOptions[name as "URL"] as OptionRow;
        const isNumber = kind === "long" || kind === "values" || kind === "off_t";
        if (code !== CURLE_BAD_FUNCTION_ARGUMENT || !isNumber || value === 0) return code;
      }
    }
    throw new Error("unreachable");
  }

  test.for(rows.filter(([name, row]) => !isLeftOut(name, row)))(
    "$0 takes null, by its name and number, and no value of a wrong type",
    ([name, row]) => {
      const easy = new Easy(), code = name === "READDATA" ? CURLE_OK : coreCode(name);
      expect(set(easy, name, null)).toBe(code);
      expect(set(easy, name.toLowerCase(), null)).toBe(code);
      if (row.aliasOf === undefined) expect(set(easy, row.id, null)).toBe(code);
      if (name !== "READDATA") {
        for (const wrong of WRONG[row.kind]) {
          const refusal = refused(() => set(easy, name, wrong));
          expect(refusal, String(wrong)).not.toBe(CURLE_OK);
        }
      }
      easy.close();
    },
  );

  test.for(rows.filter(([name, row]) => isLeftOut(name, row)))(
    "$0 is left out, as by node-libcurl",
    ([name]) => {
      const easy = new Easy(), error = thrown(() => set(easy, name, null));
      expect(error).toMatchObject({ name: "CurlEasyError", code: CURLE_UNKNOWN_OPTION });
      expect((error as Error).message).toContain(`Unsupported option ${name}`);
      easy.close();
    },
  );

  /** Values that no option of a kind takes. */
  const WRONG: Readonly<Record<OptionRow["kind"], readonly unknown[]>> = {
    long: [{}, "x", NaN, 2 ** 60, Symbol()],
    values: [{}, "x", NaN, [1]],
    off_t: [{}, "x", 2n ** 70n],
    string: [1, true, {}, undefined, "a\0b", ["x"]],
    slist: ["x", 1, {}, [1], [null], ["a\nb"]],
    blob: [1, {}, undefined, [1]],
    function: [1, "x", {}, undefined],
    object: [1, {}, undefined],
    cbptr: [],
  };

  /** The code, or the error, which is of a class for it. */
  function refused(call: () => CurlCode): unknown {
    try {
      return call();
    } catch (error) {
      const isOne = error instanceof TypeError || error instanceof RangeError ||
        error instanceof CurlEasyError;
      if (!isOne) throw error;
      return error;
    }
  }
});

describe("names", () => {
  test("are those of curl in any case, constants of Curl.option, and numbers", () => {
    const easy = new Easy();
    for (const name of ["URL", "url", "Url", Curl.option.URL, constants.CURLOPT_URL]) {
      expect(set(easy, name, server.url("/small")), String(name)).toBe(CURLE_OK);
    }
    easy.setOpt("NOPROXY", "*");
    expect(easy.perform()).toBe(CURLE_OK);
    easy.close();
  });

  test("that are unknown have a code", () => {
    const easy = new Easy();
    for (const name of ["NO_SUCH_OPTION", "", 99_999, -1, 1.5, null, undefined, {}]) {
      expect(set(easy, name, 1), String(name)).toBe(CURLE_UNKNOWN_OPTION);
    }
    easy.close();
  });

  test("of Curl.option are those of the loaded libcurl", () => {
    const { versionNum } = versionInfo();
    for (const [name, { since }] of rows) {
      if (since > versionNum) expect(Curl.option, name).not.toHaveProperty(name);
    }
    expect(Curl.option.WRITEFUNCTION).toBe("WRITEFUNCTION");
    expect(Object.keys(Curl.option).length).toBeGreaterThan(200);
  });
});

describe("numbers", () => {
  const timeout = async (value: unknown): Promise<CurlCode> => {
    const { easy } = easyFor(server.url("/delay/400"));
    expect(set(easy, "TIMEOUT_MS", value)).toBe(CURLE_OK);
    const multi = new Multi();
    const code = await multi.perform(easy).then(() => CURLE_OK, (error) => error.code);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
    return code;
  };

  test("may be texts and fractions, and null is the default", async () => {
    for (const value of [50, "50", " 50 ", 50.9, 50n]) {
      expect(await timeout(value), String(value)).toBe(CurlCode.CURLE_OPERATION_TIMEDOUT);
    }
    for (const value of [null, undefined, 0, false]) {
      expect(await timeout(value), String(value)).toBe(CURLE_OK);
    }
  });

  test("are booleans too, and enums of any width", () => {
    const easy = new Easy();
    expect(easy.setOpt("FOLLOWLOCATION", true)).toBe(CURLE_OK);
    expect(easy.setOpt("HTTPAUTH", CurlAuth.Any)).toBe(CURLE_OK);
    expect(easy.setOpt("HTTPAUTH", CurlAuth.Basic | CurlAuth.Digest)).toBe(CURLE_OK);
    expect(easy.setOpt("HTTP_VERSION", CurlHttpVersion.V1_1)).toBe(CURLE_OK);
    expect(easy.setOpt("PROTOCOLS", CurlProtocol.HTTP | CurlProtocol.HTTPS)).toBe(CURLE_OK);
    expect(easy.setOpt("PROTOCOLS", CurlProtocol.ALL)).toBe(CURLE_OK);
    expect(easy.setOpt("RESUME_FROM_LARGE", 2 ** 40)).toBe(CURLE_OK);
    easy.close();
  });

  test("null does not switch the check of certificates off", () => {
    const easy = new Easy();
    expect(easy.setOpt("SSL_VERIFYPEER", null)).toBe(CURLE_OK);
    expect(set(easy, "SSL_VERIFYPEER", "false")).toBe(CURLE_BAD_FUNCTION_ARGUMENT);
    easy.close();
  });

  test("BUFFERSIZE has bounds", () => {
    const easy = new Easy();
    const most = versionInfo().versionNum >= LARGE_BUFFERS_SINCE ? 10 * 2 ** 20 : 2 ** 19;
    for (const size of [1024, most]) expect(easy.setOpt("BUFFERSIZE", size)).toBe(CURLE_OK);
    for (const size of [1023, most + 1, 0, -1, "x"]) {
      expect(() => easy.setOpt("BUFFERSIZE", size), String(size)).toThrow(RangeError);
    }
    expect(easy.setOpt("BUFFERSIZE", null)).toBe(CURLE_OK);
    easy.close();
  });
});

describe("bodies", () => {
  /** What `/echo` tells of a body. */
  function sent(fill: (easy: Easy) => void): Echo {
    const { easy, body } = easyFor(server.url("/echo"));
    fill(easy);
    const code = easy.perform();
    easy.close();
    expect(code).toBe(CURLE_OK);
    return JSON.parse(body());
  }
  const text = ({ body }: Echo) => Buffer.from(body ?? "", "base64");

  test("POSTFIELDS is text, or bytes", () => {
    expect(text(sent((easy) => easy.setOpt("POSTFIELDS", "é=ü"))).toString()).toBe("é=ü");
    const bytes = Buffer.from([0, 255, 10, 0]);
    expect(text(sent((easy) => set(easy, "POSTFIELDS", bytes)))).toEqual(bytes);
    expect(text(sent((easy) => easy.setOpt("POSTFIELDS", "a\0b"))).toString()).toBe("a\0b");
  });

  test("POSTFIELDSIZE counts, before POSTFIELDS and after", () => {
    for (const size of ["POSTFIELDSIZE", "POSTFIELDSIZE_LARGE"] as const) {
      const before = sent((easy) => {
        easy.setOpt(size, 3);
        easy.setOpt("POSTFIELDS", "abcdef");
      });
      const after = sent((easy) => {
        easy.setOpt("POSTFIELDS", "abcdef");
        easy.setOpt(size, 3);
      });
      expect([text(before).toString(), text(after).toString()]).toEqual(["abc", "abc"]);
    }
    // more than there is would be memory of others
    const easy = new Easy();
    expect(easy.setOpt("POSTFIELDSIZE", 1000)).toBe(CURLE_OK);
    expect(easy.setOpt("POSTFIELDS", "abc")).toBe(CURLE_BAD_FUNCTION_ARGUMENT);
    easy.close();
  });

  test("HTTPPOST is a form", () => {
    const path = join(folder, "form.txt");
    writeFileSync(path, "the file");
    const body = text(sent((easy) =>
      easy.setOpt("HTTPPOST", [
        { name: "field", contents: "value" },
        { name: "file", file: path, type: "text/x", filename: "other.txt" },
        { name: "bare", file: path, filename: "bare.txt" },
      ])
    )).toString();
    expect(body).toContain('name="field"\r\n\r\nvalue\r\n');
    expect(body).toMatch(/name="file"; filename="other.txt"\r\nContent-Type: text\/x\r\n\r\nthe f/);
    expect(body).toContain('filename="bare.txt"');
  });

  test("HTTPPOST says what is wrong with a field", () => {
    const easy = new Easy();
    for (const wrong of [1, {}, [1], [null], [{ name: 1 }], [{ name: "a", contents: 1 }]]) {
      expect(thrown(() => set(easy, "HTTPPOST", wrong))).toBeInstanceOf(TypeError);
    }
    for (const wrong of [[{ dummy: "x" }], [{ contents: "x" }], [{ name: "x" }]]) {
      const error = thrown(() => set(easy, "HTTPPOST", wrong));
      expect(error).toMatchObject({ name: "CurlEasyError", code: CURLE_BAD_FUNCTION_ARGUMENT });
      expect((error as Error).message).toMatch(/^Cannot set HTTPPOST: /);
    }
    expect(easy.setOpt("HTTPPOST", null)).toBe(CURLE_OK);
    easy.close();
  });

  test("READDATA is a descriptor, read from its current position", () => {
    const path = join(folder, "upload.txt");
    writeFileSync(path, "from the file");
    const fd = openSync(path, "r");
    const echo = sent((easy) => {
      easy.setOpt("UPLOAD", true);
      easy.setOpt("READDATA", fd);
    });
    closeSync(fd);
    expect(text(echo).toString()).toBe("from the file");
  });

  test("an upload without a source fails, and says so", async () => {
    const { easy } = easyFor(server.url("/echo")), multi = new Multi();
    easy.setOpt("UPLOAD", true);
    expect(easy.perform()).toBe(CurlCode.CURLE_ABORTED_BY_CALLBACK);
    easy.setOpt("READDATA", 9999);
    const error = await multi.perform(easy).catch((reason) => reason);
    expect(error).toMatchObject({ code: CurlCode.CURLE_ABORTED_BY_CALLBACK });
    expect(error.detail).toMatch(/^Cannot read from READDATA: .*EBADF|bad file descriptor/i);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  });
});

describe("objects", () => {
  test("SHARE is an open Share", () => {
    const easy = new Easy(), share = new Share();
    expect(easy.setOpt("SHARE", share)).toBe(CURLE_OK);
    expect(easy.setOpt("SHARE", null)).toBe(CURLE_OK);
    share.close();
    expect(thrown(() => easy.setOpt("SHARE", share))).toMatchObject({
      code: CURLE_BAD_FUNCTION_ARGUMENT,
    });
    expect(() => set(easy, "SHARE", {})).toThrow(TypeError);
    easy.close();
  });

  test("STREAM_DEPENDS is an Easy", () => {
    const easy = new Easy(), parent = new Easy();
    expect(() => set(easy, "STREAM_DEPENDS", {})).toThrow(TypeError);
    const code = easy.setOpt("STREAM_DEPENDS", parent);
    // a libcurl without HTTP/2 has it not
    expect([CURLE_OK, CurlCode.CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION]).toContain(code);
    easy.close();
    parent.close();
  });

  test("blobs are bytes or text", () => {
    const easy = new Easy();
    const { buffer } = Uint8Array.from([1, 2]);
    for (const blob of [Buffer.from([1, 2]), "text", buffer, null]) {
      const code = easy.setOpt("SSLKEY_BLOB", blob);
      expect([CURLE_OK, CurlCode.CURLE_NOT_BUILT_IN]).toContain(code);
    }
    easy.close();
  });
});

test("an option that may not be set now has the core's code, and changes nothing", async () => {
  const { easy } = easyFor(server.url("/delay/50")), multi = new Multi();
  const over = multi.perform(easy);
  expect(easy.setOpt("URL", "http://127.0.0.1:1/")).toBe(CURLE_BAD_FUNCTION_ARGUMENT);
  expect(easy.setOpt("TIMEOUT_MS", 5000)).toBe(CURLE_OK);
  expect(easy.setOpt("XFERINFOFUNCTION", () => 0)).toBe(CURLE_OK);
  await over;
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

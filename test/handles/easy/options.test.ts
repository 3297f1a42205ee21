// Each kind of option that is a number, a string or a list, by what the server then sees.
import { describe, expect, test } from "vitest";
import { constants, CurlEasyError, Easy } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, type Echo, failure, get, header, Transfer } from "../easy_support.ts";

const server = useServer("http", "ftp");

function echo(options: ConstructorParameters<typeof Transfer>[1]): Echo {
  using easy = get(server.url("/echo"), options);
  return easy.json as Echo;
}

describe("numbers", () => {
  test("a long is set by name: TIMEOUT_MS ends a transfer", () => {
    using easy = new Transfer(server.url("/hold"), { TIMEOUT_MS: 100 });
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_OPERATION_TIMEDOUT");
  });

  test("a long is set by its C number", () => {
    using easy = new Transfer(server.url("/hold"));
    easy.setOpt(155, 100);
    expect(codeOf(() => easy.perform())).toBe(28);
  });

  test("true and false are 1 and 0", () => {
    expect(echo({ NOBODY: false }).method).toBe("GET");
    using head = get(server.url("/small"), { NOBODY: true });
    expect(head.bytes).toHaveLength(0);
    expect(head.getInfo("EFFECTIVE_METHOD")).toBe("HEAD");
  });

  test("a bit mask above 2^31 fits a long: HTTPAUTH takes CURLAUTH_ANY", () => {
    using easy = new Easy();
    easy.setOpt("HTTPAUTH", constants.CURLAUTH_ANY);
    easy.setOpt("SSH_AUTH_TYPES", 0xffffffff);
    expect(constants.CURLAUTH_ONLY).toBe(0x80000000);
    easy.setOpt("HTTPAUTH", constants.CURLAUTH_ONLY | constants.CURLAUTH_BASIC);
  });

  test("a negative long reaches libcurl with its sign: PORT -1 is out of its range", () => {
    using easy = new Easy();
    expect(failure(() => easy.setOpt("PORT", -1))).toMatchObject({
      code: 43,
      message: expect.stringContaining("PORT"),
    });
  });

  test("an enum is set by C's name for the value", () => {
    const { CURL_HTTP_VERSION_1_0 } = constants;
    expect(echo({ HTTP_VERSION: CURL_HTTP_VERSION_1_0 }).httpVersion).toBe("1.0");
  });

  test("an off_t takes a number, a bigint above 2^32 and a boolean", () => {
    const size = 2n ** 33n + 5n;
    using easy = new Transfer(server.ftp ? server.url("/big.bin", "ftp") : "");
    easy.setOpt("MAXFILESIZE_LARGE", 2 ** 33);
    easy.setOpt("RESUME_FROM_LARGE", size);
    expect(failure(() => easy.perform())).toMatchObject({
      codeName: "CURLE_BAD_DOWNLOAD_RESUME",
      message: `Offset (${size}) was beyond file size (1048576)`,
    });
    easy.setOpt("RESUME_FROM_LARGE", true);
    easy.perform();
    expect(easy.getInfo("SIZE_DOWNLOAD_T")).toBe(1048575);
  });

  test("the extremes of 64 bits do not wrap", () => {
    using easy = new Transfer(server.url("/big.bin", "ftp"));
    const most = 2n ** 63n - 1n;
    easy.setOpt("RESUME_FROM_LARGE", most);
    expect(failure(() => easy.perform()).message).toContain(String(most));
    expect(codeOf(() => easy.setOpt("RESUME_FROM_LARGE", most + 1n))).toBe(43);
    expect(codeOf(() => easy.setOpt("RESUME_FROM_LARGE", -(2n ** 63n) - 1n))).toBe(43);
  });

  test("a long is as wide as C's: TIMEVALUE takes a date after 2106", () => {
    const { CURL_TIMECOND_IFMODSINCE: TIMECONDITION } = constants;
    for (const TIMEVALUE of [5_000_000_000, 5_000_000_000n]) {
      const { headers } = echo({ TIMECONDITION, TIMEVALUE });
      expect(headers).toContainEqual(["If-Modified-Since", "Fri, 11 Jun 2128 08:53:20 GMT"]);
    }
  });

  test.each([1.5, NaN, Infinity, 2 ** 53, 2n ** 63n, "1", {}, [], Symbol.iterator])(
    "a long refuses %s with CURLE_BAD_FUNCTION_ARGUMENT",
    (value) => {
      using easy = new Easy();
      const error = failure(() => easy.setOpt("TIMEOUT_MS" as string as never, value as never));
      expect(error).toBeInstanceOf(CurlEasyError);
      expect(error).toMatchObject({ code: 43, codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
      expect(error.message).toContain("TIMEOUT_MS");
    },
  );

  test.each([1.5, NaN, Infinity, 2 ** 53, "1", {}, 2n ** 64n])(
    "an off_t refuses %s with CURLE_BAD_FUNCTION_ARGUMENT",
    (value) => {
      using easy = new Easy();
      expect(codeOf(() => easy.setOpt("RESUME_FROM_LARGE", value as never))).toBe(43);
    },
  );
});

describe("strings", () => {
  test("a string arrives as UTF-8, non-ASCII included", () => {
    const agent = "Zürich 東京 🦤";
    const sent = header(echo({ USERAGENT: agent }), "user-agent") as string;
    expect(Buffer.from(sent, "latin1").toString("utf8")).toBe(agent);
  });

  test("a string longer than any scratch buffer arrives whole", () => {
    const agent = "é".repeat(7000);
    const sent = header(echo({ USERAGENT: agent }), "user-agent") as string;
    expect(Buffer.from(sent, "latin1").toString("utf8")).toBe(agent);
  });

  test("an empty string is a value of its own: ACCEPT_ENCODING lists all encodings of the build", () => {
    expect(header(echo({ ACCEPT_ENCODING: "" }), "accept-encoding")).toContain("gzip");
    expect(header(echo({ ACCEPT_ENCODING: null }), "accept-encoding")).toBeUndefined();
  });

  test("libcurl keeps its own copy: the next string does not change the one before", () => {
    const { headers } = echo({ USERAGENT: "first", REFERER: "second", COOKIE: "third=3" });
    expect(headers).toEqual(expect.arrayContaining([
      ["User-Agent", "first"],
      ["Referer", "second"],
      ["Cookie", "third=3"],
    ]));
  });

  test("a NUL inside is refused, and the message does not show the string", () => {
    using easy = new Easy();
    const error = failure(() => easy.setOpt("USERPWD", "user:sec\0ret"));
    expect(error).toMatchObject({ code: 43, message: expect.stringContaining("NUL") });
    expect(error.message).not.toContain("sec");
  });

  test.each([
    1,
    true,
    {},
    ["a"],
    new ArrayBuffer(1),
    new Uint16Array(1),
    new DataView(new ArrayBuffer(1)),
  ])("a string refuses %o", (value) => {
    using easy = new Easy();
    expect(codeOf(() => easy.setOpt("URL", value as never))).toBe(43);
  });
});

describe("lists", () => {
  test("the lines arrive in their order", () => {
    const { headers } = echo({ HTTPHEADER: ["X-One: 1", "X-Two: zwölf", "X-One: 3", "Accept:"] });
    const ours = headers.filter(([name]) => name.startsWith("X-"));
    expect(ours.map(([name, value]) => [name, Buffer.from(value, "latin1").toString("utf8")]))
      .toEqual([["X-One", "1"], ["X-Two", "zwölf"], ["X-One", "3"]]);
    expect(headers.some(([name]) => name === "Accept")).toBe(false);
  });

  test("a line may be bytes, which are sent as they are", () => {
    const latin1 = new Uint8Array(Buffer.from("X-Name: Zürich", "latin1"));
    const { headers } = echo({ HTTPHEADER: ["X-One: 1", latin1] });
    expect(headers).toContainEqual(["X-Name", "Zürich"]);
    using easy = new Easy();
    expect(codeOf(() => easy.setOpt("HTTPHEADER", [new Uint8Array([65, 58, 0])]))).toBe(43);
  });

  test("the next list replaces the one before, and null or [] leaves none", () => {
    using easy = new Transfer(server.url("/echo"), { HTTPHEADER: ["X-Old: 1"] });
    const sent = () => {
      const before = easy.text.length;
      easy.perform();
      return JSON.parse(easy.text.slice(before)).headers.flat().filter((s: string) =>
        /^X-/.test(s)
      );
    };
    expect(sent()).toEqual(["X-Old"]);
    easy.setOpt("HTTPHEADER", ["X-New: 2"]);
    expect(sent()).toEqual(["X-New"]);
    easy.setOpt("HTTPHEADER", null);
    expect(sent()).toEqual([]);
    easy.setOpt("HTTPHEADER", ["X-Again: 2"]);
    easy.setOpt("HTTPHEADER", []);
    expect(sent()).toEqual([]);
  });

  test("RESOLVE sends an invented name to loopback", () => {
    using easy = get(`http://invented.test:${server.http}/small`, {
      RESOLVE: [`invented.test:${server.http}:127.0.0.1`],
    });
    expect(easy.getInfo("PRIMARY_IP")).toBe("127.0.0.1");
  });

  test.each([["a string"], [[1]], [["fine", "N\0L"]], [new Set(["x"])], [[undefined]]])(
    "a list refuses %o",
    (value) => {
      using easy = new Easy();
      expect(codeOf(() => easy.setOpt("HTTPHEADER", value as never))).toBe(43);
    },
  );
});

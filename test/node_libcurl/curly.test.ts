// curly: a request as a promise.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  curly,
  type CurlyHttpMethod,
  type CurlyOptions,
} from "../../node_libcurl.ts";
import { easyOptions, type OptionRow } from "../../ffi/curl/options.ts";
import { optionOfCamelCase } from "../../src/node_libcurl/tables.ts";
import { useServer } from "../use.ts";
import { type Echo, failure, thrown } from "./support.ts";

const server = useServer("http", "ftp");

const OPTIONS: CurlyOptions = { timeoutMs: 10_000, noProxy: "*" };
const echo = (options: CurlyOptions = {}) =>
  curly<Echo>(server.url("/echo"), { ...OPTIONS, ...options });
const header = ({ headers }: Echo, name: string) =>
  headers.find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1];

const METHODS = Object.keys(curly).filter((name) =>
  !["create", "setObjectPoolLimit", "defaultResponseBodyParsers"].includes(name)
) as CurlyHttpMethod[];

describe("methods", () => {
  test("are 34", () => expect(METHODS).toHaveLength(34));

  // those that Node's server, which the tests run, does not know
  test.for(METHODS.filter((method) => method !== "connect"))("%s", async (method) => {
    const options = { ...OPTIONS, ...(method === "post" ? { postFields: "" } : {}) };
    const { statusCode, data } = await curly[method]<Echo>(server.url("/echo"), options);
    expect(statusCode).toBe(200);
    if (method === "head") expect(data).toBeNull();
    else expect(data.method).toBe(method.toUpperCase());
  });

  test("post sends what postFields has", async () => {
    const { data } = await curly.post<Echo>(server.url("/echo"), {
      ...OPTIONS,
      postFields: JSON.stringify({ a: 1 }),
      httpHeader: ["Content-Type: application/json"],
    });
    expect(Buffer.from(data.body!, "base64").toString()).toBe('{"a":1}');
    expect(header(data, "content-type")).toBe("application/json");
  });
});

describe("options", () => {
  test("have curl's names, or the same in camel case; undefined ones are left out", async () => {
    const names = ["USERAGENT", "userAgent", "useragent", "userAgent"];
    for (const name of names) {
      const { data } = await echo({ [name]: "mine", followLocation: undefined! } as CurlyOptions);
      expect(header(data, "user-agent"), name).toBe("mine");
    }
  });

  test("of each name are found in camel case", () => {
    for (const [name, { aliasOf }] of Object.entries(easyOptions as Record<string, OptionRow>)) {
      const camel = name.toLowerCase().replace(
        /_(.)/g,
        (_, letter: string) => letter.toUpperCase(),
      );
      expect(optionOfCamelCase(camel), name).toBe(name);
      if (aliasOf === undefined) expect(optionOfCamelCase(name)).toBe(name);
    }
    expect(optionOfCamelCase("noSuchOption")).toBeUndefined();
  });

  test("that are wrong throw at once, and leave no handle behind", () => {
    expect(() => echo({ noSuchOption: 1 } as never)).toThrow(CurlEasyError);
    expect(() => echo({ url: 1 })).toThrow(TypeError);
    expect(thrown(() => echo({ timeout: "soon" }))).toMatchObject({
      code: CurlCode.CURLE_BAD_FUNCTION_ARGUMENT,
      message: expect.stringContaining("TIMEOUT"),
    });
    expect(() => echo({ curlyProgressCallback: "x" as never })).toThrow(TypeError);
    expect(() => echo({ curlyStreamUpload: {} as never })).toThrow(/stream/);
    expect(() => echo({ curlyMimePost: [{ type: "x" }] as never })).toThrow(TypeError);
    expect(Curl.getCount()).toBe(0);
  });

  test("curlyBaseUrl is put before the URL, from defaults too", async () => {
    const curlyBaseUrl = server.url("").replace(/\/$/, "");
    expect((await curly.get("/small", { ...OPTIONS, curlyBaseUrl })).statusCode).toBe(200);
    const based = curly.create({ ...OPTIONS, curlyBaseUrl });
    expect((await based.get("/small")).statusCode).toBe(200);
    expect((await based("/status/404")).statusCode).toBe(404);
  });

  test("curlyLowerCaseHeaders", async () => {
    const { headers } = await echo({ curlyLowerCaseHeaders: true });
    expect(headers[0]).toMatchObject({ "content-type": expect.any(String), result: { code: 200 } });
    for (const name of Object.keys(headers[0]!)) expect(name).toBe(name.toLowerCase());
  });

  test("curlyProgressCallback needs no NOPROGRESS for a stream, and has it otherwise", async () => {
    let calls = 0;
    const curlyProgressCallback = () => {
      calls++;
      return 0;
    };
    await echo({ curlyProgressCallback, noProgress: false });
    expect(calls).toBeGreaterThan(0);
    const error = await failure(echo({ curlyProgressCallback: () => 1, noProgress: false }));
    expect(error).toMatchObject({ code: CurlCode.CURLE_ABORTED_BY_CALLBACK });
  });

  test("curlyMimePost sends a form", async () => {
    const { data } = await curly.post<Echo>(server.url("/echo"), {
      ...OPTIONS,
      curlyMimePost: [{ type: "data", name: "n", data: "v" }],
    });
    expect(header(data, "content-type")).toMatch(/^multipart\/form-data/);
    expect(Buffer.from(data.body!, "base64").toString()).toContain('name="n"\r\n\r\nv\r\n');
  });
});

describe("results", () => {
  test("have the status, headers of each response and the body", async () => {
    const { statusCode, headers, data } = await curly.get(server.url("/redirect/0"), {
      ...OPTIONS,
      followLocation: true,
    });
    expect([statusCode, data]).toEqual([200, expect.objectContaining({ ok: true })]);
    expect(headers.map(({ result }) => result?.code)).toEqual([302, 200]);
  });

  test("of a bad status do not reject, unless failOnError says so", async () => {
    expect((await curly.get(server.url("/status/500"), OPTIONS)).statusCode).toBe(500);
    const error = await failure(
      curly.get(server.url("/status/500"), { ...OPTIONS, failOnError: true }),
    ) as CurlEasyError;
    expect(error).toEqual(
      new CurlEasyError("Request failed: HTTP response code said error", 22),
    );
    expect(error.detail).toContain("500");
  });

  test("of another protocol have no headers", async () => {
    const { statusCode, data, headers } = await curly<Buffer>(
      server.url("/hello.txt", "ftp"),
      OPTIONS,
    );
    expect([statusCode, data.toString(), headers]).toEqual([226, "hello from ftp\n", []]);
  });

  test("that fail reject with a CurlEasyError", async () => {
    const error = await failure(curly.get("http://127.0.0.1:1/", OPTIONS));
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error).toMatchObject({ code: CurlCode.CURLE_COULDNT_CONNECT });
  });
});

describe("parsers", () => {
  const typed = (type: string, options: CurlyOptions = {}) => {
    const query = new URLSearchParams({ "content-type": type });
    return curly.get(server.url(`/with?${query}`), { ...OPTIONS, ...options });
  };

  test("are chosen by the media type: JSON, text, and bytes for the rest", async () => {
    expect((await typed("application/json; charset=utf-8")).data).toEqual(expect.any(Object));
    expect((await typed("text/x-anything")).data).toEqual(expect.any(String));
    expect((await typed("image/png")).data).toBeInstanceOf(Buffer);
  });

  test("of one's own are added, and win over less exact ones wherever they stand", async () => {
    const curlyResponseBodyParsers = {
      "image/png": () => "an image",
      "image/*": () => "any image",
      "application/json": (data: Buffer) => data.length,
    };
    const own = { curlyResponseBodyParsers };
    expect((await typed("image/png", own)).data).toBe("an image");
    expect((await typed("image/gif", own)).data).toBe("any image");
    expect((await typed("application/json", own)).data).toEqual(expect.any(Number));
    expect((await typed("text/plain", own)).data).toEqual(expect.any(String));
  });

  test("one for all, or false for none", async () => {
    const { data, headers } = await echo({
      curlyResponseBodyParser: (body, head) => [body.length, head],
    });
    expect(data).toEqual([expect.any(Number), headers]);
    expect((await echo({ curlyResponseBodyParser: false })).data).toBeInstanceOf(Buffer);
  });

  test("that are wrong, or throw, reject", async () => {
    const wrong = "x" as never;
    expect(await failure(echo({ curlyResponseBodyParser: wrong }))).toBeInstanceOf(TypeError);
    expect(await failure(echo({ curlyResponseBodyParsers: { "a/b": wrong } }))).toBeInstanceOf(
      TypeError,
    );
    const mine = new Error("mine");
    const error = await failure(echo({
      curlyResponseBodyParser: () => {
        throw mine;
      },
    }));
    expect(error).toBe(mine);
  });

  test("say that a body is no JSON", async () => {
    const other = curly.create(OPTIONS);
    other.defaultResponseBodyParsers["text/*"] = other
      .defaultResponseBodyParsers["application/json"]!;
    const error = await failure(other.get(server.url("/trailers"))) as Error;
    expect(error.message).toMatch(/JSON.*curlyResponseBodyParser/s);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect(curly.defaultResponseBodyParsers["text/*"]!(Buffer.from("a"), [])).toBe("a");
  });
});

describe("create()", () => {
  test("makes one with defaults of its own, which a call may override", async () => {
    const mine = curly.create({ ...OPTIONS, userAgent: "default/1" });
    const agent = async (options: CurlyOptions = {}) =>
      header((await mine<Echo>(server.url("/echo"), options)).data, "user-agent");
    expect(await agent()).toBe("default/1");
    expect(await agent({ userAgent: "call/1" })).toBe("call/1");
    expect(mine).not.toBe(curly);
    expect((await mine.post<Echo>(server.url("/echo"), { postFields: "x" })).data.method).toBe(
      "POST",
    );
  });
});

describe("setObjectPoolLimit()", () => {
  test("keeps instances, which are as new for each request", async () => {
    const pooled = curly.create(OPTIONS);
    pooled.setObjectPoolLimit(2);
    const first = await pooled.post<Echo>(server.url("/echo"), {
      postFields: "x",
      userAgent: "first/1",
    });
    expect(header(first.data, "user-agent")).toBe("first/1");
    const stream = await pooled.get(server.url("/bytes/10"), { curlyStreamResponse: true });
    let bytes = 0;
    for await (const chunk of stream.data) bytes += chunk.length;
    expect(bytes).toBe(10);
    const second = await pooled.get<Echo>(server.url("/echo"));
    expect([second.data.method, header(second.data, "user-agent")]).toEqual([
      "GET",
      Curl.defaultUserAgent,
    ]);
    await Promise.all(Array.from({ length: 5 }, () => pooled.get(server.url("/small"))));
    await failure(pooled.get("http://127.0.0.1:1/"));
    expect((await pooled.get(server.url("/small"))).statusCode).toBe(200);
    pooled.setObjectPoolLimit(1);
    pooled.setObjectPoolLimit(0);
    pooled.setObjectPoolLimit(-1);
    expect((await pooled.get(server.url("/small"))).statusCode).toBe(200);
  });
});

test("a hundred requests at once", async () => {
  const all = Array.from({ length: 100 }, (_, i) => echo({ httpHeader: [`X-Number: ${i}`] }));
  const numbers = (await Promise.all(all)).map(({ data }) => header(data, "x-number"));
  expect(numbers).toEqual(all.map((_, i) => String(i)));
  expect(Curl.getCount()).toBe(0);
});

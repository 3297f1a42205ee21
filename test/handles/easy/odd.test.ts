// Values that the fuzzer found: each ended in a TypeError of the runtime's own, or worse.
import { describe, expect, test } from "vitest";
import {
  Agent,
  CurlEasyError,
  CurlMultiError,
  CurlUrl,
  CurlUrlError,
  download,
  Easy,
  fetch,
  Mime,
  Multi,
  Share,
} from "../../../mod.ts";
import { detachedView, Nameless, revoked } from "../../fuzz/odd.ts";

// deno-lint-ignore no-explicit-any -- no type is right
type Any = any;

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return null;
}

const ODD: [string, () => Any][] = [
  ["a class whose name is a symbol", () => new Nameless()],
  ["a constructor that is no class", () => ({ constructor: { name: Object.create(null) } })],
  ["an object without a prototype", () => Object.create(null)],
  ["a proxy that was revoked", revoked],
  ["a proxy of bytes", () => new Proxy(new Uint8Array(4), {})],
  ["a detached buffer", () => {
    const buffer = new ArrayBuffer(8);
    buffer.transfer();
    return buffer;
  }],
  ["a symbol", () => Symbol("odd")],
  ["a handle that was never made", () => Object.create(Easy.prototype)],
];

describe.each(ODD)("%s", (_, make) => {
  test.each([
    "TIMEOUT_MS",
    "URL",
    "HTTPHEADER",
    "CAINFO_BLOB",
    "POSTFIELDS",
    "WRITEFUNCTION",
    "SHARE",
  ])(
    "is no value of %s",
    (option) => {
      using easy = new Easy();
      const error = thrown(() => easy.setOpt(option as Any, make()));
      expect(error).toBeInstanceOf(CurlEasyError);
      expect(error).toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
    },
  );

  test("is no option, info, part or descriptor", () => {
    using easy = new Easy(), multi = new Multi(), url = new CurlUrl();
    expect(thrown(() => easy.setOpt(make(), 1))).toBeInstanceOf(CurlEasyError);
    expect(thrown(() => easy.getInfo(make()))).toBeInstanceOf(CurlEasyError);
    expect(thrown(() => multi.setOpt(make(), 1))).toBeInstanceOf(CurlMultiError);
    expect(thrown(() => multi.socketAction(make(), 0))).toBeInstanceOf(CurlMultiError);
    expect(thrown(() => multi.addHandle(make()))).toBeInstanceOf(CurlMultiError);
    expect(thrown(() => url.get(make()))).toBeInstanceOf(CurlUrlError);
  });
});

test("objects made without their constructor are no handles", () => {
  using easy = new Easy(), mime = new Mime();
  const fakes = {
    SHARE: Object.create(Share.prototype),
    CURLU: Object.create(CurlUrl.prototype),
    MIMEPOST: Object.create(Mime.prototype),
    STREAM_DEPENDS: Object.create(Easy.prototype),
  };
  for (const [option, fake] of Object.entries(fakes)) {
    expect(thrown(() => easy.setOpt(option as Any, fake))).toBeInstanceOf(CurlEasyError);
  }
  const subparts = Object.create(Mime.prototype);
  expect(thrown(() => mime.addPart({ subparts }))).toBeInstanceOf(CurlEasyError);
});

test("detached bytes are refused, or there are none", () => {
  using easy = new Easy();
  const parts = [{ name: "a", contents: detachedView() }];
  for (const [option, value] of [["HTTPPOST", parts], ["SSLKEY_BLOB", detachedView()]] as const) {
    const error = thrown(() => easy.setOpt(option as Any, value));
    expect(error === null || error instanceof CurlEasyError, String(error)).toBe(true);
  }
  expect(thrown(() => easy.send(detachedView() as Any))).toBeInstanceOf(CurlEasyError);
});

test("bytes are as long as they are, whatever they say", () => {
  const bytes = new TextEncoder().encode("x-odd: yes");
  Object.defineProperty(bytes, "length", { value: 1 << 30 });
  Object.defineProperty(bytes, "some", { value: () => false });
  using easy = new Easy();
  for (const option of ["POSTFIELDS", "COPYPOSTFIELDS"] as const) easy.setOpt(option, bytes);
  easy.setOpt("SSLKEY_BLOB", bytes);
  easy.setOpt("HTTPHEADER", [bytes]);
  using mime = new Mime();
  mime.addPart({ data: bytes });
  bytes[0] = 10;
  const error = thrown(() => easy.setOpt("HTTPHEADER", [bytes]));
  expect(error).toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
});

test("a proxy that has every property is an ordinary callback", () => {
  using easy = new Easy();
  const given: unknown[] = [];
  const take = (bytes: Uint8Array) => (given.push(bytes), bytes.length);
  const WRITEFUNCTION = new Proxy(take, { get: () => true });
  easy.setOpts({ URL: import.meta.url, WRITEFUNCTION });
  easy.perform();
  expect(given[0]).toBeInstanceOf(Uint8Array);
});

test("-0 is 0, or no number of a descriptor", () => {
  using easy = new Easy(), multi = new Multi();
  easy.setOpts({ TIMEOUT_MS: -0, RESUME_FROM_LARGE: -0, VERBOSE: -0 });
  easy.setOpt("POSTFIELDSIZE", -0);
  multi.setOpt("MAXCONNECTS", -0);
  multi.poll([], -0);
  expect(thrown(() => easy.setOpt(-0, 1))).toBeInstanceOf(CurlEasyError);
  expect(thrown(() => multi.assign(-0, 1))).toBeInstanceOf(CurlMultiError);
});

test("headers(null) is headers()", () => {
  using easy = new Easy();
  const error = thrown(() => easy.headers(null as Any));
  expect(error instanceof TypeError).toBe(false);
});

test("a signal that is none is refused before the transfer begins", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  easy.setOpts({ URL: "http://127.0.0.1:1/", TIMEOUT_MS: 5000 });
  for (const signal of [5, {}, Object.create(null)] as Any[]) {
    await expect(agent.perform(easy, { signal })).rejects.toMatchObject({ code: 43 });
    expect(agent.active).toBe(0);
  }
  await expect(agent.perform(easy, null as Any)).rejects.toMatchObject({ code: 7 });
});

test("an agent that is none, and a path that is none, are refused in words", async () => {
  const url = "http://127.0.0.1:1/";
  await expect(fetch(url, { agent: {} as Any })).rejects.toThrow("expected an Agent");
  await expect(download(url, null as Any)).rejects.toThrow("the path must be a string");
  await expect(download(url, "x", { agent: {} as Any })).rejects.toThrow("expected an Agent");
});

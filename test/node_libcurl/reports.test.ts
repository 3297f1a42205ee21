// What people have reported of node-libcurl (github.com/JCMais/node-libcurl/issues), each tried here.
import { Buffer } from "node:buffer";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import {
  Curl,
  CurlCode,
  CurlFeature,
  CurlMultiCode,
  CurlPause,
  CurlReadFunc,
  curly,
  type CurlyOptions,
  Easy,
  Multi,
} from "../../node_libcurl.ts";
import { easyCount } from "../../src/handles/core/easy_state.ts";
import { multiCount } from "../../src/handles/multi/multi.ts";
import { descriptors } from "../driver/support.ts";
import { useServer } from "../use.ts";
import {
  collect,
  curlFor,
  easyFor,
  type Echo,
  ended,
  failed,
  failure,
  sleep,
  until,
} from "./support.ts";

const server = useServer("http", "raw");

const OPTIONS: CurlyOptions = { timeoutMs: 10_000, noProxy: "*" };

test("4, 40: a transfer that times out leaves the process whole", async () => {
  for (let i = 0; i < 20; i++) {
    const curl = curlFor(server.url("/delay/1000")).setOpt("TIMEOUT_MS", 10);
    expect((await failed(curl)).code).toBe(CurlCode.CURLE_OPERATION_TIMEDOUT);
    curl.close();
  }
});

test("18: POSTFIELDS with a POSTFIELDSIZE is whole, and so are zero bytes", async () => {
  const text = `${"x".repeat(3000)}\0${"é".repeat(2000)}`;
  const { data } = await curly.post<Echo>(server.url("/echo"), {
    ...OPTIONS,
    postFieldSize: Buffer.byteLength(text),
    postFields: text,
  });
  expect(Buffer.from(data.body!, "base64").toString()).toBe(text);
});

test("42: a body that is no UTF-8 spoils neither itself nor the next one", async () => {
  const raw = curlFor(server.url("/bytes/196")).enable(CurlFeature.NoDataParsing);
  expect((await ended(raw) as { data: unknown }).data).toEqual(
    Buffer.from(Array.from({ length: 196 }, (_, i) => i)),
  );
  raw.close();
  // its last byte is the first of a character's two
  const cut = curlFor(server.url("/bytes/196")), next = curlFor(server.url("/small"));
  expect((await ended(cut)).data.endsWith("\ufffd")).toBe(true);
  expect((await ended(next)).data[0]).toBe("{");
  cut.close();
  next.close();
});

test("73, 186: instances that are closed leave nothing behind", async () => {
  const before = easyCount.open;
  for (let i = 0; i < 500; i++) new Curl().close();
  expect(easyCount.open).toBe(before);
  for (let i = 0; i < 50; i++) await curly.get(server.url("/small"), OPTIONS);
  expect(easyCount.open).toBe(before);
  const sockets = descriptors("socket");
  for (let i = 0; i < 50; i++) await curly.get(server.url("/small"), OPTIONS);
  expect(descriptors("socket")).toBeLessThanOrEqual(sockets + 1);
});

test("81, 190: TIMEOUT and CONNECTTIMEOUT end what does not answer, with an event", async () => {
  const silent = curlFor(server.url("/hold")).setOpt("TIMEOUT", null).setOpt("TIMEOUT_MS", 100);
  const { code, error } = await failed(silent);
  expect([code, error.message]).toEqual([28, "Request failed: Timeout was reached"]);
  silent.close();
});

test("107: a progress callback is called where NOPROGRESS is 0", async () => {
  const curl = curlFor(server.url("/bytes/10000")).setOpt("NOPROGRESS", 0);
  let calls = 0;
  curl.setProgressCallback(() => {
    calls++;
    return 0;
  });
  await ended(curl);
  expect(calls).toBeGreaterThan(0);
  curl.close();
});

test("108: of headers with one name the last is told, and all of them raw", async () => {
  const url = server.url("/headers/3");
  const parsed = curlFor(url), raw = curlFor(url).enable(CurlFeature.NoHeaderParsing);
  const { headers } = await ended(parsed);
  const lines = (await ended(raw) as { headers: unknown }).headers as Buffer;
  const names = lines.toString().split("\r\n").filter((line) => line.includes(":")).map((line) =>
    line.split(":")[0]
  );
  expect(new Set(Object.keys(headers[0]!))).toEqual(new Set(["result", ...names]));
  parsed.close();
  raw.close();
});

test("172: an upload may be paused again and again, and for longer", async () => {
  const { easy, body } = easyFor(server.url("/echo")), multi = new Multi();
  let count = 0;
  easy.setOpt("UPLOAD", true);
  easy.setOpt("READFUNCTION", (buffer) => {
    if (count++ % 2 === 0 && count < 6) {
      setTimeout(() => easy.pause(CurlPause.Cont), count === 3 ? 1100 : 50);
      return CurlReadFunc.Pause;
    }
    return count < 7 ? buffer.write("piece") : 0;
  });
  await multi.perform(easy);
  expect((JSON.parse(body()) as Echo).length).toBeGreaterThanOrEqual(10);
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

test("177: what waits for a promise goes on before the transfer's next event", async () => {
  const curl = curlFor(server.url("/stream/3/20")), order: string[] = [];
  curl.on("data", () => {
    order.push("data");
    void Promise.resolve().then(() => order.push("microtask"));
  });
  await ended(curl);
  expect(order.slice(0, 4)).toEqual(["data", "microtask", "data", "microtask"]);
  curl.close();
});

test("227: closing inside of a data event fails that transfer, with the reason as its cause", async () => {
  const curl = curlFor(server.url("/bytes/100000"));
  curl.on("data", (_chunk, instance) => instance.close());
  const { code, error } = await failed(curl);
  expect(code).toBe(CurlCode.CURLE_ABORTED_BY_CALLBACK);
  expect(error.cause).toMatchObject({ code: CurlMultiCode.CURLM_RECURSIVE_API_CALL });
  expect(curl.isOpen).toBe(true);
  curl.close();
  // the way that was advised instead
  const limited = curlFor(server.url("/bytes/1000000"));
  let size = 0;
  limited.setOpt("WRITEFUNCTION", (chunk, length, nmemb) => {
    size += chunk.length;
    return size > 50_000 ? 0 : length * nmemb;
  });
  expect((await failed(limited)).code).toBe(CurlCode.CURLE_WRITE_ERROR);
  limited.close();
});

test("229, 407: binary data in a body, and in a form", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const { data } = await curly.post<Echo>(server.url("/echo"), {
    ...OPTIONS,
    curlyMimePost: [{ type: "data", name: "file", data: bytes, fileName: "title" }],
  });
  const form = Buffer.from(data.body!, "base64");
  expect(form.includes(bytes)).toBe(true);
  expect(form.toString("latin1")).toContain('name="file"; filename="title"');
});

test("271: a stream of a response without a body ends", async () => {
  const { data } = await curly.get<Readable>(server.url("/status/204"), {
    ...OPTIONS,
    curlyStreamResponse: true,
  });
  expect(await collect(data)).toHaveLength(0);
});

test("331: WRITEFUNCTION beside a streamed response takes the body, and may end it", async () => {
  let bytes = 0;
  const { data } = await curly.get<Readable>(server.url("/bytes/5000"), {
    ...OPTIONS,
    curlyStreamResponse: true,
    writeFunction(chunk, size, nmemb) {
      bytes += chunk.length;
      return size * nmemb;
    },
  });
  expect([(await collect(data)).length, bytes]).toEqual([0, 5000]);
  const error = await failure(curly.get(server.url("/bytes/5000"), {
    ...OPTIONS,
    curlyStreamResponse: true,
    writeFunction: () => -1,
  }));
  expect(error).toMatchObject({ code: CurlCode.CURLE_WRITE_ERROR });
});

test("332: a request right after another, while that one's stream is read, and from its events", async () => {
  const options = { ...OPTIONS, curlyStreamResponse: true };
  const first = await curly.get<Readable>(server.url("/bytes/300000"), options);
  const second = await curly.get<Readable>(server.url("/bytes/300000"), options);
  const inside = new Promise<number>((resolve, reject) => {
    first.data.once("data", () => {
      curly.get(server.url("/small"), OPTIONS).then(
        ({ statusCode }) => resolve(statusCode),
        reject,
      );
    });
  });
  const [one, two] = await Promise.all([collect(first.data), collect(second.data)]);
  expect([one.length, two.length]).toEqual([300_000, 300_000]);
  expect(await inside).toBe(200);
  const { easy } = easyFor(server.url("/small"));
  let nested: Promise<{ statusCode: number }> | undefined;
  const multi = new Multi();
  easy.setOpt("WRITEFUNCTION", (chunk) => {
    nested = curly.get(server.url("/small"), OPTIONS);
    return chunk.length;
  });
  await multi.perform(easy);
  expect((await nested!).statusCode).toBe(200);
  multi.removeHandle(easy);
  easy.close();
  multi.close();
});

test("405: a transfer that fails in the middle fails the pipeline that reads it", async () => {
  const { data } = await curly.get<Readable>(server.url("/slow/100000/5"), {
    ...OPTIONS,
    timeoutMs: 200,
    curlyStreamResponse: true,
    curlyProgressCallback: () => 0,
  });
  const error = await failure(pipeline(data, new PassThrough().resume()));
  expect(error).toMatchObject({ code: CurlCode.CURLE_OPERATION_TIMEDOUT });
});

test("410: a response without headers is bytes", async () => {
  const { data, headers } = await curly.get<Buffer>(new URL(import.meta.url).href, OPTIONS);
  expect(data.toString()).toContain("What people have reported");
  expect(headers).toEqual([]);
});

test("439: many instances that end at once, and begin again where their promises resolve", async () => {
  const request = async (left: number): Promise<number> => {
    const curl = curlFor(server.url("/small"));
    const { status } = await ended(curl);
    curl.close();
    return left > 0 ? await request(left - 1) : status;
  };
  const all = await Promise.all(Array.from({ length: 100 }, () => request(5)));
  expect(new Set(all)).toEqual(new Set([200]));
  const multi = new Multi();
  const easies = await Promise.all(Array.from({ length: 50 }, async () => {
    const { easy } = easyFor(server.url("/small"));
    multi.removeHandle(await multi.perform(easy));
    return easy;
  }));
  expect(multi.getCount()).toBe(0);
  for (const easy of easies) easy.close();
  multi.close();
});

test("453: a Multi that is closed leaves nothing behind", async () => {
  const made = async () => {
    const multi = new Multi(), { easy } = easyFor(server.url("/small"));
    await multi.perform(easy);
    multi.removeHandle(easy);
    easy.close();
    multi.close();
  };
  await made();
  await sleep(10);
  const before = [multiCount.open, easyCount.open, descriptors()];
  for (let i = 0; i < 30; i++) await made();
  await until(() => descriptors() <= before[2]!);
  expect([multiCount.open, easyCount.open, descriptors()]).toEqual(before);
});

test("a signal's listener may pause what has ended (reported of whatwg-node)", async () => {
  const curl = curlFor(server.url("/small"));
  await ended(curl);
  // it throws, as there, and the instance goes on
  expect(() => curl.pause(CurlPause.Recv)).toThrow(Easy.strError(43));
  curl.removeAllListeners();
  expect((await ended(curl)).status).toBe(200);
  curl.close();
});

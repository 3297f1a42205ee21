// A program for node-libcurl in which only the import was changed. It uses a service such as
// httpbin and prints the responses.
//
//   deno run --allow-ffi --allow-env --allow-read --allow-write examples/http/node_libcurl.ts \
//     https://httpbin.org /anything
//   bun examples/http/node_libcurl.ts https://httpbin.org /anything
//   > libcurl is new enough: true
//   > curly.get: 200 by 302, 302, 200
//   > curly.post: 200, application/json, object
//   > curly.head: 1000 bytes
//   > curly.get: 404, which is no error
//   > curly.get: CURLE_HTTP_RETURNED_ERROR, with failOnError
//   > Curl: 200, 100000 bytes, headers
//   > Curl: in time from …
//   > Curl: told of 100000 bytes, traced DataIn, HeaderIn, HeaderOut, Text
//   > streams: in pieces of 16 KiB at most: true
//   > streams: uploaded, 200
//   > Multi: 200 (CURLE_OK), 100 of 100 bytes
//   > Multi: 200 (CURLE_OK), 2000 of 2000 bytes
//   > Multi: 200 (CURLE_OK), 30000 of 30000 bytes
//   > Share: the cookie came back
//   > CurlMime: 200, sent true
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  Curl,
  CurlCode,
  CurlEasyError,
  CurlFeature,
  CurlInfoDebug,
  CurlMime,
  CurlShareLock,
  curly,
  type CurlyOptions,
  Easy,
  type HeaderInfo,
  Multi,
  Share,
} from "curlew/node-libcurl";

const [base = "https://httpbin.org", echo = "/anything"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "node-libcurl-"));

const request = curly.create(
  {
    curlyBaseUrl: base,
    curlyLowerCaseHeaders: true,
    connectTimeout: 10,
    timeout: 30,
    followLocation: true,
  } satisfies CurlyOptions,
);

/** GET, POST and errors, with promises. */
async function promises(): Promise<void> {
  const { statusCode, headers } = await request.get("/redirect/1");
  const statuses = headers.map(({ result }) => result?.code);
  console.log(`curly.get: ${statusCode} by ${statuses.join(", ")}`);

  const posted = await request.post(echo, {
    httpHeader: ["Content-Type: application/json", "X-Example: curly"],
    postFields: JSON.stringify({ name: "curlew", legs: 2 }),
  });
  const type = posted.headers[0]?.["content-type"];
  console.log(`curly.post: ${posted.statusCode}, ${type}, ${typeof posted.data}`);

  const head = await request.head("/bytes/1000");
  console.log(`curly.head: ${head.headers.at(-1)?.["content-length"]} bytes`);

  const missing = await request.get("/status/404");
  console.log(`curly.get: ${missing.statusCode}, which is no error`);
  try {
    await request.get("/status/404", { failOnError: true });
  } catch (error) {
    if (!(error instanceof CurlEasyError)) throw error;
    console.log(`curly.get: ${CurlCode[error.code]}, with failOnError`);
  }
}

/** One transfer with events, its trace and its times. */
function events(): Promise<void> {
  const curl = new Curl();
  const trace = new Map<string, number>();
  let received = 0;

  curl.setOpt("URL", `${base}/bytes/100000`);
  curl.setOpt(Curl.option.FOLLOWLOCATION, true);
  curl.setOpt(Curl.option.ACCEPT_ENCODING, "");
  curl.setOpt("VERBOSE", true);
  curl.setOpt("DEBUGFUNCTION", (kind, data) => {
    const name = CurlInfoDebug[kind] ?? "?";
    trace.set(name, (trace.get(name) ?? 0) + data.length);
    return 0;
  });
  curl.setOpt("NOPROGRESS", false);
  curl.setProgressCallback((_total, now) => {
    received = Math.max(received, now);
    return 0;
  });
  curl.enable(CurlFeature.NoDataParsing);

  return new Promise((resolve, reject) => {
    curl.on("end", function (status, data, headers: Buffer | HeaderInfo[]) {
      const seconds = this.getInfo("TOTAL_TIME") as number;
      const names = Object.keys((headers as HeaderInfo[])[0] ?? {});
      console.log(
        `Curl: ${status}, ${data.length} bytes, ${names.length > 1 ? "headers" : "none"}`,
      );
      console.log(`Curl: ${seconds < 30 ? "in time" : "late"} from ${this.getInfo("PRIMARY_IP")}`);
      console.log(`Curl: told of ${received} bytes, traced ${[...trace.keys()].sort().join(", ")}`);
      this.close();
      resolve();
    });
    curl.on("error", (error, code) => {
      console.error(`Curl: ${CurlCode[code]}: ${error.message}`);
      curl.close();
      reject(error);
    });
    curl.perform();
  });
}

/** A download to a file and an upload from it, with streams. */
async function streams(): Promise<void> {
  const path = join(folder, "download.bin");
  const { data } = await request.get<Readable>("/bytes/100000", {
    curlyStreamResponse: true,
    curlyStreamResponseHighWaterMark: 16 * 1024,
  });
  let largest = 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      largest = Math.max(largest, chunk.length);
      done(null, chunk);
    },
  });
  await pipeline(data, measure, createWriteStream(path));
  console.log(`streams: in pieces of 16 KiB at most: ${largest <= 16 * 1024}`);

  const { statusCode } = await request.put(echo, {
    upload: true,
    httpHeader: ["Transfer-Encoding: chunked", "Expect:"],
    curlyStreamUpload: createReadStream(path),
  });
  console.log(`streams: uploaded, ${statusCode}`);
}

/** Several simultaneous handles, with the body of each. */
async function many(): Promise<void> {
  const multi = new Multi();
  const bodies = new Map<Easy, Buffer[]>();
  const handles = [100, 2000, 30_000].map((size) => {
    const easy = new Easy();
    bodies.set(easy, []);
    easy.private = { size };
    easy.setOpt("URL", `${base}/bytes/${size}`);
    easy.setOpt("TIMEOUT", 30);
    easy.setOpt("WRITEFUNCTION", function (chunk, size, nmemb) {
      bodies.get(this)!.push(chunk);
      return size * nmemb;
    });
    return easy;
  });
  multi.setOpt("MAX_TOTAL_CONNECTIONS", 2);
  await Promise.all(handles.map((easy) => multi.perform(easy)));
  for (const easy of handles) {
    const length = bodies.get(easy)!.reduce((sum, chunk) => sum + chunk.length, 0);
    const { data: status, code } = easy.getInfo("RESPONSE_CODE");
    console.log(`Multi: ${status} (${CurlCode[code]}), ${length} of ${easy.private.size} bytes`);
    multi.removeHandle(easy);
    easy.close();
  }
  multi.close();
}

/** Two blocking transfers that share their cookies. */
function cookies(): void {
  const share = new Share();
  share.setOpt("SHARE", CurlShareLock.DataCookie);
  const [first, second] = ["/cookies/set?bird=curlew", "/cookies"].map((path) => {
    const easy = new Easy();
    easy.setOpt("URL", base + path);
    easy.setOpt("TIMEOUT", 30);
    easy.setOpt("COOKIEFILE", "");
    easy.setOpt("SHARE", share);
    return easy;
  }) as [Easy, Easy];
  let body = "";
  second.setOpt("WRITEFUNCTION", (chunk) => {
    body += chunk.toString();
    return chunk.length;
  });
  for (const easy of [first, second]) {
    const code = easy.perform();
    if (code !== CurlCode.CURLE_OK) throw new Error(Easy.strError(code));
  }
  console.log(`Share: ${body.includes("curlew") ? "the cookie came back" : "no cookie"}`);
  first.close();
  second.close();
  share.close();
}

/** A form with a field, a file and bytes. */
function form(): Promise<void> {
  const path = join(folder, "note.txt");
  writeFileSync(path, "a note");
  const curl = new Curl(), mime = new CurlMime(curl);
  mime.addPart().setName("title").setData("An example");
  mime.addPart().setName("note").setFileData(path).setType("text/plain");
  mime.addPart().setName("bytes").setData(Buffer.from([1, 2, 3])).setFileName("three.bin");
  curl.setOpt("URL", base + echo).setOpt("MIMEPOST", mime);
  return new Promise((resolve, reject) => {
    curl.on("end", (status) => {
      console.log(`CurlMime: ${status}, sent ${Number(curl.getInfo("SIZE_UPLOAD_T")) > 300}`);
      curl.close();
      resolve();
    });
    curl.on("error", reject);
    curl.perform();
  });
}

try {
  console.log(`libcurl is new enough: ${Curl.isVersionGreaterOrEqualThan(7, 74)}`);
  await promises();
  await events();
  await streams();
  await many();
  cookies();
  await form();
} finally {
  rmSync(folder, { recursive: true });
}

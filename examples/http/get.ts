// A GET that blocks until the response is complete: for scripts that do nothing else meanwhile.
//
//   deno run --allow-ffi examples/http/get.ts https://example.com/
//   bun examples/http/get.ts https://example.com/
//   > …<h1>Example Domain</h1>
//   2> 200 in … s
import process from "node:process";
import { CurlEasyError, Easy } from "curlew";

const [url = "https://example.com/"] = process.argv.slice(2);
const chunks: Uint8Array<ArrayBuffer>[] = [];

using easy = new Easy();
easy.setOpts({
  URL: url,
  FOLLOWLOCATION: true,
  ACCEPT_ENCODING: "", // all encodings that this libcurl can decode
  CONNECTTIMEOUT: 10,
  TIMEOUT: 60,
  WRITEFUNCTION: (bytes) => {
    chunks.push(bytes.slice()); // libcurl's own buffer is valid during the call only
    return bytes.length;
  },
});

try {
  easy.perform();
  const seconds = easy.getInfo("TOTAL_TIME_T") / 1e6;
  console.log(await new Blob(chunks).text());
  console.error(`${easy.getInfo("RESPONSE_CODE")} in ${seconds.toFixed(3)} s`);
} catch (error) {
  if (!(error instanceof CurlEasyError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
}

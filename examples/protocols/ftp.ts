// Gets a file by FTP, or the names in a folder if the URL ends with a slash. With file:// it reads
// a local file: the code is the same for all of libcurl's protocols.
//
//   deno run --allow-ffi examples/protocols/ftp.ts ftp://ftp.example.com/pub/
//   bun examples/protocols/ftp.ts ftp://ftp.example.com/pub/
//   > a.txt
//   > b.txt
import process from "node:process";
import { Agent, CurlEasyError, Easy } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: ftp.ts URL");

await using agent = new Agent();
using easy = new Easy();
easy.setOpts({
  URL: url,
  DIRLISTONLY: url.endsWith("/"),
  SERVER_RESPONSE_TIMEOUT: 30,
  WRITEFUNCTION: (bytes) => {
    // a copy: the stream keeps the bytes longer than the callback runs
    process.stdout.write(bytes.slice());
    return bytes.length;
  },
});

try {
  await agent.perform(easy);
} catch (error) {
  if (!(error instanceof CurlEasyError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
}

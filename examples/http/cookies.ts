// Requests that share cookies, in memory and in a file for the next run.
//
//   deno run --allow-ffi examples/http/cookies.ts \
//     jar.txt https://example.com/login https://example.com/
//   bun examples/http/cookies.ts jar.txt https://example.com/login https://example.com/
//   > {"sid":"1"}
//   > {"sid":"1"}
//   2> sid for example.com/
import process from "node:process";
import { constants, Easy, fetch, Share } from "curlew";

const [jar, ...urls] = process.argv.slice(2);
if (!jar || urls.length === 0) throw new Error("Usage: cookies.ts JAR URL...");

const share = new Share();
share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);

// one handle reads the file, and writes it when the handle is closed
const keeper = new Easy();
keeper.setOpts({ SHARE: share, COOKIEFILE: jar, COOKIEJAR: jar, COOKIELIST: "RELOAD" });

for (const url of urls) {
  const response = await fetch(url, { timeout: 30_000, curl: { SHARE: share, COOKIEFILE: "" } });
  console.log(await response.text());
}
for (const line of keeper.getInfo("COOKIELIST")) {
  const [domain, , path, , , name] = line.split("\t"); // the last field is the value
  console.error(`${name} for ${domain}${path}`);
}
keeper.close();

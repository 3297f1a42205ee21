// fetch through a SOCKS proxy, for example Tor's. With socks5h the proxy resolves the name, so that
// no name server of this network learns it.
//
//   deno run --allow-ffi examples/connections/socks.ts \
//     https://example.com/ socks5h://127.0.0.1:9050
//   bun examples/connections/socks.ts https://example.com/ socks5h://127.0.0.1:9050
//   > …<h1>Example Domain</h1>
//   2> 200 by … in … ms
import process from "node:process";
import { fetch, transferInfo } from "curlew";

const [url, proxy = "socks5h://127.0.0.1:9050"] = process.argv.slice(2);
if (!url) throw new Error("Usage: socks.ts URL [PROXY]");

try {
  const response = await fetch(url, {
    timeout: 60_000,
    curl: {
      PROXY: proxy, // also http://, https://, socks4://, socks4a://
      NOPROXY: "", // whatever the environment variables are
    },
  });
  console.log(await response.text());
  const { primaryIp, primaryPort, total } = transferInfo(response);
  console.error(`${response.status} by ${primaryIp}:${primaryPort} in ${total.toFixed(0)} ms`);
} catch (error) {
  console.error((error as Error).message); // the message has the proxy, but no password
  process.exitCode = 1;
}

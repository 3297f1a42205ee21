// Sets the address of a name, without DNS: for a test, or a server that is not public yet.
//
//   deno run --allow-ffi docs/cookbook/fixed_address.ts http://shop.example:8080/ 192.0.2.1
//   bun docs/cookbook/fixed_address.ts http://shop.example:8080/ 192.0.2.1
//   > 200 from …, asked as shop.example
import process from "node:process";
import { fetch, transferInfo } from "curlew";

const [url, address] = process.argv.slice(2);
if (!url || !address) throw new Error("Usage: fixed_address.ts URL ADDRESS");

const { hostname, port, protocol } = new URL(url);
const number = port || (protocol === "https:" ? 443 : 80);
const response = await fetch(url, {
  timeout: 10_000,
  curl: { RESOLVE: [`${hostname}:${number}:${address}`], NOPROXY: "*" },
});
await response.body?.cancel();
console.log(`${response.status} from ${transferInfo(response).primaryIp}, asked as ${hostname}`);

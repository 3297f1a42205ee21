// Fetches untrusted URLs: each address is checked before it is used, so that no name and no
// redirect leads into the local network. The program has an agent of its own, so it uses no
// connection of other requests.
//
//   deno run --allow-ffi docs/cookbook/private_addresses.ts http://localhost:8080/
//   bun docs/cookbook/private_addresses.ts http://localhost:8080/
//   > refused …
//   > …
//   > CURLE_COULDNT_CONNECT
import { BlockList } from "node:net";
import process from "node:process";
import { Agent, CurlEasyError, fetch } from "curlew";

const own = new BlockList(),
  NETS = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 " +
    "169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 ::/127 fc00::/7 fe80::/10";
for (const [net, bits] of NETS.split(" ").map((text) => text.split("/") as [string, string])) {
  own.addSubnet(net, Number(bits), net.includes(":") ? "ipv6" : "ipv4");
}

/**
 * The address in a `struct sockaddr`: IPv4 at byte 4, IPv6 at byte 8, which may be a mapped IPv4
 * address.
 */
function ipOf(addr: Uint8Array): string {
  const bytes = addr.length === 16 ? addr.subarray(4, 8) : addr.subarray(8, 24);
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  return isMapped ? bytes.subarray(12).join(".") : words.map((word) => word.toString(16)).join(":");
}

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: private_addresses.ts URL");
await using agent = new Agent();
try {
  const response = await fetch(url, {
    agent,
    timeout: 10_000,
    curl: {
      NOPROXY: "*", // a proxy would resolve the name itself
      OPENSOCKETFUNCTION: (_data, _purpose, { addr }) => {
        const ip = ipOf(addr);
        // curlew opens the socket
        if (!own.check(ip, ip.includes(":") ? "ipv6" : "ipv4")) return undefined;
        console.log(`refused ${ip}`);
        return -1;
      },
    },
  });
  console.log(response.status);
} catch (error) {
  const { cause } = error as TypeError;
  if (!(cause instanceof CurlEasyError)) throw error;
  console.log(cause.codeName);
}

// fetch from a server that requires a client certificate (mutual TLS), with your own certificate
// authority. The certificates are read here and passed as bytes; the options SSLCERT, SSLKEY and
// CAINFO take paths.
//
//   deno run --allow-ffi --allow-read examples/connections/client_certificate.ts \
//     https://internal.example/ client.pem client.key ca.pem
//   bun examples/connections/client_certificate.ts \
//     https://internal.example/ client.pem client.key ca.pem
//   > …
//   2> Subject:…
//   2> Expire date:…
import { readFile } from "node:fs/promises";
import process from "node:process";
import { fetch, transferInfo } from "curlew";

const [url, cert, key, ca] = process.argv.slice(2);
if (!url || !cert || !key) throw new Error("Usage: client_certificate.ts URL CERT KEY [CA]");

try {
  const response = await fetch(url, {
    timeout: 10_000,
    curl: {
      SSLCERT_BLOB: await readFile(cert),
      SSLKEY_BLOB: await readFile(key),
      ...(ca ? { CAINFO_BLOB: await readFile(ca) } : {}),
      CERTINFO: true,
    },
  });
  console.log(await response.text());
  const [server] = transferInfo(response).certificates;
  console.error(server?.filter((line) => /^(?:Subject|Expire date):/.test(line)).join("\n"));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

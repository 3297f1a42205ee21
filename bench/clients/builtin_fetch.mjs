// The runtime's own fetch. Deno gets the server's certificate by its command line.
import { runFetch } from "./fetch.mjs";

const H2 = "Bun" in globalThis ? { tls: { rejectUnauthorized: false }, protocol: "http2" } : {};

await runFetch(fetch, ({ https }) => https ? H2 : {});

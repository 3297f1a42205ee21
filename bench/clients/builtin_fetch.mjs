// The fetch of the runtime. Deno is told on its command line to trust the server.
import { runFetch } from "./fetch.mjs";

const H2 = "Bun" in globalThis ? { tls: { rejectUnauthorized: false }, protocol: "http2" } : {};

await runFetch(fetch, ({ https }) => https ? H2 : {});

// The fetch of the runtime. Deno is told on its command line to trust the server.
import { writeFile } from "node:fs/promises";
import { runFetch } from "./fetch.mjs";

const H2 = "Bun" in globalThis ? { tls: { rejectUnauthorized: false }, protocol: "http2" } : {};

/** Each runtime's own way to put a response into a file. */
async function save(url, path) {
  const response = await fetch(url);
  if ("Bun" in globalThis) await globalThis.Bun.write(path, response);
  else await writeFile(path, response.body);
}

await runFetch(fetch, ({ https }) => https ? H2 : {}, { save });

// curlew's fetch.
import { Agent, constants, fetch } from "curlew";
import { runFetch } from "./fetch.mjs";

const h2 = () => ({
  SSL_VERIFYPEER: 0,
  SSL_VERIFYHOST: 0,
  HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
  PIPEWAIT: 1,
});

await runFetch(fetch, async ({ mode, concurrency, https }) => {
  if (mode === "start") return {}; // as a short script does
  const agent = new Agent({ maxCachedConnections: concurrency + 16 });
  if (mode === "observed") (await import("curlew/observe")).observe(agent, { end() {} });
  return { agent, ...(https && { curl: h2() }) };
});

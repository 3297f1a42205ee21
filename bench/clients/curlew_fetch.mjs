// curlew's fetch.
import { Agent, constants, fetch } from "../../mod.ts";
import { runFetch } from "./fetch.mjs";

const H2 = {
  SSL_VERIFYPEER: 0,
  SSL_VERIFYHOST: 0,
  HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
  PIPEWAIT: 1,
};

await runFetch(fetch, ({ concurrency, https }) => ({
  agent: new Agent({ maxCachedConnections: concurrency + 16 }),
  ...(https && { curl: H2 }),
}));

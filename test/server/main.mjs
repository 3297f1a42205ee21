// The servers for the tests, in a separate process: a blocking curl_easy_perform would block a
// server on its own thread.
//
//   node test/server/main.mjs [kind ...]     no kind: all of them
//
// Prints one JSON line with every port, then serves until stdin ends or SIGTERM arrives.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startFaults } from "./faults/faults.mjs";
import { startFtp } from "./ftp/ftp.mjs";
import { startH2c } from "./h2.mjs";
import { startAbstract, startHttp, startUnix } from "./http.mjs";
import { startProxy, startProxyTls } from "./proxy/proxy.mjs";
import { startQuiet } from "./faults/quiet.mjs";
import { startEcho, startRaw, startSilent } from "./raw.mjs";
import { startResponses } from "./faults/responses.mjs";
import { startSocks } from "./proxy/socks.mjs";
import { startTaps } from "./taps.mjs";
import { startExpired, startH2, startHttps, startMtls, startWronghost } from "./tls.mjs";
import { startEchoTls, startLines, startWs, startWsRaw, startWss, startWssMtls } from "./ws.mjs";

const STARTERS = {
  http: startHttp,
  unix: startUnix,
  abstract: startAbstract,
  h2c: startH2c,
  https: startHttps,
  h2: startH2,
  mtls: startMtls,
  expired: startExpired,
  wronghost: startWronghost,
  raw: startRaw,
  silent: startSilent,
  quiet: startQuiet,
  echo: startEcho,
  ftp: startFtp,
  proxy: startProxy,
  proxyTls: startProxyTls,
  socks: startSocks,
  ws: startWs,
  wss: startWss,
  wssMtls: startWssMtls,
  wsRaw: startWsRaw,
  echoTls: startEchoTls,
  lines: startLines,
  faults: startFaults,
  responses: startResponses,
  taps: startTaps,
};

const GROUPS = { tls: ["https", "h2", "mtls", "expired", "wronghost"] };

let folder;
let certs;

async function makeCertificates() {
  const made = await import("./certs.mjs"); // its packages take long to load
  return made.makeCertificates(context.dir());
}

/** The data that the servers share. The folder and the certificates are made when first needed. */
const context = {
  dir: () => folder ??= mkdtempSync(join(tmpdir(), "curlew-test-")),
  certificates: () => certs ??= makeCertificates(),
};

function chosen(args) {
  const kinds = args.length === 0
    ? Object.keys(STARTERS)
    : args.flatMap((kind) => GROUPS[kind] ?? [kind]);
  for (const kind of kinds) {
    if (kind in STARTERS) continue;
    const known = [...Object.keys(STARTERS), ...Object.keys(GROUPS)].join(", ");
    throw new Error(`unknown server kind: ${kind}; the kinds are ${known}`);
  }
  return [...new Set(kinds)];
}

process.on("exit", () => folder && rmSync(folder, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => process.exit(0));
for (const event of ["end", "close", "error"]) process.stdin.on(event, () => process.exit(0));
process.stdin.resume();

const found = {};
try {
  for (const kind of chosen(process.argv.slice(2))) {
    Object.assign(found, await STARTERS[kind](context));
  }
} catch (error) {
  process.stderr.write(`test servers: ${error.message}\n`);
  process.exit(1);
}
process.stdout.write(JSON.stringify(found) + "\n");

// HTTPS in its variants: HTTP/1.1 only, HTTP/2 by ALPN, client certificate, bad certificates.
import http2 from "node:http2";
import https from "node:https";
import { H2_OPTIONS } from "./h2.mjs";
import { OPTIONS, unlimited, wire } from "./http.mjs";
import { listen } from "./listen.mjs";

/** Returns the function that starts a server with certificates. */
function withCertificates(kind, create) {
  return async ({ certificates }) => {
    const certs = await certificates();
    const server = wire(unlimited(create(certs)), kind);
    return { [kind]: await listen(server), pin: certs.pin, ...certs.paths };
  };
}

const plain = (pair) => (certs) =>
  https.createServer({ ...OPTIONS, ...certs.pair(pair), ALPNProtocols: ["http/1.1"] });

export const startHttps = withCertificates("https", plain("server"));
export const startExpired = withCertificates("expired", plain("expired"));
export const startWronghost = withCertificates("wronghost", plain("wronghost"));

export const startMtls = withCertificates("mtls", (certs) =>
  https.createServer({
    ...OPTIONS,
    ...certs.pair("server"),
    ca: certs.ca,
    requestCert: true,
    rejectUnauthorized: true,
  }));

export const startH2 = withCertificates("h2", (certs) =>
  http2.createSecureServer({
    ...H2_OPTIONS,
    ...OPTIONS,
    ...certs.pair("server"),
    allowHTTP1: true,
  }));

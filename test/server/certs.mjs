// A CA and the certificates that it signs, made at every start.
import "reflect-metadata"; // which @peculiar/x509 needs
import { Buffer } from "node:buffer";
import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ISSUER = "CN=curlew test CA";
const FROM = new Date("2020-01-01T00:00:00Z"), UNTIL = new Date("2049-12-31T00:00:00Z");

const LOCAL = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
  { type: "ip", value: "::1" },
];

/** name → subjectAltName, purpose, end of validity. */
const WANTED = {
  server: { names: LOCAL, usage: serverAuth },
  wronghost: { names: [{ type: "dns", value: "wrong.example" }], usage: serverAuth },
  expired: { names: LOCAL, usage: serverAuth, until: new Date("2020-01-02T00:00:00Z") },
  client: { names: [{ type: "dns", value: "client" }], usage: clientAuth },
};

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

const serialNumber = () =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex").replace(/^./, "1");

async function makeCa() {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: ISSUER,
    notBefore: FROM,
    notAfter: UNTIL,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { keys, certificate };
}

async function sign(ca, name) {
  const { names, usage, until = UNTIL } = WANTED[name], keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=curlew test ${name}`,
    issuer: ISSUER,
    notBefore: FROM,
    notAfter: until,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: ca.keys.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names),
      new x509.ExtendedKeyUsageExtension([usage]),
      new x509.KeyUsagesExtension(digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(ca.keys.publicKey),
    ],
  });
  return { keys, certificate };
}

/** The certificate and the key, as PEM. */
async function pemOf({ keys, certificate }) {
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const pem = (text) => Buffer.from(`${text}\n`);
  return {
    cert: pem(certificate.toString("pem")),
    key: pem(x509.PemConverter.encode(key, "PRIVATE KEY")),
  };
}

function pinOf(pem) {
  const key = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return "sha256//" + createHash("sha256").update(key).digest("base64");
}

/**
 * Makes all certificates, also as files in `dir`: `ca.pem`, `server.pem`, `server.key` and so on.
 */
export async function makeCertificates(dir) {
  x509.cryptoProvider.set(webcrypto);
  const ca = await makeCa(), pairs = new Map([["ca", await pemOf(ca)]]);
  for (const name of Object.keys(WANTED)) pairs.set(name, await pemOf(await sign(ca, name)));
  for (const [name, { cert, key }] of pairs) {
    writeFileSync(join(dir, `${name}.pem`), cert);
    writeFileSync(join(dir, `${name}.key`), key, { mode: 0o600 });
  }
  return {
    ca: pairs.get("ca").cert,
    /** `cert` and `key` options for node's TLS. */
    pair: (name) => pairs.get(name),
    pin: pinOf(pairs.get("server").cert),
    paths: {
      ca: join(dir, "ca.pem"),
      clientCert: join(dir, "client.pem"),
      clientKey: join(dir, "client.key"),
    },
  };
}

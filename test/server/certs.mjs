// A CA and what it signed, made with the openssl command at every start.
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1";

/** name → subjectAltName, purpose, validity (openssl's UTC times). */
const WANTED = {
  server: { names: LOCAL, usage: "serverAuth" },
  wronghost: { names: "DNS:wrong.example", usage: "serverAuth" },
  expired: { names: LOCAL, usage: "serverAuth", until: "20200102000000Z" },
  client: { names: "DNS:client", usage: "clientAuth" },
};

// `openssl ca` and not `x509 -req`: only it takes an end date in the past on every release.
const CONFIG = `
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`;

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function makeCa(openssl, dir) {
  const sections = Object.entries(WANTED).map(([name, { names, usage }]) =>
    `[${name}]\nsubjectAltName = ${names}\nextendedKeyUsage = ${usage}\n` +
    "keyUsage = critical,digitalSignature\nauthorityKeyIdentifier = keyid\n"
  );
  writeFileSync(join(dir, "openssl.cnf"), CONFIG + sections.join(""));
  writeFileSync(join(dir, "index.txt"), "");
  openssl(
    ...["req", "-x509", "-config", "openssl.cnf", "-extensions", "v3_ca", ...KEY],
    ...["-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=curlew test CA"],
  );
}

function sign(openssl, name) {
  const { until = "20491231000000Z" } = WANTED[name];
  openssl(
    ...["req", "-new", "-config", "openssl.cnf", ...KEY],
    ...["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=curlew test ${name}`],
  );
  openssl(
    ...["ca", "-batch", "-notext", "-config", "openssl.cnf", "-extensions", name],
    ...["-startdate", "20200101000000Z", "-enddate", until],
    ...["-in", `${name}.csr`, "-out", `${name}.pem`],
  );
}

function pinOf(pem) {
  const key = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return "sha256//" + createHash("sha256").update(key).digest("base64");
}

/** Makes everything in `dir`; null where there is no openssl command. */
export function makeCertificates(dir) {
  const openssl = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  try {
    openssl("version");
  } catch {
    return null;
  }
  makeCa(openssl, dir);
  for (const name of Object.keys(WANTED)) sign(openssl, name);
  const read = (file) => readFileSync(join(dir, file));
  return {
    ca: read("ca.pem"),
    /** `cert` and `key` options for node's TLS. */
    pair: (name) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`) }),
    pin: pinOf(read("server.pem")),
    paths: {
      ca: join(dir, "ca.pem"),
      clientCert: join(dir, "client.pem"),
      clientKey: join(dir, "client.key"),
    },
  };
}

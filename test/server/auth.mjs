// Checks of credentials. A check takes the value of (Proxy-)Authorization and the request, and
// returns `null` for valid credentials, else the challenge.
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";

export { checkNtlm } from "./proxy/ntlm.mjs";

export function checkBasic(user, password, realm = "curlew") {
  const want = "Basic " + Buffer.from(`${user}:${password}`).toString("base64");
  return (header) => header === want ? null : `Basic realm="${realm}"`;
}

const md5 = (text) => createHash("md5").update(text).digest("hex");

function isDigest(header, method, user, password) {
  const field = (name) => new RegExp(`[ ,]${name}="?([^",]*)`).exec(header)?.[1] ?? "";
  const secret = md5(`${user}:${field("realm")}:${password}`);
  const target = md5(`${method}:${field("uri")}`);
  const nonce = [field("nonce"), field("nc"), field("cnonce"), field("qop")].join(":");
  return field("username") === user && field("response") === md5(`${secret}:${nonce}:${target}`);
}

/** Digest with MD5 and qop=auth. Any nonce is accepted, so no state is kept. */
export function checkDigest(user, password) {
  return (header = "", { method }) => {
    if (header.startsWith("Digest ") && isDigest(header, method, user, password)) return null;
    const nonce = randomBytes(16).toString("hex");
    return `Digest realm="curlew", qop="auth", algorithm=MD5, nonce="${nonce}"`;
  };
}

/** The object identifiers of SPNEGO and of Kerberos 5. */
const SPNEGO = Buffer.from("06062b0601050502", "hex");
const KERBEROS = Buffer.from("06092a864886f712010202", "hex");

/** Accepts any Kerberos ticket: the server has no key to check it. */
export function checkNegotiate(header = "") {
  const token = Buffer.from(/^Negotiate (\S+)$/.exec(header)?.[1] ?? "", "base64");
  return token.includes(SPNEGO) && token.includes(KERBEROS) ? null : "Negotiate";
}

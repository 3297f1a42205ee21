// Routes that require credentials, and routes of DoH, HSTS and alternative services.
import { Buffer } from "node:buffer";
import { checkBasic, checkDigest, checkNegotiate, checkNtlm } from "../auth.mjs";
import { json } from "../reply.mjs";

/** Reads the body, then answers, after `?delay=MS`; X-Length is the length of the body. */
function guarded(check) {
  return (req, res, args, query) => {
    const user = args[0] ?? "user";
    let length = 0;
    req.on("data", (chunk) => length += chunk.length);
    req.on("end", () => {
      const challenge = check(...args)(req.headers.authorization, req);
      const answer = () => {
        if (challenge !== null) {
          return json(res, 401, { authenticated: false }, { "www-authenticate": challenge });
        }
        json(res, 200, { authenticated: true, user }, { "x-length": length });
      };
      const timer = setTimeout(answer, Number(query.get("delay") ?? 0));
      res.once("close", () => clearTimeout(timer));
    });
  };
}

const NAME_ERROR = 3, A = 1, AAAA = 28, KNOWN = /(^|\.)doh\.test$/;
const ADDRESSES = { [A]: [127, 0, 0, 1], [AAAA]: [...new Array(15).fill(0), 1] };

/** The name in a DNS question, and the offset after it. */
function questionOf(message) {
  const labels = [];
  let at = 12;
  for (let length = message[at++]; length > 0; length = message[at++]) {
    labels.push(message.toString("latin1", at, at += length));
  }
  return { name: labels.join("."), type: message.readUInt16BE(at), end: at + 4 };
}

/**
 * A DNS response (RFC 8484): any name in doh.test is loopback by IPv4, in six.doh.test by IPv6 as
 * well.
 */
function answerOf(message) {
  const { name, type, end } = questionOf(message);
  const isKnown = KNOWN.test(name), hasSix = name.endsWith("six.doh.test");
  const address = isKnown && (type === A || hasSix) ? ADDRESSES[type] ?? [] : [];
  const head = Buffer.from([
    0,
    0,
    0x81,
    isKnown ? 0x80 : 0x80 | NAME_ERROR,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  message.copy(head, 0, 0, 2);
  head[7] = address.length > 0 ? 1 : 0;
  // a pointer to the name in the question, the type, IN, 60 seconds
  const record = [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length, ...address];
  const answer = Buffer.from(address.length > 0 ? record : []);
  return Buffer.concat([head, message.subarray(12, end), answer]);
}

/** `/dns-query` DNS over HTTPS */
function dnsQuery(req, res) {
  if (req.headers["content-type"] !== "application/dns-message") return json(res, 415, {});
  const parts = [];
  req.on("data", (chunk) => parts.push(chunk));
  req.on("end", () => {
    const body = answerOf(Buffer.concat(parts));
    res.writeHead(200, {
      "content-type": "application/dns-message",
      "content-length": body.length,
    });
    res.end(body);
  });
}

/** `/with?name=value` a response with these headers */
function withHeaders(_req, res, _args, query) {
  json(res, 200, { ok: true }, Object.fromEntries(query));
}

export const authRoutes = {
  /** `/basic/USER/PASS` */
  basic: guarded(checkBasic),
  /** `/digest/USER/PASS` */
  digest: guarded(checkDigest),
  /** `/ntlm` for user:pass */
  ntlm: guarded(() => checkNtlm),
  /** `/negotiate` for any Kerberos ticket */
  negotiate: guarded(() => checkNegotiate),
  "dns-query": dnsQuery,
  with: withHeaders,
};

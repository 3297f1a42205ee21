import { expect, test } from "vitest";
import { toCurl } from "../../command.ts";
import type { FetchInit } from "../../mod.ts";

const U = "http://x.test/";
const ALL = ` -L --compressed`;

function form(): FormData {
  const made = new FormData();
  made.append("a", `@b;"c`);
  made.append("f", new File(["x"], `d/"n".txt`, { type: "text/x" }));
  return made;
}

test.for(
  [
    [U, {}, `${U}${ALL}`],
    [U, { redirect: "manual" }, `${U} --compressed`],
    [U, { redirect: "error" }, `${U} -L --max-redirs 0 --compressed`],
    [U, { method: "HEAD" }, `${U} -I${ALL}`],
    [U, { method: "DELETE" }, `${U} -X DELETE${ALL}`],
    [U, { method: "POST" }, `${U} -H Content-Type:${ALL} --data-raw ''`],
    [
      U,
      { timeout: 1500, connectTimeout: 20 },
      `${U} -L -m 1.5 --connect-timeout 0.02 --compressed`,
    ],
    [U, { headers: { A: "b", C: "", D: null } }, `${U} -H 'A: b' -H 'C;' -H D:${ALL}`],
    [U, { headers: { A: "\u00e9'" } }, `${U} -H $'A: \\351\\''${ALL}`],
    [
      U,
      { headers: { Range: "bytes=5-" } },
      `${U} -H 'Range: bytes=5-' -H 'Accept-Encoding: identity'${ALL}`,
    ],
    ["http://x.test/%7Ba}[1]?{b}#c", {}, `'http://x.test/%7Ba%7D[1]?{b}' -g${ALL}`],
    ["http://[::1]/", {}, `'http://[::1]/'${ALL}`],
    [
      U,
      { method: "POST", body: "it's\n!" },
      `${U} -H 'Content-Type: text/plain;charset=UTF-8'${ALL} --data-raw $'it\\'s\\n!'`,
    ],
    [
      U,
      { method: "PUT", body: Uint8Array.of(255, 65) },
      `${U} -X PUT -H Content-Type:${ALL} --data-raw $'\\377A'`,
    ],
    [U, { method: "POST", body: new Blob(["x"]) }, `${U} -H Content-Type:${ALL} --data-binary @-`],
    [
      U,
      { method: "POST", body: new File(["x"], "n.bin", { type: "x/y" }) },
      `${U} -H 'Content-Type: x/y'${ALL} --data-binary @n.bin`,
    ],
    [
      U,
      { method: "POST", body: form() },
      `${U} -H Expect:${ALL} --form-string 'a=@b;"c' ` +
      `-F 'f=@"\\"n\\".txt";filename="d/\\"n\\".txt";type=text/x'`,
    ],
    [
      U,
      { curl: { PROXYHEADER: ["A: b", "C;"] } },
      `${U}${ALL} --proxy-header 'A: b' --proxy-header 'C;'`,
    ],
    [U, { curl: { USERPWD: "user" } }, `${U}${ALL} --user user:`],
    [U, { curl: { USERNAME: "u", PASSWORD: "p:q" } }, `${U}${ALL} -u u:p:q`],
    [U, { curl: { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 } }, `${U}${ALL} --insecure`],
    [
      U,
      { curl: { SSL_VERIFYPEER: true, SSL_VERIFYHOST: 2, TCP_NODELAY: 1, CRLF: 0 } },
      `${U}${ALL}`,
    ],
    [U, { curl: { HTTP_VERSION: 4, VERBOSE: 1, WILDCARDMATCH: undefined } }, `${U}${ALL}`],
    [U, { curl: { proxy: "p:1", noproxy: "" } as object }, `${U}${ALL} --proxy p:1 --noproxy ''`],
    [U, { curl: { SSLVERSION: 6 | 7 << 16 } }, `${U}${ALL} --tlsv1.2 --tls-max 1.3`],
    [U, { curl: { ACCEPT_ENCODING: null, USERAGENT: null } }, `${U} -L -A ''`],
  ] as readonly (readonly [string, FetchInit, string])[],
)("%s with %o is curl %s", ([input, init, expected]) => {
  expect(toCurl(input, init, { redact: false })).toBe(`curl ${expected}`);
});

test("a Request is written, with init in the place of its members", () => {
  const request = new Request(U, { method: "PATCH", headers: { "X-A": "b" } });
  expect(toCurl(request, {}, { redact: false })).toMatch(/ -X PATCH -H '[Xx]-[Aa]: b' /);
  expect(toCurl(request, { method: "PUT", body: "c" }, { redact: false }))
    .toMatch(/ -X PUT .* --data-raw c$/);
  const posted = new Request(U, { method: "POST", body: "abc" });
  expect(toCurl(posted)).toMatch(/ -T -$/);
  expect(posted.bodyUsed).toBe(false);
});

test.for(
  [
    ["http://", {}, /invalid URL/],
    ["data:,x", {}, /expected a URL of http or https/],
    ["ftp://x.test/", {}, /expected a URL of http or https/],
    [U, { method: "TRACE" }, /forbidden/],
    [U, { body: "x" }, /a GET request has no body/],
    [U, { method: "POST", body: "a\0b" }, /has a NUL.*send it from a File/],
    [U, { method: "POST", body: "ab", headers: { "Content-Length": "3" } }, /Content-Length "3"/],
    [U, { headers: { "Content-Length": "3" } }, /there is no body/],
    [U, { headers: { "a b": "c" } }, /bad name/],
    [U, { curl: { SSLCERT_BLOB: new Uint8Array(3) } }, /no option of curl sets SSLCERT_BLOB so/],
    [U, { curl: { PROXYHEADER: ["@/etc/passwd"] } }, /sets PROXYHEADER so/],
    [U, { curl: { QUOTE: ["-DELE x"] } }, /sets QUOTE so/],
    [U, { curl: { RANGE: "5" } }, /sets RANGE so/],
    [U, { curl: { REFERER: "a;auto" } }, /sets REFERER so/],
    [U, { curl: { COOKIE: "abc" } }, /sets COOKIE so/],
    [U, { curl: { URL: "x" } }, /use the first argument/],
    [U, { curl: { NO_SUCH: 1 } as object }, /sets NO_SUCH so/],
  ] as readonly (readonly [string, FetchInit, RegExp])[],
)("%s with %o is refused: %s", ([input, init, why]) => {
  expect(() => toCurl(input, init)).toThrow(TypeError);
  expect(() => toCurl(input, init)).toThrow(why);
});

test("by default no secret is shown, and everything else is", () => {
  const s = "s3cr3t";
  const text = toCurl(`http://${s}:${s}@x.test/path?page=${s}&${s}#${s}`, {
    method: "POST",
    headers: [
      ["Authorization", `Bearer ${s}`],
      ["Cookie", `a=${s}`],
      ["X-Own", s],
      ["Accept", "text/html"],
      ["Referer", `http://${s}@r.test/a?b=${s}`],
    ],
    body: s,
    curl: {
      PROXY: `http://${s}:${s}@p.test`,
      PROXYHEADER: [`Proxy-Authorization: ${s}`, "Accept: a"],
      PROXYUSERPWD: `${s}:${s}`,
      KEYPASSWD: s,
      SSLCERT: "cert.pem",
      COOKIE: `a=${s}`,
      XOAUTH2_BEARER: s,
      HTTPAUTH: 64,
      DOH_URL: `https://doh.test/?${s}`,
    },
  });
  expect(text).not.toContain(s);
  expect(text).toContain("x.test/path?page=REDACTED&REDACTED");
  for (
    const shown of ["'Accept: text/html'", "cert.pem", "'Referer: http://REDACTED@r.test/a?b="]
  ) {
    expect(text).toContain(shown);
  }
  const fields = new FormData();
  fields.append("name", s);
  expect(toCurl(U, { method: "POST", body: fields })).toContain("--form-string name=REDACTED");
});

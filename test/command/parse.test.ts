import { expect, test } from "vitest";
import {
  type CurlCommand,
  CurlCommandError,
  parseCurl,
  type ParseCurlOptions,
} from "../../command.ts";
import { runChild } from "../server/child.ts";

const FILES: Readonly<Record<string, string>> = {
  "data.txt": "line 1\nline 2\r\nend\0",
  "photo.png": "png",
  "page.html": "<p>\n",
  "headers": "# comment\nX-One: 1\n\nX-Two: 2\r\n",
  "a.cfg": `# all of it
url = "http://x.test/a"
-H "X-A: b\\tc\\"d"
data=e=f
user-agent: agent # not this
include
`,
  "loop.cfg": "-K loop.cfg\n",
  "bad.cfg": "url = http://x.test/\nno-such = 1\n",
  "extra.cfg": "location yes\n",
  "urls": "http://x.test/1\nhttp://x.test/2\n",
  "-": "from standard input",
};

const readFile = (path: string) => {
  const text = FILES[path];
  if (text === undefined) throw new Error("no such file");
  return new TextEncoder().encode(text);
};

const parse = (text: string, options: ParseCurlOptions = {}) =>
  parseCurl(`curl ${text}`, { readFile, ...options });
const U = "http://x.test/";

/** What fetch takes, without what every command has. */
function init(text: string, options?: ParseCurlOptions): object {
  const { init } = parse(`${text} ${U}`, options);
  const { redirect: _, curl = {}, ...rest } = init;
  const { ACCEPT_ENCODING: __, ...options_ } = curl;
  return { ...rest, ...(Object.keys(options_).length > 0 ? { curl: options_ } : {}) };
}

const FORM = ["Content-Type", "application/x-www-form-urlencoded"] as const;
const posted = (body: string) => ({ method: "POST", headers: [FORM], body });

test.for(
  [
    ["-d a=b -d c=d", posted("a=b&c=d")],
    ["-da=b", posted("a=b")],
    ["-d @data.txt", posted("line 1line 2end")],
    ["--data-binary @photo.png", posted("png")],
    ["-d @-", posted("from standard input")],
    ["--data-raw @x", posted("@x")],
    ["--data-urlencode 'a b'", posted("a+b")],
    ["--data-urlencode '=a b=c'", posted("a+b%3Dc")],
    ["--data-urlencode 'n=a b=c'", posted("n=a+b%3Dc")],
    ["--data-urlencode @page.html", posted("%3Cp%3E%0A")],
    ["--data-urlencode n@page.html", posted("n=%3Cp%3E%0A")],
    ["--data-urlencode 'n=ä~*'", posted("n=%C3%A4~%2A")],
    ["-d '' -d a=b", posted("a=b")],
    ["-d a -H 'content-type: x/y'", {
      method: "POST",
      headers: [["content-type", "x/y"]],
      body: "a",
    }],
    ["-d a -H 'Content-Type:'", { method: "POST", headers: [["Content-Type", null]], body: "a" }],
    [
      "-d a -H 'Content-Type: text/plain;charset=UTF-8'",
      { method: "POST", headers: undefined, body: "a" },
    ],
    [
      `--json '{"a":' --json 1}`,
      {
        method: "POST",
        headers: [["Content-Type", "application/json"], ["Accept", "application/json"]],
        body: `{"a":1}`,
      },
    ],
    ["-X PATCH -d a", { ...posted("a"), method: "PATCH" }],
    ["-X DELETE", { method: "DELETE" }],
    ["-X GET", {}],
    ["-I", { method: "HEAD" }],
    ["-X POST -d '' -H Content-Type:", { method: "POST" }],
    ["-T photo.png", { method: "PUT", body: new TextEncoder().encode("png") }],
    ["-H 'A: b' -H 'C;' -H 'D:' -H 'e:f'", {
      headers: [["A", "b"], ["C", ""], ["D", null], ["e", "f"]],
    }],
    ["-H @headers", { headers: [["X-One", "1"], ["X-Two", "2"]] }],
    ["-H 'X: ä'", { headers: [["X", "\u00c3\u00a4"]] }],
    ["-b a=b -b 'c=d; e=f'", { curl: { COOKIE: "a=b; c=d; e=f" } }],
    ["-b jar -c jar", { curl: { COOKIEFILE: "jar", COOKIEJAR: "jar" } }],
    ["-u a:b --digest", { curl: { USERPWD: "a:b", HTTPAUTH: 2 } }],
    ["--basic --no-basic", {}],
    ["-A x -e http://r/", { curl: { USERAGENT: "x", REFERER: "http://r/" } }],
    ["-x p:1 -U u:p --proxy-digest -p", {
      curl: { PROXY: "p:1", PROXYUSERPWD: "u:p", PROXYAUTH: 2, HTTPPROXYTUNNEL: 1 },
    }],
    ["--socks5-hostname s:1", { curl: { PROXY: "s:1", PROXYTYPE: 7 } }],
    ["--socks5 s:1 -x p:1", { curl: { PROXY: "p:1" } }],
    ["-k", { curl: { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 } }],
    ["-k --no-insecure", {}],
    ["-E 'c\\:d.pem:pw'", { curl: { SSLCERT: "c:d.pem", KEYPASSWD: "pw" } }],
    ["--cacert ca.pem --key k --pass p", {
      curl: { CAINFO: "ca.pem", SSLKEY: "k", KEYPASSWD: "p" },
    }],
    ["--capath d", { curl: { CAPATH: "d", PROXY_CAPATH: "d" } }],
    ["--tlsv1.2 --tls-max 1.3", { curl: { SSLVERSION: 6 + (7 << 16) } }],
    ["--http2", { curl: { HTTP_VERSION: 3 } }],
    ["--http2 --http1.1", { curl: { HTTP_VERSION: 2 } }],
    ["--resolve a:1:b --resolve c:2:d", { curl: { RESOLVE: ["a:1:b", "c:2:d"] } }],
    ["--connect-to ::a:1", { curl: { CONNECT_TO: ["::a:1"] } }],
    ["--unix-socket /s --abstract-unix-socket n", { curl: { ABSTRACT_UNIX_SOCKET: "n" } }],
    ["-m 1.5 --connect-timeout 2", { timeout: 1500, connectTimeout: 2000 }],
    ["-n", { curl: { NETRC: 2 } }],
    ["--netrc-file f --netrc-optional", { curl: { NETRC_FILE: "f", NETRC: 1 } }],
    ["-r 5", { curl: { RANGE: "5-" } }],
    ["-C 5", { curl: { RESUME_FROM_LARGE: 5 } }],
    ["-z 'Sun, 06 Nov 1994 08:49:37 GMT'", {
      curl: { TIMECONDITION: 1, TIMEVALUE_LARGE: 784111777 },
    }],
    ["-z -20040911", { curl: { TIMECONDITION: 2, TIMEVALUE_LARGE: 1094860800 } }],
    ["--limit-rate 1.5k", { curl: { MAX_SEND_SPEED_LARGE: 1536, MAX_RECV_SPEED_LARGE: 1536 } }],
    ["--max-filesize 5", { curl: { MAXFILESIZE_LARGE: 5 } }],
    ["-y 5", { curl: { LOW_SPEED_TIME: 5, LOW_SPEED_LIMIT: 1 } }],
    ["--local-port 5-9", { curl: { LOCALPORT: 5, LOCALPORTRANGE: 5 } }],
    ["--proto =http,https", { curl: { PROTOCOLS_STR: "http,https" } }],
    ["--proto -all,https", { curl: { PROTOCOLS_STR: "https" } }],
    ["--aws-sigv4 aws:amz -u k:s", {
      curl: { AWS_SIGV4: "aws:amz", HTTPAUTH: 128, USERPWD: "k:s" },
    }],
    ["--oauth2-bearer t", { curl: { XOAUTH2_BEARER: "t", HTTPAUTH: 64 } }],
    ["-4", { curl: { IPRESOLVE: 1 } }],
    ["--url=http://y.test/", {}],
    ["--variable v=1 --expand-data 'a={{v}}'", posted("a=1")],
    [
      "--variable 'v= a\"b ' --expand-data '{{v:trim:json}}|{{v:url}}|{{v:b64}}|\\{{v}}|{{w}}'",
      posted(
        `a\\"b|%20a%22b%20|IGEiYiA=|{{v}}|`,
      ),
    ],
    ["--variable v[1-2]=abcd --expand-data '{{v}}'", posted("bc")],
    ["--variable v@photo.png --expand-data '{{v}}'", posted("png")],
    ["--variable v=YWI= --expand-data '{{v:64dec}}'", posted("ab")],
    ["--variable v=1 --expand-data='{{v}}'", posted("1")],
  ] as const,
)("%s", ([text, expected]) => {
  const found = init(text);
  expect({ headers: undefined, ...found }).toEqual({ headers: undefined, ...expected });
});

test("a redirect is followed where that is asked for", () => {
  expect(parse(U).init.redirect).toBe("manual");
  expect(parse(`-L ${U}`).init.redirect).toBeUndefined();
  expect(parse(`-L --max-redirs 0 ${U}`).init.redirect).toBe("error");
  expect(parse(`-L --no-location ${U}`).init.redirect).toBe("manual");
  expect(parse(`-L ${U}`).easy).toMatchObject({ FOLLOWLOCATION: 1, MAXREDIRS: 50 });
});

test("what is decoded is what --compressed says", () => {
  expect(parse(U).init.curl).toEqual({ ACCEPT_ENCODING: null });
  expect(parse(`--compressed ${U}`).init.curl).toBeUndefined();
  expect(parse(`--compressed ${U}`).easy.ACCEPT_ENCODING).toBe("");
});

test("a User-Agent is given to a command that says none", () => {
  const userAgent = "me/1";
  expect(parse(U, { userAgent }).easy.USERAGENT).toBe("me/1");
  expect(parse(U, { userAgent }).init.curl?.USERAGENT).toBe("me/1");
  expect(parse(`-A x ${U}`, { userAgent }).init.curl?.USERAGENT).toBe("x");
});

const urls = (command: CurlCommand) => command.transfers.map(({ url }) => url);

test.for(
  [
    ["x.test", ["http://x.test"]],
    ["ftp.x.test/a", ["ftp://ftp.x.test/a"]],
    ["--proto-default https x.test", ["https://x.test"]],
    ["'http://x.test/[1-3]'", ["http://x.test/1", "http://x.test/2", "http://x.test/3"]],
    ["'http://x.test/[01-10:4]'", ["http://x.test/01", "http://x.test/05", "http://x.test/09"]],
    ["'http://x.test/[a-e:2]'", ["http://x.test/a", "http://x.test/c", "http://x.test/e"]],
    ["'http://x.test/{a,b}{c,}'", [
      "http://x.test/ac",
      "http://x.test/a",
      "http://x.test/bc",
      "http://x.test/b",
    ]],
    ["-g 'http://x.test/{a}'", ["http://x.test/{a}"]],
    ["'http://[::1]:80/[1-2]'", ["http://[::1]:80/1", "http://[::1]:80/2"]],
    ["'http://x.test/\\{a\\}'", ["http://x.test/{a}"]],
    ["'http://x.test/?a[]=b'", ["http://x.test/?a[]=b"]],
    ["-G -d a=b -d c x.test", ["http://x.test/?a=b&c"]],
    ["-G -d a=b 'x.test/p?q#f'", ["http://x.test/p?q&a=b#f"]],
    ["-G --data-urlencode 'a=b c' x.test/p", ["http://x.test/p?a=b+c"]],
    ["--url-query 'a=b c' --url-query +d=e%20f x.test/", ["http://x.test/?a=b+c&d=e%20f"]],
    ["-G -d a=b --url-query c=d x.test/", ["http://x.test/?a=b"]],
    ["-T photo.png http://x.test/d/", ["http://x.test/d/photo.png"]],
    ["-T '{photo.png,page.html}' http://x.test/", [
      "http://x.test/photo.png",
      "http://x.test/page.html",
    ]],
    ["--ipfs-gateway http://g.test ipfs://cid/a", ["http://g.test/ipfs/cid/a"]],
    ["--url @urls", ["http://x.test/1", "http://x.test/2"]],
    ["http://x.test/ --next http://y.test/", ["http://x.test/", "http://y.test/"]],
  ] as const,
)("%s is for these URLs", ([text, expected]) => {
  expect(urls(parse(text))).toEqual(expected);
});

test("each URL has its output", () => {
  const outputs = (text: string) => parse(text).transfers.map(({ output }) => output.file);
  expect(outputs(`-o a ${U} -o b ${U} ${U}`)).toEqual(["a", "b", null]);
  expect(outputs(`-O http://x.test/d/e.txt?q -o - ${U}`)).toEqual(["e.txt", null]);
  expect(outputs(`--remote-name-all http://x.test/a http://x.test/b -o c`)).toEqual(["c", "b"]);
  expect(outputs(`'http://x.test/{a,b}[1-2]' -o '#1_#2_#3'`))
    .toEqual(["a_1_#3", "a_2_#3", "b_1_#3", "b_2_#3"]);
  expect(outputs(`'http://x.test/{<n>a,b}' -o '#<n>.txt'`)).toEqual(["a.txt", "b.txt"]);
  expect(outputs(`--output-dir d -O http://x.test/a`)).toEqual(["d/a"]);
  const { output } = parse(`-OJ http://x.test/a`);
  expect(output).toMatchObject({ isRemoteName: true, isHeaderName: true, isDiscarded: false });
  expect(parse(`--out-null ${U}`).output.isDiscarded).toBe(true);
});

test("options belong to their group, some to all", () => {
  const { transfers, global } = parse(`-s -d a ${U} --next -Z -f --retry 3 --retry-delay 1.5 ${U}`);
  expect(transfers.map(({ init }) => init.method)).toEqual(["POST", undefined]);
  expect(transfers.map(({ tool }) => [tool.fail, tool.retry, tool.retryDelay]))
    .toEqual([["never", 0, 0], ["fail", 3, 1500]]);
  expect(global).toMatchObject({ silent: true, parallel: 50, verbose: 0 });
});

test.for(
  [
    ["-F a=b", [{ name: "a", data: "b" }]],
    ["-F 'a=b;type=x/y'", [{ name: "a", data: "b", type: "x/y" }]],
    ["-F 'a=b;type=x/y; charset=z'", [{ name: "a", data: "b", type: "x/y; charset=z" }]],
    ["-F 'a=\"b; c\"'", [{ name: "a", data: "b; c" }]],
    ["-F 'a=b;filename=c'", [{ name: "a", data: "b", filename: "c" }]],
    ["-F a=@photo.png", [{ name: "a", file: "photo.png" }]],
    ['-F \'a=@"photo.png";filename="a\\"b";type=x/y\'', [
      { name: "a", file: "photo.png", filename: 'a"b', type: "x/y" },
    ]],
    ["-F a=@photo.png,page.html", [
      { name: "a", parts: [{ file: "photo.png" }, { file: "page.html" }] },
    ]],
    ["-F 'a=<page.html;type=x/y'", [{ name: "a", file: "page.html", filename: null, type: "x/y" }]],
    ["-F 'a=b;headers=X: y;headers=@headers'", [
      { name: "a", data: "b", headers: ["X: y", "X-One: 1", "X-Two: 2"] },
    ]],
    ["-F 'a=b;encoder=base64'", [{ name: "a", data: "b", encoder: "base64" }]],
    ["-F '=(;type=multipart/mixed' -F =x -F a=y -F '=)' -F b=z", [
      { type: "multipart/mixed", parts: [{ data: "x" }, { name: "a", data: "y" }] },
      { name: "b", data: "z" },
    ]],
    ["--form-string 'a=@b;type=c'", [{ name: "a", data: "@b;type=c" }]],
    ["-F a=", [{ name: "a", data: "" }]],
  ] as const,
)("%s", ([text, expected]) => {
  const { form, init } = parse(`${text} ${U}`);
  expect(form).toEqual(expected);
  expect(init.method).toBe("POST");
});

test("a form is a FormData where that says all, else the bytes that curl sends", async () => {
  const plain = parse(`-F a=b -F c=@photo.png ${U}`).init;
  const form = plain.body as FormData;
  expect(plain.headers).toBeUndefined();
  expect(form.get("a")).toBe("b");
  const file = form.get("c") as File;
  expect([file.name, file.type, await file.text()]).toEqual(["photo.png", "image/png", "png"]);
  const other = parse(`-F 'a=b;type=x/y' -F 'c=<page.html' ${U}`).init;
  const text = new TextDecoder().decode(other.body as Uint8Array);
  const boundary = /^--(-{24}[0-9a-f]{16})\r\n/.exec(text)?.[1] ?? "";
  expect(other.headers).toEqual([["Content-Type", `multipart/form-data; boundary=${boundary}`]]);
  expect(text.replaceAll(boundary, "B")).toBe(
    `--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: x/y\r\n\r\nb\r\n` +
      `--B\r\nContent-Disposition: form-data; name="c"\r\nContent-Type: text/html\r\n\r\n<p>\n\r\n` +
      `--B--\r\n`,
  );
  expect(parse(`-F 'a=b;type=x/y' ${U}`).init.body).toEqual(
    parse(`-F 'a=b;type=x/y' ${U}`).init.body,
  );
});

test("an upload is read, and goes out by READFUNCTION", () => {
  const { easy, init } = parse(`-T data.txt ${U}up`);
  expect(init.body).toEqual(readFile("data.txt"));
  const buffer = new Uint8Array(10);
  expect(easy.INFILESIZE_LARGE).toBe(19);
  expect(easy.READFUNCTION?.(buffer, null)).toBe(10);
  expect(new TextDecoder().decode(buffer)).toBe("line 1\nlin");
  easy.SEEKFUNCTION?.(null, 1, 0);
  expect(easy.READFUNCTION?.(buffer, null)).toBe(10);
  expect(new TextDecoder().decode(buffer)).toBe("ine 1\nline");
});

test("a configuration file is read", () => {
  const { url, init, easy, tool } = parse("-K a.cfg");
  expect([url, init.body, tool.showHeaders]).toEqual(["http://x.test/a", "e=f", true]);
  expect(easy).toMatchObject({ USERAGENT: "agent", HTTPHEADER: ['X-A: b\tc"d'] });
});

test("options that read files are refused unless a reader is given", () => {
  const commands = [
    "-d @x",
    "--data-binary @x",
    "--data-urlencode @x",
    "--json @x",
    "-F a=@x",
    "-F 'a=<x'",
    "-F 'a=b;headers=@x'",
    "-T x",
    "-H @x",
    "-K x",
    "-w @x",
    "--url @x",
    "--variable v@x",
    "--ech ecl:@x",
    "-G -d @x",
  ];
  for (const command of commands) {
    try {
      parseCurl(`curl ${command} ${U}`);
      throw new Error(`${command} was read`);
    } catch (error) {
      expect(error, command).toBeInstanceOf(CurlCommandError);
      const { code, codeName, expected } = error as CurlCommandError;
      expect([code, codeName]).toEqual([26, "CURLE_READ_ERROR"]);
      expect(expected).toContain("readFile");
    }
  }
  // nothing of these is read here
  const paths = "-b jar -c jar --cacert c --cert e --key k --netrc-file n --hsts h -o o -D d";
  expect(parseCurl(`curl ${paths} ${U}`).init.curl).toMatchObject({
    CAINFO: "c",
    COOKIEFILE: "jar",
  });
});

test.for(
  [
    ["--no-such x", 5, /nearest is/, 2],
    ["-sQ", 8, /value of --quote/, 2],
    ["-s€ x", 7, /an option of curl/, 2],
    ["-d", 7, /value of --data/, 2],
    ["--data=", 12, /^a URL$/, 2],
    ["--silent=1 x", 14, /no value/, 2],
    ["--no-data x", 5, /cannot be switched off/, 2],
    ["--expand-silent x", 7, /takes a value/, 2],
    ["-m 1x http://x/", 9, /seconds/, 2],
    ["-m -1 http://x/", 8, /seconds/, 2],
    ["--retry x http://x/", 13, /digits/, 2],
    ["--limit-rate 5q http://x/", 19, /bytes/, 2],
    ["--local-port 9-5 http://x/", 18, /ports/, 2],
    ["--tls-max 1.4 http://x/", 15, /one of default/, 2],
    ["--tlsv1.3 --tls-max 1.2 http://x/", 15, /not below/, 2],
    ["--proto foo http://x/", 13, /protocol of curl/, 2],
    ["--proto -all http://x/", 13, /at least one/, 2],
    ["--proto-default foo http://x/", 21, /protocol of curl/, 1],
    ["-z never http://x/", 8, /a date/, 2],
    ["-F a http://x/", 9, /name=content/, 2],
    ["-F '=)' http://x/", 10, /part =\(/, 2],
    ["-F '=(' http://x/", 22, /=\) that ends/, 2],
    ["-F a=b -d c http://x/", 26, /one way/, 2],
    ["-I -d c http://x/", 22, /one way/, 2],
    ["-r 1 -C 2 http://x/", 13, /one of/, 2],
    ["-X '' http://x/", 8, /value of --request/, 2],
    ["--rate 0/s http://x/", 12, /at least one/, 2],
    ["--rate 5/x http://x/", 14, /a rate/, 2],
    ["--hostpubmd5 abc http://x/", 18, /32 hexadecimal/, 2],
    ["--upload-flags seen,x http://x/", 25, /some of answered/, 2],
    ["--next http://x/", 5, /a URL before/, 2],
    ["http://x/ --next", 21, /^a URL$/, 2],
    ["--variable 1 http://x/", 17, /=content/, 2],
    ["--variable %NO http://x/", 16, /option "env"/, 2],
    ["--expand-data '{{a' http://x/", 20, /}} that ends/, 2],
    ["--expand-data '{{a:b}}' http://x/", 22, /:trim/, 2],
    ["'http://x/[1-' ", 15, /a range/, 3],
    ["'http://x/[9-1]'", 15, /goes up/, 3],
    ["'http://x/{a'", 15, /a } that ends/, 3],
    ["'http://x/{a{b}}'", 17, /inside the set/, 3],
    ["'http://x/a}'", 16, /backslash before/, 3],
    ["'http://x/{}'", 16, /between the braces/, 3],
    ["'http://x/[1-200000]'", 26, /100000 transfers/, 2],
    ["'http://x/{<a>1,2}{<a>1}'", 24, /another name/, 3],
    ["'http://x/{a,b}' -o '#<c>'", 26, /name of a pattern/, 2],
    ["ipfs://cid", 5, /ipfs-gateway/, 3],
    ["-K loop.cfg http://x/", 0, /inside each other/, 2],
    ["-K bad.cfg", 0, /nearest is/, 2],
    ["-K extra.cfg http://x/", 0, /no value/, 2],
    ["-K none.cfg http://x/", 6, /can be read/, 26],
    ["-H $'\\xff: a' -A $'\\xff' http://x/", 24, /UTF-8/, 2],
  ] as const,
)("%s is refused at %i", ([text, offset, expected, code]) => {
  let error: unknown;
  try {
    parse(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(CurlCommandError);
  const found = error as CurlCommandError;
  expect(found.expected).toMatch(expected);
  expect([found.place.offset, found.code]).toEqual([offset, code]);
  expect(found.message).toContain(`at ${found.place.where}: expected `);
});

test("places are those of arguments, of lines and of files", () => {
  const where = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as CurlCommandError).place.where;
    }
  };
  expect(where(() => parseCurl(["-d", "x", "--no-such"]))).toBe("argument 3, character 1");
  expect(where(() => parseCurl("curl \\\n  --no-such"))).toBe("line 2, column 3");
  expect(where(() => parse("-K bad.cfg"))).toBe("bad.cfg, line 2");
});

test("no message has a value", () => {
  const secret = "s3cr3t";
  const commands = [
    `-u a:${secret} --no-such`,
    `-H 'A: ${secret}' | x`,
    `-d '${secret}`,
    `--retry ${secret} x`,
    `--limit-rate ${secret} x`,
    `-z ${secret} x`,
    `--expand-data '{{${secret}' x`,
    `'http://u:${secret}@x/['`,
    `--proto ${secret} x`,
  ];
  for (const command of commands) {
    try {
      parse(command);
      throw new Error(`${command} was read`);
    } catch (error) {
      expect((error as Error).message, command).not.toContain(secret);
    }
  }
});

test("notes say what has no effect, and what fetch does otherwise", () => {
  const notes = (text: string) =>
    parse(text).notes.map(({ option, isAboutFetch }) =>
      `${option}${isAboutFetch ? " (fetch)" : ""}`
    );
  expect(notes(`-L -d a ${U}`)).toEqual([]);
  expect(notes(`--ip-tos CE --libcurl x ${U}`)).toEqual(["--ip-tos", "--libcurl"]);
  expect(notes(`-X GET -d a ${U}`)).toEqual(["--request (fetch)"]);
  expect(notes(`-X delete ${U}`)).toEqual(["--request (fetch)"]);
  expect(notes(`--path-as-is ${U}a/../b`)).toEqual(["--path-as-is (fetch)", "--url (fetch)"]);
  expect(notes(`-f --retry 3 ${U}`)).toEqual(["--fail (fetch)", "--retry (fetch)"]);
  expect(notes(`-F 'a=b; c' ${U}`)).toEqual(["--form"]);
  expect(notes(`-L --max-redirs 5 ${U}`)).toEqual(["--max-redirs (fetch)"]);
  expect(notes(`-L --max-redirs 0 ${U}`)).toEqual([]);
  expect(notes("ftp://x.test/")).toEqual(["--url (fetch)"]);
});

test("no libcurl is loaded to read or write a command", { timeout: 30_000 }, async () => {
  const code = `
    import { parseCurl, toCurl } from "#root/command.ts";
    const { url, init } = parseCurl("curl -d a=b --compressed --httpsig-keyid k http://x.test/");
    console.log(toCurl(url, init, { redact: false }));
  `;
  const env = { CURLEW_LIBRARY: "/no/such/libcurl" };
  const { stdout, stderr } = await runChild(code, { env });
  expect([stdout, stderr]).toEqual([
    "curl http://x.test/ -H 'Content-Type: application/x-www-form-urlencoded' --compressed " +
    "--httpsig-keyid k --data-raw a=b\n",
    "",
  ]);
});

test("Object.prototype is not read", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    expect(() => parse(`--${name} ${U}`)).toThrow(/nearest is/);
    expect(() => parse(`$${name}`, { env: {} })).toThrow(/option "env"/);
    expect(() => parse(`--variable %${name} ${U}`)).toThrow(CurlCommandError);
  }
});

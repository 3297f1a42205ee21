import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { describe, expect, test } from "vitest";
import { useServer } from "../use.ts";

const server = useServer();

const SMALL = "GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

const connect = (port: number): net.Socket => net.connect(port, "127.0.0.1");

/**
 * Talks: sends the first of `say`, and each next one when bytes have arrived. Gives all the bytes
 * as latin-1, once the server ends, or after `silent` ms without any.
 */
function talk(socket: net.Socket, say: (string | Buffer)[], silent = 300): Promise<string> {
  return new Promise((resolve) => {
    const rest = [...say];
    let text = "";
    const next = () => {
      const one = rest.shift();
      if (one !== undefined) socket.write(one);
    };
    socket.setEncoding("latin1");
    socket.setTimeout(silent, () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk;
      next();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => text += `<${error.code}>`);
    socket.on("close", () => resolve(text));
    next();
  });
}

describe("raw", () => {
  const raw = (path: string): Promise<string> =>
    talk(connect(server.raw), [`GET ${path} HTTP/1.1\r\n\r\n`]);

  test.each([
    ["/garbage", /^\xff\xfe\xfd/],
    ["/bad-chunk", /\r\n5\r\nhello\r\nzz\r\n$/],
    ["/cut-chunk", /\r\n100\r\nhello$/],
    ["/wrong-length", /Content-Length: 5\r\n\r\n0123456789$/],
    ["/short-length", /Content-Length: 100\r\n\r\n0123456789$/],
    ["/two-lengths", /Length: 5\r\nContent-Length: 7\r\n/],
    ["/huge-headers", /X-Huge: h{524288}\r\n/],
    ["/no-answer", /^$/],
    ["/half-status", /^HTTP\/1.1 2$/],
    ["/reset-now", /^<ECONNRESET>$/],
    ["/close-now", /^$/],
    ["/until-close", /\r\n\r\nuntil close$/],
    ["/http09", /^hello from 0.9\n$/],
    ["/no-reason", /^HTTP\/1.1 200\r\n/],
    ["/latin1", /X-Latin: caf\xe9\r\nX-Utf8: caf\xc3\xa9\r\n/],
    ["/nothing-such", /^HTTP\/1.1 404 /],
  ])("%s", async (path, want) => {
    expect(await raw(path)).toMatch(want);
  });

  test("/endless-headers goes on", async () => {
    const socket = connect(server.raw);
    let seen = 0;
    socket.write("GET /endless-headers HTTP/1.1\r\n\r\n");
    for await (const chunk of socket) {
      seen += chunk.length;
      if (seen > 4_000_000) break;
    }
    expect(seen).toBeGreaterThan(4_000_000);
  });

  test("silent sends nothing, echo repeats", async () => {
    expect(await talk(connect(server.silent), ["hello"])).toBe("");
    expect(await talk(connect(server.echo), ["hello", "again"])).toBe("helloagain");
  });
});

describe("ftp", () => {
  const LOGIN = ["", "USER anonymous\r\n", "PASS x\r\n"];
  const QUIT = "QUIT\r\n";

  /** One transfer: the replies and the data. */
  async function transfer(command: string, send?: string): Promise<[string, string]> {
    const control = connect(server.ftp);
    let data: Promise<string> = Promise.resolve("");
    control.on("data", (chunk) => {
      const port = /^229 .*\|\|\|(\d+)\|/m.exec(String(chunk))?.[1];
      if (!port) return;
      const socket = connect(Number(port));
      data = talk(socket, send === undefined ? [] : [send]);
      if (send !== undefined) socket.end();
    });
    const replies = await talk(control, [...LOGIN, "EPSV\r\n", `${command}\r\n`, QUIT]);
    return [replies, await data];
  }

  test("wrong password, and nothing before the login", async () => {
    const bad = await talk(connect(server.ftp), [
      "",
      "USER user\r\n",
      "PASS bad\r\n",
      "PWD\r\n",
      QUIT,
    ]);
    expect(bad).toMatch(/530 Login incorrect\r\n530 Log in first\r\n221 /);
    const good = await talk(connect(server.ftp), [
      "",
      "USER user\r\n",
      "PASS pass\r\n",
      "PWD\r\n",
      QUIT,
    ]);
    expect(good).toMatch(/230 .*\r\n257 "\/"\r\n221 /);
  });

  test("RETR", async () => {
    const [replies, data] = await transfer("RETR hello.txt");
    expect(replies).toMatch(/\r\n150 .*\r\n226 /);
    expect(data).toBe("hello from ftp\n");
    expect((await transfer("RETR big.bin"))[1].length).toBe(1 << 20);
    expect((await transfer("RETR none"))[0]).toMatch(/\r\n550 /);
  });

  test("LIST and NLST", async () => {
    const [, list] = await transfer("LIST");
    expect(list).toMatch(/^-rw-r--r-- 1 ftp +ftp +1048576 Jan {2}1 00:00 big.bin\r\ndrwxr-xr-x 2 /);
    expect((await transfer("NLST dir"))[1]).toBe("a.txt\r\nb.txt\r\n");
  });

  test("STOR, APPE, SIZE, CWD, REST, DELE", async () => {
    expect((await transfer("STOR new.txt", "one\n"))[0]).toMatch(/\r\n226 /);
    expect((await transfer("APPE new.txt", "two\n"))[0]).toMatch(/\r\n226 /);
    expect((await transfer("RETR new.txt"))[1]).toBe("one\ntwo\n");
    const more = [
      "CWD dir\r\n",
      "PWD\r\n",
      "SIZE ../new.txt\r\n",
      "REST 3\r\n",
      "DELE /new.txt\r\n",
    ];
    const replies = await talk(connect(server.ftp), [...LOGIN, ...more, QUIT]);
    expect(replies).toMatch(
      /\r\n250 .*\r\n257 "\/dir"\r\n213 8\r\n350 .*\r\n250 .*\r\n221 Bye\r\n$/,
    );
  });

  test("PASV names loopback", async () => {
    expect(await talk(connect(server.ftp), [...LOGIN, "PASV\r\n", QUIT])).toMatch(
      /227 .*\(127,0,0,1,/,
    );
  });
});

describe("proxy", () => {
  const target = (): string => `127.0.0.1:${server.http}`;
  const auth = `Proxy-Authorization: Basic ${Buffer.from("user:pass").toString("base64")}\r\n`;

  /** What a proxy of this kind was asked for last. */
  async function lastTarget(kind: string): Promise<string> {
    return (await (await fetch(server.url("/stats/all"))).json())[kind].targets.at(-1);
  }

  test("absolute-form", async () => {
    const request = `GET http://${target()}/small HTTP/1.1\r\nHost: x\r\n`;
    const close = "Connection: close\r\n\r\n";
    const open = await talk(connect(server.proxy), [request + close]);
    expect(open).toMatch(/^HTTP\/1.1 200 [^]*Via: 1.1 curlew[^]*"ok":true/);
    expect(await lastTarget("proxy")).toBe(`GET ${target()}`);
    expect(await talk(connect(server.proxyAuth), [request + close])).toMatch(/^HTTP\/1.1 407 /);
    expect(await talk(connect(server.proxyAuth), [request + auth + close])).toContain(" 200 OK");
  });

  test("CONNECT, by a name only the proxy knows", async () => {
    const request = `CONNECT invented.test:${server.http} HTTP/1.1\r\nHost: x\r\n`;
    const open = await talk(connect(server.proxy), [`${request}\r\n`, SMALL]);
    expect(open).toMatch(/^HTTP\/1.1 200 Connection established\r\n[^]*"ok":true/);
    expect(await lastTarget("proxy")).toBe(`CONNECT invented.test:${server.http}`);
    expect(await talk(connect(server.proxyAuth), [`${request}\r\n`])).toMatch(/^HTTP\/1.1 407 /);
    expect(await talk(connect(server.proxyAuth), [`${request}${auth}\r\n`, SMALL])).toContain(
      "true",
    );
  });

  test("never past loopback, and an unreachable target is 502", async () => {
    const ask = (to: string): Promise<string> =>
      talk(connect(server.proxy), [`CONNECT ${to} HTTP/1.1\r\nHost: x\r\n\r\n`]);
    expect(await ask("192.0.2.1:80")).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask("127.0.0.1:1")).toMatch(/^HTTP\/1.1 502 /);
  });

  const port = (): Buffer => Buffer.of(server.http >> 8, server.http & 255);
  const ask5 = (...address: (number | Buffer)[]): Buffer =>
    Buffer.concat([
      Buffer.of(5, 1, 0),
      ...address.map((one) => typeof one === "number" ? Buffer.of(one) : one),
      port(),
    ]);

  test("SOCKS5 by address and by name", async () => {
    const hello = Buffer.of(5, 1, 0);
    const yes = (answer: string): void => {
      expect(answer.startsWith("\x05\0\x05\0\0\x01")).toBe(true);
      expect(answer).toContain('"ok":true');
    };
    const address = ask5(1, Buffer.of(127, 0, 0, 1));
    yes(await talk(connect(server.socks), [hello, address, SMALL]));
    expect(await lastTarget("socks")).toBe(`ipv4 ${target()}`);
    const name = ask5(3, 13, Buffer.from("invented.test"));
    yes(await talk(connect(server.socks), [hello, name, SMALL]));
    expect(await lastTarget("socks")).toBe(`domain invented.test:${server.http}`);
  });

  test("SOCKS5 with a login", async () => {
    const hello = Buffer.of(5, 2, 0, 2);
    const login = (password: string): Buffer =>
      Buffer.concat([Buffer.of(1, 4), Buffer.from("user"), Buffer.of(4), Buffer.from(password)]);
    const name = ask5(3, 1, Buffer.from("x"));
    const good = await talk(connect(server.socksAuth), [hello, login("pass"), name, SMALL]);
    expect(good.startsWith("\x05\x02\x01\0\x05\0")).toBe(true);
    expect(good).toContain('"ok":true');
    expect(await talk(connect(server.socksAuth), [hello, login("nope")])).toBe("\x05\x02\x01\x01");
    expect(await talk(connect(server.socksAuth), [Buffer.of(5, 1, 0)])).toBe("\x05\xff");
  });

  test("SOCKS4 and 4a", async () => {
    const ask4 = (ip: number[], name = ""): Buffer =>
      Buffer.concat([Buffer.of(4, 1), port(), Buffer.of(...ip), Buffer.from(`me\0${name}`)]);
    const yes = /^\0\x5a[^]*"ok":true/;
    expect(await talk(connect(server.socks), [ask4([127, 0, 0, 1]), SMALL])).toMatch(yes);
    const named = await talk(connect(server.socks), [ask4([0, 0, 0, 1], "name.test\0"), SMALL]);
    expect(named).toMatch(yes);
    expect(await lastTarget("socks")).toBe(`4a name.test:${server.http}`);
    expect(await talk(connect(server.socks), [ask4([192, 0, 2, 1])])).toMatch(/^\0\x5b/);
  });
});

describe("tls", () => {
  const open = (port: number, options: tls.ConnectionOptions = {}): tls.TLSSocket =>
    tls.connect({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca: readFileSync(server.ca),
      ...options,
    });

  /** The answer, or the error's code. */
  const ask = (port: number, options?: tls.ConnectionOptions): Promise<string> =>
    talk(open(port, options), [SMALL], 1000);

  test("https and its CA", async () => {
    expect(await ask(server.https)).toMatch(/^HTTP\/1.1 200 OK/);
    expect(await ask(server.https, { ca: [] })).not.toContain("200 OK");
    expect(server.pin).toMatch(/^sha256\/\/[\w+/]{43}=$/);
  });

  test("h2 negotiates HTTP/2 or HTTP/1.1 by ALPN", async () => {
    const protocol = (ALPNProtocols: string[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = open(server.h2, { ALPNProtocols }).on("error", reject);
        socket.on("secureConnect", () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
      });
    expect(await protocol(["h2", "http/1.1"])).toBe("h2");
    expect(await protocol(["http/1.1"])).toBe("http/1.1");
  });

  test("mtls wants a certificate", async () => {
    const pair = { cert: readFileSync(server.clientCert), key: readFileSync(server.clientKey) };
    expect(await ask(server.mtls)).not.toContain("200 OK");
    expect(await ask(server.mtls, pair)).toMatch(/^HTTP\/1.1 200 OK/);
  });

  test("expired and wronghost are refused", async () => {
    expect(await ask(server.expired)).not.toContain("200 OK");
    expect(await ask(server.wronghost)).not.toContain("200 OK");
    const careless = { rejectUnauthorized: false };
    expect(await ask(server.expired, careless)).toContain("200 OK");
    expect(await ask(server.wronghost, careless)).toContain("200 OK");
  });
});

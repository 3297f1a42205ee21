// Text that is no UTF-8: what a server sends comes out, and what goes in reaches it, byte for byte.
import { Buffer } from "node:buffer";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, CurlUrl, Easy, type EasyOptions, fetch, Mime } from "../../../mod.ts";
import { libcurl } from "../../versions.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
/** Every byte above ASCII; among others some that happen to be UTF-8. */
const HIGH = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)).join("");
/** As bytes: latin-1, UTF-8, and both. */
const TEXTS = [
  "caf\xe9",
  Buffer.from("café 東京").toString("latin1"),
  HIGH,
  "\xb3\xd2",
  "\xff\xfe",
];

/** A server that answers with a head, and notes each request as latin-1. */
interface Wire extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly string[];
}

async function wire(heads: readonly string[]): Promise<Wire> {
  const requests: string[] = [], sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    let text = "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const end = text.indexOf("\r\n\r\n"), length = /content-length: (\d+)/i.exec(text)?.[1];
      if (end < 0 || text.length < end + 4 + Number(length ?? 0)) return;
      const head = heads[Math.min(requests.push(text), heads.length) - 1];
      socket.end(`HTTP/1.1 ${head}Content-Length: 0\r\nConnection: close\r\n\r\n`, "latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    requests,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

/** Performs a transfer. The caller closes the handle. */
async function run(url: string, options: EasyOptions, easy = new Easy()): Promise<Easy> {
  easy.setOpts({ URL: url, TIMEOUT_MS: 5000, WRITEFUNCTION: (bytes) => bytes.length, ...options });
  await agent.perform(easy);
  return easy;
}

const headerOf = (request: string | undefined, name: string) =>
  new RegExp(`^${name}: (.*)\r$`, "im").exec(request ?? "")?.[1];

/** What the bytes of a text are as JS sees them: UTF-8 where they are that, or else latin-1. */
function decoded(text: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(latin1(text));
  } catch {
    return text;
  }
}

describe("what comes", () => {
  test.each(TEXTS)("infos and headers, from %j", async (text) => {
    const head = `302 Found\r\nX-Name: ${text}\r\nContent-Type: text/${text}\r\n`;
    await using server = await wire([`${head}Location: /${text}\r\n`]);
    using easy = await run(server.url, {});
    expect(easy.getInfo("CONTENT_TYPE")).toBe(decoded(`text/${text}`));
    if (libcurl.headers.holds) {
      const found = easy.headers().find(({ name }) => name === "X-Name");
      expect(found?.value).toBe(decoded(text.trim()));
    }
    const response = await fetch(server.url, { redirect: "manual", agent });
    expect(response.headers.get("x-name")).toBe(text); // as the standard says
  });

  test.each(TEXTS)("cookies go from one handle to another, as %j", async (text) => {
    const cookie = text.replace(/[\x80-\x9f]/g, ""); // libcurl refuses no others
    await using server = await wire([
      `200 OK\r\nSet-Cookie: ${cookie}=v${cookie}; path=/\r\n`,
      "200 OK\r\n",
    ]);
    using from = await run(server.url, { COOKIEFILE: "" });
    const list = from.getInfo("COOKIELIST");
    expect(list).toHaveLength(1);
    expect(list[0]).toContain(`\t${cookie}\tv${cookie}`); // as in fetch
    using to = new Easy();
    to.setOpt("COOKIEFILE", "");
    for (const line of list) to.setOpt("COOKIELIST", line);
    expect(to.getInfo("COOKIELIST")).toEqual(list);
    await run(server.url, {}, to);
    expect(headerOf(server.requests[1], "Cookie")).toBe(`${cookie}=v${cookie}`);
  });

  test("cookies of a redirect that fetch follows", async () => {
    const set = "Set-Cookie: \xb3\xd2=v\xe9l; path=/\r\n";
    await using server = await wire([`302 Found\r\n${set}Location: /next\r\n`, "200 OK\r\n"]);
    await fetch(server.url, { agent, curl: { COOKIEFILE: "" } });
    expect(headerOf(server.requests[1], "Cookie")).toBe("\xb3\xd2=v\xe9l");
  });
});

describe("what goes", () => {
  test("a line of COOKIELIST is latin-1 where it can be, else UTF-8", async () => {
    await using server = await wire(["200 OK\r\n"]);
    const line = (value: string) => `127.0.0.1\tFALSE\t/\tFALSE\t0\tname\t${value}`;
    for (
      const [value, sent] of [["\xfc", "\xfc"], ["東京", Buffer.from("東京").toString("latin1")]]
    ) {
      using easy = await run(server.url, { COOKIELIST: line(value!) });
      expect(headerOf(server.requests.at(-1), "Cookie")).toBe(`name=${sent}`);
      expect(easy.getInfo("COOKIELIST")).toEqual([line(sent!)]);
    }
    using easy = await run(server.url, { COOKIELIST: utf8(line("\xfc")) });
    expect(headerOf(server.requests.at(-1), "Cookie")).toBe("name=\xc3\xbc");
    expect(easy.closed).toBe(false);
  });

  test.each(["USERAGENT", "REFERER", "COOKIE", "RANGE"] as const)("%s as bytes", async (name) => {
    const header = {
      USERAGENT: "User-Agent",
      REFERER: "Referer",
      COOKIE: "Cookie",
      RANGE: "Range",
    };
    await using server = await wire(["200 OK\r\n"]);
    for (const text of TEXTS) {
      using easy = await run(server.url, { [name]: latin1(text) });
      expect(easy.closed).toBe(false);
      const sent = headerOf(server.requests.at(-1), header[name]);
      expect(sent).toBe(name === "RANGE" ? `bytes=${text}` : text);
    }
  });

  test("bytes are copied, and nothing else of the array is asked for", async () => {
    await using server = await wire(["200 OK\r\n"]);
    class Evil extends Uint8Array<ArrayBuffer> {
      override get byteLength(): number {
        throw new Error("asked");
      }
      override get length(): number {
        throw new Error("asked");
      }
      override get [Symbol.toStringTag](): "Uint8Array" {
        throw new Error("asked");
      }
    }
    const bytes = new Evil(latin1("caf\xe9").buffer);
    using easy = new Easy();
    easy.setOpt("USERAGENT", bytes);
    bytes.fill(0x58);
    await run(server.url, {}, easy);
    expect(headerOf(server.requests[0], "User-Agent")).toBe("caf\xe9");
    const detached = new Uint8Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => easy.setOpt("USERAGENT", detached)).toThrow("USERAGENT: expected bytes");
  });

  test("USERPWD, CUSTOMREQUEST and URL as bytes", async () => {
    await using server = await wire(["200 OK\r\n"]);
    using easy = await run(server.url, {
      URL: latin1(`${server.url}caf\xe9`),
      CUSTOMREQUEST: latin1("GET"),
      USERPWD: latin1("us\xe9r:\xff"),
    });
    expect(headerOf(server.requests[0], "Authorization"))
      .toBe(`Basic ${Buffer.from("us\xe9r:\xff", "latin1").toString("base64")}`);
    expect(server.requests[0]).toMatch(/^GET \/caf(\xe9|%e9) HTTP/i);
    expect(easy.closed).toBe(false);
  });

  test("names of a Mime and of HTTPPOST as bytes", async () => {
    await using server = await wire(["200 OK\r\n"]);
    const name = latin1("n\xe9"), filename = latin1("f\xff.txt"), type = latin1("a/\xb3");
    using mime = new Mime();
    mime.addPart({ name, filename, type, data: "x", headers: [latin1("X-P: \xd2")] });
    using one = await run(server.url, { MIMEPOST: mime, HTTPHEADER: ["Expect:"] });
    const HTTPPOST = [{
      name,
      filename,
      type,
      buffer: latin1("x"),
      headers: [latin1("X-P: \xd2")],
    }];
    using two = await run(server.url, { HTTPPOST, HTTPHEADER: ["Expect:"] });
    for (const request of server.requests) {
      expect(request).toMatch(/name="n\xe9"; filename="f\xff.txt"/);
      expect(request).toMatch(/Content-Type: a\/\xb3\r/);
      expect(request).toMatch(/X-P: \xd2\r/);
    }
    expect([one.closed, two.closed]).toEqual([false, false]);
  });

  test("a CurlUrl as bytes", () => {
    using url = new CurlUrl(latin1("http://h/caf\xe9?q=\xff"));
    expect(url.get("PATH")).toMatch(/^\/caf(\xe9|%e9)$/i);
    url.set("QUERY", latin1("a=\xb3"), 0);
    expect(url.get("QUERY")).toMatch(/^a=(\xb3|%b3)$/i);
    url.set("FRAGMENT", utf8("ü"));
    expect(url.get("FRAGMENT")).toMatch(/^(ü|%c3%bc)$/i);
    url.set("USER", new Uint8Array(0));
    expect(url.get("USER")).toBe("");
  });
});

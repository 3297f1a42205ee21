// The Response: the runtime's own, with everything that its constructor does not take.
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fetchSync } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { serveWith } from "../serve.ts";
import { codeOf, failure, get, record } from "../support.ts";

const server = useServer("http", "raw", "h2");

const answer = (head: string, body = "") => `HTTP/1.1 ${head}\r\nConnection: close\r\n\r\n${body}`;

/** What fetch makes of an answer of a server. */
async function respond(text: string): Promise<Response> {
  await using recorder = await record(text);
  const response = await get(recorder.url);
  const { status, statusText, headers } = response;
  const body = [204, 205, 304].includes(status) ? null : await response.text();
  return new Response(body, { status, statusText, headers });
}

describe("a response", () => {
  test("is the runtime's own, with URL, status and headers", async () => {
    const response = await get(server.url("/small?x=1#hash"));
    expect(response).toBeInstanceOf(Response);
    expect(response).toMatchObject({ status: 200, ok: true, statusText: "OK", redirected: false });
    expect(response.url).toBe(server.url("/small?x=1"));
    expect(response.headers.get("Content-Length")).toBe("98");
    expect(response.bodyUsed).toBe(false);
    expect(await response.json()).toMatchObject({ ok: true });
    expect(response.bodyUsed).toBe(true);
  });

  test("has its URL, and was redirected, as a clone too", async () => {
    const response = await get(server.url("/redirect/2"));
    const clone = response.clone(), second = clone.clone();
    for (const one of [response, clone, second]) {
      expect(one).toBeInstanceOf(Response);
      expect(one.url).toBe(server.url("/small"));
      expect(one.redirected).toBe(true);
      expect((await one.text()).length).toBe(98);
    }
  });

  test("resolves with statuses of errors", async () => {
    for (const status of [400, 404, 418, 500, 503, 599]) {
      const response = await get(server.url(`/status/${status}`));
      expect(response).toMatchObject({ status, ok: false });
      expect(await response.text()).toBe(`status ${status}\n`);
    }
  });

  test("has no body where the status allows none", async () => {
    for (const status of [204, 205, 304]) {
      const response = await get(server.url(`/status/${status}`));
      expect(response).toMatchObject({ status, body: null });
      expect(await response.text()).toBe("");
    }
  });

  test("is not made of a status below 200", async () => {
    const error = await failure(respond(answer("101 Switching Protocols\r\nContent-Length: 0")));
    expect(error).toBeInstanceOf(TypeError);
  });

  test("has a status above 599 too, which the constructor refuses", async () => {
    for (const status of [600, 700, 999]) {
      await using recorder = await record(answer(`${status} Odd\r\nContent-Length: 4`, "body"));
      const response = await get(recorder.url), own = await globalThis.fetch(recorder.url);
      for (const one of [response, response.clone(), response.clone().clone()]) {
        expect(one).toMatchObject({ status, ok: false, statusText: "Odd", url: recorder.url });
        expect(await one.text()).toBe("body");
      }
      expect(own).toMatchObject({ status, ok: false });
      await using proxy = serveWith(() => get(recorder.url));
      // native code sees the highest status that a Response can be made with
      expect((await globalThis.fetch(proxy.url)).status).toBe(599);
    }
    expect(fetchSync(server.url("/status/999"))).toMatchObject({ status: 999 });
  });

  test("has the reason phrase, whatever is in it", async () => {
    expect(await respond(answer("200 Très bien"))).toMatchObject({ statusText: "Très bien" });
    expect(await respond(answer("200"))).toMatchObject({ status: 200, statusText: "" });
    expect(await respond(answer("200 a\x01b"))).toMatchObject({ statusText: "ab" });
    const noReason = await get(server.url("/no-reason", "raw"));
    expect(noReason).toMatchObject({ status: 200, statusText: "" });
    const h2 = await get(server.url("/small", "h2"), { curl: { CAINFO: server.ca, ...ALPN } });
    expect(h2).toMatchObject({ status: 200, statusText: "" });
  });

  test("is not one of the 1xx before it", async () => {
    for (const url of [server.url("/early-hints"), server.url("/early-hints", "h2")]) {
      const response = await get(url, { curl: { CAINFO: server.ca, ...ALPN } });
      expect(response.status).toBe(200);
      expect(response.headers.get("link")).toBe(null);
      expect((await response.text()).length).toBe(98);
    }
    const two = "100 Continue\r\nX-A: 1\r\n\r\nHTTP/1.1 103 Early\r\nX-A: 2\r\n\r\nHTTP/1.1 200 OK";
    const response = await respond(answer(two, "body"));
    expect(response.headers.get("x-a")).toBe(null);
    expect(await response.text()).toBe("body");
  });
});

describe("response headers", () => {
  test("keep several cookies apart and join others", async () => {
    const response = await get(server.url("/cookies/set?a=1&b=2"));
    expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    expect(response.clone().headers.getSetCookie()).toHaveLength(2);
    const joined = await respond(answer("200 OK\r\nX-A: 1\r\nx-a:  2\t\r\nX-E:"));
    expect(joined.headers.get("x-a")).toBe("1, 2");
    expect(joined.headers.get("x-e")).toBe("");
  });

  test("are latin-1: a byte is a character", async () => {
    const { headers } = await get(server.url("/latin1", "raw"));
    expect(headers.get("x-latin")).toBe("caf\u00e9");
    expect(headers.get("x-utf8")).toBe("caf\u00c3\u00a9");
    const euro = await respond(answer("200 OK\r\nX-Euro: \xe2\x82\xac"));
    expect(euro.headers.get("x-euro")).toBe("\xe2\x82\xac");
    const { statusText, headers: ends } = await respond(
      answer("200 \xc3\xa0\r\nX-A: \xc3\xa0 \r\nX-B:\t\xa0b\r\nX-C: c\r\n \xc3\xa0"),
    );
    const values = ["x-a", "x-b", "x-c"].map((name) => ends.get(name));
    expect([statusText, ...values]).toEqual(["\xc3\xa0", "\xc3\xa0", "\xa0b", "c \xc3\xa0"]);
  });

  test("may be many", async () => {
    const { headers } = await get(server.url("/headers?n=500"));
    expect(headers.get("x-header-499")).toBe("value 499");
  });

  test("that are no headers are left out", async () => {
    const { headers } = await respond(answer("200 OK\r\nbad name: 1\r\nX-Good: 2"));
    expect(headers.get("x-good")).toBe("2");
    expect([...headers.keys()]).not.toContain("bad name");
  });

  test("cannot be changed, as the standard has it, but those of a copy can", async () => {
    const response = await get(server.url("/small"));
    for (const { headers } of [response, response.clone()]) {
      expect(() => headers.set("x", "1")).toThrow(TypeError);
      expect(() => headers.append("x", "1")).toThrow(TypeError);
      expect(() => headers.delete("content-type")).toThrow(TypeError);
      expect(headers.get("content-type")).toBe("application/json");
    }
    const copied = new Headers(response.headers), copy = new Response(response.body, response);
    for (const headers of [copied, copy.headers]) {
      headers.set("x", "1");
      expect(headers.get("x")).toBe("1");
      expect(headers.get("content-type")).toBe("application/json");
    }
    expect(await copy.json()).toMatchObject({ ok: true });
  });

  test("that never end fail the fetch", async () => {
    const error = await failure(get(server.url("/endless-headers", "raw")));
    expect(error).toBeInstanceOf(TypeError);
    expect(["CURLE_RECV_ERROR", "CURLE_OUT_OF_MEMORY"]).toContain(codeOf(error));
    expect(await failure(get(server.url("/huge-headers", "raw")))).toBeInstanceOf(TypeError);
  });
});

describe("content decoding", () => {
  test("is libcurl's and on by default", async () => {
    for (const encoding of ["gzip", "deflate", "br"]) {
      const response = await get(server.url(`/${encoding}`));
      expect(response.headers.get("content-encoding")).toBe(encoding);
      expect(await response.text()).toBe(`compressed by ${encoding}\n`.repeat(100));
    }
  });

  test("undoes several codings in their order", async () => {
    const bytes = gzipSync(brotliCompressSync("twice"));
    const head = "HTTP/1.1 200 OK\r\nContent-Encoding: br, gzip\r\nConnection: close\r\n\r\n";
    await using recorder = await record(head + bytes.toString("latin1"));
    expect(await (await get(recorder.url)).text()).toBe("twice");
  });

  test("fails for a coding that libcurl does not know, unless it is switched off", async () => {
    const text = answer("200 OK\r\nContent-Encoding: unheard-of", "as it is");
    await using recorder = await record(text);
    const error = await failure(get(recorder.url).then((response) => response.text()));
    expect(codeOf(error)).toBe("CURLE_BAD_CONTENT_ENCODING");
    const response = await get(recorder.url, { curl: { HTTP_CONTENT_DECODING: 0 } });
    expect(await response.text()).toBe("as it is");
  });

  test("leaves the headers, which what a handler returns must not have", async () => {
    const { fetch } = globalThis, url = server.url("/gzip");
    const text = "compressed by gzip\n".repeat(100);
    const stripped = async () => {
      const response = await get(url), headers = new Headers(response.headers);
      for (const name of ["content-encoding", "content-length"]) headers.delete(name);
      return new Response(response.body, { headers });
    };
    await using decoded = serveWith(stripped);
    expect(await (await fetch(decoded.url)).text()).toBe(text);
    const curl = { ACCEPT_ENCODING: null }, headers = { "Accept-Encoding": "gzip" };
    await using encoded = serveWith(() => get(url, { curl, headers }));
    expect(await (await fetch(encoded.url)).text()).toBe(text);
    await using wrong = serveWith(() => get(url));
    expect(await failure(fetch(wrong.url).then((answer) => answer.text()))).toBeInstanceOf(Error);
  });

  test("can be switched off", async () => {
    const curl = { ACCEPT_ENCODING: null };
    const bytes = await (await get(server.url("/gzip"), { curl })).bytes();
    expect([...bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  });
});

describe("integrity", () => {
  const right = async (algorithm: string) => {
    const body = await (await get(server.url("/small"))).arrayBuffer();
    const name = algorithm.replace("sha", "SHA-");
    const hash = new Uint8Array(await crypto.subtle.digest(name, body));
    return `${algorithm}-${btoa(String.fromCharCode(...hash))}`;
  };
  const wrong = `sha256-${btoa("x".repeat(32))}`;

  test("lets a body through that is right", async () => {
    for (const algorithm of ["sha256", "sha384", "sha512"]) {
      const integrity = await right(algorithm);
      const response = await get(server.url("/redirect/0"), { integrity });
      expect(response).toMatchObject({ url: server.url("/small"), redirected: true });
      expect((await response.clone().text()).length).toBe(98);
      expect(await response.json()).toMatchObject({ ok: true });
    }
    const url = `data:,hello`, hash = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    expect(await (await get(url, { integrity: `sha256-${hash}` })).text()).toBe("hello");
  });

  test("may lack its padding, or have some of it", async () => {
    for (const algorithm of ["sha256", "sha384", "sha512"]) {
      const integrity = await right(algorithm), bare = integrity.replace(/=+$/, "");
      for (const text of [bare, `${bare}=`, `${bare}==`, `${bare}?x`, `\f${bare}\t`]) {
        expect((await get(server.url("/small"), { integrity: text })).status, text).toBe(200);
      }
      const other = bare.slice(0, -1);
      expect(await failure(get(server.url("/small"), { integrity: other }))).toBeInstanceOf(
        TypeError,
      );
    }
  });

  test("rejects a body that is wrong", async () => {
    const error = await failure(get(server.url("/small"), { integrity: wrong }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("integrity");
    expect(await failure(get("data:,x", { integrity: wrong }))).toBeInstanceOf(TypeError);
  });

  test("goes by the strongest algorithm, any of several", async () => {
    const url = server.url("/small"), url_safe = (await right("sha256")).replaceAll("+", "-");
    const strong = await right("sha512");
    expect((await get(url, { integrity: `${wrong} ${strong}` })).status).toBe(200);
    const bad512 = `sha512-${btoa("x".repeat(64))}`;
    expect((await get(url, { integrity: `${bad512}\n${strong}?opt` })).status).toBe(200);
    const integrity = `${await right("sha256")} ${bad512}`;
    expect(await failure(get(url, { integrity }))).toBeInstanceOf(TypeError);
    expect((await get(url, { integrity: `md5-abc ${url_safe}` })).status).toBe(200);
    expect((await get(url, { integrity: "md5-abc nonsense" })).status).toBe(200);
  });

  test("of a response without a body is that of nothing", async () => {
    const empty = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const response = await get(server.url("/status/204"), { integrity: empty });
    expect(response).toMatchObject({ status: 204, body: null });
  });
});

// What fetch takes as its first argument, its method, and what it answers without the network.
import { beforeAll, describe, expect, test } from "vitest";
import { download, fetchSync, upload } from "../../../mod.ts";
import { fetch } from "../../../src/http/fetch.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { echo, failure, get, sent, sentText } from "../support.ts";

const server = useServer("http");
let url: string;
beforeAll(() => {
  url = server.url("/echo?a=1");
});

describe("the input", () => {
  test("may be a string, a URL or a Request", async () => {
    for (const input of [url, new URL(url), new Request(url)]) {
      expect(await echo(input)).toMatchObject({ method: "GET", url: "/echo?a=1", length: 0 });
    }
  });

  test("keeps what the URL parser keeps", async () => {
    const paths = ["/echo/a%20b?x=%20&y=ä|^{}", "/echo/x/%2e%2E/b", "/echo/a//b?", "/echo/[x]?q='"];
    for (const path of paths) {
      if (path.endsWith("?") && !libcurl.keepsEmptyQuery.holds) continue;
      const { href, origin } = new URL(path, url);
      expect(origin + (await echo(href)).url).toBe(href);
    }
  });

  test("sends a Request's method, headers and body", async () => {
    const request = new Request(url, { method: "PUT", headers: { "X-A": "1" }, body: "hello" });
    const arrived = await echo(request);
    expect(arrived.method).toBe("PUT");
    expect(sent(arrived, "x-a")).toEqual(["1"]);
    expect(sentText(arrived)).toBe("hello");
    expect(request.bodyUsed).toBe(true);
  });

  test("sends a Request's bytes with their length, and a stream of one in chunks", async () => {
    for (const body of ["hello", new Uint8Array(3_000_000), new Blob(["x".repeat(100_000)])]) {
      const size = await new Response(body).arrayBuffer().then((bytes) => bytes.byteLength);
      const arrived = await echo(new Request(url, { method: "POST", body }));
      expect(sent(arrived, "content-length")).toEqual([String(size)]);
      expect(arrived.length).toBe(size);
    }
    const chunks = ["first ", "second ", "third"];
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(new TextEncoder().encode(chunk));
        else controller.close();
      },
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const arrived = await echo(new Request(url, init));
    expect(sent(arrived, "transfer-encoding")).toEqual(["chunked"]);
    expect(sentText(arrived)).toBe("first second third");
  });

  test("is overruled by init", async () => {
    const request = new Request(url, { method: "PUT", headers: { "X-A": "1" }, body: "hello" });
    const arrived = await echo(request, { method: "POST", headers: { "X-B": "2" }, body: "other" });
    expect(arrived.method).toBe("POST");
    expect(sent(arrived, "x-a")).toEqual([]);
    expect(sent(arrived, "x-b")).toEqual(["2"]);
    expect(sentText(arrived)).toBe("other");
  });

  test("aborts by the Request's own signal", async () => {
    const controller = new AbortController();
    const request = new Request(server.url("/hold"), { signal: controller.signal });
    const running = failure(get(request));
    setTimeout(() => controller.abort(), 50);
    expect(await running).toMatchObject({ name: "AbortError" });
  });

  test("is refused where it is no URL, or a Request whose body is used", async () => {
    for (const input of ["", "/relative", "http://", "http://a b/", "http://x:99999/"]) {
      expect(await failure(fetch(input)), input).toBeInstanceOf(TypeError);
    }
    const request = new Request(url, { method: "POST", body: "x" });
    await request.text();
    expect(await failure(fetch(request))).toBeInstanceOf(TypeError);
  });
});

describe("the method", () => {
  test("reaches the server, the usual ones in capitals", async () => {
    const methods = [
      "get",
      "Post",
      "PUT",
      "delete",
      "options",
      "PATCH",
      "patch",
      "PROPFIND",
      "M-X",
    ];
    const wanted = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "patch", "PROPFIND", "M-X"];
    const answers = methods.slice(0, 6).map((method) => echo(url, { method }));
    const arrived = (await Promise.all(answers)).map(({ method }) => method);
    expect(arrived).toEqual(wanted.slice(0, 6));
    expect((await echo(url, { method: "PROPFIND" })).method).toBe("PROPFIND");
  });

  test("HEAD has no body", async () => {
    const response = await get(server.url("/bytes/1000"), { method: "head" });
    expect(response.headers.get("content-length")).toBe("1000");
    expect(response.body).toBe(null);
    expect(await response.text()).toBe("");
  });

  test("is refused where the standard forbids it or it is none", async () => {
    for (const method of ["CONNECT", "trace", "Track", "", "A B", "É", "GET\r\n"]) {
      expect(await failure(get(url, { method })), method).toBeInstanceOf(TypeError);
    }
  });

  test("GET and HEAD have no body", async () => {
    for (const method of ["GET", "HEAD"]) {
      const error = await failure(get(url, { method, body: "" }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(`a ${method} request has no body`);
    }
  });

  test("POST and PUT without a body have an empty one, and no type", async () => {
    for (const method of ["POST", "PUT"]) {
      const arrived = await echo(url, { method });
      expect(sent(arrived, "content-length")).toEqual(["0"]);
      expect(sent(arrived, "content-type")).toEqual([]);
    }
    const { headers } = await echo(url, { method: "DELETE" });
    expect(headers.map(([name]) => name.toLowerCase())).not.toContain("content-length");
  });
});

describe("local URLs", () => {
  test("data: is answered with its type and bytes", async () => {
    const cases = [
      ["data:text/html;charset=utf-8,<b>%C3%A9</b>#hash", "text/html;charset=utf-8", "<b>é</b>"],
      ["data:,a%20b%zz", "text/plain;charset=US-ASCII", "a b%zz"],
      ["data:;charset=utf-8,x", "text/plain;charset=utf-8", "x"],
      ["data:image/x;base64,aGVs%62G8=", "image/x", "hello"],
      // by the MIME sniffing standard: parsed, and serialized again
      ["data: \tTEXT/HTML ; Charset=UTF-8 ,x", "text/html;charset=UTF-8", "x"],
      ["data:text/html;charset=a;CHARSET=b;x= y ;z=,x", 'text/html;charset=a;x=" y"', "x"],
      ['data:a/b;q="1;\\"2",x', 'a/b;q="1;\\"2"', "x"],
      ['data:a/b;q="1,x', "a/b;q=1", "x"],
      ["data:a/b;q=%C3%A9;;r;=s;t/=u,x", "a/b;q=%C3%A9", "x"],
      ["data:text,x", "text/plain;charset=US-ASCII", "x"],
      ["data:te xt/html,x", "text/plain;charset=US-ASCII", "x"],
      ["data:text/html/x,x", "text/plain;charset=US-ASCII", "x"],
      ["data:;base64;,aGk=", "text/plain", "aGk="],
      ["data:;  BASE64,aG%0Ak", "text/plain;charset=US-ASCII", "hi"],
      ["data:base64,aGk=", "text/plain;charset=US-ASCII", "aGk="],
      ["data:,a#b,c", "text/plain;charset=US-ASCII", "a"],
      ["data:,a?b,c", "text/plain;charset=US-ASCII", "a?b,c"],
    ] as const;
    for (const [input, type, text] of cases) {
      const response = await get(input);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(type);
      expect(await response.text()).toBe(text);
      expect(response.url).toBe(new URL(input).href.replace(/#.*/, ""));
      const head = await get(input, { method: "HEAD" });
      expect([head.status, head.headers.get("content-type"), head.body]).toEqual([200, type, null]);
    }
    for (
      const input of ["data:nothing", "data:;base64,a", "data:#,x", "data:;base64,%EF%BB%BFaGk="]
    ) {
      expect(await failure(get(input))).toBeInstanceOf(TypeError);
    }
  });

  test("blob: is answered with its type and length, for GET only", async () => {
    const input = URL.createObjectURL(new Blob(["hello"], { type: "text/x" }));
    const response = await get(input);
    expect(response.headers.get("content-type")).toBe("text/x");
    expect(response.headers.get("content-length")).toBe("5");
    expect(await response.text()).toBe("hello");
    expect(await failure(get(input, { method: "POST" }))).toBeInstanceOf(TypeError);
    expect(await failure(get(input, { method: "HEAD" }))).toBeInstanceOf(TypeError);
    URL.revokeObjectURL(input);
    expect(await failure(get(input))).toBeInstanceOf(TypeError);
  });

  test("blob: without a type has an empty one", async () => {
    const input = URL.createObjectURL(new Blob(["hello"]));
    const response = await get(input);
    expect([...response.headers]).toEqual([["content-length", "5"], ["content-type", ""]]);
    URL.revokeObjectURL(input);
  });

  const RANGES: readonly (readonly [range: string, first: number, last: number])[] = [
    ["bytes=1-3", 1, 3],
    ["bytes=0-0", 0, 0],
    ["bytes=3-", 3, 9],
    ["bytes=-4", 6, 9],
    ["bytes=-40", 0, 9],
    ["bytes=9-100000000000", 9, 9],
    ["bytes= \t1-3", 1, 3],
    ["bytes \t =\t 1 - \t3", 1, 3],
    ["bytes=00001-3", 1, 3],
  ];
  test.each(RANGES)("blob: with the Range %j is a part", async (range, first, last) => {
    const input = URL.createObjectURL(new Blob(["0123456789"], { type: "text/x" }));
    const response = await get(input, { headers: { Range: range } });
    expect(response).toMatchObject({ status: 206, statusText: "Partial Content" });
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-length": `${last - first + 1}`,
      "content-range": `bytes ${first}-${last}/10`,
      "content-type": "text/x",
    });
    expect(await response.text()).toBe("0123456789".slice(first, last + 1));
    URL.revokeObjectURL(input);
  });

  test("blob: with a Range that is none, or outside, is refused", async () => {
    const input = URL.createObjectURL(new Blob(["0123456789"]));
    const refused = [
      ...["", "bytes", "bytes=", "bytes=-", "bytes=-0", "bytes=5", "bytes=x-5", "bytes=5-x", "5-"],
      ...["bytes=5-4", "bytes=10-", "bytes=0-1,3-4", "bytes=0-1,", "byte=0-1", "Bytes=0-1"],
      ...["bytes=1-3 ;", "bytes=+1-3", "bytes=1--3", "bytes=1-3-"],
    ];
    for (const range of refused) {
      const error = await failure(get(input, { headers: { Range: range } }));
      expect(error, range).toBeInstanceOf(TypeError);
    }
    const two = [["Range", "bytes=0-1"], ["range", "bytes=2-3"]] as const;
    expect(await failure(get(input, { headers: two }))).toBeInstanceOf(TypeError);
    const empty = URL.createObjectURL(new Blob([]));
    expect(await failure(get(empty, { headers: { Range: "bytes=0-" } }))).toBeInstanceOf(TypeError);
    for (const url of [input, empty]) URL.revokeObjectURL(url);
  });

  test("other schemes are refused", async () => {
    for (
      const input of [
        "about:blank",
        "about:config",
        "ftp://127.0.0.1/",
        "file:///etc/hosts",
        "x:y",
        "ws://x/",
      ]
    ) {
      const error = await failure(get(input));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("scheme");
    }
  });
});

test("an onProgress that is no function is refused before anything is sent", async () => {
  const onProgress = {} as () => void, nowhere = "http://127.0.0.1:1/", path = "/dev/null/x";
  for (const name of ["fetch", "download", "upload"] as const) {
    const running = {
      fetch: () => fetch(nowhere, { onProgress }),
      download: () => download(nowhere, path, { onProgress }),
      upload: () => upload(new Uint8Array(1), nowhere, { onProgress }),
    }[name]();
    const error = await failure(running);
    expect(String(error)).toBe(
      `TypeError: Cannot ${name}: onProgress must be a function, got an object`,
    );
  }
  expect(() => fetchSync(nowhere, { onProgress })).toThrow("Cannot fetchSync: onProgress must be");
});

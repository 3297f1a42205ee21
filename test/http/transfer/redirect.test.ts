// The redirect rules of the fetch standard.
import { describe, expect, test } from "vitest";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { type Echo, failure, get, record, sent, sentText } from "../support.ts";

const server = useServer("http");
const other = useServer("http");

const to = (target: string, status = 302) =>
  server.url(`/redirect-to?url=${encodeURIComponent(target)}&status=${status}`);

/** What arrives at the end of a redirect. */
async function follow(status: number, init: FetchInit, target = "/echo"): Promise<Echo> {
  return await (await get(to(target, status), init)).json();
}

describe("a redirect", () => {
  test("is followed, up to twenty times", async () => {
    const response = await get(server.url("/redirect/19"));
    expect(response).toMatchObject({ status: 200, redirected: true, url: server.url("/small") });
    const error = await failure(get(server.url("/redirect/20")));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("redirects more than 20 times");
  });

  test("changes POST to GET on 301 and 302, and everything but HEAD on 303", async () => {
    const body = "hello", headers = { "X-Own": "1", "Content-Language": "de" };
    for (const status of [301, 302, 303]) {
      const arrived = await follow(status, { method: "POST", body, headers });
      expect(arrived).toMatchObject({ method: "GET", length: 0 });
      expect(sent(arrived, "x-own")).toEqual(["1"]);
      for (const name of ["content-type", "content-length", "content-language"]) {
        expect(sent(arrived, name)).toEqual([]);
      }
    }
    expect(await follow(303, { method: "PUT", body })).toMatchObject({ method: "GET", length: 0 });
    expect(await follow(303, { method: "DELETE" })).toMatchObject({ method: "GET" });
    const head = await get(to("/small", 303), { method: "HEAD" });
    expect(head).toMatchObject({ url: server.url("/small"), body: null });
  });

  test("sends method and body again otherwise", async () => {
    const bodies = ["hello", new TextEncoder().encode("hello"), new Blob(["hello"])];
    for (const body of bodies) {
      for (const status of [307, 308]) {
        const arrived = await follow(status, { method: "POST", body });
        expect(arrived).toMatchObject({ method: "POST", length: 5 });
        expect(sentText(arrived)).toBe("hello");
      }
      for (const status of [301, 302]) {
        expect(await follow(status, { method: "PUT", body })).toMatchObject({ method: "PUT" });
      }
    }
    const request = new Request(to("/echo", 307), { method: "POST", body: "of a Request" });
    expect(sentText(await (await get(request)).json())).toBe("of a Request");
  });

  test("cannot send a stream again, and says so", async () => {
    const stream = () => new Blob(["hello"]).stream();
    const again = [[307, "POST"], [308, "POST"], [302, "PUT"], [301, "POST"], [
      302,
      "POST",
    ]] as const;
    for (const [status, method] of again) {
      const error = await failure(follow(status, { method, body: stream() }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("asks for the body again, but it was a stream");
    }
    const arrived = await follow(303, { method: "POST", body: stream() });
    expect(arrived).toMatchObject({ method: "GET", length: 0 });
  });

  test("drops credentials on the way to another origin, and only then", async () => {
    const headers = {
      Authorization: "Basic x",
      Cookie: "a=1",
      "Proxy-Authorization": "y",
      "X-O": "1",
    };
    const names = ["authorization", "cookie", "proxy-authorization"];
    const same = await follow(302, { headers });
    for (const name of names) expect(sent(same, name)).toHaveLength(1);
    const away = await follow(302, { headers }, other.url("/echo"));
    for (const name of names) expect(sent(away, name)).toEqual([]);
    expect(sent(away, "x-o")).toEqual(["1"]);
    const back = to(other.url(`/redirect-to?url=${encodeURIComponent(server.url("/echo"))}`));
    expect(sent(await (await get(back, { headers })).json(), "authorization")).toEqual([]);
  });

  test("drops those of init.curl and of the URL too", async () => {
    const curl = { USERPWD: "user:pass", COOKIE: "a=1" };
    const same = await follow(302, { curl });
    expect(sent(same, "authorization")).toEqual([`Basic ${btoa("user:pass")}`]);
    expect(sent(same, "cookie")).toEqual(["a=1"]);
    const away = await follow(302, { curl }, other.url("/echo"));
    expect(sent(away, "authorization")).toEqual([]);
    expect(sent(away, "cookie")).toEqual([]);
    for (const [target, count] of [[server.url("/echo"), 1], [other.url("/echo"), 0]] as const) {
      const url = new URL(to(target));
      [url.username, url.password] = ["user", "pass"];
      expect(sent(await (await get(url)).json(), "authorization")).toHaveLength(count);
    }
  });

  test("keeps a Host of the caller's on the same origin only", async () => {
    const headers = { Host: "example.test" };
    expect(sent(await follow(302, { headers }), "host")).toEqual(["example.test"]);
    const away = await follow(302, { headers }, other.url("/echo"));
    expect(sent(away, "host")).toEqual([new URL(other.url("/")).host]);
  });

  test("inherits the fragment, resolves relative URLs, and reads UTF-8", async () => {
    await using recorder = await record(
      "HTTP/1.1 302 Found\r\nLocation: ../b?\xc3\xa9\xc3\xa0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    await failure(get(`${recorder.url}x/a`));
    expect(recorder.received[1]).toMatch(/^GET \/b\?%C3%A9%C3%A0 /);
    const response = await get(`${to("/small")}#hash`);
    expect(response.url).toBe(server.url("/small"));
  });

  test("is refused to what is not HTTP, or no URL", async () => {
    const targets = ["file:///etc/hosts", "ftp://127.0.0.1/", "data:,x", "about:blank", "http://"];
    for (const target of targets) {
      const error = await failure(get(to(target)));
      expect(error, target).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("it redirects to");
    }
  });

  test("without a Location is the response", async () => {
    const response = await get(server.url("/status/302"));
    expect(response).toMatchObject({ status: 302, redirected: false });
    expect(await response.text()).toBe("status 302\n");
  });

  test("whose body does not end is followed all the same", async () => {
    const head = `HTTP/1.1 302 Found\r\nLocation: ${server.url("/small")}\r\n`;
    for (const body of ["Content-Length: 1000\r\n\r\nshort", `\r\n${"x".repeat(1 << 20)}`]) {
      await using recorder = await record(head + body);
      const response = await get(recorder.url);
      expect(response).toMatchObject({ status: 200, redirected: true });
    }
  });
});

describe("redirect:", () => {
  test("error rejects", async () => {
    const error = await failure(get(server.url("/redirect/0"), { redirect: "error" }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("it redirects");
    expect((await get(server.url("/small"), { redirect: "error" })).status).toBe(200);
  });

  test("manual gives the 3xx itself", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const response = await get(to("/small", status), { redirect: "manual" });
      expect(response).toMatchObject({ status, redirected: false });
      expect(response.headers.get("location")).toBe("/small");
      expect(await response.text()).toBe("");
    }
    const request = new Request(server.url("/redirect/0"), { redirect: "manual" });
    expect((await get(request)).status).toBe(302);
  });

  test("of another name is refused", async () => {
    const init = { redirect: "never" } as unknown as FetchInit;
    expect(await failure(get(server.url("/small"), init))).toBeInstanceOf(TypeError);
  });
});

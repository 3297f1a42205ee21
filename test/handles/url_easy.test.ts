// CurlUrl as the value of CURLU: what is transferred, and who owns the handle.
import { describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  type CurlEasyError,
  CurlUrl,
  Easy,
  fetch,
  Multi,
  Share,
  versionInfo,
} from "../../mod.ts";
import { urlCount } from "../../src/handles/url.ts";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { codeOf, failure, header, Transfer } from "./easy_support.ts";

const server = useServer("http", "ftp");

/** A transfer whose URL is a CURLU. */
function transfer(url: CurlUrl, options = {}): Transfer {
  const easy = new Transfer("", options);
  easy.setOpt("CURLU", url);
  return easy;
}

const DEAD = "http://127.0.0.1:1/";

describe("a transfer", () => {
  test("goes to the URL of the handle", () => {
    using url = new CurlUrl(server.url("/echo?a=1"));
    using easy = transfer(url);
    expect(easy.run().json.url).toBe("/echo?a=1");
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/echo?a=1"));
  });

  test("through an Agent too", async () => {
    await using agent = new Agent();
    using url = new CurlUrl(server.url("/echo?a=2"));
    using easy = transfer(url);
    await agent.perform(easy);
    expect(easy.json.url).toBe("/echo?a=2");
  });

  test("sees what changed since the last one, and so does EFFECTIVE_URL", () => {
    using url = new CurlUrl(server.url("/small"));
    using easy = transfer(url);
    for (const path of ["/small", "/bytes/10", "/chunked/20", "/redirect-to?url=/bytes/5"]) {
      const [pathname, query] = path.split("?");
      url.set("PATH", pathname as string);
      url.set("QUERY", query ?? null);
      easy.setOpt("FOLLOWLOCATION", true);
      easy.perform();
      expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url(query ? "/bytes/5" : path));
    }
  });

  test("resolves a redirect against it, and leaves it as it was", () => {
    using url = new CurlUrl(server.url("/redirect/2"));
    using easy = transfer(url, { FOLLOWLOCATION: true });
    for (let i = 0; i < 2; i++) {
      easy.perform();
      expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/small"));
      expect(easy.getInfo("REDIRECT_COUNT")).toBe(3);
      expect(`${url}`).toBe(server.url("/redirect/2"));
    }
  });

  test("has the user and password of the URL", () => {
    using url = new CurlUrl(server.url("/basic/me/secret"));
    url.set("USER", "me");
    url.set("PASSWORD", "secret");
    using easy = transfer(url);
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  });

  test("of FTP works, again with another file", () => {
    using url = new CurlUrl(server.url("/hello.txt", "ftp"));
    using easy = transfer(url);
    expect(easy.run().text).toMatch(/^hello/i);
    expect(easy.getInfo("FTP_ENTRY_PATH")).toBe("/");
    url.set("PATH", "/no-such-file");
    expect(codeOf(() => easy.perform())).toBe(78);
  });

  test("of a handle with no host or scheme is CURLE_URL_MALFORMAT, whatever was there before", () => {
    using url = new CurlUrl(server.url("/small"));
    using easy = transfer(url);
    easy.perform();
    url.set("HOST", null);
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_URL_MALFORMAT");
    expect(easy.getInfo("EFFECTIVE_URL")).toBe("");
    url.set("HOST", "127.0.0.1");
    url.set("SCHEME", null);
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_URL_MALFORMAT");
    url.set("URL", server.url("/small"));
    easy.perform();
  });

  test("of a file is its bytes", () => {
    using url = new CurlUrl(import.meta.url);
    using easy = transfer(url);
    expect(easy.run().text).toContain("is its bytes");
    url.set("PATH", "/no/such/file");
    expect(codeOf(() => easy.perform())).toBe(37);
  });
});

const hasIdn = (versionInfo().featureBits & constants.CURL_VERSION_IDN) !== 0;
test.skipIf(!hasIdn)(
  "a host name beyond ASCII is looked up in ASCII (where IDN is built in)",
  () => {
    const RESOLVE = [`xn--bcher-kva.test:${server.http}:127.0.0.1`];
    const text = `http://bücher.test:${server.http}/echo`;
    using url = new CurlUrl(text);
    using one = transfer(url, { RESOLVE });
    using two = new Transfer(text, { RESOLVE });
    for (const easy of [one, two]) {
      expect(header(easy.run().json, "host")).toBe(`xn--bcher-kva.test:${server.http}`);
    }
  },
);

describe("URL and CURLU", () => {
  test("the later one counts", () => {
    using url = new CurlUrl(server.url("/bytes/7"));
    using easy = new Transfer(DEAD);
    easy.setOpt("CURLU", url);
    expect(easy.run().bytes).toHaveLength(7);
    easy.setOpt("URL", server.url("/bytes/8"));
    easy.perform();
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/bytes/8"));
    easy.setOpt("CURLU", url);
    easy.perform();
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/bytes/7"));
  });

  test("null for either leaves no URL", () => {
    using url = new CurlUrl(server.url("/small"));
    for (const name of ["URL", "CURLU"] as const) {
      using easy = transfer(url);
      easy.setOpt(name, null);
      expect(failure(() => easy.perform()).codeName).toBe("CURLE_URL_MALFORMAT");
    }
  });

  test("reset() leaves no URL", () => {
    using url = new CurlUrl(server.url("/small"));
    using easy = transfer(url);
    easy.perform();
    easy.reset();
    expect(failure(() => easy.perform()).codeName).toBe("CURLE_URL_MALFORMAT");
  });

  test("takes an open CurlUrl, and nothing else", () => {
    using easy = new Easy();
    using share = new Share();
    const closed = new CurlUrl("http://a/");
    closed.close();
    for (const value of [closed, share, easy, {}, 1, "http://a/", new URL("http://a/")]) {
      expect(codeOf(() => easy.setOpt("CURLU", value as never))).toBe(43);
    }
  });

  test("fetch takes neither: its first argument is the URL", async () => {
    using url = new CurlUrl(server.url("/small"));
    await expect(fetch(DEAD, { curl: { CURLU: url } as never })).rejects.toThrow(
      "Cannot set CURLU for fetch: use the first argument",
    );
  });
});

describe("the lifetime of the handle covers that of the easies that use it", () => {
  /** Much garbage, so that freed memory is somebody else's at once. */
  const churn = () => {
    for (let i = 0; i < 200; i++) new CurlUrl(`http://garbage.invalid/${"!".repeat(i)}`).close();
  };

  test("closed before the transfer", () => {
    const { open } = urlCount;
    const url = new CurlUrl(server.url("/bytes/9"));
    const easy = transfer(url);
    url.close();
    churn();
    expect(urlCount.open).toBe(open + 1);
    for (let i = 0; i < 2; i++) easy.perform();
    expect(easy.bytes).toHaveLength(18);
    expect(codeOf(() => easy.setOpt("CURLU", url))).toBe(43);
    easy.close();
    expect(urlCount.open).toBe(open);
  });

  test("closed while the transfer waits or runs, in a callback and outside", async () => {
    const { open } = urlCount;
    {
      await using agent = new Agent();
      const url = new CurlUrl(server.url("/redirect/1"));
      using easy = new Transfer("", {
        FOLLOWLOCATION: true,
        HEADERFUNCTION: (line) => (url.close(), churn(), line.length),
      });
      easy.setOpt("CURLU", url);
      const done = agent.perform(easy);
      await done;
      const other = new CurlUrl(server.url("/bytes/9"));
      using second = transfer(other);
      const over = agent.perform(second);
      other.close();
      churn();
      await over;
      expect(second.bytes).toHaveLength(9);
    }
    expect(urlCount.open).toBe(open);
  });

  test("replace, unset and reset release it", () => {
    const { open } = urlCount;
    const one = new CurlUrl(server.url("/bytes/1")), two = new CurlUrl(server.url("/bytes/2"));
    using easy = transfer(one);
    one.close();
    expect(urlCount.open).toBe(open + 2);
    easy.setOpt("CURLU", two);
    expect(urlCount.open).toBe(open + 1);
    two.close();
    easy.setOpt("CURLU", null);
    expect(urlCount.open).toBe(open);
    const three = new CurlUrl(server.url("/bytes/3"));
    easy.setOpt("CURLU", three);
    three.close();
    easy.reset();
    expect(urlCount.open).toBe(open);
  });

  test("a duplicate of the easy needs it as well", () => {
    const { open } = urlCount;
    const url = new CurlUrl(server.url("/bytes/4"));
    const easy = transfer(url), copy = easy.duplicate();
    url.close();
    easy.close();
    churn();
    let size = 0;
    copy.setOpt("WRITEFUNCTION", (bytes) => (size += bytes.length, bytes.length));
    copy.perform();
    expect(size).toBe(4);
    expect(urlCount.open).toBe(open + 1);
    copy.close();
    expect(urlCount.open).toBe(open);
  });

  test("several easies may have the same one", () => {
    const { open } = urlCount;
    const url = new CurlUrl(server.url("/bytes/4"));
    const easies = [transfer(url), transfer(url), transfer(url)];
    url.close();
    for (const easy of easies) {
      expect(easy.run().bytes).toHaveLength(4);
      easy.close();
    }
    expect(urlCount.open).toBe(open);
  });

  test("CURLU does not change in a transfer: 93 in its callbacks, 43 while it is added", () => {
    using url = new CurlUrl(server.url("/small"));
    using other = new CurlUrl(DEAD);
    const codes: number[] = [];
    using easy = new Transfer("", {
      HEADERFUNCTION: (line) => {
        if (codes.length < 2) {
          codes.push(codeOf(() => easy.setOpt("CURLU", other)));
          codes.push(codeOf(() => easy.setOpt("CURLU", null)));
        }
        return line.length;
      },
    });
    easy.setOpt("CURLU", url);
    easy.perform();
    expect(codes).toEqual([93, 93]);
    using multi = new Multi();
    multi.addHandle(easy);
    expect(codeOf(() => easy.setOpt("CURLU", other))).toBe(43);
    multi.removeHandle(easy);
    easy.setOpt("CURLU", other);
  });

  test("a URL that is set after it replaces it, and leaves no dangling pointer", () => {
    using multi = new Multi();
    const url = new CurlUrl(DEAD);
    using easy = transfer(url);
    easy.setOpt("URL", server.url("/bytes/6"));
    multi.addHandle(easy);
    expect(codeOf(() => easy.setOpt("URL", DEAD))).toBe(43);
    url.set("HOST", null);
    url.close();
    churn();
    for (let i = 0; i < 100 && multi.perform() > 0; i++) multi.poll([], 100);
    expect(multi.infoRead()).toMatchObject({ result: 0 });
    expect(easy.bytes).toHaveLength(6);
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/bytes/6"));
  });

  test("an easy with a bad CURLU in an Agent rejects, and can be used again", async () => {
    await using agent = new Agent();
    using url = new CurlUrl();
    using easy = transfer(url);
    const error = await agent.perform(easy).then(() => null, (e: CurlEasyError) => e);
    expect(error?.codeName).toBe("CURLE_URL_MALFORMAT");
    url.set("URL", server.url("/bytes/3"));
    await agent.perform(easy);
    expect(easy.bytes).toHaveLength(3);
  });
});

const CHILD = `import { CurlUrl, Easy } from "#root/mod.ts";
import { urlCount } from "#root/src/handles/url.ts";
const scope = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?(): void };
const collect = async () => {
  for (let i = 0; i < 20; i++) {
    scope.Bun ? scope.Bun.gc(true) : scope.gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
`;

async function child(lines: string): Promise<{ said: number; stderr: string }> {
  const { code, signal, stdout, stderr } = await runChild(CHILD + lines, {
    env: { DENO_V8_FLAGS: "--expose-gc" },
  });
  expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
  return { said: Number(stdout), stderr };
}

test("a forgotten CurlUrl is freed, and a warning says so", async () => {
  const { said, stderr } = await child(`
    const forget = () => { for (let i = 0; i < 50; i++) new CurlUrl("http://a/" + i).duplicate().close(); };
    forget();
    await collect();
    console.log(urlCount.open);`);
  expect(said).toBeLessThanOrEqual(5); // a conservative collector may keep a few
  const warnings = stderr.match(/a CurlUrl was collected without close\(\)/g)?.length;
  expect(warnings).toBeGreaterThanOrEqual(45);
});

test("an easy and its CurlUrl are freed in whatever order the two are collected", async () => {
  const { said } = await child(`
    const forget = () => {
      for (let i = 0; i < 50; i++) new Easy().setOpt("CURLU", new CurlUrl("http://127.0.0.1:1/"));
    };
    forget();
    await collect();
    console.log(urlCount.open);`);
  expect(said).toBeLessThanOrEqual(5);
});

test("an easy keeps the handle, though nothing else refers to the CurlUrl", async () => {
  const { said } = await child(`
    const easy = new Easy();
    (() => easy.setOpt("CURLU", new CurlUrl("http://127.0.0.1:1/")))();
    using copy = easy.duplicate();
    easy.close();
    await collect();
    try {
      copy.perform();
    } catch (error) {
      console.log((error as { code: number }).code);
    }`);
  expect(said).toBe(7);
});

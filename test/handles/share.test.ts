import { describe, expect, test } from "vitest";
import { constants, CurlError, CurlShareError, Easy, Share } from "../../mod.ts";
import { useServer } from "../use.ts";
import { failure, get, Transfer } from "./easy_support.ts";

const { CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_DNS } = constants;
const BAD_OPTION = 1, IN_USE = 2, INVALID = 3;

const server = useServer("http", "https");

function sharing(...kinds: number[]): Share {
  const share = new Share();
  for (const kind of kinds) share.setOpt("SHARE", kind);
  return share;
}

const shareFailure = (call: () => unknown) => failure<CurlShareError>(call);

describe("what is shared", () => {
  test("cookies that one handle gets, the other sends", () => {
    using share = sharing(CURL_LOCK_DATA_COOKIE);
    {
      using one = get(server.url("/cookies/set?a=1"), { SHARE: share, COOKIEFILE: "" });
      using two = get(server.url("/cookies"), { SHARE: share, COOKIEFILE: "" });
      expect(two.json).toEqual({ a: "1" });
      expect(two.getInfo("COOKIELIST")).toEqual(one.getInfo("COOKIELIST"));
      using alone = get(server.url("/cookies"), { COOKIEFILE: "" });
      expect(alone.json).toEqual({});
    }
  });

  test("a connection that one handle made, the other uses, after the first is closed too", () => {
    using share = sharing(CURL_LOCK_DATA_CONNECT);
    const one = get(server.url("/small"), { SHARE: share });
    const port = one.getInfo("LOCAL_PORT");
    one.close();
    using two = get(server.url("/small"), { SHARE: share });
    expect([two.getInfo("NUM_CONNECTS"), two.getInfo("LOCAL_PORT")]).toEqual([0, port]);
  });

  test("names that one handle looked up, the other knows", () => {
    using share = sharing(CURL_LOCK_DATA_DNS);
    const url = `http://shared.invalid:${server.http}/small`;
    using one = get(url, { SHARE: share, RESOLVE: [`shared.invalid:${server.http}:127.0.0.1`] });
    using two = get(url, { SHARE: share });
    expect([one, two].map((easy) => easy.getInfo("RESPONSE_CODE"))).toEqual([200, 200]);
  });

  test("nothing any more after UNSHARE", () => {
    using share = sharing(CURL_LOCK_DATA_COOKIE);
    share.setOpt("UNSHARE", CURL_LOCK_DATA_COOKIE);
    using one = get(server.url("/cookies/set?a=1"), { SHARE: share, COOKIEFILE: "" });
    using two = get(server.url("/cookies"), { SHARE: share, COOKIEFILE: "" });
    expect(one.getInfo("COOKIELIST")).toHaveLength(1);
    expect(two.json).toEqual({});
  });
});

describe("errors", () => {
  test("a share that is in use is neither changed nor closed: CURLSHE_IN_USE", () => {
    const share = sharing(CURL_LOCK_DATA_COOKIE);
    const easy = new Transfer(server.url("/small"), { SHARE: share });
    for (
      const call of [() => share.close(), () => share.setOpt("SHARE", CURL_LOCK_DATA_DNS)]
    ) {
      const error = shareFailure(call);
      expect(error).toBeInstanceOf(CurlShareError);
      expect(error).toBeInstanceOf(CurlError);
      expect(error).toMatchObject({
        name: "CurlShareError",
        code: IN_USE,
        codeName: "CURLSHE_IN_USE",
        message: expect.stringMatching(/in use/i),
      });
    }
    expect(share.closed).toBe(false);
    easy.perform();
    easy.setOpt("SHARE", null);
    share.close();
    expect(share.closed).toBe(true);
    easy.close();
  });

  test("reset() of the easy leaves it in use, close() does not", () => {
    const share = sharing(CURL_LOCK_DATA_COOKIE);
    const easy = new Easy();
    easy.setOpt("SHARE", share);
    easy.reset();
    expect(shareFailure(() => share.close()).code).toBe(IN_USE);
    easy.close();
    share.close();
  });

  test.each(
    [
      ["SHARE", 99],
      ["SHARE", 1.5],
      ["SHARE", "cookies"],
      ["SHARE", null],
      ["LOCKFUNC", 1],
      ["USERDATA", 1],
      ["toString", 1],
      [1, 2],
    ] as const,
  )("setOpt(%o, %o) is CURLSHE_BAD_OPTION", (option, value) => {
    using share = new Share();
    expect(shareFailure(() => share.setOpt(option as "SHARE", value as number)))
      .toMatchObject({ code: BAD_OPTION, codeName: "CURLSHE_BAD_OPTION" });
  });

  test("a closed share says so, and close() is done once", () => {
    const share = new Share();
    share.close();
    share.close();
    share[Symbol.dispose]();
    expect(shareFailure(() => share.setOpt("SHARE", CURL_LOCK_DATA_DNS)))
      .toMatchObject({ code: INVALID, codeName: "CURLSHE_INVALID" });
  });
});

test("a share lives as long as an easy that uses it, though nothing else refers to it", () => {
  using easy = new Transfer(server.url("/cookies/set?a=1"), { COOKIEFILE: "" });
  easy.setOpt("SHARE", sharing(CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_CONNECT));
  for (let i = 0; i < 3; i++) easy.perform();
  expect(easy.getInfo("COOKIELIST")).toHaveLength(1);
});

// libcurl's LDAP with TLS keeps a pointer to the handle that opened the connection: no other one
// may use it. The real crash needs a server, see test/servers. A kept connection of file: is closed
// by whoever finds it dead, and before 8.14 it closes descriptor 0 then.
import { describe, expect, test } from "vitest";
import { constants, CurlUrl, Easy, type EasyOptions, Multi, Share } from "../../../mod.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import { useServer } from "../../use.ts";
import { get } from "../easy_support.ts";
import { survive } from "../easy_survive.ts";

const server = useServer("http", "h2c");

function isApart(options: EasyOptions): boolean {
  using multi = new Multi();
  using easy = new Easy();
  easy.setOpts(options);
  multi.addHandle(easy);
  return stateOf(easy).settings.reuseForbidden;
}

const URL = "http://localhost/";
const { CURLPROTO_HTTP, CURLPROTO_LDAP, CURLPROTO_LDAPS, CURL_LOCK_DATA_CONNECT } = constants;

describe("a transfer that may speak LDAP has a connection of its own", () => {
  test.each<[string, EasyOptions, boolean]>([
    ["ldaps:", { URL: "ldaps://localhost/" }, true],
    ["LDAP:", { URL: "LDAP://localhost/" }, true],
    ["a host from which it is guessed", { URL: "user@ldap.localhost/" }, true],
    ["DEFAULT_PROTOCOL", { URL: "localhost/", DEFAULT_PROTOCOL: "ldaps" }, true],
    ["REDIR_PROTOCOLS", { URL, REDIR_PROTOCOLS: CURLPROTO_LDAPS }, true],
    ["http:", { URL: "http://ldap.localhost/ldaps:" }, false],
    ["REDIR_PROTOCOLS of HTTP", { URL, REDIR_PROTOCOLS: CURLPROTO_HTTP }, false],
  ])("%s: %o is %s", (_, options, apart) => {
    expect(isApart(options)).toBe(apart);
  });

  test("CURLU", () => {
    using url = new CurlUrl("ldaps://localhost/");
    expect(isApart({ CURLU: url })).toBe(true);
    url.set("URL", URL);
    expect(isApart({ CURLU: url })).toBe(false);
  });

  test("a later URL counts, one that is refused does not", () => {
    using easy = new Easy();
    easy.setOpts({ URL: "ldaps://localhost/" });
    expect(() => easy.setOpt("URL", "http://localhost/\0")).toThrow();
    using multi = new Multi();
    multi.addHandle(easy);
    expect(stateOf(easy).settings.reuseForbidden).toBe(true);
    multi.removeHandle(easy);
    easy.setOpt("URL", URL);
    multi.addHandle(easy);
    expect(stateOf(easy).settings.reuseForbidden).toBe(false);
  });
});

describe("a connection of file: closes nothing of others", () => {
  const FILE = `
    const file = "file:///etc/hostname", fs = process.getBuiltinModule("node:fs");
    const input = () => fs.existsSync("/proc/self/fd/0") && fs.readlinkSync("/proc/self/fd/0");
    // libcurl looks for dead connections once a second
    const rest = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
    const before = input();`;

  const MULTI = `
    const multi = new Multi();
    const run = (one: Easy) => {
      multi.addHandle(one);
      let message = null;
      for (let i = 0; i < 1000 && !message; i++) {
        multi.perform();
        message = multi.infoRead();
        if (!message) multi.poll([], 10);
      }
      multi.removeHandle(one);
      one.close();
      return message?.error?.codeName ?? "no error";
    };`;

  test("after CONNECT_ONLY, which would keep it, in a multi", async () => {
    const said = await survive(
      server,
      `${FILE} ${MULTI}
      run(easy({ URL: file, CONNECT_ONLY: 1 }));
      rest();
      run(easy());
      say(before === input());`,
    );
    expect(said).toBe(true);
  });

  const aborts = (option: string) => `
    const codes = Array.from({ length: 20 }, (_, i) => {
      let calls = 0;
      const progress = () => calls++ === i ? 1 : 0;
      return run(easy({ URL: file, NOPROGRESS: 0, ${option}: progress }));
    });
    rest();
    codes.push(run(easy()));
    say([before === input(), ...new Set(codes)]);`;

  test.each(["XFERINFOFUNCTION", "PROGRESSFUNCTION"])(
    "after each call of %s aborted it, in a multi",
    async (option) => {
      const said = await survive(server, `${FILE} ${MULTI} ${aborts(option)}`);
      expect(said).toEqual([true, "CURLE_ABORTED_BY_CALLBACK", "no error"]);
    },
  );

  test("after each call of XFERINFOFUNCTION aborted it, in perform()", async () => {
    const said = await survive(
      server,
      `${FILE}
      const one = easy();
      const codes = new Set(Array.from({ length: 20 }, (_, i) => {
        let calls = 0;
        one.setOpts({ URL: file, NOPROGRESS: 0, XFERINFOFUNCTION: () => calls++ === i ? 1 : 0 });
        return code(() => one.perform());
      }));
      rest();
      one.setOpts({ URL: http!, NOPROGRESS: 1 });
      one.perform();
      say([before === input(), ...codes]);`,
    );
    expect(said).toEqual([true, 42, 0]);
  });

  test("after CONNECT_ONLY in perform()", async () => {
    const said = await survive(
      server,
      `${FILE}
      const one = easy({ URL: file, CONNECT_ONLY: 1 });
      one.perform();
      rest();
      one.setOpts({ URL: http!, CONNECT_ONLY: 0 });
      one.perform();
      say(before === input());`,
    );
    expect(said).toBe(true);
  });

  test("by URL, DEFAULT_PROTOCOL or CURLU", () => {
    using url = new CurlUrl("file:///dev/null");
    expect(isApart({ URL: " FILE:///dev/null" })).toBe(true);
    expect(isApart({ URL: "/dev/null", DEFAULT_PROTOCOL: "file" })).toBe(true);
    expect(isApart({ CURLU: url })).toBe(true);
    expect(isApart({ URL: "http://localhost/file:" })).toBe(false);
  });
});

test("FORBID_REUSE is forced while it may, and then what it was", () => {
  using share = new Share();
  share.setOpt("SHARE", CURL_LOCK_DATA_CONNECT);
  using easy = get(server.url("/small"), { SHARE: share, REDIR_PROTOCOLS: CURLPROTO_LDAP });
  const connects = () => {
    easy.perform();
    return easy.getInfo("NUM_CONNECTS");
  };
  easy.setOpt("FORBID_REUSE", 0);
  expect([connects(), connects()]).toEqual([1, 1]);
  easy.setOpt("REDIR_PROTOCOLS", CURLPROTO_HTTP);
  expect([connects(), connects()]).toEqual([1, 0]);
  easy.setOpt("FORBID_REUSE", 1);
  expect([connects(), connects()]).toEqual([0, 1]);
});

// What a Share holds is in use while a callback of one of its users is on the stack: each call on
// another handle that has the same Share is refused there, whatever kind of data it is.
import { describe, expect, test } from "vitest";
import { Agent, constants, type Easy, Multi, Share } from "../../mod.ts";
import { useServer } from "../use.ts";
import { codeOf, Transfer } from "./easy_support.ts";

const server = useServer("http");

const { CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_CONNECT } = constants;
const { CURL_LOCK_DATA_SSL_SESSION } = constants;

/** Each call on another user of the Share, and what it ends with in a callback. */
const CALLS: Readonly<Record<string, (other: Easy, multi: Multi) => void>> = {
  "perform()": (other) => other.perform(),
  "close()": (other) => other.close(),
  "reset()": (other) => other.reset(),
  "upkeep()": (other) => other.upkeep(),
  "send()": (other) => void other.send(new Uint8Array(1)),
  "setOpt(COOKIELIST)": (other) => other.setOpt("COOKIELIST", "ALL"),
  "setOpt(COOKIEFILE)": (other) => other.setOpt("COOKIEFILE", null),
  "setOpt(COOKIEJAR)": (other) => other.setOpt("COOKIEJAR", null),
  "setOpt(HSTS_CTRL)": (other) => other.setOpt("HSTS_CTRL", 0),
  "setOpt(SHARE)": (other) => other.setOpt("SHARE", null),
  "addHandle()": (other, multi) => multi.addHandle(other),
};

/** Each call on a multi that another user of the Share is in. */
const MULTI_CALLS: Readonly<Record<string, (multi: Multi, member: Easy) => void>> = {
  "multi.perform()": (multi) => void multi.perform(),
  "multi.socketAction()": (multi) => void multi.socketAction(-1, 0),
  "multi.socketAll()": (multi) => void multi.socketAll(),
  "multi.poll()": (multi) => void multi.poll([], 0),
  "multi.removeHandle()": (multi, member) => multi.removeHandle(member),
  "multi.setOpt()": (multi) => multi.setOpt("MAXCONNECTS", 5),
  "multi.close()": (multi) => multi.close(),
};

const KINDS = {
  connections: CURL_LOCK_DATA_CONNECT,
  names: CURL_LOCK_DATA_DNS,
  cookies: CURL_LOCK_DATA_COOKIE,
  sessions: CURL_LOCK_DATA_SSL_SESSION,
};
const CALLBACKS = ["WRITEFUNCTION", "HEADERFUNCTION", "XFERINFOFUNCTION", "DEBUGFUNCTION"] as const;

const runs = {
  perform: (easy: Easy) => easy.perform(),
  agent: async (easy: Easy) => {
    await using agent = new Agent();
    await agent.perform(easy);
  },
};

describe.each(Object.entries(KINDS))("of %s", (_, kind) => {
  test.each(
    CALLBACKS.flatMap((name) => Object.keys(runs).map((run) => [name, run] as const)),
  )("in a %s, in %s", async (name, run) => {
    using share = new Share();
    share.setOpt("SHARE", kind);
    using other = new Transfer(server.url("/small"), { SHARE: share });
    using member = new Transfer(server.url("/small"), { SHARE: share });
    using multi = new Multi();
    multi.addHandle(member);
    const codes: Record<string, number> = {};
    const callback = (...args: unknown[]) => {
      for (const [what, call] of Object.entries(CALLS)) {
        codes[what] = codeOf(() => call(other, multi));
      }
      for (const [what, call] of Object.entries(MULTI_CALLS)) {
        codes[what] = codeOf(() => call(multi, member));
      }
      const bytes = args.find((arg) => arg instanceof Uint8Array);
      return name === "WRITEFUNCTION" || name === "HEADERFUNCTION" ? bytes!.length : 0;
    };
    using easy = new Transfer(server.url("/cookies/set?a=1"), {
      SHARE: share,
      COOKIEFILE: "",
      VERBOSE: 1,
      NOPROGRESS: 0,
      DEBUGFUNCTION: () => 0,
      [name]: callback,
    });
    await runs[run as keyof typeof runs](easy);
    const expected = Object.fromEntries([
      ...Object.keys(CALLS).map((what) => [what, what === "addHandle()" ? 8 : 93]),
      ...Object.keys(MULTI_CALLS).map((what) => [what, 8]),
    ]);
    expect(codes).toEqual(expected);
    // and after it each works
    other.perform();
    while (multi.perform() > 0) multi.poll([], 100);
    expect(multi.infoRead()).toMatchObject({ result: 0 });
    multi.close();
  });
});

test("a handle with another Share, or none, may be used in a callback", () => {
  using share = new Share();
  share.setOpt("SHARE", CURL_LOCK_DATA_COOKIE);
  using other = new Share();
  using free = new Transfer(server.url("/small"));
  using apart = new Transfer(server.url("/small"), { SHARE: other });
  const codes: number[] = [];
  using easy = new Transfer(server.url("/small"), {
    SHARE: share,
    HEADERFUNCTION: (line) => {
      codes.push(codeOf(() => free.perform()), codeOf(() => apart.perform()));
      return line.length;
    },
  });
  easy.perform();
  expect(new Set(codes)).toEqual(new Set([0]));
});

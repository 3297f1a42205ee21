// HTTP/2 over TLS: libcurl 7.88.1 itself fails to multiplex with prior knowledge and without TLS.
import { beforeEach, expect, test } from "vitest";
import { constants, CurlEasyError, type EasyOptions } from "../../../mod.ts";
import { Loop, POLL_REMOVE, SOCKET_TIMEOUT, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";

const server = useServer("http", "h2");
beforeEach(() => {
});

/** A transfer that waits for an HTTP/2 connection that it can share. */
function transfer(path: string, options: EasyOptions = {}): Transfer {
  return new Transfer(server.url(path, "h2"), {
    CAINFO: server.ca,
    HTTP_VERSION: constants.CURL_HTTP_VERSION_2TLS,
    PIPEWAIT: true,
    ...ALPN,
    ...options,
  });
}

/** How many connections were made for the transfers. */
function connections(easies: readonly Transfer[]): number {
  return easies.reduce((sum, easy) => sum + easy.getInfo("NUM_CONNECTS"), 0);
}

test("many transfers share one connection and one socket", () => {
  using loop = new Loop();
  const easies = Array.from({ length: 80 }, () => transfer("/delay/30"));
  loop.add(...easies).run();
  expect(loop.messages.every(({ result }) => result === 0)).toBe(true);
  expect(easies.every(({ received }) => received === 98)).toBe(true);
  expect(easies[0]!.getInfo("HTTP_VERSION")).toBe(constants.CURL_HTTP_VERSION_2_0);
  const most = libcurl.sharesFirst.holds ? 1 : 2;
  expect(connections(easies)).toBeLessThanOrEqual(most);
  expect(new Set(loop.calls.map(({ fd }) => fd)).size).toBeLessThanOrEqual(most);
});

test("with PIPELINING 0 each transfer has a connection of its own", () => {
  using loop = new Loop();
  loop.multi.setOpt("PIPELINING", constants.CURLPIPE_NOTHING);
  const easies = Array.from({ length: 5 }, () => transfer("/delay/30"));
  loop.add(...easies).run();
  expect(connections(easies)).toBe(5);
});

test("MAX_CONCURRENT_STREAMS limits how many streams a connection carries", () => {
  using loop = new Loop();
  loop.multi.setOpt("MAX_CONCURRENT_STREAMS", 2);
  const easies = Array.from({ length: 8 }, () => transfer("/delay/100", { PIPEWAIT: false }));
  // the first one makes the connection known
  const first = transfer("/small");
  loop.add(first).run();
  loop.add(...easies).run();
  expect(loop.messages.every(({ result }) => result === 0)).toBe(true);
  expect(connections(easies)).toBeGreaterThan(1);
});

test("the value assigned to a shared socket is passed for every transfer, and released with the last", () => {
  const seen: unknown[] = [];
  using loop: Loop = new Loop(({ fd, socketData }) => {
    seen.push(socketData);
    if (socketData === undefined) loop.multi.assign(fd, "shared");
  });
  loop.add(...Array.from({ length: 10 }, () => transfer("/delay/30"))).run();
  expect(new Set(seen.slice(1))).toEqual(new Set(["shared"]));
  expect(loop.calls.at(-1)?.what).toBe(POLL_REMOVE);
});

test("one stream that is removed or fails leaves the others alone", () => {
  using loop = new Loop();
  const opener = transfer("/small");
  loop.add(opener).run();
  const hold = transfer("/hold"), broken = transfer("/reset");
  const throwing = transfer("/bytes/100", {
    WRITEFUNCTION: () => {
      throw new Error("mine");
    },
  });
  const easies = [1, 2, 3].map(() => transfer("/delay/100"));
  loop.add(hold, broken, throwing, ...easies);
  for (let i = 0; i < 5; i++) loop.turn(10);
  loop.multi.removeHandle(hold);
  loop.run(() => easies.every((easy) => loop.resultOf(easy) !== undefined));
  expect(easies.map((easy) => loop.resultOf(easy))).toEqual([0, 0, 0]);
  loop.run(() => loop.resultOf(broken) !== undefined);
  expect(loop.resultOf(broken)).toBeGreaterThan(0);
  const message = loop.messages.find(({ easy }) => easy === throwing);
  expect(message?.error?.cause).toEqual(new Error("mine"));
  expect(connections([...easies, broken, throwing])).toBe(0);
});

test("a REMOVE that throws in close() still closes everything on a shared connection", () => {
  const loop: Loop = new Loop(({ what }) => {
    if (what === POLL_REMOVE) throw new Error("in REMOVE");
  });
  const easies = [1, 2, 3].map(() => transfer("/hold"));
  loop.add(...easies);
  loop.run(() => easies.some((easy) => easy.getInfo("APPCONNECT_TIME_T") > 0));
  for (let i = 0; i < 20; i++) loop.turn(5);
  expect(() => loop.multi.close()).toThrow(expect.objectContaining({
    cause: new Error("in REMOVE"),
  }));
  expect(loop.multi.closed).toBe(true);
  for (const easy of easies) easy.close();
});

test.skipIf(!libcurl.forgetsCa.holds)(
  `a certificate that nobody signed is the transfer's error, with libcurl's own words${libcurl.forgetsCa.note}`,
  () => {
    using loop = new Loop();
    loop.add(transfer("/small", { CAINFO: null })).run();
    const { error } = loop.messages[0]!;
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error?.codeName).toBe("CURLE_PEER_FAILED_VERIFICATION");
    expect(loop.multi.socketAction(SOCKET_TIMEOUT, 0)).toBe(0);
  },
);

// What libcurl learnt later: each function fails by its version's name where it is missing, and
// works where it is there.
import { expect, test } from "vitest";
import { constants, CurlLoadError, type Easy, Multi, versionInfo } from "../../../mod.ts";
import { Loop, multiCode, POLL_IN, POLL_OUT, Transfer, versionNum } from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

const { version } = versionInfo();

/** A test of what came with a version: behaviour from there on, the error before. */
function since(number: number, text: string, name: string, call: (multi: Multi) => unknown) {
  const has = versionNum >= number;
  if (!has) {
    test(`${name} is a CurlLoadError that names ${text} (this is ${version})`, () => {
      using multi = new Multi();
      expect(() => call(multi)).toThrow(CurlLoadError);
      expect(() => call(multi)).toThrow(`needs libcurl ${text}`);
    });
  }
  return (behaviour: string, body: () => void) =>
    test.skipIf(!has)(`${behaviour}${has ? "" : ` (needs libcurl ${text})`}`, body);
}

const waitfds = since(0x080800, "8.8.0", "waitfds()", (multi) => multi.waitfds());

waitfds("waitfds() names the descriptors to poll() on", () => {
  using loop = new Loop();
  expect(loop.multi.waitfds()).toEqual([]);
  loop.add(new Transfer(server.url("/hold"))).run(() => loop.sockets.size === 1);
  const [fd, what] = [...loop.sockets][0]!;
  const bits = (what & POLL_IN ? constants.CURL_WAIT_POLLIN : 0) |
    (what & POLL_OUT ? constants.CURL_WAIT_POLLOUT : 0);
  expect(loop.multi.waitfds()).toContainEqual({ fd, events: bits });
  expect(loop.multi.waitfds()).toHaveLength(1 + loop.wakeups.watched.size);
});

const getOffT = since(0x081000, "8.16.0", "getOffT()", (multi) => multi.getOffT(1));

getOffT("getOffT() counts transfers by their state", () => {
  using loop = new Loop();
  const { CURLMINFO_XFERS_ADDED, CURLMINFO_XFERS_DONE, CURLMINFO_XFERS_RUNNING } = constants;
  const count = () =>
    [CURLMINFO_XFERS_ADDED, CURLMINFO_XFERS_RUNNING, CURLMINFO_XFERS_DONE].map((info) =>
      loop.multi.getOffT(info)
    );
  expect(count()).toEqual([0, 0, 0]);
  const small = new Transfer(server.url("/delay/20"));
  loop.add(small, new Transfer(server.url("/hold"))).run(() => loop.resultOf(small) === 0);
  expect(count()).toEqual([2, 1, 0]); // DONE counts those whose message is not read yet
});

getOffT("getOffT() of an unknown number is CURLM_UNKNOWN_OPTION", () => {
  using multi = new Multi();
  expect(multiCode(() => multi.getOffT(99))).toBe(constants.CURLM_UNKNOWN_OPTION);
});

const notify = since(0x081100, "8.17.0", "notifyEnable()", (multi) => multi.notifyEnable(1));
since(0x081100, "8.17.0", "notifyDisable()", (multi) => multi.notifyDisable(1));

notify("NOTIFYFUNCTION is told of each finished transfer, with its data, until disabled", () => {
  using loop = new Loop();
  const seen: [number, Easy | null, unknown][] = [];
  loop.multi.setOpt("NOTIFYDATA", "data");
  loop.multi.setOpt("NOTIFYFUNCTION", (multi, notification, easy, data) => {
    expect(multi).toBe(loop.multi);
    seen.push([notification, easy, data]);
  });
  loop.multi.notifyEnable(constants.CURLMNOTIFY_EASY_DONE);
  const easy = new Transfer(server.url("/delay/20")), other = new Transfer(server.url("/small"));
  loop.add(easy).run();
  expect(seen).toEqual([[constants.CURLMNOTIFY_EASY_DONE, easy, "data"]]);
  loop.multi.notifyDisable(constants.CURLMNOTIFY_EASY_DONE);
  loop.add(other).run();
  expect(seen).toHaveLength(1);
});

notify("what NOTIFYFUNCTION throws is the cause of the call in progress", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  multi.setOpt("NOTIFYFUNCTION", () => {
    throw new Error("notified");
  });
  multi.notifyEnable(constants.CURLMNOTIFY_EASY_DONE);
  multi.addHandle(easy);
  expect(() => {
    while (multi.perform() > 0) multi.poll([], 1000);
  }).toThrow(expect.objectContaining({ cause: new Error("notified") }));
});

notify("notifyEnable() of an unknown number is CURLM_UNKNOWN_OPTION", () => {
  using multi = new Multi();
  for (const number of [99, -1]) {
    expect(multiCode(() => multi.notifyEnable(number))).toBe(constants.CURLM_UNKNOWN_OPTION);
    expect(multiCode(() => multi.notifyDisable(number))).toBe(constants.CURLM_UNKNOWN_OPTION);
  }
});

test("getHandles() works on every version, from curlew's own list", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  expect(multi.getHandles()).toEqual([easy]);
});

// HTTP/2 server pushes that are taken.
import { beforeEach, expect, test } from "vitest";
import { constants, CurlLoadError, type Easy } from "../../../mod.ts";
import { oddities } from "../../../src/libcurl_versions.ts";
import { useServer } from "../../use.ts";
import { collect, pushing, pushLoop, reach } from "./push_support.ts";

const { CURL_PUSH_DENY, CURL_PUSH_OK } = constants;

const server = useServer("h2");
beforeEach(() => {
});

const crashes = oddities().crashesOnAcceptedPush;
const accepting = test.skipIf(crashes);
const why = crashes ? " (libcurl 7.88 and 8.0 crash here: needs 8.1)" : "";

if (crashes) {
  test("libcurl 7.88 and 8.0 crash on an accepted push, so it is denied with a CurlLoadError", () => {
    let offered: Easy | undefined;
    using loop = pushLoop((_parent, easy) => {
      offered = easy;
      return CURL_PUSH_OK;
    });
    const main = pushing(server, "/push/1");
    loop.add(main);
    const cause = expect.objectContaining({ message: expect.stringContaining("libcurl 8.1.0") });
    expect(() => loop.run()).toThrow(expect.objectContaining({ cause }));
    expect(() => loop.run()).not.toThrow(CurlLoadError);
    expect(loop.resultOf(main)).toBe(0);
    expect(offered?.closed).toBe(true);
  });
}

accepting(
  `an accepted push is a transfer of its own: added, with its own body and message${why}`,
  () => {
    const pushed: Easy[] = [];
    let body = { text: "" };
    using loop = pushLoop((_parent, easy) => {
      pushed.push(easy);
      body = collect(easy);
      return CURL_PUSH_OK;
    });
    const main = pushing(server);
    loop.add(main).run(() => loop.messages.length === 2);
    expect(new Set(loop.messages.map(({ easy }) => easy))).toEqual(new Set([main, pushed[0]]));
    expect(loop.messages.map(({ result }) => result)).toEqual([0, 0]);
    expect(new Set(loop.multi.getHandles())).toEqual(new Set([main, pushed[0]]));
    expect(body.text).toBe("pushed 0\n");
    expect(main.received).toBe(98);
    expect(pushed[0]!.getInfo("RESPONSE_CODE")).toBe(200);
    loop.multi.removeHandle(pushed[0]!);
    pushed[0]!.close();
  },
);

accepting(`some of several pushes may be taken${why}`, () => {
  const bodies: { text: string }[] = [];
  const taken: Easy[] = [];
  using loop = pushLoop((_parent, easy, _count, headers) => {
    if (Number(headers.byName("x-number")) % 2 === 1) return CURL_PUSH_DENY;
    taken.push(easy);
    bodies.push(collect(easy));
  });
  loop.add(pushing(server, "/push/6")).run(() => loop.messages.length === 4);
  expect(bodies.map(({ text }) => text)).toEqual(["pushed 0\n", "pushed 2\n", "pushed 4\n"]);
  for (const easy of taken) easy.close();
});

accepting(
  `a pushed easy has tokens of its own, and can be used again like any other${why}`,
  () => {
    let pushed: Easy | undefined;
    using loop = pushLoop((_parent, easy) => {
      pushed = easy;
      easy.setOpt("TIMEOUT_MS", 0); // see collect()
      return CURL_PUSH_OK;
    });
    const main = pushing(server);
    main.setOpt("PRIVATE", "parent");
    loop.add(main).run(() => loop.messages.length === 2);
    expect(main.received).toBe(98 + "pushed 0\n".length); // the function is inherited
    loop.multi.removeHandle(main);
    main.close();
    expect(pushed!.getInfo("PRIVATE")).toBe("parent");
    const body = collect(pushed!);
    loop.multi.removeHandle(pushed!);
    pushed!.setOpts({ ...reach(server), URL: "https://localhost/small" });
    pushed!.perform();
    expect(body.text.length).toBe(98);
    pushed!.close();
  },
);

accepting(
  `a multi with pushed transfers in flight closes well, and they stay usable${why}`,
  () => {
    const pushed: Easy[] = [];
    const loop = pushLoop((_parent, easy) => {
      pushed.push(easy);
    });
    const main = pushing(server, "/push/5");
    loop.add(main).run(() => pushed.length > 0);
    loop.multi.close();
    for (const easy of [main, ...pushed]) {
      easy.setOpts({ ...reach(server), URL: "https://localhost/small" });
      easy.perform();
      easy.close();
    }
  },
);

import { expect, test } from "vitest";
import { Random } from "../fuzz/random.ts";
import { normal, randomRequest, roundTrip } from "./requests.ts";

// npm run fuzz:command makes 100,000 on each runtime
test(
  "parseCurl(toCurl(request)) is the request, for 3,000 random ones",
  { timeout: 60_000 },
  () => {
    for (let i = 0; i < 3000; i++) {
      expect(roundTrip(randomRequest(new Random(1000 + i))), `request ${i}`).toBeNull();
    }
  },
);

test("the comparison sees a difference in each member", () => {
  const input = "http://x.test/a?b", init = { method: "POST", body: "a", headers: { A: "b" } };
  const others = [
    { input: "http://x.test/a?c", init },
    { input, init: { ...init, method: "PUT" } },
    { input, init: { ...init, body: "b" } },
    { input, init: { ...init, headers: { A: "c" } } },
    { input, init: { ...init, headers: { a: "b" } } },
    { input, init: { ...init, headers: [["A", "b"], ["B", null]] as [string, string | null][] } },
    { input, init: { ...init, redirect: "manual" as const } },
    { input, init: { ...init, timeout: 1 } },
    { input, init: { ...init, connectTimeout: 1 } },
    { input, init: { ...init, curl: { USERPWD: "a:b" } } },
    { input, init: { ...init, curl: { ACCEPT_ENCODING: null } } },
  ];
  for (const other of others) expect(normal(other)).not.toEqual(normal({ input, init }));
});

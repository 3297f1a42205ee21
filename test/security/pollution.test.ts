// What somebody has put on Object.prototype is no option of anybody: a fetch goes the same way, with
// the same credentials to the same place, whatever stands there.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { dictionary, member } from "../../src/members.ts";
import { runChild } from "../server/child.ts";
import { useFolder, useServer } from "../use.ts";
import { isBun, isFull } from "../driver/support.ts";

const server = useServer("http", "proxy");
const folder = useFolder("pollution");

/** Names that Deno itself reads where it should not, in calls of its own that curlew needs. */
const DENO = ["referrer", "referrerPolicy", "signal", "size"];

test("each name that any call takes changes no call where it is on Object.prototype", async () => {
  const child = fileURLToPath(new URL("./children/pollution.ts", import.meta.url));
  const { code, stdout, stderr } = await runChild(child, {
    args: [server.url(""), "", `${server.proxy}`, folder],
    env: { CURLEW_FULL: isFull ? "1" : "" },
    timeoutMs: 170_000,
  });
  expect(code, stderr).toBe(0);
  const { tried, expected, wrong, platform } = JSON.parse(stdout);
  expect(tried).toBeGreaterThan(8000);
  for (const [title, seen] of Object.entries(expected)) expect(seen, title).not.toMatch(/^threw/);
  expect(wrong).toEqual([]);
  expect(Object.keys(platform).sort()).toEqual(isBun ? [] : DENO);
}, 180_000);

describe("member()", () => {
  const polluted = <T>(name: string, run: () => T): T => {
    Object.defineProperty(Object.prototype, name, { value: "bad", configurable: true });
    try {
      return run();
    } finally {
      delete (Object.prototype as Record<string, unknown>)[name];
    }
  };
  const read = (of: unknown) => polluted("timeout", () => member(of as { timeout: 1 }, "timeout"));

  test("gives what the object, its class or its prototype has", () => {
    class Base {
      get timeout() {
        return 2;
      }
    }
    class Derived extends Base {}
    for (const  of of[{ timeout: 2 }, new Base(), new Derived(), Object.create({ timeout: 2 })]) {
      expect(read(of)).toBe(2);
    }
    expect(read(Object.assign(Object.create(null), { timeout: 2 }))).toBe(2);
    expect(read(new Proxy({ timeout: 2 }, {}))).toBe(2);
  });

  test("gives nothing of Object.prototype, whatever the object is", () => {
    for (const  of of[{}, [], () => {}, new Map(), Object.create({}), 5, "text"]) {
      expect(read(of)).toBeUndefined();
    }
  });
});

test("dictionary() has no prototype", () => {
  expect(Object.getPrototypeOf(dictionary({ a: 1 }))).toBeNull();
  expect({ ...dictionary({ a: 1, b: undefined }) }).toEqual({ a: 1, b: undefined });
});

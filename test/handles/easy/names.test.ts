// Options by their names, old names and numbers, and what is no option.
import { describe, expect, test } from "vitest";
import { Easy } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, failure, get, header, Transfer } from "../easy_support.ts";

const server = useServer("http");

describe("names", () => {
  test("an old name of an option does what the new one does", () => {
    const encoding = "identity;q=0.5";
    using easy = get(server.url("/echo"), { ENCODING: encoding });
    expect(header(easy.json, "accept-encoding")).toBe(encoding);
    const data = {};
    const seen: unknown[] = [];
    const WRITEFUNCTION = (bytes: Uint8Array, value: unknown) => {
      seen.push(value);
      return bytes.length;
    };
    get(server.url("/small"), { WRITEFUNCTION, FILE: data }).close();
    expect(seen).toEqual([data]);
  });

  test("the loaded library knows names in any letter case", () => {
    using easy = new Transfer(server.url("/hold"));
    easy.setOpt("timeout_ms" as "TIMEOUT_MS", 100);
    expect(codeOf(() => easy.perform())).toBe(28);
  });

  test.each([
    "NO_SUCH_OPTION",
    "",
    "CURLOPT_URL",
    "__proto__",
    "toString",
    "U\0RL",
    99999,
    -1,
    2.5,
    null,
    {},
  ])(
    "an unknown option throws CURLE_UNKNOWN_OPTION: %o",
    (name) => {
      using easy = new Easy();
      expect(failure(() => easy.setOpt(name as never, 1 as never))).toMatchObject({
        code: 48,
        codeName: "CURLE_UNKNOWN_OPTION",
      });
    },
  );

  test("undefined is never a value", () => {
    using easy = new Easy();
    for (const name of ["URL", "TIMEOUT_MS", "HTTPHEADER", "WRITEFUNCTION", "PRIVATE"] as const) {
      expect([name, codeOf(() => easy.setOpt(name, undefined as never))]).toEqual([name, 43]);
    }
  });

  test("setOpts sets in the order of the object, and stops at the first that fails", () => {
    using easy = new Transfer(server.url("/hold"));
    const options = { TIMEOUT_MS: 50, PORT: -1, URL: "http://127.0.0.1:1/" };
    expect(codeOf(() => easy.setOpts(options))).toBe(43);
    expect(codeOf(() => easy.perform())).toBe(28);
  });
});

import { expect, test } from "vitest";
import { parseCurl, toCurl } from "../../command.ts";

const COMMANDS = [
  "curl http://x.test/a?b=c -H 'A: b' -u a:b --compressed",
  "curl -F a=b -F 'c=d;type=x/y' -x p:1 http://x.test/ -o a --retry 3",
  "curl -d a=b --json 1 --next -k -T - http://x.test/",
];
/** Members that are read of options, of tables, and of what is made of a command. */
const NAMES = [
  ...["shell", "env", "readFile", "fileTime", "userAgent", "redact"],
  ...["set", "as", "blank", "drop", "on", "off", "bits", "list", "tool", "global", "does", "none"],
  ...["met", "fetch", "secret", "aliasOf", "letter", "deadSince", "takes", "a", "x"],
  ...["body", "headers", "method", "redirect", "curl", "timeout", "connectTimeout", "referrer"],
  ...[
    "name",
    "filename",
    "type",
    "file",
    "data",
    "encoder",
    "parts",
    "isTyped",
    "range",
    "isLarge",
  ],
];
const VALUES = [true, "x", false, 7, { a: 1 }, ["x"], () => new Uint8Array(1)];

/** What is made of the commands, or the refusal, as text. */
function all(): string[] {
  return COMMANDS.flatMap((command) => {
    try {
      const read = parseCurl(command);
      return [JSON.stringify(read), toCurl(read.url, read.init)];
    } catch (error) {
      return [(error as Error).message];
    }
  }).map((text) => text.replace(/-{24}[0-9a-f]{16}/g, "BOUNDARY"));
}

test("what is on Object.prototype is in no command", () => {
  const before = all(), wrong: object[] = [];
  expect(before[0]).toContain("http://x.test/a?b=c");
  for (const name of NAMES) {
    for (const value of VALUES) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      let after: string[];
      try {
        after = all();
      } catch (error) {
        after = [String(error)];
      } finally {
        delete (Object.prototype as unknown as Record<string, unknown>)[name];
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) {
        wrong.push({
          name,
          value: String(value),
          after: after.find((one, i) => one !== before[i]),
        });
      }
    }
  }
  expect(wrong).toEqual([]);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runWords } from "../../src/cli/curl/curl.ts";
import { splitCommand } from "../../src/command/shell/split.ts";
import { TestIo } from "./support.ts";
import { isComparable, note, type Sent, type Taken, Wire, withoutInput } from "./wire.ts";
import { COMMANDS, DIFFERENT } from "./wire_table.ts";

const wire = Wire.use();

async function byCurlew(command: string): Promise<Sent> {
  await wire.reset();
  const { env } = wire, [text, file] = withoutInput(command);
  const io = new TestIo({ env, input: file === null ? "" : readFileSync(file) });
  const code = await runWords(splitCommand(`curl -sS -m 4 ${text}`, "bash", env), io);
  return { code, bytes: await wire.taken(), stderr: io.stderr };
}

/** Several at once come in any order, and on whichever connection. */
const sorted = (bytes: Taken) =>
  Object.fromEntries(
    Object.entries(bytes).map(([name, all]) => [name, all.join("").split(/(?=GET )/).sort()]),
  );

test("there are at least 300 commands, none of them twice", () => {
  expect(COMMANDS.length).toBeGreaterThanOrEqual(300);
  expect(new Set(COMMANDS).size).toBe(COMMANDS.length);
  for (const command of Object.keys(DIFFERENT)) expect(COMMANDS).toContain(command);
});

test.skipIf(!isComparable).for(COMMANDS)(`curl %s${note}`, { timeout: 40_000 }, async (command) => {
  const curl = await wire.byCurl(command), curlew = await byCurlew(command);
  const isParallel = command.startsWith("-Z");
  const [theirs, ours] = isParallel
    ? [sorted(curl.bytes), sorted(curlew.bytes)]
    : [curl.bytes, curlew.bytes];
  const isSame = JSON.stringify([theirs, curl.code]) === JSON.stringify([ours, curlew.code]);
  if (Object.hasOwn(DIFFERENT, command)) return void expect(isSame, DIFFERENT[command]).toBe(false);
  expect({ code: curlew.code, bytes: ours, stderr: isSame ? "" : curlew.stderr })
    .toEqual({ code: curl.code, bytes: theirs, stderr: isSame ? "" : curl.stderr });
});

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { codeFor } from "../../src/cli/code/code.ts";
import { runChild, runProgram } from "../server/child.ts";
import { findNode } from "../server/node.ts";
import { useFolder } from "../use.ts";
import { requestsIn } from "./requests.ts";
import { curlew, TestIo } from "./support.ts";
import { comparableOf, isComparable, note, type Taken, Wire, withoutInput } from "./wire.ts";
import { COMMANDS, DIFFERENT, DIFFERENT_PROGRAM } from "./wire_table.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MINUTES = 60_000 * 4;

const folder = useFolder("code");
const wire = Wire.use();

/** What a command of the table becomes, `null` where it cannot be read. */
function programFor(command: string): string | null {
  const [text] = withoutInput(command), io = new TestIo({ env: wire.env });
  try {
    return codeFor([`curl -m 4 ${text}`], io);
  } catch {
    return null;
  }
}

/** What `children/programs.ts` tells of a program. */
interface Result {
  readonly path: string;
  readonly taken: Readonly<Record<string, readonly string[]>>;
  readonly error: string;
}

/** Commands that curl itself reads, without those that want standard input. */
const READABLE = COMMANDS.filter((command) => !command.includes(" < "));

test("every program type-checks", { timeout: MINUTES }, async () => {
  const place = join(folder, "types");
  await mkdir(place);
  const programs = READABLE.map(programFor);
  expect(programs.filter((text) => text === null).length).toBeLessThanOrEqual(3);
  await Promise.all(
    programs.map((text, i) =>
      text === null ? null : writeFile(join(place, `p${i}.ts`), `${text}\nexport {};\n`)
    ),
  );
  const compilerOptions = {
    isolatedDeclarations: false,
    declaration: false,
    typeRoots: [join(ROOT, "node_modules", "@types"), join(ROOT, "node_modules")],
    paths: { "curlew": [join(ROOT, "mod.ts")] },
  };
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions,
    include: ["*.ts"],
    exclude: [],
  };
  await writeFile(join(place, "package.json"), `{ "type": "module" }`);
  await writeFile(join(place, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { code, stdout } = await runProgram(findNode(), {
    args: [tsc, "--pretty", "false", "--project", join(place, "tsconfig.json")],
    timeoutMs: MINUTES,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
});

/** The requests of all connections in any order: programs may use one connection for several. */
function requestsOf(bytes: Taken): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(bytes).map(([name, connections]) => [
      name,
      connections.flatMap((all) => requestsIn(all.replace(WHO, ""))).map((one) =>
        JSON.stringify(one).replace(/B{30,}/g, "BOUNDARY")
      )
        .sort(),
    ]),
  );
}

/** Who sends. */
const WHO = /^User-Agent: curl.*\r\n/gm;

/** A connection to a proxy that another program has opened would be used again. */
const isProxied = (command: string) => /\$(?:PROXY|PAUTH|SOCKS|SAUTH)/.test(command);

test.skipIf(!isComparable)(
  `every program sends what curl sends${note}`,
  { timeout: MINUTES },
  async () => {
    const place = join(folder, "run"), output = join(place, "output.jsonl");
    await mkdir(place);
    const commands = READABLE.filter((command) =>
      !Object.hasOwn(DIFFERENT, command) && programFor(command) !== null
    );
    const paths = await Promise.all(commands.map(async (command, i) => {
      const text = programFor(command) as string, path = join(place, `p${i}.ts`);
      await writeFile(
        path,
        text.replace(`from "curlew"`, `from ${JSON.stringify(join(ROOT, "mod.ts"))}`),
      );
      return path;
    }));
    const child = fileURLToPath(new URL("./children/programs.ts", import.meta.url));
    const options = { cwd: wire.folder, env: wire.env, timeoutMs: MINUTES };
    const alone = paths.filter((_, i) => isProxied(commands[i] as string));
    const together = paths.filter((path) => !alone.includes(path));
    for (const batch of [together, ...alone.map((path) => [path])]) {
      const args = [wire.control, output, ...batch];
      const { code, stderr } = await runChild(child, { ...options, args });
      expect(code, stderr).toBe(0);
    }
    const lines = (await readFile(output, "utf8")).trimEnd().split("\n");
    const results = new Map(
      lines.map((line) => JSON.parse(line) as Result).map((result) => [result.path, result]),
    );
    expect(results.size).toBe(commands.length);
    const wrong: object[] = [];
    for (const [i, command] of commands.entries()) {
      const { bytes } = await wire.byCurl(command),
        result = results.get(paths[i] as string) as Result;
      const theirs = requestsOf(bytes), ours = requestsOf(comparableOf(result.taken));
      const isSame = JSON.stringify(theirs) === JSON.stringify(ours);
      if (isSame === !Object.hasOwn(DIFFERENT_PROGRAM, command)) continue;
      wrong.push({ command, theirs, ours, error: result.error });
    }
    expect(wrong).toEqual([]);
  },
);

test("curlew code prints a program for a text, and for arguments", async () => {
  const text = await curlew(["code", "curl -d 'a b' http://x.test/"]);
  const args = await curlew(["code", "-d", "a b", "http://x.test/"]);
  expect(text.code).toBe(0);
  expect(args.stdout).toBe(text.stdout);
  const programs = [["curl"], ["/usr/bin/curl"], ["C:\\curl.exe"], ["$", "curl"], ["%", "curl"]];
  for (const program of programs) {
    const { stdout } = await curlew(["code", ...program, "-d", "a b", "http://x.test/"]);
    expect(stdout, program.join(" ")).toBe(text.stdout);
  }
  expect(text.stdout).toBe(`import { fetch } from "curlew";
import process from "node:process";

const response = await fetch("http://x.test/", {
  method: "POST",
  headers: [["Content-Type", "application/x-www-form-urlencoded"]],
  body: "a b",
  redirect: "manual",
  curl: { ACCEPT_ENCODING: null },
});
process.stdout.write(await response.bytes());
`);
});

test("curlew code says what it leaves out, and what cannot be read", async () => {
  const { stdout } = await curlew(["code", "curl --retry 3 --ip-tos 1 -w x http://x.test/"]);
  expect(stdout).toContain("// left out: --retry\n");
  expect(stdout).toContain("// left out: --write-out\n");
  expect(stdout).toContain("// --ip-tos has no effect: ");
  const { code, stderr } = await curlew(["code", "curl --no-such http://x.test/"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^curlew code: Cannot read the curl command at line 1, column 6: /);
});

// Where libcurl is looked for, and what the error says where none is found. In children: the
// library is loaded once for a process.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";
import { configure, CurlLoadError, library, MINIMUM_VERSION, versionText } from "../../ffi/mod.ts";
import { constants, CurlError } from "../../mod.ts";
import { runChild } from "../server/child.ts";
import { useFolder } from "../use.ts";

const REPORT = `import { configure, CurlLoadError, Easy, versionInfo } from "#root/mod.ts";
import process from "node:process";
const report = () => {
  try {
    const { version, library } = versionInfo();
    new Easy().close();
    return { version, library };
  } catch (error) {
    const { name, code, codeName, message } = error as CurlLoadError;
    return { load: error instanceof CurlLoadError, name, code, codeName, message };
  }
};
`;

interface Said {
  readonly version?: string;
  readonly library?: string;
  readonly load?: boolean;
  readonly message?: string;
}

async function child(lines: string, env: Record<string, string> = {}): Promise<Said> {
  const done = await runChild(
    `${REPORT}${lines}
    console.log(JSON.stringify(report()));`,
    { env },
  );
  expect(done, done.stderr).toMatchObject({ code: 0 });
  return JSON.parse(done.stdout) as Said;
}

const { version, path } = library();
/** The whole path of the library that is loaded here. */
const real = /\S+\/libcurl[^\s/]*\.so\S*/.exec(maps())?.[0] ?? path;

function maps(): string {
  try {
    return readFileSync("/proc/self/maps", "utf8");
  } catch {
    return "";
  }
}

const folder = useFolder("load");
let textFile: string;
beforeAll(() => {
  textFile = join(folder, "libcurl.so.4");
  writeFileSync(textFile, "not a library\n");
});

describe("an override", () => {
  test("CURLEW_LIBRARY names the library", async () => {
    expect(await child("", { CURLEW_LIBRARY: real })).toEqual({ version, library: real });
  });

  test("an empty CURLEW_LIBRARY is none", async () => {
    expect((await child("", { CURLEW_LIBRARY: "" })).version).toBeDefined();
  });

  test("configure() wins over CURLEW_LIBRARY", async () => {
    const said = await child(`configure({ library: ${JSON.stringify(real)} });`, {
      CURLEW_LIBRARY: "/no/such/library.so",
    });
    expect(said).toEqual({ version, library: real });
  });

  test("configure() with nothing leaves the search as it is", async () => {
    expect((await child("configure({});")).version).toBeDefined();
  });

  test("configure() after the library is loaded throws, unless it is the same", () => {
    expect(() => configure({ library: path })).not.toThrow();
    expect(() => configure({ library: "libother.so" })).toThrow(CurlLoadError);
    expect(() => configure({ library: "libother.so" })).toThrow("loaded already");
  });

  test.each([["", 1, null, "with a NUL \0", {}]].flat())("configure() refuses %o", (value) => {
    expect(() => configure({ library: value as string })).toThrow(CurlLoadError);
  });
});

describe("a path that is no libcurl", () => {
  /** What every such error says. */
  const complete = (tried: string) => ({
    load: true,
    name: "CurlLoadError",
    code: 2,
    codeName: "CURLE_FAILED_INIT",
    message: expect.stringMatching(
      new RegExp(
        [
          tried.replaceAll(/[.*+?^$()[\]{}|\\]/g, "\\$&"),
          versionText(MINIMUM_VERSION).replaceAll(".", "\\."),
          "Debian, Ubuntu:.*libcurl4",
          "Alpine:.*libcurl",
          "Fedora:.*libcurl",
          "macOS:",
          "CURLEW_LIBRARY",
          "configure",
        ].join("[^]*"),
      ),
    ),
  });

  test("and does not exist", async () => {
    const gone = join(folder, "gone.so");
    expect(await child("", { CURLEW_LIBRARY: gone })).toMatchObject(complete(gone));
  });

  test("but a text file", async () => {
    expect(await child("", { CURLEW_LIBRARY: textFile })).toMatchObject(complete(textFile));
  });

  test("but another library: libz (Linux only)", async (context) => {
    if (process.platform !== "linux") return context.skip();
    const said = await child("", { CURLEW_LIBRARY: "libz.so.1" });
    expect(said).toMatchObject(complete("libz.so.1"));
    expect(said.message).toContain("curl_version_info()");
  });

  test("can be followed by another try in the same process", async () => {
    const said = await child(`
      configure({ library: ${JSON.stringify(textFile)} });
      if (report().load !== true) throw new Error("it loaded");
      configure({ library: ${JSON.stringify(real)} });`);
    expect(said).toEqual({ version, library: real });
  });
});

/**
 * A library whose curl_version_info() says it is that version, with `code` beside that function;
 * `null` without a C compiler.
 */
function fakeLibrary(
  name: string,
  versionNum: number,
  { features = 0, code = "" } = {},
): Promise<string | null> {
  const source = join(folder, `${name}.c`), output = join(folder, `${name}.so`);
  writeFileSync(
    source,
    `static struct {
       int age; const char *version; unsigned num; const char *host; int features;
       const char *rest[40];
     } info = { 3, "${versionText(versionNum)}", ${versionNum}, "", ${features} };
     void *curl_version_info(int age) { return age < 0 ? 0 : (void *)&info; }
     ${code}\n`,
  );
  return new Promise((resolve) => {
    execFile("cc", ["-shared", "-fPIC", "-o", output, source], (error, _, stderr) => {
      if (error && stderr) console.error(stderr);
      resolve(error ? null : output);
    });
  });
}

describe("a libcurl that is too old (skipped where there is no C compiler)", () => {
  test("is refused by its version, with the minimum", async (context) => {
    const fake = await fakeLibrary("old", 0x073c00);
    if (fake === null) return context.skip("no cc");
    const said = await child("", { CURLEW_LIBRARY: fake });
    expect(said).toMatchObject({ load: true });
    expect(said.message).toContain(`${fake}: libcurl 7.60.0 is older than 7.74.0`);
    expect(said.message).toContain("apt-get install libcurl4");
  });

  test("by one patch is refused too", async (context) => {
    const fake = await fakeLibrary("almost", MINIMUM_VERSION - 1);
    if (fake === null) return context.skip("no cc");
    expect((await child("", { CURLEW_LIBRARY: fake })).message).toContain("is older than");
  });

  test("is not mistaken for one that is new enough but lacks functions", async (context) => {
    const fake = await fakeLibrary("empty", MINIMUM_VERSION);
    if (fake === null) return context.skip("no cc");
    const said = await child("", { CURLEW_LIBRARY: fake });
    expect(said).toMatchObject({ load: true });
    expect(said.message).toContain("does not have it");
  });
});

describe("curl_global_init() (skipped where there is no C compiler)", () => {
  // fails with 41 where the process's lock is taken, with 40 where another thread may take it
  const code = `
    #include <pthread.h>
    #include <stdio.h>
    static void *probe(void *result) {
      if (ftrylockfile(stderr) == 0) funlockfile(stderr);
      else *(int *)result = 41;
      return 0;
    }
    int curl_global_init(long flags) {
      pthread_t thread;
      int result = 40;
      (void)flags;
      if (pthread_create(&thread, 0, probe, &result) != 0) return 39;
      pthread_join(thread, 0);
      return result;
    }`;

  for (
    const [says, features, result] of [
      ["says that it locks by itself", constants.CURL_VERSION_THREADSAFE, 40],
      ["does not say so, however new it is", 0, 41],
    ] as const
  ) {
    test(`is called under a lock unless libcurl has one: it ${says}`, async (context) => {
      // what is compiled here needs the system's C library
      if (process.env["CURLEW_RUNTIMES"]) return context.skip("another C library");
      const fake = await fakeLibrary(`init${result}`, 0x081500, { features, code });
      if (fake === null) return context.skip("no cc");
      const said = await child("", { CURLEW_LIBRARY: fake });
      expect(said.message).toContain(`curl_global_init() failed with ${result}`);
    });
  }
});

test("the search tries every name that this system may have, in order (Linux only)", async (context) => {
  if (process.platform !== "linux") return context.skip();
  // an empty library path does not hide the system's: a loader that finds nothing is played here
  const said = await child(
    `
    const { native } = await import("#root/ffi/runtime.ts");
    (native as { open: unknown }).open = (path: string) => {
      throw new Error("cannot open " + path);
    };`,
    { CURLEW_LIBRARY: "" },
  );
  expect(said.load).toBe(true);
  const names = ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", "libcurl.so"];
  const lines = names.map((name) => `  ${name}: cannot open ${name}`).join("\n");
  expect(said.message).toContain(`Cannot load libcurl. Tried:\n${lines}\n`);
});

test("CurlLoadError is a CurlError", () => {
  const error = new CurlLoadError("why");
  expect(error).toBeInstanceOf(CurlError);
  expect(error).toMatchObject({ name: "CurlLoadError", code: 2, codeName: "CURLE_FAILED_INIT" });
});

import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { versionInfo } from "../../mod.ts";
import { type ChildResult, runChild } from "../server/child.ts";
import { libcurl } from "../versions.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCTOR = fileURLToPath(new URL("doctor.ts", ROOT));

function doctor(args: string[], env: Record<string, string> = {}): Promise<ChildResult> {
  return runChild(DOCTOR, { args, env, timeoutMs: 20_000 });
}

test("it names the library, the machine and the self-test, and ends with 0", async () => {
  const { code, stdout, stderr } = await doctor([]);
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
  const { version, ssl } = versionInfo();
  const runtime = "Bun" in globalThis ? "bun" : "deno";
  expect(stdout).toMatch(/^curlew +0\.1\.0$/m);
  expect(stdout).toMatch(new RegExp(`^runtime +${runtime} ${process.versions[runtime]}$`, "m"));
  expect(stdout).toContain(`${version} for `);
  expect(stdout).toContain(ssl!);
  expect(stdout).toMatch(/^protocols +\S.*\bhttps\b/m);
  expect(stdout).toMatch(/^features +\S/m);
  expect(stdout).toMatch(/\bIPv6\b/i);
  expect(/^CA file +\/.*: \d+ entries$/m.test(stdout)).toBe(libcurl.namesCaFile.holds);
  expect(stdout.match(/^self-test +ok: /gm)).toHaveLength(3);
  expect(stdout).toMatch(/\nAll is well\.\n$/);
});

test("--json has the same for a program", async () => {
  const { code, stdout } = await doctor(["doctor", "--json"]);
  expect(code).toBe(0);
  const { system, library, certificates, checks, problems } = JSON.parse(stdout);
  const { version, versionNum, protocols } = versionInfo();
  expect(library).toMatchObject({ version, versionNum, protocols });
  expect(library.features.length).toBeGreaterThan(0);
  if (process.platform === "linux") expect(library.file).toMatch(/^\/.*libcurl.*\.so/);
  expect(system).toMatchObject({ arch: expect.any(String), wait: expect.any(String) });
  const kinds = certificates.map(({ kind }: { kind: string }) => kind);
  expect(kinds.includes("file")).toBe(libcurl.namesCaFile.holds);
  expect(checks).toHaveLength(3);
  expect(problems).toEqual([]);
});

test("where no libcurl can be loaded it says so, and ends with 1", async () => {
  const { code, stdout } = await doctor([], { CURLEW_LIBRARY: "/no/such/libcurl.so" });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^runtime /m);
  expect(stdout).toContain("Broken:\nCannot load libcurl. Tried:\n  /no/such/libcurl.so: ");
  const json = await doctor(["--json"], { CURLEW_LIBRARY: "/no/such/libcurl.so" });
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ library: null, problems: [expect.any(String)] });
});

test("a password in a proxy's URL is left out, whatever characters it has", async () => {
  for (const password of ["secret", "se/cret", "@secret", "secret@"]) {
    const env = {
      http_proxy: `http://me:${password}@127.0.0.1:1/`,
      all_proxy: `me:${password}@127.0.0.1:2`,
    };
    const { stdout } = await doctor([], env);
    expect(stdout).toContain("http://***@127.0.0.1:1/");
    expect(stdout).toContain("***@127.0.0.1:2");
    expect(stdout).not.toContain("cret");
  }
});

test("other arguments are refused with 2", async () => {
  for (const args of [["nonsense"], ["--json", "more"], ["doctor", "doctor"]]) {
    const { code, stderr } = await doctor(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "Usage: curlew doctor [--json]\n" });
  }
});

/** Runs the report where something is broken. */
async function broken(how: string): Promise<{ checks: { ok: boolean }[]; problems: string[] }> {
  const { stdout, stderr } = await runChild(
    `const { examine } = await import("#root/src/doctor/report.ts");
    const { native } = await import("#root/ffi/runtime.ts");
    const { libc } = await import("#root/ffi/libc.ts");
    ${how}
    console.log(JSON.stringify(await examine()));`,
    { timeoutMs: 60_000 },
  );
  expect(stdout, stderr).toMatch(/^\{/);
  return JSON.parse(stdout);
}

test("a poller that never reports an event fails the self-test", async () => {
  const { checks, problems } = await broken(`
    Object.assign(native, native.watch && { watch: () => ({ arm() {}, keepAlive() {}, close() {} }) });
    Object.assign(libc, { poll_nonblocking: () => new Promise((resolve) => setTimeout(resolve, 6000, 0)) });
  `);
  // how far the transfers come before depends on libcurl
  expect(checks.filter(({ ok }) => !ok).length).toBeGreaterThan(0);
  expect(problems.length).toBeGreaterThan(0);
}, 60_000);

test.skipIf(!libcurl.namesCa.holds)(
  `CAs that are not there are told${libcurl.namesCa.note}`,
  async () => {
    const { problems } = await broken(`
    const { Struct } = await import("#root/ffi/memory.ts");
    const string = Struct.prototype.string;
    Struct.prototype.string = function (offset: number) {
      const text = string.call(this, offset);
      return text?.startsWith("/etc/ssl") ? "/no/such/place" : text;
    };`);
    expect(problems[0]).toMatch(/^No CA certificates in \/no\/such\/place/);
  },
);

test("it knows the version of the package", async () => {
  for (const name of ["package.json", "deno.json"]) {
    const { version } = JSON.parse(await readFile(new URL(name, ROOT), "utf8"));
    const { stdout } = await doctor(["--json"]);
    expect(JSON.parse(stdout).system.curlew).toBe(version);
  }
});

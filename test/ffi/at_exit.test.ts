// The end of the process: OpenSSL is left alone, since threads may still be in it.
import { expect, test } from "vitest";
import { versionInfo } from "../../mod.ts";
import { runChild } from "../server/child.ts";
import { buildPreload } from "../server/preload.ts";

const { ssl } = versionInfo();
/** Bun ends without running what C has for the end of a process. */
const TOLD = "Bun" in globalThis ? "" : "in use\n";
const other = ssl?.startsWith("OpenSSL/") ? "" : ` (${ssl} is not OpenSSL)`;

test.skipIf(other !== "")(
  `OpenSSL is not cleaned up at the end of the process${other}`,
  async ({ skip }) => {
    const preload = await buildPreload(new URL("./at_exit.c", import.meta.url));
    if (!preload) return skip("no C compiler, or not Linux");
    const ends = ["", "process.exit(0);"];
    for (const end of ends) {
      const source = `
import process from "node:process";
import { fetchSync } from "#root/mod.ts";
try {
  fetchSync("https://127.0.0.1:1/");
} catch {
  // nobody listens there
}
void process;
${end}`;
      const child = await runChild(source, { env: { LD_PRELOAD: preload } });
      expect(child, child.stderr).toMatchObject({ code: 0, signal: null, stdout: TOLD });
    }
  },
);

/** Runs calls that may end the process in a process of their own. */
import { expect } from "vitest";
import { runChild } from "../server/child.ts";
import type { TestServer } from "../server/start.ts";

/**
 * Runs the lines with `easy(options)`, `code(call)` and the ports in scope; returns what they
 * print.
 */
export async function survive(server: TestServer, lines: string): Promise<unknown> {
  const child = await runChild(
    `import { constants, Easy, type EasyOptions, Multi, Share, versionInfo } from "#root/mod.ts";
    const [http, h2c] = process.argv.slice(2);
    const sink = (bytes: Uint8Array) => bytes.length;
    const easy = (options: EasyOptions = {}) => {
      const made = new Easy();
      made.setOpts({ URL: http, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION: sink, ...options });
      return made;
    };
    const code = (call: () => unknown) => {
      try {
        call();
        return 0;
      } catch (error) {
        return (error as { code?: number }).code ?? String(error);
      }
    };
    const say = (value: unknown) => console.log(JSON.stringify(value));
    void [constants, Multi, Share, h2c, versionInfo];
    ${lines}`.replace(/^/, 'import process from "node:process";\n'),
    { args: [server.url("/bytes/200000"), server.url("/small", "h2c")] },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(child.stdout);
}

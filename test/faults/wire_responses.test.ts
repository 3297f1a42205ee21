// A thousand random responses: `npm run fuzz:responses` has more.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";

const SCRIPT = fileURLToPath(new URL("./children/responses.ts", import.meta.url));
const COUNT = 1000;

test(
  `${COUNT} random responses neither crash nor hang, and fail with the right class`,
  async () => {
    const args = ["1", "0", `${COUNT}`];
    const child = await runChild(SCRIPT, { args, timeoutMs: 150_000 });
    expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
    const last = child.stdout.trim().split("\n").at(-1) as string;
    const { done, wrong, ends } = JSON.parse(last) as Record<string, unknown>;
    expect({ done, wrong }).toEqual({ done: COUNT, wrong: [] });
    for (const kind of ["http", "tls", "h2"]) expect(ends).toHaveProperty([`${kind}: OK`]);
  },
  180_000,
);

// What a Worker that imports curlew may rely on.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";

// Bun drops messages while a top-level await is pending: so the library has none
test("a Worker gets a message that was posted before it ran", async () => {
  const child = fileURLToPath(new URL("./children/first_message.ts", import.meta.url));
  const done = await runChild(child);
  expect(done, done.stderr).toMatchObject({ code: 0, stdout: "10 of 10\n" });
});

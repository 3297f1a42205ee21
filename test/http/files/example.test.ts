// The example of CONTRIBUTING.md: how a test uses the test servers.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { download } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";

const server = useServer("https"); // the kinds are in test/server/main.mjs
const folder = useFolder("example"); // the path of an empty folder

test("a file has the body", async () => {
  const path = join(folder, "file"), url = server.url("/bytes/100", "https");
  await download(url, path, { curl: { CAINFO: server.ca }, timeout: 10_000 });
  expect((await stat(path)).size).toBe(100);
});

/** Files for the options that name one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A temporary folder for a file of tests, deleted after them. */
export function temporaryFolder(): { readonly folder: string; newFile(): string } {
  const folder = mkdtempSync(join(tmpdir(), "curlew-handles-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  return { folder, newFile: () => join(folder, `${files++}.txt`) };
}

/** Files for the options that name one. */
import { join } from "node:path";
import { useFolder } from "../use.ts";

/** A temporary folder for a file of tests, deleted after them. */
export function temporaryFolder(): { readonly folder: string; newFile(): string } {
  const folder = useFolder("handles");
  let files = 0;
  return { folder, newFile: () => join(folder, `${files++}.txt`) };
}

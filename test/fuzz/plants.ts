/** Defects made on purpose, to check that the fuzzer finds each. */
import process from "node:process";
import { library, native } from "../../ffi/mod.ts";
import type { World } from "./world.ts";

const PLANTS: Record<string, (world: World) => void> = {
  crash: () => library().symbols.curl_easy_cleanup(native.pointer(8)),
  hang: () => {
    for (;;);
  },
  rejection: () => void Promise.reject(new Error("planted")),
  uncaught: () =>
    void setTimeout(() => {
      throw new Error("planted");
    }),
  class: (world) =>
    void world.call("planted", "url", () => {
      throw new RangeError("planted");
    }),
  unsettled: (world) => void world.call("planted", "http", () => new Promise(() => {})),
  exit: () => process.exit(0),
};

/** Makes the defect of that name; none for an empty name. */
export function plant(name: string, world: World): void {
  if (name === "") return;
  world.log(`PLANTED ${name}`);
  PLANTS[name]!(world);
}

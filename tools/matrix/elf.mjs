// Makes a runtime use another C library than this machine's, by changing the paths in its ELF file.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const SECTION_DYNAMIC = 6, SECTION_VERDEF = 0x6ffffffd, TAG_VERDEF = 0x6ffffffcn;

/** The section headers of a little-endian 64-bit file that are needed here. */
function sections(bytes) {
  const start = Number(bytes.readBigUInt64LE(0x28));
  const size = bytes.readUInt16LE(0x3a), count = bytes.readUInt16LE(0x3c);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    const number = (offset) => bytes.readBigUInt64LE(at + offset);
    const type = bytes.readUInt32LE(at + 4);
    return {
      type,
      address: number(0x10),
      offset: Number(number(0x18)),
      size: Number(number(0x20)),
    };
  });
}

/**
 * Repairs DT_VERDEF: patchelf 0.14 moves the version definitions without updating it, and the
 * loader of glibc 2.43 then reads wrong data. Bun has such definitions.
 */
function repairVersionDefinitions(file) {
  const bytes = readFileSync(file);
  const all = sections(bytes);
  const definitions = all.find(({ type }) => type === SECTION_VERDEF);
  const dynamic = all.find(({ type }) => type === SECTION_DYNAMIC);
  if (!definitions || !dynamic) return;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    if (bytes.readBigInt64LE(at) !== TAG_VERDEF) continue;
    bytes.writeBigUInt64LE(definitions.address, at + 8);
    writeFileSync(file, bytes);
    return;
  }
}

/**
 * Makes an executable use that loader, and search those folders for libraries before all others.
 */
export function repath(patchelf, file, loader, folders) {
  const args = [
    "--set-interpreter",
    loader,
    "--force-rpath",
    "--set-rpath",
    folders.join(":"),
    file,
  ];
  const { status, stderr, error } = spawnSync(patchelf, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${patchelf} failed: ${error?.message ?? stderr}`);
  repairVersionDefinitions(file);
}

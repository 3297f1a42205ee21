/**
 * The error text for an unknown name of curl's.
 *
 * @module
 */

import { nearest } from "../../nearest.ts";
import { showName } from "./arguments.ts";

const PREFIX = /^CURL(?:(?:M|SH)?OPT|INFO|UPART)_/;

/** Names the thing and the name, and suggests a known name, whatever its prefix and letter case. */
export function unknownName(what: string, name: unknown, known: Iterable<string>): string {
  const meant = typeof name === "string" ? nearestTo(name, known) : undefined;
  return `Unknown ${what}: ${showName(name)}${meant ? ` (did you mean ${meant}?)` : ""}`;
}

function nearestTo(name: string, known: Iterable<string>): string | undefined {
  const written = name.toUpperCase().replace(PREFIX, "");
  // with more changes than this a short name could become any other
  return nearest(written, known, Math.min(written.length / 2, 4));
}

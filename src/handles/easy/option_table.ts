/**
 * Finds an easy option by its name or number: in the generated table, or, where the option is newer
 * than the table, in the loaded library.
 *
 * @module
 */

import { easyOptions, type OptionKind, type OptionRow } from "../../../ffi/curl/options.ts";
import { cString, Struct } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { unknownName } from "../base/unknown_name.ts";
import { judgementOf } from "../connections/judgements.ts";

/** An easy option. */
export interface Option {
  readonly name: string;
  readonly id: number;
  readonly kind: OptionKind;
  /** The documented default, `undefined` where there is none that all versions have. */
  readonly default: number | undefined;
  /** Whether the option may decide where or how a connection is made. */
  readonly shapesConnection: boolean;
}

const table: Readonly<Record<string, OptionRow>> = easyOptions;

let names: Map<number, string> | undefined;

/** The name of an option number, which is never an alias. */
function nameOf(id: number): string | undefined {
  if (!names) {
    names = new Map();
    for (const [name, row] of Object.entries(table)) {
      if (!Object.hasOwn(row, "aliasOf")) names.set(row.id, name);
    }
  }
  return names.get(id);
}

// struct curl_easyoption: const char *name @0; CURLoption id @8; curl_easytype type @12
const KINDS: readonly OptionKind[] = [
  "long",
  "values",
  "off_t",
  "object",
  "string",
  "slist",
  "cbptr",
  "blob",
  "function",
];

function makeOption(name: string, row: Pick<OptionRow, "id" | "kind" | "default">): Option {
  const { id, kind } = row, usual = Object.hasOwn(row, "default") ? row.default : undefined;
  const shapesConnection = judgementOf(id).kind !== "request";
  return { name, id, kind, default: usual, shapesConnection };
}

/** Searches the library for an option that the table does not have. */
function askLibrary(option: string | number): Option | undefined {
  const { curl_easy_option_by_name, curl_easy_option_by_id } = library().symbols;
  const found = typeof option === "number"
    ? curl_easy_option_by_id(option)
    : curl_easy_option_by_name(cString(option));
  if (found === null) return undefined;
  const at = new Struct(found, 16), kind = KINDS[at.i32(12)];
  return kind && makeOption(at.string(0) ?? "", { id: at.i32(8), kind });
}

/** The options that were found before, by name. */
const known = new Map<unknown, Option>();

/** The option of that name or number. Throws CURLE_UNKNOWN_OPTION where there is none. */
export function findOption(option: unknown): Option {
  return known.get(option) ?? lookUp(option);
}

function lookUp(option: unknown): Option {
  const name = typeof option === "number" ? nameOf(option) : option;
  if (typeof name === "string" && Object.hasOwn(table, name)) {
    const row = makeOption(name, table[name] as OptionRow);
    known.set(name, row);
    return row;
  }
  const askable = typeof option === "number"
    ? Number.isInteger(option) && option > 0 && option < 0x7fffffff
    : typeof option === "string" && !option.includes("\0");
  const found = askable ? askLibrary(option as string | number) : undefined;
  if (found) return found;
  throw new CurlEasyError(Code.UNKNOWN_OPTION, unknownName("option", option, Object.keys(table)));
}

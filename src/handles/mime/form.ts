/**
 * Sets HTTPPOST. libcurl reads the files of such a form as it reads those of `curl_mime_filedata`,
 * so a form with files becomes a {@linkcode Mime} that sends the same, by MIMEPOST.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import type { CText } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { isInstance } from "../../untrusted.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import type { Owned } from "../base/owned.ts";
import type { EasyState } from "../core/easy_state.ts";
import { baseName, typeByName, UNKNOWN_TYPE } from "./file_type.ts";
import { type FormPart, ownForm } from "./httppost.ts";
import { addLatePart, Mime, type MimePart, refreshFiles, setMime } from "./mime.ts";

const HTTPPOST = easyOptions.HTTPPOST.id;

/** Sets HTTPPOST of an easy handle that no transfer uses. */
export function setForm(state: EasyState, parts: readonly FormPart[] | null): void {
  if (parts?.some(({ files, fileContent }) => files.length > 0 || fileContent !== undefined)) {
    using mime = mimeOf(parts);
    setPlainForm(state, null);
    setMime(state, mime, HTTPPOST);
    return;
  }
  if (state.settings.uses.has(HTTPPOST)) setMime(state, null, HTTPPOST);
  setPlainForm(state, parts && ownForm(parts));
}

function setPlainForm(state: EasyState, form: Owned | null): void {
  const { curl_easy_setopt } = library().symbols;
  const code = curl_easy_setopt.pointer(state.pointer, HTTPPOST, form?.pointer ?? null);
  if (code !== 0) form?.release();
  checkSetopt("HTTPPOST", code);
  state.own(HTTPPOST, form);
}

/** Prepares the files of HTTPPOST for a transfer: their sizes are those of its beginning. */
export function refreshForm({ settings }: EasyState): void {
  const form = settings.uses.get(HTTPPOST);
  if (isInstance(form, Mime)) refreshFiles(form);
}

function mimeOf(parts: readonly FormPart[]): Mime {
  const mime = new Mime();
  try {
    for (const part of parts) addPart(mime, part);
    return mime;
  } catch (error) {
    mime.close();
    throw error;
  }
}

/** The properties of a part that are given. */
function given(properties: { readonly [Name in keyof MimePart]?: unknown }): MimePart {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as MimePart;
}

function addPart(mime: Mime, part: FormPart): void {
  const { name, contents, fileContent, buffer, filename, type, headers, files } = part;
  if (files.length > 1) {
    const subparts = new Mime();
    mime.addPart({ name, subparts });
    filesOf(part).forEach((file) => addLatePart(subparts, file));
  } else if (files.length === 1) {
    for (const file of filesOf(part)) addLatePart(mime, given({ name, ...file }));
  } else if (fileContent !== undefined) {
    addLatePart(mime, given({ name, file: fileContent, filename: null, type, headers }));
  } else if (buffer) {
    const known = type ?? typeByName(filename ?? "") ?? UNKNOWN_TYPE;
    mime.addPart(given({ name, data: buffer, filename, type: known, headers }));
  } else mime.addPart(given({ name, data: contents, type, headers }));
}

/**
 * The files of one field, as `curl_formadd` has them: the first has the type and the header lines,
 * each later one the type of the one before it if its name says nothing, and all have `filename`.
 */
function filesOf({ files, filename, type, headers }: FormPart): MimePart[] {
  let last: CText | undefined = type;
  return files.map((file, i) => {
    if (i > 0 || last === undefined) last = typeByName(file) ?? last ?? UNKNOWN_TYPE;
    const own = i === 0 ? headers : undefined;
    return given({ file, filename: filename ?? baseName(file), type: last, headers: own });
  });
}

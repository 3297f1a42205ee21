/**
 * The transfers of a command: each URL of its patterns, with its file.
 *
 * @module
 */

import { CommandCode, CurlCommandError, type CurlPlace } from "../command_error.ts";
import { joinedPieces } from "../read/data.ts";
import type { Entry, Group } from "../read/group.ts";
import type { Reading } from "../read/reading.ts";
import { hasRawBytes, textOf, type Word } from "../shell/words.ts";
import type { CurlOutput } from "../types.ts";
import {
  remoteName,
  schemeOf,
  throughGateway,
  withFileName,
  withQuery,
  withScheme,
} from "./address.ts";
import { fillName, type Glob, literal, matches, readGlob } from "./glob.ts";

/** A transfer, and the group whose options it has. */
export interface Planned {
  readonly group: Group;
  readonly url: string;
  readonly scheme: string;
  /** The path of the file to send, `"-"` and `"."` for standard input, `null` for nothing. */
  readonly upload: string | null;
  readonly uploadPlace: CurlPlace;
  /** The place of the URL in the command. */
  readonly place: CurlPlace;
  readonly output: CurlOutput;
  /** Whether `-o -` names standard output, also for a terminal. */
  readonly isStandardWanted: boolean;
}

/** Yields the transfers in curl's order. Throws `CurlCommandError` for a bad URL. */
export function* transfersOf(reading: Reading, end: CurlPlace): Generator<Planned, void, void> {
  let isFirst = true;
  for (const group of reading.groups) {
    if (!group.entries.some(({ url }) => url !== null)) {
      throw new CurlCommandError(end, "a URL", isFirst ? "none" : "none after --next");
    }
    isFirst = false;
    const query = queryOf(group, reading);
    for (const entry of group.entries) yield* ofEntry(group, entry, query);
  }
}

/** The query that is added to each URL: the data of `-G`, or the value of `--url-query`. */
function queryOf(group: Group, reading: Reading): string {
  const isGet = group.is("get") && group.data.length > 0;
  const pieces = isGet ? group.data : group.query;
  return pieces.length === 0 ? "" : textOf(joinedPieces(pieces, reading));
}

/** Counts the transfers without making them. Throws `CurlCommandError` for a bad pattern. */
export function countTransfers({ groups }: Reading): number {
  let count = 0;
  for (const group of groups) {
    for (const entry of group.entries) {
      if (!entry.url) continue;
      const { urls, files } = patternsOf(group, entry, entry.url);
      count += urls.count * (files?.count ?? 1);
    }
  }
  return count;
}

function patternsOf(
  group: Group,
  { upload, isLiteral }: Entry,
  url: Word,
): { readonly urls: Glob; readonly files: Glob | null } {
  const isOff = group.is("globoff");
  const patternOf = (word: Word, isText: boolean) => isText ? literal(word.text) : readGlob(word);
  return {
    urls: patternOf(url, isOff || isLiteral),
    files: upload === null || upload.text === "" ? null : patternOf(upload, isOff),
  };
}

function* ofEntry(group: Group, entry: Entry, query: string): Generator<Planned, void, void> {
  const { url } = entry;
  if (!url) return; // more outputs than URLs: curl warns, and runs the other transfers
  const { urls, files } = patternsOf(group, entry, url);
  for (const file of files ? matches(files) : [null]) {
    for (const match of matches(urls)) {
      const values = new Map([...(file?.values ?? []), ...match.values]);
      yield planned(group, entry, {
        url,
        text: match.text,
        file: file?.text ?? null,
        values,
        query,
      });
    }
  }
}

interface Expanded {
  readonly url: Word;
  readonly text: string;
  readonly file: string | null;
  readonly values: ReadonlyMap<string, string>;
  readonly query: string;
}

function planned(group: Group, entry: Entry, expanded: Expanded): Planned {
  const { url: word, text, file, values, query } = expanded, place = word.placeOf(0);
  if (hasRawBytes(text)) {
    throw new CurlCommandError(place, "a URL in UTF-8", "", CommandCode.URL_MALFORMAT);
  }
  const protocol = group.options.get("DEFAULT_PROTOCOL") as string | undefined;
  const gateway = group.tool.get("ipfs-gateway") as string | undefined;
  let url = throughGateway(withScheme(text, protocol), gateway, place);
  const output = outputOf(group, entry, url, values);
  if (file !== null && file !== "-" && file !== ".") url = withFileName(url, file);
  if (file !== null) group.choose("upload", (entry.upload as Word).placeOf(0));
  url = withQuery(url, query);
  const uploadPlace = entry.upload?.placeOf(0) ?? place;
  const isStandardWanted = entry.output?.kind === "file" && output.file === null;
  return {
    group,
    url,
    scheme: schemeOf(url),
    upload: file,
    uploadPlace,
    place,
    output,
    isStandardWanted,
  };
}

function outputOf(
  group: Group,
  { output }: Entry,
  url: string,
  values: ReadonlyMap<string, string>,
): CurlOutput {
  const isRemoteName = output ? output.kind === "remote" : group.is("remote-name-all");
  const path = output?.kind === "file"
    ? fillName(output.path, values)
    : isRemoteName
    ? remoteName(url) ?? "curl_response"
    : null;
  const folder = group.tool.get("output-dir");
  return {
    file: path === null || path === "-" ? null : folder ? `${folder}/${path}` : path,
    isRemoteName,
    isHeaderName: isRemoteName && group.is("remote-header-name"),
    isDiscarded: output?.kind === "nowhere",
  };
}

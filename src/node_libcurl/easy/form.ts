/**
 * The value of HTTPPOST.
 *
 * @module
 */

import type { HttpPostPart } from "../../handles/mime/httppost.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";

const FIELDS = ["name", "contents", "file", "type", "filename"];

/** Reads the fields for the core. Throws for values that node-libcurl does not take. */
export function readForm(value: unknown): HttpPostPart[] {
  if (!Array.isArray(value)) {
    throw new TypeError("Cannot set HTTPPOST: expected an array of objects");
  }
  return value.map((field) => readField(field));
}

function readField(field: unknown): HttpPostPart {
  if (typeof field !== "object" || field === null) {
    throw new TypeError("Cannot set HTTPPOST: expected an array of objects");
  }
  const given = field as Record<string, unknown>;
  for (const [property, text] of Object.entries(given)) {
    if (!FIELDS.includes(property)) {
      throw wrongField(`a field has a "${property}", expected ${FIELDS.join(", ")}`);
    }
    if (typeof text !== "string") {
      throw new TypeError(`Cannot set HTTPPOST: expected a string as the ${property} of a field`);
    }
  }
  const { name, contents, file, type, filename } = given as Record<string, string | undefined>;
  if (name === undefined) throw wrongField("a field has no name");
  if (file !== undefined) {
    return {
      name,
      file,
      ...(type === undefined ? {} : { type }),
      ...(filename === undefined ? {} : { filename }),
    };
  }
  if (contents === undefined) throw wrongField(`the field "${name}" has no contents`);
  return { name, contents };
}

function wrongField(what: string): CurlEasyError {
  const code = CurlCode.CURLE_BAD_FUNCTION_ARGUMENT;
  return new CurlEasyError(`Cannot set HTTPPOST: ${what}`, code);
}

/**
 * The headers of a transfer, one object for each response.
 *
 * @module
 */

import type { HeaderInfo } from "../types/values.ts";

const STATUS_LINE = /^([A-Z]+\/\d\S*) +(\d+)(?: (.*))?$/;

/**
 * Parses the lines that a HEADERFUNCTION has received. Trailers are added to the head before them.
 */
export function parseHeaders(text: string): HeaderInfo[] {
  const responses: HeaderInfo[] = [];
  let last = "";
  for (const line of text.split(/\r?\n|\r/)) {
    const status = STATUS_LINE.exec(line);
    const response = responses.at(-1);
    if (status) {
      const [, version = "", code, reason = ""] = status;
      responses.push({ result: { version, code: Number(code), reason } } as HeaderInfo);
    } else if (response && /^[ \t]/.test(line) && last !== "") {
      add(response, last, line.trim(), true); // a folded line
      continue;
    } else if (response && line.includes(":")) {
      last = line.slice(0, line.indexOf(":")).trimEnd();
      add(response, last, line.slice(line.indexOf(":") + 1).trim(), false);
      continue;
    }
    last = "";
  }
  return responses;
}

function add(response: HeaderInfo, name: string, value: string, folded: boolean): void {
  if (name.toLowerCase() === "set-cookie") {
    const cookies = response["Set-Cookie"] ??= [];
    cookies.push(folded ? `${cookies.pop()} ${value}` : value);
    return;
  }
  if (name === "result") return; // the status line has that name
  const whole = folded ? `${response[name]} ${value}` : value;
  // an own property, also for a header named "__proto__"
  Object.defineProperty(response, name, {
    value: whole,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

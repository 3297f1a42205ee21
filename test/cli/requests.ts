/** Parses the HTTP requests in the bytes that a client has sent. */

/** A request without the order and the letter case of its headers. */
export interface SentRequest {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Parses the requests of one connection; bytes that are not HTTP become one body. */
export function requestsIn(bytes: string): SentRequest[] {
  const found: SentRequest[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n\r\n", at), head = bytes.slice(at, end);
    const [line = "", ...lines] = head.split("\r\n");
    if (end < 0 || !/^\S+ .* HTTP\/1\.[01]$/.test(line)) {
      found.push({ line: "", headers: [], body: bytes.slice(at) });
      break;
    }
    const headers = lines.map((one) => one.replace(/^([^:]*):[ \t]*(.*?)[ \t]*$/, headerText));
    const { body, length } = bodyAt(bytes, end + 4, headers);
    found.push({ line, headers: headers.filter((one) => !IGNORED.test(one)).sort(), body });
    at = end + 4 + length;
  }
  return found;
}

/** Headers that are not compared: the name of the client, and the framing of the body. */
const IGNORED = /^(user-agent|content-length|transfer-encoding|expect):/;

const headerText = (_: string, name: string, value: string) => `${name.toLowerCase()}: ${value}`;

function bodyAt(bytes: string, from: number, headers: readonly string[]) {
  const valueOf = (name: string) =>
    headers.find((one) => one.startsWith(`${name}: `))?.slice(name.length + 2);
  if (/chunked/i.test(valueOf("transfer-encoding") ?? "")) return chunksAt(bytes, from);
  const length = Number(valueOf("content-length") ?? 0);
  return { body: bytes.slice(from, from + length), length };
}

function chunksAt(bytes: string, from: number) {
  let body = "", at = from;
  for (;;) {
    const end = bytes.indexOf("\r\n", at), size = parseInt(bytes.slice(at, end), 16);
    if (end < 0 || Number.isNaN(size)) return { body, length: bytes.length - from };
    body += bytes.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (size === 0) return { body, length: at - from };
  }
}

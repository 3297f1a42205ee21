/**
 * One transfer as source text.
 *
 * @module
 */

import { bodyOf, type GroupBody } from "../../command/make/body.ts";
import { easyOptionsOf } from "../../command/make/easy_options.ts";
import { gapsOf } from "../../command/make/fetch_gaps.ts";
import { fetchInitOf, isPlainForm } from "../../command/make/fetch_init.ts";
import { toolOf } from "../../command/make/tool.ts";
import type { Planned } from "../../command/make/transfers.ts";
import type { Reading } from "../../command/read/reading.ts";
import type { CurlFormPart, CurlTool } from "../../command/types.ts";
import type { FetchInit } from "../../http/request/plan.ts";
import { dataCode, fileCode, formDataCode, mimeCode, type Program } from "./body_code.ts";
import { Expression, literal } from "./literal.ts";

/** The state that all transfers of a program share. */
export interface CodeContext {
  readonly program: Program;
  readonly reading: Reading;
  readonly isVerbose: boolean;
  /** Whether there is one transfer only. */
  readonly isOne: boolean;
}

/** The statements for a transfer. */
export function transferCode(context: CodeContext, planned: Planned): string {
  const init = fetchInitOf(planned, knownBody(context, planned), () => new Uint8Array());
  return isForFetch(planned, init) ? fetchCode(context, planned, init) : easyCode(context, planned);
}

/** The parts of a group's form, `null` where it sends none. */
const partsOf = ({ group }: Planned): readonly CurlFormPart[] | null =>
  group.form?.root.parts ?? null;

/** Whether `fetch` sends the same as curl, with a short `init`. */
function isForFetch(planned: Planned, init: FetchInit): boolean {
  const { group, upload } = planned, parts = partsOf(planned);
  const isWhole = upload === null ||
    (upload !== "-" && upload !== "." && !group.tool.has("continue-at"));
  return isWhole && !gapsOf(planned, init).some(({ isSent }) => isSent) &&
    (parts === null || isPlainForm(group, parts));
}

function fetchCode(context: CodeContext, planned: Planned, init: FetchInit): string {
  const { program, isVerbose } = context;
  const { url, upload } = planned, parts = partsOf(planned);
  program.use("curlew", "fetch");
  const body = bodyCode(program, planned);
  const shared = sharedCookies(context, planned), verbose = isVerbose ? { VERBOSE: 1 } : {};
  const given = {
    ...init,
    ...(body ? { body } : {}),
    ...(upload !== null ? { body: new Expression(fileCode(program, upload)) } : {}),
    ...(isVerbose || shared ? { curl: { ...init.curl, ...verbose, ...shared } } : {}),
  };
  const form = parts ? formDataCode(program, parts) : "";
  const call = Object.keys(given).length === 0
    ? literal(url)
    : `${literal(url)}, ${literal(given)}`;
  return `${form}const response = await fetch(${call});\n${answerCode(program, planned)}`;
}

/** The body as far as the command itself has it: for files only the kind of body matters. */
function knownBody({ reading }: CodeContext, planned: Planned): GroupBody {
  const parts = partsOf(planned), { group } = planned;
  if (parts) return { kind: "form", parts };
  const isInFiles = !group.is("get") && group.data.some((piece) => "file" in piece);
  return isInFiles ? { kind: "data", data: new Uint8Array(1) } : bodyOf(group, reading);
}

function bodyCode(program: Program, planned: Planned): Expression | null {
  if (partsOf(planned)) return new Expression("form");
  return planned.group.is("get") ? null : dataCode(program, planned.group);
}

/** Statements for cookies: those that one transfer receives are sent by the others. */
function sharedCookies({ program, isOne }: CodeContext, { group }: Planned): object | null {
  const isKept = group.cookieFiles.length > 0 || group.options.has("COOKIEJAR");
  if (isOne || !isKept) return null;
  for (const name of ["Share", "constants"]) program.use("curlew", name);
  program.begin(
    "using cookies = new Share();\n" +
      'cookies.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);\n',
  );
  return { SHARE: new Expression("cookies") };
}

/** Statements for the response. */
function answerCode(program: Program, planned: Planned): string {
  const { output, group } = planned, tool = toolOf(group);
  const lines: string[] = [];
  if (tool.fail !== "never") {
    program.use("node:process", "default");
    lines.push("if (!response.ok) process.exitCode = 22;\n");
  }
  if (tool.showHeaders || group.kind === "HEAD") lines.push(headCode());
  if (group.kind === "HEAD") return lines.join("");
  return `${lines.join("")}${sinkCode(program, planned, "await response.bytes()", output.file)}`;
}

function headCode(): string {
  return "console.log(response.status, response.statusText);\n" +
    "for (const [name, value] of response.headers) console.log(`${name}: ${value}`);\n";
}

function sinkCode(
  program: Program,
  { output }: Planned,
  bytes: string,
  path: string | null,
): string {
  if (output.isDiscarded) return `${bytes};\n`;
  if (path !== null) {
    return `await ${program.use("node:fs/promises", "writeFile")}(${literal(path)}, ${bytes});\n`;
  }
  program.use("node:process", "default");
  return `process.stdout.write(${bytes});\n`;
}

function easyCode(context: CodeContext, planned: Planned): string {
  const { program, isVerbose } = context;
  const { group, upload, output } = planned, parts = partsOf(planned), tool = toolOf(group);
  for (const name of ["Agent", "Easy"]) program.use("curlew", name);
  const data = group.is("get") ? null : dataCode(program, group);
  const own = easyOptionsOf(planned, knownBody(context, planned));
  const options = {
    ...own,
    ...(data ? { POSTFIELDS: new Expression(`await new Response(${data.text}).bytes()`) } : {}),
    ...(parts ? { MIMEPOST: new Expression("mime") } : {}),
    ...(upload === null ? {} : uploadCode(program, upload)),
    ...(isVerbose ? { VERBOSE: 1 } : {}),
    ...sharedCookies(context, planned),
    ...headerOption(program, tool, group.kind === "HEAD"),
    WRITEFUNCTION: new Expression("(bytes) => chunks.push(bytes.slice()) && bytes.length"),
  };
  const cookies = group.cookieFiles.slice(0, -1)
    .map((file) => `easy.setOpt("COOKIEFILE", ${literal(file)});\n`).join("");
  program.begin("await using agent = new Agent();\n");
  return `${parts ? mimeCode(program, parts) : ""}using easy = new Easy();\n` +
    `const chunks: Uint8Array<ArrayBuffer>[] = [];\n${cookies}` +
    `easy.setOpts(${literal(options)});\nawait agent.perform(easy);\n` +
    sinkCode(program, planned, "await new Blob(chunks).bytes()", output.file);
}

function headerOption(program: Program, tool: CurlTool, isHead: boolean): object {
  if (!tool.showHeaders && !isHead) return {};
  program.use("node:process", "default");
  const code = "(line) => process.stdout.write(line.slice()) ? line.length : line.length";
  return { HEADERFUNCTION: new Expression(code) };
}

function uploadCode(program: Program, path: string): object {
  const [open, read, stat] = ["openSync", "readSync", "fstatSync"].map((name) =>
    program.use("node:fs", name)
  );
  if (path === "-" || path === ".") {
    return { READFUNCTION: new Expression(`(buffer) => ${read}(0, buffer)`) };
  }
  return {
    INFILESIZE_LARGE: new Expression(`${stat}(${open}(${literal(path)}, "r")).size`),
    READFUNCTION: new Expression(
      `((file) => (buffer: Uint8Array) => ${read}(file, buffer))(${open}(${literal(path)}, "r"))`,
    ),
  };
}

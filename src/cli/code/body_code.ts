/**
 * Source text for the bodies of transfers.
 *
 * @module
 */

import { fileNameOf, typeOf } from "../../command/make/multipart.ts";
import type { DataPiece, Group } from "../../command/read/group.ts";
import type { CurlFormPart } from "../../command/types.ts";
import { Expression, literal } from "./literal.ts";

/** The imports of a generated program, by module, and its helper functions. */
export class Program {
  readonly #imports = new Map<string, Set<string>>();
  readonly #helpers = new Map<string, string>();
  readonly #beginnings = new Set<string>();

  /** Adds an import of a name, and returns the name. */
  use(module: string, name: string): string {
    const names = this.#imports.get(module) ?? new Set();
    this.#imports.set(module, names.add(name));
    return name;
  }

  /** Adds a helper function, and returns its name. */
  help(name: keyof typeof HELPERS): string {
    this.#helpers.set(name, HELPERS[name]);
    return name;
  }

  /** Adds statements that come before all others. */
  begin(statements: string): void {
    this.#beginnings.add(statements);
  }

  /** The source text of the program: the imports, the functions, then the statements. */
  text(statements: string): string {
    const imports = [...this.#imports].sort(([a], [b]) => a < b ? -1 : 1).map(([module, names]) =>
      names.has("default")
        ? `import ${module.replace("node:", "")} from ${literal(module)};\n`
        : `import { ${[...names].sort().join(", ")} } from ${literal(module)};\n`
    );
    const helpers = this.#helpers.values();
    return `${[imports.join(""), ...helpers].join("\n")}\n${
      [...this.#beginnings].join("")
    }${statements}`;
  }
}

const HELPERS = {
  joined: `/** Joins the pieces of several -d as curl does: by "&", but without a leading one. */
function joined(...pieces: Uint8Array<ArrayBuffer>[]): Blob {
  const and = new TextEncoder().encode("&");
  const all: Uint8Array<ArrayBuffer>[] = [];
  for (const piece of pieces) {
    if (all.some(({ length }) => length > 0)) all.push(and);
    all.push(piece);
  }
  return new Blob(all);
}
`,
  bytes: `const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
`,
  withoutLines: `/** The content of a file as curl sends it for -d: without line ends and NULs. */
const withoutLines = (file: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(file.filter((byte) => byte !== 10 && byte !== 13 && byte !== 0));
`,
  encoded: `/** The content of a file as curl sends it for --data-urlencode. */
function encoded(name: string, file: Uint8Array): Uint8Array<ArrayBuffer> {
  let text = name === "" ? "" : \`\${name}=\`;
  for (const byte of file) {
    const unit = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(unit)) text += unit;
    else text += unit === " " ? "+" : \`%\${byte.toString(16).toUpperCase().padStart(2, "0")}\`;
  }
  return new TextEncoder().encode(text);
}
`,
};

/** An expression for the bytes of a file. */
export function fileCode(program: Program, path: string): string {
  if (path !== "-" && path !== ".") {
    return `new Uint8Array(await ${program.use("node:fs/promises", "readFile")}(${literal(path)}))`;
  }
  return `new Uint8Array(${program.use("node:fs", "readFileSync")}(0))`;
}

/**
 * An expression for the data of `-d` and its variants; `null` where no piece comes from a file: the
 * text is then in the plan.
 */
export function dataCode(program: Program, { data }: Group): Expression | null {
  if (!data.some((piece) => "file" in piece)) return null;
  const pieces = data.map((piece) => pieceCode(program, piece));
  if (pieces.length === 1) return new Expression(pieces[0] as string);
  if (data.slice(1).every(({ isJson }) => isJson)) {
    return new Expression(`new Blob([${pieces.join(", ")}])`);
  }
  return new Expression(`${program.help("joined")}(${pieces.join(", ")})`);
}

function pieceCode(program: Program, piece: DataPiece): string {
  if (!("file" in piece)) return `${program.help("bytes")}(${literal(piece.text)})`;
  const file = fileCode(program, piece.file);
  if (piece.how === "whole") return file;
  if (piece.how === "lines") return `${program.help("withoutLines")}(${file})`;
  return `${program.help("encoded")}(${literal(piece.name)}, ${file})`;
}

/** Statements that make a `FormData` of plain fields. */
export function formDataCode(program: Program, parts: readonly CurlFormPart[]): string {
  const lines = parts.map((part) => {
    const { name = "", data = "" } = part, filename = fileNameOf(part);
    if (filename === null) return `form.append(${literal(name)}, ${literal(data)});\n`;
    const type = typeOf(part) ?? "";
    const content = part.file === undefined ? literal(data) : fileCode(program, part.file);
    const file = `new File([${content}], ${literal(filename)}, ${literal({ type })})`;
    return `form.append(${literal(name)}, ${file});\n`;
  });
  return `const form = new FormData();\n${lines.join("")}`;
}

/** Statements that make a `Mime`. */
export function mimeCode(program: Program, parts: readonly CurlFormPart[], name = "mime"): string {
  program.use("curlew", "Mime");
  let before = "", calls = "";
  parts.forEach(({ parts: inner, ...part }, i) => {
    if (inner) {
      const innerName = `${name}${i + 1}`;
      before += mimeCode(program, inner, innerName);
      calls += `${name}.addPart(${literal({ ...part, subparts: new Expression(innerName) })});\n`;
    } else calls += `${name}.addPart(${literal(partOf(program, part))});\n`;
  });
  return `${before}using ${name} = new Mime();\n${calls}`;
}

/** One part. A part that is standard input is read when the program makes it. */
function partOf(program: Program, part: CurlFormPart): object {
  if (part.file !== "-") return part;
  const { file: _, filename = "-", ...rest } = part;
  return { ...rest, filename, data: new Expression(fileCode(program, "-")) };
}

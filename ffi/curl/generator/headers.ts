/**
 * Parses the parts of C headers that have curl's public numbers: object-like `#define`s and enums.
 *
 * @module
 */

/** One member of an enum. */
export interface Enumerator {
  readonly name: string;
  readonly value: number;
  /** The `CURLOPTTYPE_` name, for a member that the macro `CURLOPT` declares. */
  readonly optionType?: string;
}

/** The numbers that a set of headers declares. */
export interface Headers {
  /** The members of an enum by its C type name, in the order of the header. */
  members(type: string): readonly Enumerator[];
  /** The names of the enum types. */
  readonly types: readonly string[];
  /** The bodies of the `#define`s whose body is a single name, by the defined name. */
  readonly renames: ReadonlyMap<string, string>;
  /** Whether the headers define a name, as a number, a macro or a string. */
  has(name: string): boolean;
  /** The names of enum members and object-like macros, some of which are not numbers. */
  readonly names: readonly string[];
  /** Evaluates a constant expression, `undefined` where it is not a number. */
  evaluate(expression: string): number | undefined;
}

/** Parses the text of headers. */
export function readHeaders(text: string): Headers {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\\\n/g, " ");
  const defines = readDefines(code);
  const values = new Map<string, bigint>();
  const enums = new Map<string, Enumerator[]>();
  const lookUp = (name: string): bigint => {
    const known = values.get(name);
    if (known !== undefined) return known;
    for (const body of defines.get(name) ?? []) {
      const value = attempt(body, lookUp);
      if (value !== undefined) return value;
    }
    throw new SyntaxError(`${name} is not a number`);
  };
  for (const [type, body] of enumBodies(code)) {
    enums.set(type, readMembers(body, values, lookUp));
  }
  return {
    members: (type) => enums.get(type) ?? fail(`enum ${type} is not in the headers`),
    types: [...enums.keys()],
    renames: singleNames(defines),
    has: (name) => defines.has(name) || values.has(name),
    names: [...new Set([...values.keys(), ...defines.keys()])],
    evaluate: (expression) => {
      const value = attempt(expression, lookUp);
      return value === undefined ? undefined : toNumber(value);
    },
  };
}

/** Throws an error. Unlike `throw` it is an expression. */
export function fail(message: string): never {
  throw new Error(message);
}

// Reads the `#define`s of all branches of an #if. If a body is not a number (INVALID_SOCKET), the
// next one of the same name is used.
function readDefines(code: string): Map<string, string[]> {
  const defines = new Map<string, string[]>();
  for (const [, name, body] of code.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)(.*)$/gm)) {
    // A parenthesis right after the name makes it a function-like macro, which is not a number.
    const bodies = defines.get(name!) ?? [];
    defines.set(name!, body!.startsWith("(") ? bodies : [...bodies, body!.trim()]);
  }
  return defines;
}

function singleNames(defines: Map<string, string[]>): Map<string, string> {
  const renames = new Map<string, string>();
  for (const [name, [body]] of defines) {
    if (body !== undefined && /^[A-Z]\w*$/i.test(body)) renames.set(name, body);
  }
  return renames;
}

function* enumBodies(code: string): Generator<[type: string, body: string]> {
  const plain = code.replace(/^[ \t]*#.*$/gm, "").replace(/"[^"\n]*"/g, "");
  for (const [, tag, body, type] of plain.matchAll(/\benum\s*(\w*)\s*\{([^{}]*)\}\s*(\w*)\s*;/g)) {
    yield [type || tag!, body!];
  }
}

function readMembers(
  body: string,
  values: Map<string, bigint>,
  lookUp: (name: string) => bigint,
): Enumerator[] {
  const members: Enumerator[] = [];
  let next = 0n;
  for (const text of splitByComma(body)) {
    const [, macro, inner] = /^(CURLOPT|CURLOPTDEPRECATED)\s*\((.*)\)$/s.exec(text) ?? [];
    const [first, optionType, number] = macro ? splitByComma(inner!) : [text];
    const name = /^\w+/.exec(first!)![0];
    const expression = macro ? `(${optionType}) + (${number})` : /=(.*)$/s.exec(text)?.[1];
    const value = expression === undefined ? next : evaluate(expression, lookUp);
    values.set(name, value);
    members.push({ name, value: toNumber(value), ...(optionType && { optionType }) });
    next = value + 1n;
  }
  return members;
}

function splitByComma(text: string): string[] {
  const parts = text.match(/(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

// The value as a signed number of 64 bits, since C computes in at most 64 bits and libcurl reads
// the bits: ((size_t)-1) is -1.
function toNumber(value: bigint): number {
  const number = Number(BigInt.asIntN(64, value));
  return Number.isSafeInteger(number) ? number : fail(`${value} is no exact number in JS`);
}

function attempt(expression: string, lookUp: (name: string) => bigint): bigint | undefined {
  try {
    return evaluate(expression, lookUp);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const BINARY: readonly Record<string, (a: bigint, b: bigint) => bigint>[] = [
  { "|": (a, b) => a | b },
  { "&": (a, b) => a & b },
  { "<<": (a, b) => a << b, ">>": (a, b) => a >> b },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b },
];

const UNARY: Record<string, (a: bigint) => bigint> = {
  "-": (a) => -a,
  "~": (a) => ~a,
  "+": (a) => a,
};

const TYPE_WORDS = /^(unsigned|signed|long|int|short|char|size_t|curl_off_t)$/;

// Evaluates a C expression by recursive descent, with the few operators of curl's headers.
function evaluate(expression: string, lookUp: (name: string) => bigint): bigint {
  const tokens = expression.match(/\w+|<<|>>|\S/g) ?? [];
  let at = 0;
  const expect = (token: string): void => {
    if (tokens[at++] !== token) throw new SyntaxError(`expected ${token} in ${expression}`);
  };
  const binary = (level: number): bigint => {
    const operators = BINARY[level];
    if (operators === undefined) return unary();
    let value = binary(level + 1);
    while (Object.hasOwn(operators, tokens[at] ?? "")) {
      value = operators[tokens[at++]!]!(value, binary(level + 1));
    }
    return value;
  };
  const unary = (): bigint => {
    const token = tokens[at++] ?? "";
    if (Object.hasOwn(UNARY, token)) return UNARY[token]!(unary());
    if (token !== "(") return /^\d/.test(token) ? literal(token) : lookUp(token);
    const cast = TYPE_WORDS.test(tokens[at] ?? "");
    while (cast && TYPE_WORDS.test(tokens[at] ?? "")) at++;
    const value = cast ? undefined : binary(0);
    expect(")");
    return value ?? unary();
  };
  const value = binary(0);
  if (at < tokens.length) throw new SyntaxError(`unexpected ${tokens[at]} in ${expression}`);
  return value;
}

function literal(token: string): bigint {
  const digits = token.replace(/[ul]+$/i, "");
  if (!/^(0x[\da-f]+|\d+)$/i.test(digits)) throw new SyntaxError(`${token} is not an integer`);
  return BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

// What may not be done inside a callback throws at once, and the transfer still ends well.
import { describe, expect, test } from "vitest";
import { CurlEasyError, type Easy, type EasyOptionName, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { having, libcurl } from "../../versions.ts";
import { codeOf, Transfer, utf8 } from "../easy_support.ts";

const RECURSIVE_API_CALL = 93;

const server = useServer("http", "https");

const FORBIDDEN: Record<string, (easy: Easy) => unknown> = {
  close: (easy) => easy.close(),
  "[Symbol.dispose]": (easy) => easy[Symbol.dispose](),
  reset: (easy) => easy.reset(),
  perform: (easy) => easy.perform(),
  upkeep: (easy) => easy.upkeep(),
  send: (easy) => easy.send(utf8("x")),
  recv: (easy) => easy.recv(new Uint8Array(1)),
};

/** Options with the callback at `name`, which tries all that is forbidden. */
const CALLBACKS: Record<string, (attempt: () => void) => EasyOptions> = {
  WRITEFUNCTION: (attempt) => ({ WRITEFUNCTION: (bytes) => (attempt(), bytes.length) }),
  HEADERFUNCTION: (attempt) => ({ HEADERFUNCTION: (line) => (attempt(), line.length) }),
  READFUNCTION: (attempt) => ({ UPLOAD: true, READFUNCTION: () => (attempt(), 0) }),
  XFERINFOFUNCTION: (attempt) => ({ NOPROGRESS: 0, XFERINFOFUNCTION: attempt }),
  DEBUGFUNCTION: (attempt) => ({ VERBOSE: 1, DEBUGFUNCTION: attempt }),
  PREREQFUNCTION: (attempt) => ({ PREREQFUNCTION: attempt }),
  SOCKOPTFUNCTION: (attempt) => ({ SOCKOPTFUNCTION: attempt }),
  OPENSOCKETFUNCTION: (attempt) => ({ OPENSOCKETFUNCTION: attempt }),
  CLOSESOCKETFUNCTION: (attempt) => ({ CLOSESOCKETFUNCTION: attempt, FORBID_REUSE: 1 }),
  SSL_CTX_FUNCTION: (attempt) => ({ URL: server.url("/echo", "https"), SSL_CTX_FUNCTION: attempt }),
  RESOLVER_START_FUNCTION: (attempt) => ({
    URL: `http://localhost:${server.http}/echo`,
    RESOLVER_START_FUNCTION: attempt,
  }),
};

const NAMES = Object.keys(CALLBACKS) as EasyOptionName[];
const SUPPORTED = NAMES.filter((name) =>
  having(name).holds && (libcurl.sslContext.holds || name !== "SSL_CTX_FUNCTION")
);

describe.each(SUPPORTED)("inside %s (where libcurl has it)", (name) => {
  const options = CALLBACKS[name]!;

  test("the calls that libcurl forbids throw CURLE_RECURSIVE_API_CALL, and the transfer goes on", () => {
    const codes: Record<string, number> = {};
    using easy = new Transfer(server.url("/echo"), {
      SSL_VERIFYPEER: 0,
      ...options(() => {
        for (const [name, call] of Object.entries(FORBIDDEN)) {
          codes[name] = codeOf(() => call(easy));
        }
      }),
    });
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    const all = Object.keys(FORBIDDEN).map((name) => [name, RECURSIVE_API_CALL]);
    expect(codes).toEqual(Object.fromEntries(all));
    expect(easy.closed).toBe(false);
    easy.perform(); // and nothing is left of it
  });

  test("what is allowed works: setOpt, getInfo, headers, duplicate, pause", () => {
    let done = 0;
    const copies: Easy[] = [];
    using easy = new Transfer(server.url("/echo"), {
      SSL_VERIFYPEER: 0,
      ...options(() => {
        easy.setOpt("PRIVATE", ++done);
        easy.setOpt("LOW_SPEED_LIMIT", 1);
        easy.getInfo("TOTAL_TIME_T");
        copies.push(easy.duplicate());
        if (libcurl.headers.holds) easy.headers();
      }),
    });
    easy.perform();
    for (const copy of copies) copy.close();
    expect(done).toBeGreaterThan(0);
    expect(easy.getInfo("PRIVATE")).toBe(done);
  });
});

test("one that is not caught is the cause of the transfer's error", () => {
  using easy = new Transfer(server.url("/small"), { WRITEFUNCTION: () => (easy.close(), 0) });
  try {
    easy.perform();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error).toMatchObject({ code: 23, cause: { code: RECURSIVE_API_CALL } });
  }
  expect(easy.closed).toBe(false);
});

test("another handle may be closed and reset inside a callback", () => {
  const other = new Transfer(server.url("/small"));
  other.perform();
  using easy = new Transfer(server.url("/small"), {
    WRITEFUNCTION: (bytes) => {
      other.reset();
      other.close();
      return bytes.length;
    },
  });
  easy.perform();
  expect(other.closed).toBe(true);
});

// Parts that are files which change: the announced number of bytes is sent, or the transfer fails.
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Easy, type EasyOptions, Mime, type MimePart } from "../../../mod.ts";
import { failure } from "../../driver/support.ts";
import { useStrictServer } from "../../http/strict_server.ts";
import { useFolder, useServer } from "../../use.ts";
import { failure as thrown, Transfer } from "../easy_support.ts";
import { partsOf } from "./support.ts";

const strict = useStrictServer();
const server = useServer("http", "https", "h2");
const folder = useFolder("changing");
const path = () => join(folder, "log");

const SIZE = 1000;
/** More than what sockets and libcurl take before the server reads. */
const LARGE = 12_000_000;
const SMUGGLED = "GET /admin/delete HTTP/1.1\r\nHost: x\r\n\r\n";

interface Change {
  readonly what: string;
  readonly make: (size: number) => void;
  /** The content after it, `null` for no file. */
  readonly after: (before: string) => string | null;
}

const replace = (text: string) => {
  writeFileSync(join(folder, "new"), text);
  renameSync(join(folder, "new"), path());
};

const CHANGES: readonly Change[] = [
  { what: "stays", make: () => {}, after: (before) => before },
  ...["x", SMUGGLED, "x".repeat(100_000)].map((more) => ({
    what: `grows by ${more.length} bytes`,
    make: () => appendFileSync(path(), more),
    after: (before: string) => before + more,
  })),
  ...[1, 999, 1000].map((fewer) => ({
    what: `loses ${fewer} bytes`,
    make: (size: number) => truncateSync(path(), size - fewer),
    after: (before: string) => before.slice(0, -fewer),
  })),
  { what: "is deleted", make: () => rmSync(path()), after: () => null },
  { what: "is replaced by a shorter one", make: () => replace("n"), after: () => "n" },
  {
    what: "is replaced by a longer one",
    make: (size) => replace("n".repeat(size + 1)),
    after: (before) => "n".repeat(before.length + 1),
  },
  {
    what: "is replaced by a folder",
    make: () => (rmSync(path()), mkdirSync(path())),
    after: () => null,
  },
];

/** The ways to send the file; `decode` undoes what was done to its bytes. */
interface Way {
  readonly what: string;
  /** Whether the size is that of the beginning of the transfer, not that of `addPart`. */
  readonly late?: boolean;
  readonly options: () => EasyOptions & { readonly MIMEPOST?: Mime };
  readonly decode?: (text: string) => string;
}

const asMime = (part: MimePart): Way["options"] => () => ({
  MIMEPOST: new Mime().addPart({ name: "a", data: "1" }).addPart(part),
});

const WAYS: readonly Way[] = [
  { what: "MIMEPOST", options: () => asMime({ name: "f", file: path() })() },
  {
    what: "a part of a part",
    options: () => asMime({ subparts: new Mime().addPart({ name: "f", file: path() }) })(),
  },
  {
    what: "base64",
    options: () => asMime({ name: "f", file: path(), encoder: "base64" })(),
    decode: atob,
  },
  {
    what: "quoted-printable, in chunks",
    options: () => asMime({ name: "f", file: path(), encoder: "quoted-printable" })(),
    decode: (text) => text.replace(/=\r\n/g, ""),
  },
  { what: "HTTPPOST", late: true, options: () => ({ HTTPPOST: [{ name: "f", file: path() }] }) },
  {
    what: "the content of a file by HTTPPOST",
    late: true,
    options: () => ({ HTTPPOST: [{ name: "f", fileContent: path() }] }),
  },
  {
    what: "two files of a field by HTTPPOST",
    late: true,
    options: () => ({ HTTPPOST: [{ name: "f", file: [join(folder, "first"), path()] }] }),
  },
];

/** A handle whose transfer makes the server's `100 Continue` the moment between head and body. */
function easyOf(way: Way): Easy & { readonly form: Mime | undefined } {
  const options = way.options(), easy = new Easy();
  easy.setOpts({
    TIMEOUT_MS: 10_000,
    NOPROXY: "*",
    EXPECT_100_TIMEOUT_MS: 9_000,
    HTTPHEADER: ["Expect: 100-continue"],
    WRITEFUNCTION: (bytes) => bytes.length,
    ...options,
  });
  return Object.assign(easy, { form: options.MIMEPOST });
}

function begin(): string {
  rmSync(path(), { recursive: true, force: true });
  const before = "a".repeat(SIZE);
  writeFileSync(path(), before);
  writeFileSync(join(folder, "first"), "first");
  return before;
}

/** What is to be sent of a file, announced with a size, that has this content now; `null`: fails. */
const sent = (size: number, now: string | null) =>
  now === null || now.length < size ? null : now.slice(0, size);

const contentOf = (body: string, way: Way): string => {
  const pieces = /filename="log"[^]*?\r\n\r\n([^]*?)\r\n--/.exec(body) ??
    /name="f"[^]*?\r\n\r\n([^]*?)\r\n--/.exec(body);
  return (way.decode ?? String)(pieces?.[1] ?? "none");
};

const cases = WAYS.flatMap((way) => CHANGES.map((change) => ({ way, change })));
const READ_ERROR = { code: 26, message: expect.stringContaining(`/log": `) as string };

for (const when of ["before the transfer", "between head and body"] as const) {
  describe(`${when} the file`, () => {
    for (const { way, change } of cases) {
      test(`${change.what}: ${way.what}`, async () => {
        const { server: wire, agent } = strict, before = begin(), seen = wire.seen();
        const requests = seen.requests.length;
        const easy = easyOf(way), after = change.after(before);
        easy.setOpt("URL", wire.url);
        if (when === "before the transfer") change.make(SIZE);
        wire.onEach = (socket) => {
          if (when !== "before the transfer") change.make(SIZE);
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        };
        const isNow = way.late === true && when === "before the transfer";
        const expected = isNow && after !== null ? after : sent(SIZE, after);
        try {
          if (expected !== null || (isNow && change.what.endsWith("folder"))) {
            await agent.perform(easy);
          } else expect(await failure(agent.perform(easy))).toMatchObject(READ_ERROR);
        } finally {
          wire.onEach = () => {};
          easy.form?.close();
          easy.close();
        }
        const all = wire.seen();
        expect(all.faults).toEqual([]);
        const bodies = all.requests.slice(requests).map(({ body }) => contentOf(body, way));
        if (expected !== null) expect(bodies).toEqual([expected]);
        using next = new Transfer(wire.url + "next");
        await agent.perform(next);
        expect(next.text).toBe("0");
        expect(wire.seen()).toMatchObject({ faults: [], rest: 0 });
      });
    }
  });
}

describe("while it is read a large file", () => {
  const large = CHANGES.filter(({ what }) => what !== "is replaced by a folder");
  const ways = WAYS.filter(({ what }) => ["MIMEPOST", "HTTPPOST"].includes(what));
  for (const { way, change } of ways.flatMap((way) => large.map((change) => ({ way, change })))) {
    test(`${change.what}: ${way.what}`, async () => {
      const { server: wire, agent } = strict, before = "a".repeat(LARGE);
      begin();
      writeFileSync(path(), before);
      const easy = easyOf(way), requests = wire.seen().requests.length;
      easy.setOpts({ URL: wire.url, HTTPHEADER: ["Expect:"] });
      let changed = false;
      wire.onEach = (socket) => {
        socket.pause();
        setTimeout(() => {
          if (!changed) change.make(LARGE);
          changed = true;
          socket.resume();
        }, 60);
      };
      // the file is open: what takes its name does not matter
      const isOther = /^is /.test(change.what);
      const expected = isOther ? before : sent(LARGE, change.after(before));
      try {
        if (expected !== null) await agent.perform(easy);
        else {
          expect(await failure(agent.perform(easy))).toMatchObject({
            code: 26,
            message: expect.stringMatching(/it has only \d+ bytes, 12000000 were announced$/),
          });
        }
      } finally {
        wire.onEach = () => {};
        easy.form?.close();
        easy.close();
      }
      const bodies = wire.seen().requests.slice(requests);
      expect(bodies.length).toBe(expected === null ? 0 : 1);
      if (expected !== null) {
        const content = contentOf(bodies[0]!.body, way);
        expect([content.length, content === expected]).toEqual([expected.length, true]);
      }
      expect(wire.seen().faults).toEqual([]);
    });
  }
});

describe("perform(), which blocks, and the next request of the handle, for a file that", () => {
  const ways = WAYS.filter(({ what }) => !what.startsWith("quoted"));
  for (const { way, change } of ways.flatMap((way) => CHANGES.map((change) => ({ way, change })))) {
    test(`${change.what}: ${way.what}`, async () => {
      const before = begin();
      let asked = false;
      const { MIMEPOST: form, ...options } = way.options();
      using transfer = new Transfer(server.url("/echo"), {
        EXPECT_100_TIMEOUT_MS: 9_000,
        HTTPHEADER: ["Expect: 100-continue"],
        HEADERFUNCTION: (line) => {
          if (!asked && String.fromCharCode(...line).startsWith("HTTP/1.1 100")) {
            asked = true;
            change.make(SIZE);
          }
          return line.length;
        },
        ...options,
        ...(form && { MIMEPOST: form }),
      });
      const expected = sent(SIZE, change.after(before));
      if (expected !== null) {
        const part = (await partsOf(transfer.run().json)).findLast(({ data }) => data.length > 5);
        if (way.what === "MIMEPOST") expect(part?.data.toString()).toBe(expected);
        else expect(part?.data.length).toBeGreaterThanOrEqual(SIZE);
      } else expect(thrown(() => transfer.perform())).toMatchObject(READ_ERROR);
      expect(asked).toBe(true);
      form?.close();
      const from = transfer.text.length;
      transfer.setOpts({ MIMEPOST: null, HTTPGET: 1, URL: server.url("/small"), HTTPHEADER: [] });
      transfer.perform();
      expect(transfer.text.slice(from)).not.toContain("admin");
      expect(transfer.getInfo("RESPONSE_CODE")).toBe(200);
    });
  }
});

describe("over HTTP/2 a file that", () => {
  for (const change of CHANGES) {
    test(`${change.what} after addPart`, async () => {
      const before = begin();
      using mime = new Mime().addPart({ name: "f", file: path() });
      change.make(SIZE);
      using transfer = new Transfer(server.url("/echo", "h2"), {
        MIMEPOST: mime,
        CAINFO: server.ca,
        HTTP_VERSION: 3,
      });
      const expected = sent(SIZE, change.after(before));
      if (expected === null) {
        expect(thrown(() => transfer.perform())).toMatchObject(READ_ERROR);
      } else {
        const [part] = await partsOf(transfer.run().json);
        expect(part?.data.toString()).toBe(expected);
      }
    });
  }
});
